/** A passkey as JSON tells of it, in files and over the control API. */
import { toBase64Url } from '../../ctap/bytes.ts';
import type { DiscoverableCredential } from '../authenticator/credential-records.ts';

/** Whose it is; bytes are base64url. */
export interface PasskeyOwnerJSON {
  readonly credentialId: string;
  readonly rp: { readonly id: string; readonly name?: string };
  readonly user: { readonly id: string; readonly name?: string; readonly displayName?: string };
  /** COSE. */
  readonly algorithm: number;
}

export function passkeyOwnerJSON({ id, rp, user, alg }: DiscoverableCredential): PasskeyOwnerJSON {
  return {
    credentialId: toBase64Url(id),
    rp: { id: rp.id, ...(rp.name === undefined ? {} : { name: rp.name }) },
    user: {
      id: toBase64Url(user.id),
      ...(user.name === undefined ? {} : { name: user.name }),
      ...(user.displayName === undefined ? {} : { displayName: user.displayName }),
    },
    algorithm: alg,
  };
}
