/** SM4 from OpenSSL, where it was built with it. */
import { createCipheriv, createDecipheriv, getCiphers } from 'node:crypto';
import { concat } from '../ctap/bytes.ts';
import { SM4_BLOCK, type Sm4 } from '../ctap/token2/sm4.ts';

const NO_IV = new Uint8Array(SM4_BLOCK);

function whole(cipher: ReturnType<typeof createCipheriv> | ReturnType<typeof createDecipheriv>, data: Uint8Array) {
  cipher.setAutoPadding(false);
  return concat(cipher.update(data), cipher.final());
}

/** @throws Error where this OpenSSL has no SM4 */
export function nodeSm4(): Sm4 {
  const known = getCiphers();
  for (const name of ['sm4-ecb', 'sm4-cbc']) {
    if (!known.includes(name)) {
      throw new Error(`expected the cipher ${name} of OpenSSL, which programmable tokens speak; this Node has none`);
    }
  }
  return {
    encrypt: (key, data) => whole(createCipheriv('sm4-ecb', key, null), data),
    decrypt: (key, data) => whole(createDecipheriv('sm4-ecb', key, null), data),
    encryptCbc: (key, data) => whole(createCipheriv('sm4-cbc', key, NO_IV), data),
  };
}
