/** Private keys of credentials as other programs keep them: PKCS #8 (RFC 5958), DER. */
import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { concat, fromBase64Url } from '../../ctap/bytes.ts';
import { Algorithm } from '../../ctap/crypto.ts';

/** A pair for ES256, shaped as in GeneratedKeyPair. */
export interface P256KeyPair {
  readonly privateKey: Uint8Array;
  readonly publicKey: Uint8Array;
}

/** @throws RangeError for anything but an ECDSA key on P-256 */
export function fromPkcs8(pkcs8: Uint8Array): P256KeyPair {
  const key = parse(pkcs8);
  const curve = key.asymmetricKeyDetails?.namedCurve ?? key.asymmetricKeyType;
  if (curve !== 'prime256v1') throw new RangeError(`expected an ECDSA key on the curve P-256, got one of ${curve}`);
  const { d, x, y } = key.export({ format: 'jwk' });
  return { privateKey: fromBase64Url(d!), publicKey: concat(fromBase64Url(x!), fromBase64Url(y!)) };
}

function parse(pkcs8: Uint8Array): KeyObject {
  try {
    return createPrivateKey({ key: Buffer.from(pkcs8), format: 'der', type: 'pkcs8' });
  } catch (cause) {
    throw new RangeError(`expected a PKCS #8 package, got ${pkcs8.length} other bytes`, { cause });
  }
}

const SEC1_PREFIX = Uint8Array.of(0x30, 0x31, 0x02, 0x01, 0x01, 0x04, 0x20);
const SEC1_P256 = Uint8Array.of(0xa0, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07);
const ED25519_PREFIX = Uint8Array.of(0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20);

/** @throws RangeError for another algorithm than ES256 and EdDSA */
export function toPkcs8({ alg, privateKey }: { readonly alg: number; readonly privateKey: Uint8Array }): Uint8Array {
  if (alg === Algorithm.EdDSA) return concat(ED25519_PREFIX, privateKey); // RFC 8410 §7
  if (alg !== Algorithm.ES256) throw new RangeError(`expected a credential of ES256 or EdDSA, got algorithm ${alg}`);
  const sec1 = Buffer.from(concat(SEC1_PREFIX, privateKey, SEC1_P256));
  const bare = createPrivateKey({ key: sec1, format: 'der', type: 'sec1' });
  // With the public key, which a package made of the scalar alone lacks.
  const key = createPrivateKey({
    key: {
      ...bare.export({ format: 'jwk' }),
      ...createPublicKey(bare).export({ format: 'jwk' }),
      d: bare.export({ format: 'jwk' }).d!,
    },
    format: 'jwk',
  });
  return Uint8Array.from(key.export({ format: 'der', type: 'pkcs8' }));
}
