/** What both PIN/UV auth protocols offer (CTAP 2.3 §6.5.4), to the authenticator and to the platform alike. */
import { CtapError } from '../status.ts';

export interface PinUvAuthProtocol {
  readonly version: 1 | 2;
  /** Shared secret of the X coordinate `z` of the ECDH point: 32 bytes in protocol one, 64 in protocol two. */
  kdf(z: Uint8Array): Uint8Array;
  /** Encrypts whole blocks of 16 bytes under the shared secret. `random(n)` gives n random bytes. */
  encrypt(key: Uint8Array, plaintext: Uint8Array, random: (length: number) => Uint8Array): Uint8Array;
  /** @throws CtapError CTAP1_ERR_INVALID_LENGTH where the ciphertext is not whole blocks */
  decrypt(key: Uint8Array, ciphertext: Uint8Array): Uint8Array;
  /** MAC under a shared secret or a pinUvAuthToken: 16 bytes in protocol one, 32 in protocol two. */
  authenticate(key: Uint8Array, message: Uint8Array): Uint8Array;
  /** Constant-time check of {@link authenticate}. */
  verify(key: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean;
}

const BLOCK = 16;

/** Gives `data` back if it is `prefix` bytes and then whole blocks. */
export function assertBlocks(data: Uint8Array, prefix: number): Uint8Array {
  if (data.length < prefix || (data.length - prefix) % BLOCK !== 0) {
    const expected = prefix ? `${prefix} bytes and whole blocks of 16` : 'whole blocks of 16 bytes';
    throw new CtapError('CTAP1_ERR_INVALID_LENGTH', `expected ${expected}, got ${data.length}`);
  }
  return data;
}
