/** Faults of PINs and tokens, of what is managed by them, and of a vendor's own protocols. */

import { authenticatorConfigFaults } from './authenticator-config.ts';
import { bioEnrollmentFaults } from './bio-enrollment.ts';
import { builtInUvFaults } from './built-in-uv.ts';
import { keyAgreementFaults } from './client-pin-key-agreement.ts';
import { clientPinParameterFaults } from './client-pin-parameters.ts';
import { clientPinRetryFaults } from './client-pin-retries.ts';
import { clientPinSetFaults } from './client-pin-set.ts';
import { credentialManagementFaults } from './credential-management.ts';
import { credentialManagementDeleteFaults } from './credential-management-delete.ts';
import { credentialManagementNextFaults } from './credential-management-next.ts';
import { credentialManagementTokenFaults } from './credential-management-tokens.ts';
import { credentialManagementUpdateFaults } from './credential-management-update.ts';
import type { Fault } from './fault.ts';
import { fullKeyFaults } from './full-key.ts';
import { largeBlobsFaults } from './large-blobs.ts';
import { persistentTokenFaults } from './persistent-token.ts';
import { persistentTokenSecretFaults } from './persistent-token-secrets.ts';
import { tokenCommandFaults } from './token-commands.ts';
import { tokenLifeFaults } from './token-life.ts';
import { tokenPermissionFaults } from './token-permissions.ts';
import { tokenRpIdFaults } from './token-rp-id.ts';
import { tokenValueFaults } from './token-value.ts';

export const pinAndManagementFaults: readonly Fault[] = [
  ...keyAgreementFaults,
  ...clientPinParameterFaults,
  ...clientPinSetFaults,
  ...clientPinRetryFaults,
  ...tokenCommandFaults,
  ...tokenLifeFaults,
  ...tokenPermissionFaults,
  ...tokenRpIdFaults,
  ...tokenValueFaults,
  ...credentialManagementFaults,
  ...credentialManagementNextFaults,
  ...credentialManagementDeleteFaults,
  ...credentialManagementUpdateFaults,
  ...credentialManagementTokenFaults,
  ...persistentTokenFaults,
  ...fullKeyFaults,
  ...persistentTokenSecretFaults,
  ...largeBlobsFaults,
  ...authenticatorConfigFaults,
  ...bioEnrollmentFaults,
  ...builtInUvFaults,
];
