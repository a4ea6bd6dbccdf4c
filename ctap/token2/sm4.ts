/** SM4 (GB/T 32907) as the programmable tokens use it. OpenSSL has it; a browser has not, so it comes from outside. */
export interface Sm4 {
  /** ECB without padding. `key` has 16 bytes, `data` whole blocks of 16. */
  encrypt(key: Uint8Array, data: Uint8Array): Uint8Array;
  decrypt(key: Uint8Array, data: Uint8Array): Uint8Array;
  /** CBC without padding, from an initialization vector of zeros. */
  encryptCbc(key: Uint8Array, data: Uint8Array): Uint8Array;
}

export const SM4_BLOCK = 16;

/** `80` and zeros up to whole blocks (ISO/IEC 9797-1, method 2), but nothing where the blocks are whole already. */
export function padIfUnaligned(data: Uint8Array): Uint8Array {
  const rest = data.length % SM4_BLOCK;
  return rest === 0 ? data : padBlock(data, SM4_BLOCK - rest);
}

/** `80` and zeros, `count` bytes in all. */
export function padBlock(data: Uint8Array, count: number): Uint8Array {
  const padded = new Uint8Array(data.length + count);
  padded.set(data);
  padded[data.length] = 0x80;
  return padded;
}

/** Takes that padding off where there is one within the last block. */
export function unpad(padded: Uint8Array): Uint8Array {
  let end = padded.length;
  const least = Math.max(0, end - SM4_BLOCK);
  while (end > least && padded[end - 1] === 0) end--;
  return end > least && padded[end - 1] === 0x80 ? padded.slice(0, end - 1) : padded;
}
