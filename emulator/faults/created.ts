/** What a key has just made, for faults that remember it. */
import { decodeAuthenticatorData } from '../../ctap/authenticator-data.ts';
import { mapOf } from './ctap2-faults.ts';

/** The id of the credential in a successful answer to makeCredential. */
export function createdCredentialId(answer: Uint8Array): Uint8Array | undefined {
  const authData = mapOf(answer.subarray(1)).get(0x02);
  if (!(authData instanceof Uint8Array)) return undefined;
  return decodeAuthenticatorData(authData).attestedCredentialData?.credentialId;
}
