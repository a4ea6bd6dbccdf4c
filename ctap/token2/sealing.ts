/**
 * How seeds travel to Token2's OTP applet: ECDH on P-256 with a fresh host key for each command, the AES-256 key
 * SHA-256 of the shared X, CBC with PKCS#7 padding. The initialization vectors are constants; the key never repeats.
 */
import { concat, fromHex } from '../bytes.ts';
import type { Crypto, EcdhKeyPair } from '../crypto.ts';

/** Of entries. */
export const ENTRY_IV = fromHex('9dd8918e34f3ccab08cb7518f71938f1');
/** Of the seed that the button types. */
export const BUTTON_SEED_IV = new Uint8Array(16);

const POINT_SIZE = 64;
const BLOCK_SIZE = 16;

/**
 * Seals `plain` for the device whose public key (X and Y, 64 bytes) this is: host's X and Y, then the ciphertext.
 * @throws RangeError where the device's key is no point of P-256
 */
export function seal(
  crypto: Crypto,
  hostKey: EcdhKeyPair,
  devicePublicKey: Uint8Array,
  iv: Uint8Array,
  plain: Uint8Array,
) {
  const key = crypto.sha256(crypto.ecdh(hostKey.privateKey, devicePublicKey));
  const padding = BLOCK_SIZE - (plain.length % BLOCK_SIZE);
  const padded = concat(plain, new Uint8Array(padding).fill(padding));
  return concat(hostKey.publicKey, crypto.aesCbcEncrypt(key, iv, padded));
}

/**
 * Opens what {@link seal} made.
 * @throws TypeError for a wrong length or padding, RangeError where the host's key is no point of P-256
 */
export function unseal(crypto: Crypto, devicePrivateKey: Uint8Array, iv: Uint8Array, sealed: Uint8Array): Uint8Array {
  const size = sealed.length - POINT_SIZE;
  if (size < BLOCK_SIZE || size % BLOCK_SIZE !== 0) {
    throw new TypeError(
      `sealed body: expected ${POINT_SIZE} bytes and whole blocks of ${BLOCK_SIZE}, got ${sealed.length}`,
    );
  }
  const key = crypto.sha256(crypto.ecdh(devicePrivateKey, sealed.slice(0, POINT_SIZE)));
  const padded = crypto.aesCbcDecrypt(key, iv, sealed.slice(POINT_SIZE));
  const padding = padded[padded.length - 1]!;
  const wrong = padding < 1 || padding > BLOCK_SIZE || padded.subarray(-padding).some((byte) => byte !== padding);
  if (wrong) throw new TypeError('sealed body: the padding is wrong');
  return padded.slice(0, padded.length - padding);
}
