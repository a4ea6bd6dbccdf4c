/** What both PIN/UV auth protocols offer (CTAP 2.3 §6.5.4), to the authenticator and to the platform alike. */
import { CtapError } from '../status.ts';

export interface PinUvAuthProtocol {
  readonly version: 1 | 2;
  /** Shared secret of the X coordinate `z` of the ECDH point: 32 bytes in protocol one, 64 in protocol two. */
  kdf(z: Uint8Array): Uint8Array;
  /** Encrypts whole blocks of 16 bytes under the shared secret. `random(n)` gives n random bytes. */
  encrypt(key: Uint8Array, plaintext: Uint8Array, random: (length: number) => Uint8Array): Uint8Array;
  /** The plaintext; undefined where the ciphertext is not whole blocks: the specification's error of decrypt. */
  decrypt(key: Uint8Array, ciphertext: Uint8Array): Uint8Array | undefined;
  /** MAC under a shared secret or a pinUvAuthToken: 16 bytes in protocol one, 32 in protocol two. */
  authenticate(key: Uint8Array, message: Uint8Array): Uint8Array;
  /** Constant-time check of {@link authenticate}. */
  verify(key: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean;
}

const BLOCK = 16;

/** True for `prefix` bytes and then whole blocks. */
export function isWholeBlocks({ length }: Uint8Array, prefix = 0): boolean {
  return length >= prefix && (length - prefix) % BLOCK === 0;
}

/** Gives `plaintext` back if it is whole blocks. @throws CtapError CTAP1_ERR_INVALID_LENGTH */
export function assertBlocks(plaintext: Uint8Array): Uint8Array {
  if (isWholeBlocks(plaintext)) return plaintext;
  throw new CtapError('CTAP1_ERR_INVALID_LENGTH', `expected whole blocks of 16 bytes, got ${plaintext.length}`);
}
