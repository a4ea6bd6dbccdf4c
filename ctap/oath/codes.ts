/** Codes and passwords of YKOATH. */

import { sha1 } from '@noble/hashes/legacy.js';
import { pbkdf2 } from '@noble/hashes/pbkdf2.js';
import { ByteReader, uintBytes } from '../byte-reader.ts';
import { concat, utf8 } from '../bytes.ts';
import { dynamicTruncation, type OtpAlgorithm } from '../otp/hotp.ts';
import { encodeName, encodeTag, OathReader, OathTag } from './messages.ts';

/** The key that a password comes to: PBKDF2 with SHA-1, 1000 rounds, over the device id; 16 bytes. */
export function oathPasswordKey(password: string, id: Uint8Array): Uint8Array {
  return pbkdf2(sha1, utf8(password), id, { c: 1000, dkLen: 16 });
}

const CODE_KIND = { SHA1: 0x21, SHA256: 0x22, SHA512: 0x23 } as const;

/** A password to set; without one, none is needed any more. */
export interface OathCode {
  readonly algorithm: OtpAlgorithm;
  readonly key: Uint8Array;
  /** Host's challenge and its MAC under `key`, which prove that both sides have the same. */
  readonly challenge: Uint8Array;
  readonly response: Uint8Array;
}

/** The body of SET CODE. */
export function encodeSetCode(code: OathCode | undefined): Uint8Array {
  if (code === undefined) return encodeTag(OathTag.KEY);
  return concat(
    encodeTag(OathTag.KEY, Uint8Array.of(CODE_KIND[code.algorithm]), code.key),
    encodeTag(OathTag.CHALLENGE, code.challenge),
    encodeTag(OathTag.RESPONSE, code.response),
  );
}

/** @throws TypeError */
export function decodeSetCode(bytes: Uint8Array): OathCode | undefined {
  const reader = new OathReader(bytes);
  const key = reader.need(OathTag.KEY);
  if (key.length === 0) return undefined;
  const algorithm = (['SHA1', 'SHA256', 'SHA512'] as const).find(
    (name) => (CODE_KIND[name] & 0x0f) === (key[0]! & 0x0f),
  );
  if (algorithm === undefined) throw new TypeError(`OATH code: expected algorithm 1 to 3, got ${key[0]! & 0x0f}`);
  const challenge = reader.need(OathTag.CHALLENGE).slice();
  const response = reader.need(OathTag.RESPONSE).slice();
  reader.end();
  return { algorithm, key: key.slice(1), challenge, response };
}

export interface OathValidation {
  /** MAC of the challenge that SELECT gave. */
  readonly response: Uint8Array;
  /** What the device answers in turn. */
  readonly challenge: Uint8Array;
}

/** The body of VALIDATE. */
export function encodeValidation({ response, challenge }: OathValidation): Uint8Array {
  return concat(encodeTag(OathTag.RESPONSE, response), encodeTag(OathTag.CHALLENGE, challenge));
}

export function decodeValidation(bytes: Uint8Array): OathValidation {
  const reader = new OathReader(bytes);
  const response = reader.need(OathTag.RESPONSE).slice();
  const challenge = reader.need(OathTag.CHALLENGE).slice();
  reader.end();
  return { response, challenge };
}

/** The body of CALCULATE; the challenge is a TOTP's time step in 8 bytes, and empty for an HOTP. */
export function encodeCalculation(name: string, step: bigint | undefined): Uint8Array {
  const challenge = step === undefined ? new Uint8Array() : uintBytes(step, 8);
  return concat(encodeName(name), encodeTag(OathTag.CHALLENGE, challenge));
}

/** The body of CALCULATE ALL. */
export function encodeCalculationOfAll(step: bigint): Uint8Array {
  return encodeTag(OathTag.CHALLENGE, uintBytes(step, 8));
}

/** A code as the applet gives it: digits, and the MAC truncated or whole. */
export function encodeCode(digits: number, mac: Uint8Array, truncated: boolean): Uint8Array {
  return truncated
    ? encodeTag(OathTag.TRUNCATED, Uint8Array.of(digits), uintBytes(dynamicTruncation(mac), 4))
    : encodeTag(OathTag.RESPONSE, Uint8Array.of(digits), mac);
}

/** The code in a truncated answer, with leading zeros. @throws TypeError */
export function decodeTruncated(value: Uint8Array): string {
  const reader = new ByteReader(value, 'OATH code');
  const digits = reader.uint(1, 'digits');
  const number = reader.uint(4, 'code') & 0x7fffffff;
  reader.end();
  return String(number % 10 ** digits).padStart(digits, '0');
}

/** One entry of the answer to CALCULATE ALL. */
export interface OathCalculated {
  readonly name: string;
  /** Undefined where the entry has to be calculated by itself. */
  readonly code: string | undefined;
  readonly needs: 'nothing' | 'touch' | 'counter';
}

/** @throws TypeError */
export function decodeCalculations(bytes: Uint8Array): OathCalculated[] {
  const reader = new OathReader(bytes);
  const entries: OathCalculated[] = [];
  while (reader.next !== undefined) {
    const name = new TextDecoder().decode(reader.need(OathTag.NAME));
    const tag = reader.next;
    if (tag === OathTag.HOTP || tag === OathTag.TOUCH) {
      reader.need(tag);
      entries.push({ name, code: undefined, needs: tag === OathTag.HOTP ? 'counter' : 'touch' });
    } else {
      entries.push({ name, code: decodeTruncated(reader.need(OathTag.TRUNCATED)), needs: 'nothing' });
    }
  }
  return entries;
}

/** The code in the answer to CALCULATE with truncation. @throws TypeError */
export function decodeCalculation(bytes: Uint8Array): string {
  const reader = new OathReader(bytes);
  const code = decodeTruncated(reader.need(OathTag.TRUNCATED));
  reader.end();
  return code;
}
