import type { Tenant } from './tenant.ts';

/** Kinds of identifiers, by the two letters they begin with; as Duo has them where it has such a thing. */
export type IdPrefix = 'DU' | 'DG' | 'DH' | 'WA' | 'DI' | 'DE';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';
const ID_LENGTH = 20;
const SECRET_ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/** A fresh identifier of 20 capital letters and digits. */
export function newId(tenant: Tenant, prefix: IdPrefix): string {
  return prefix + randomText(tenant, ALPHABET, ID_LENGTH - prefix.length);
}

/** A fresh secret of letters and digits; 40 are 238 bits. */
export function newSecretText(tenant: Tenant, length = 40): string {
  return randomText(tenant, SECRET_ALPHABET, length);
}

/** A fresh UUID of version 4, as transaction ids are. */
export function newUuid(tenant: Tenant): string {
  const bytes = tenant.random(16);
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  return Buffer.from(bytes)
    .toString('hex')
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

// Bytes from the last, incomplete run through the alphabet are thrown away, so that every letter is as likely.
function randomText(tenant: Tenant, alphabet: string, length: number): string {
  const limit = 256 - (256 % alphabet.length);
  let text = '';
  while (text.length < length) {
    for (const byte of tenant.random(2 * (length - text.length))) {
      if (byte < limit && text.length < length) text += alphabet[byte % alphabet.length];
    }
  }
  return text;
}
