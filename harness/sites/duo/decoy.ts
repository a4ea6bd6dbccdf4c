import { createHmac, generateKeyPairSync, randomBytes } from 'node:crypto';

// Credential id lengths of common security keys, so that a decoy's length tells nothing.
const ID_LENGTHS = [32, 48, 64, 64] as const;

/** Answers for accounts that do not exist, the same each time they are asked for. */
export class Decoys {
  readonly #secret = randomBytes(32);
  /** A COSE ES256 public key whose private half was thrown away: nothing verifies against it. */
  readonly publicKey: Uint8Array<ArrayBuffer> = unusedPublicKey();

  /** A credential id (base64url) for a username that nobody has, derived by HMAC. */
  credentialId(username: string): string {
    const bytes = createHmac('sha512', this.#secret).update(`id\0${username}`).digest();
    const choice = createHmac('sha256', this.#secret).update(`length\0${username}`).digest()[0] ?? 0;
    return bytes.subarray(0, ID_LENGTHS[choice % ID_LENGTHS.length]).toString('base64url');
  }
}

function unusedPublicKey(): Uint8Array<ArrayBuffer> {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const jwk = publicKey.export({ format: 'jwk' });
  // COSE_Key of RFC 9053 §7.1.1 as fixed CBOR: {1: 2, 3: -7, -1: 1, -2: x, -3: y}.
  return new Uint8Array([
    ...[0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20],
    ...Buffer.from(jwk.x ?? '', 'base64url'),
    ...[0x22, 0x58, 0x20],
    ...Buffer.from(jwk.y ?? '', 'base64url'),
  ]);
}
