/** All faults that a virtual key can be given. */

import { algorithmFaults } from './algorithms.ts';
import { attestationFaults } from './attestation.ts';
import { cardFaults } from './card.ts';
import { enterpriseAttestationFaults } from './enterprise-attestation.ts';
import { extensionValueFaults } from './extension-values.ts';
import { extensionFaults } from './extensions.ts';
import type { Fault } from './fault.ts';
import { getAssertionFaults } from './get-assertion.ts';
import { getAssertionListFaults } from './get-assertion-lists.ts';
import { getInfoFaults } from './get-info.ts';
import { getInfoConsistencyFaults } from './get-info-consistency.ts';
import { getNextAssertionFaults } from './get-next-assertion.ts';
import { hidBusyFaults } from './hid-busy.ts';
import { hidChannelFaults } from './hid-channels.ts';
import { hidFramingFaults } from './hid-framing.ts';
import { hidRequestFaults } from './hid-requests.ts';
import { hmacSecretFaults } from './hmac-secret.ts';
import { makeCredentialFaults } from './make-credential.ts';
import { makeCredentialCborFaults } from './make-credential-cbor.ts';
import { makeCredentialEntityFaults } from './make-credential-entities.ts';
import { makeCredentialListFaults } from './make-credential-lists.ts';
import { makeCredentialOptionFaults } from './make-credential-options.ts';
import { pinAndManagementFaults } from './pin-and-management.ts';
import { pinUvAuthParamFaults } from './pin-uv-auth-param.ts';
import { selectionAndResetFaults } from './selection-and-reset.ts';
import { token2AppletFaults } from './token2-applet.ts';
import { token2ButtonFaults } from './token2-button.ts';
import { token2CodeFaults } from './token2-codes.ts';
import { token2EntryFaults } from './token2-entries.ts';
import { token2HidFaults } from './token2-hid.ts';
import { token2InfoFaults } from './token2-info.ts';
import { token2RefusalFaults } from './token2-refusals.ts';
import { u2fFaults } from './u2f.ts';
import { u2fAuthenticateFaults } from './u2f-authenticate.ts';
import { userPresenceFaults } from './user-presence.ts';
import { verificationFaults } from './verification.ts';

export type { Fault } from './fault.ts';

const all: readonly Fault[] = [
  ...getInfoFaults,
  ...getInfoConsistencyFaults,
  ...makeCredentialFaults,
  ...makeCredentialCborFaults,
  ...makeCredentialEntityFaults,
  ...userPresenceFaults,
  ...makeCredentialOptionFaults,
  ...algorithmFaults,
  ...pinAndManagementFaults,
  ...hidFramingFaults,
  ...hidChannelFaults,
  ...hidBusyFaults,
  ...hidRequestFaults,
  ...pinUvAuthParamFaults,
  ...makeCredentialListFaults,
  ...getAssertionFaults,
  ...u2fFaults,
  ...u2fAuthenticateFaults,
  ...selectionAndResetFaults,
  ...getAssertionListFaults,
  ...getNextAssertionFaults,
  ...extensionFaults,
  ...hmacSecretFaults,
  ...attestationFaults,
  ...enterpriseAttestationFaults,
  ...extensionValueFaults,
  ...cardFaults,
  ...verificationFaults,
  ...token2AppletFaults,
  ...token2InfoFaults,
  ...token2EntryFaults,
  ...token2RefusalFaults,
  ...token2CodeFaults,
  ...token2ButtonFaults,
  ...token2HidFaults,
];

export const faults: ReadonlyMap<string, Fault> = new Map(all.map((fault) => [fault.id, fault] as const));
if (faults.size < all.length) throw new Error('expected each fault to have an id of its own');

/** @throws RangeError for an id that is none */
export function findFault(id: string): Fault {
  const fault = faults.get(id);
  if (fault !== undefined) return fault;
  throw new RangeError(`expected the name of a fault (ctaplab fault --list shows them), got ${JSON.stringify(id)}`);
}
