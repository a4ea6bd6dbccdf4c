/** credBlob and getCredBlob: a few bytes that travel with the credential (CTAP 2.3 §12.2). */
import { toBase64Url } from '../../../ctap/bytes.ts';
import { CRED_BLOB } from '../../../ctap/extensions/cred-blob.ts';
import { base64Url, boolean } from '../webidl.ts';
import type { AssertionExtension, BeginCreation, ReadInputs } from './extension.ts';

export interface CredBlobInputs {
  readonly credBlob?: Uint8Array | undefined;
  readonly getCredBlob?: boolean | undefined;
}

export const readCredBlob: ReadInputs<CredBlobInputs> = (members) => ({
  credBlob: members.may('credBlob', base64Url),
  getCredBlob: members.may('getCredBlob', boolean),
});

/** The output tells whether the key keeps the bytes: it may have no room for so many, or for any. */
export function beginCredBlob({ credBlob }: CredBlobInputs): BeginCreation | undefined {
  if (credBlob === undefined) return undefined;
  return (authenticator) => {
    const fits = authenticator.supports(CRED_BLOB) && credBlob.length <= authenticator.maxCredBlobLength;
    return {
      inputs: (): Record<string, Uint8Array> => (fits ? { [CRED_BLOB]: credBlob } : {}),
      outputs: ({ authData }) => ({ credBlob: authData.extensions?.get(CRED_BLOB) === true }),
    };
  };
}

/** The output is empty for a credential without the bytes, and absent on a key without the extension. */
export function credBlobAssertion({ getCredBlob }: CredBlobInputs): AssertionExtension | undefined {
  if (!getCredBlob) return undefined;
  return {
    begin: (authenticator) => ({
      inputs: (): Record<string, true> => (authenticator.supports(CRED_BLOB) ? { [CRED_BLOB]: true } : {}),
      outputs({ authData }) {
        const blob = authData.extensions?.get(CRED_BLOB);
        return blob instanceof Uint8Array ? { getCredBlob: toBase64Url(blob) } : {};
      },
    }),
  };
}
