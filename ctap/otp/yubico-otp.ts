/** Yubico OTP: 44 modhex letters, a public id and 16 bytes under AES-128 that only the validation server can read. */
import { ecb } from '@noble/ciphers/aes.js';
import { concat } from '../bytes.ts';

const MODHEX = 'cbdefghijklnrtuv';
const PRIVATE_ID_SIZE = 6;
const TOKEN_SIZE = 16;
/** What the CRC of a whole token, its own CRC included, comes to. */
const CRC_OK_RESIDUE = 0xf0b8;

/** Letters that lie on the same keys in most layouts, one a nibble. */
export function toModhex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => MODHEX[byte >> 4]! + MODHEX[byte & 15]!).join('');
}

/** Bytes of modhex. @throws TypeError where it is none */
export function fromModhex(text: string): Uint8Array {
  if (text.length % 2 !== 0) throw new TypeError(`modhex: expected an even number of letters, got ${text.length}`);
  const nibbles = Array.from(text, (letter) => MODHEX.indexOf(letter));
  const stranger = nibbles.indexOf(-1);
  if (stranger >= 0) throw new TypeError(`modhex: expected one of ${MODHEX}, got ${JSON.stringify(text[stranger])}`);
  return Uint8Array.from({ length: text.length / 2 }, (_, i) => (nibbles[2 * i]! << 4) | nibbles[2 * i + 1]!);
}

/** CRC-16 of ISO 13239 (reflected, polynomial 0x8408, start 0xFFFF), not inverted. */
export function crc16(bytes: Uint8Array): number {
  let crc = 0xffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >> 1) ^ 0x8408 : crc >> 1;
  }
  return crc;
}

export interface YubicoOtpFields {
  /** 6 bytes. */
  readonly privateId: Uint8Array;
  /** 0 to 0x7FFF: counts power-ups; stored. */
  readonly useCounter: number;
  /** 24 bits of an 8 Hz clock. */
  readonly timestamp: number;
  /** 0 to 255: counts passwords since power-up. */
  readonly sessionCounter: number;
  /** 16 bits. */
  readonly random: number;
}

/** The fields as 16 plain bytes, little-endian numbers, with the inverted CRC at the end. */
function packFields(fields: YubicoOtpFields): Uint8Array {
  if (fields.privateId.length !== PRIVATE_ID_SIZE) {
    throw new RangeError(`private id: expected ${PRIVATE_ID_SIZE} bytes, got ${fields.privateId.length}`);
  }
  const body = new Uint8Array(TOKEN_SIZE);
  const view = new DataView(body.buffer);
  body.set(fields.privateId);
  view.setUint16(6, fields.useCounter, true);
  view.setUint16(8, fields.timestamp & 0xffff, true);
  body[10] = fields.timestamp >> 16;
  body[11] = fields.sessionCounter;
  view.setUint16(12, fields.random, true);
  view.setUint16(14, ~crc16(body.subarray(0, 14)) & 0xffff, true);
  return body;
}

/**
 * One password.
 * @param key AES-128 key, 16 bytes
 * @param publicId 0 to 16 bytes (6 are usual), shown in clear before the token
 */
export function formatYubicoOtp(key: Uint8Array, publicId: Uint8Array, fields: YubicoOtpFields): string {
  return toModhex(concat(publicId, ecb(key, { disablePadding: true }).encrypt(packFields(fields))));
}

/** What a validation server reads; undefined where the key does not fit. @throws TypeError where it is no modhex or too short */
export function readYubicoOtp(
  key: Uint8Array,
  otp: string,
): { readonly publicId: Uint8Array; readonly fields: YubicoOtpFields } | undefined {
  const bytes = fromModhex(otp);
  if (bytes.length < TOKEN_SIZE) throw new TypeError(`Yubico OTP: expected at least 32 letters, got ${otp.length}`);
  const start = bytes.length - TOKEN_SIZE;
  const body = ecb(key, { disablePadding: true }).decrypt(bytes.slice(start));
  if (crc16(body) !== CRC_OK_RESIDUE) return undefined;
  const view = new DataView(body.buffer, body.byteOffset);
  return {
    publicId: bytes.slice(0, start),
    fields: {
      privateId: body.slice(0, PRIVATE_ID_SIZE),
      useCounter: view.getUint16(6, true),
      timestamp: view.getUint16(8, true) | (body[10]! << 16),
      sessionCounter: body[11]!,
      random: view.getUint16(12, true),
    },
  };
}
