/** Checks of PINs and tokens, of what is managed by them, and of a vendor's own protocols. */
import type { CheckGroup } from '../check.ts';
import { authenticatorConfigChecks } from './authenticator-config.ts';
import { bioEnrollmentChecks } from './bio-enrollment.ts';
import { builtInUvChecks } from './built-in-uv.ts';
import { keyAgreementChecks } from './client-pin-key-agreement.ts';
import { clientPinParameterChecks } from './client-pin-parameters.ts';
import { clientPinRetryChecks } from './client-pin-retries.ts';
import { clientPinSetChecks } from './client-pin-set.ts';
import { credentialManagementChecks } from './credential-management.ts';
import { credentialManagementDeleteChecks } from './credential-management-delete.ts';
import { credentialManagementTokenChecks } from './credential-management-tokens.ts';
import { credentialManagementUpdateChecks } from './credential-management-update.ts';
import { fullKeyChecks } from './full-key.ts';
import { largeBlobsChecks } from './large-blobs.ts';
import { persistentTokenChecks } from './persistent-token.ts';
import { tokenCommandChecks } from './token-commands.ts';
import { tokenLifeChecks } from './token-life.ts';
import { tokenPermissionChecks } from './token-permissions.ts';
import { tokenRpIdChecks } from './token-rp-id.ts';
import { tokenSpentChecks } from './token-spent.ts';
import { tokenValueChecks } from './token-value.ts';

export const pinAndManagementChecks: readonly CheckGroup[] = [
  keyAgreementChecks,
  clientPinParameterChecks,
  clientPinSetChecks,
  clientPinRetryChecks,
  tokenCommandChecks,
  tokenLifeChecks,
  tokenSpentChecks,
  tokenPermissionChecks,
  tokenRpIdChecks,
  tokenValueChecks,
  credentialManagementChecks,
  credentialManagementDeleteChecks,
  credentialManagementUpdateChecks,
  credentialManagementTokenChecks,
  persistentTokenChecks,
  fullKeyChecks,
  largeBlobsChecks,
  authenticatorConfigChecks,
  bioEnrollmentChecks,
  builtInUvChecks,
];
