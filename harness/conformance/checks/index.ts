/** All checks, by what they judge. */
import type { CheckGroup } from '../check.ts';
import { algorithmChecks } from './algorithms.ts';
import { attestationChecks } from './attestation.ts';
import { cardChecks } from './card.ts';
import { enterpriseAttestationChecks } from './enterprise-attestation.ts';
import { extensionValueChecks } from './extension-values.ts';
import { extensionChecks } from './extensions.ts';
import { getAssertionChecks } from './get-assertion.ts';
import { getAssertionListChecks } from './get-assertion-lists.ts';
import { getInfoChecks } from './get-info.ts';
import { getInfoConsistencyChecks } from './get-info-consistency.ts';
import { getNextAssertionChecks } from './get-next-assertion.ts';
import { hidBusyChecks } from './hid-busy.ts';
import { hidCapabilityChecks } from './hid-capabilities.ts';
import { hidChannelChecks } from './hid-channels.ts';
import { hidErrorChecks } from './hid-errors.ts';
import { hidFramingChecks } from './hid-framing.ts';
import { hidRequestChecks } from './hid-requests.ts';
import { hmacSecretChecks } from './hmac-secret.ts';
import { makeCredentialChecks } from './make-credential.ts';
import { makeCredentialCborChecks } from './make-credential-cbor.ts';
import { makeCredentialEntityChecks } from './make-credential-entities.ts';
import { makeCredentialListChecks } from './make-credential-lists.ts';
import { makeCredentialOptionChecks } from './make-credential-options.ts';
import { pinAndManagementChecks } from './pin-and-management.ts';
import { pinUvAuthParamChecks } from './pin-uv-auth-param.ts';
import { resetChecks } from './reset.ts';
import { selectionChecks } from './selection.ts';
import { token2AppletChecks } from './token2-applet.ts';
import { token2ButtonChecks } from './token2-button.ts';
import { token2CodeChecks } from './token2-codes.ts';
import { token2EntryChecks } from './token2-entries.ts';
import { token2HidChecks } from './token2-hid.ts';
import { token2InfoChecks } from './token2-info.ts';
import { token2RefusalChecks } from './token2-refusals.ts';
import { u2fChecks } from './u2f.ts';
import { u2fAuthenticateChecks } from './u2f-authenticate.ts';
import { userPresenceChecks } from './user-presence.ts';
import { verificationChecks } from './verification.ts';

export const checkGroups: readonly CheckGroup[] = [
  getInfoChecks,
  getInfoConsistencyChecks,
  makeCredentialChecks,
  makeCredentialCborChecks,
  makeCredentialEntityChecks,
  userPresenceChecks,
  makeCredentialOptionChecks,
  algorithmChecks,
  ...pinAndManagementChecks,
  hidFramingChecks,
  hidChannelChecks,
  hidCapabilityChecks,
  hidBusyChecks,
  hidRequestChecks,
  hidErrorChecks,
  pinUvAuthParamChecks,
  makeCredentialListChecks,
  getAssertionChecks,
  u2fChecks,
  u2fAuthenticateChecks,
  selectionChecks,
  resetChecks,
  getAssertionListChecks,
  getNextAssertionChecks,
  extensionChecks,
  hmacSecretChecks,
  attestationChecks,
  enterpriseAttestationChecks,
  extensionValueChecks,
  cardChecks,
  verificationChecks,
  token2AppletChecks,
  token2InfoChecks,
  token2EntryChecks,
  token2RefusalChecks,
  token2CodeChecks,
  token2ButtonChecks,
  token2HidChecks,
];
