/**
 * Token2's programmable TOTP tokens over NFC or CCID, without selection of an applet: the single-profile
 * family and Molto2 with its 100 profiles. Each message in both directions.
 */
import { sha1 } from '@noble/hashes/legacy.js';
import { ByteReader, uintBytes } from '../byte-reader.ts';
import { concat, fromHex, timingSafeEqual, utf8 } from '../bytes.ts';
import { type CommandApdu, type CommandFields, StatusWord, StatusWordError } from '../iso7816/apdu.ts';
import { padBlock, padIfUnaligned, SM4_BLOCK, type Sm4, unpad } from './sm4.ts';
import { encodeSettings, PUBLIC_TAG, type TokenFamily, type TokenSettings } from './token-settings.ts';

/** The SM4 key of every single-profile token. */
export const SINGLE_PROFILE_KEY = fromHex('8ad206883ca369482ab27182b6e83224');
/** What a Molto2's key is derived from when it is new. */
export const DEFAULT_CUSTOMER_KEY = utf8('TOKEN2MOLTO1-KEY');

/** The SM4 key of a Molto2: the first 16 bytes of the customer key's SHA-1. */
export function customerSm4Key(customerKey: Uint8Array): Uint8Array {
  return sha1(customerKey).slice(0, SM4_BLOCK);
}

const PLAIN = 0x80;
const SECURE = 0x84;

/** Instructions; P2 is the profile, 0 where there is only one. */
export const TokenInstruction = {
  READ: 0x41,
  GET_CHALLENGE: 0x4b,
  RESET: 0x56,
  WRITE_SEED: 0xc5,
  ANSWER_CHALLENGE: 0xce,
  WRITE_CONFIG: 0xd4,
  WRITE_TITLE: 0xd5,
  WRITE_KEY: 0xd7,
  DELETE_SEED: 0xe6,
} as const;

/** 9000, once somebody presses the token's button. */
export const AWAITING_BUTTON = 0x9060;
/** Secure messaging objects that are wrong: ISO 7816-4. */
const WRONG_MAC = 0x6988;

const CHALLENGE_SIZE = 8;
const MAC_SIZE = 4;
export const MAX_TOKEN_SEED = 63;
export const MAX_TITLE = 12;

export function readInfoCommand(family: TokenFamily): CommandFields {
  const header = { cla: PLAIN, ins: TokenInstruction.READ, p1: 0, p2: 0 };
  return family === 'single' ? { ...header, data: Uint8Array.of(0x02, 0x11) } : { ...header, le: 256 };
}

export interface TokenInfo {
  readonly serial: string;
  /** The token's clock: seconds since 1970. */
  readonly time: number;
}

/**
 * The answer to reading the info: three bytes, serial length, serial, two bytes, time. What the gaps mean is not
 * public; as a list of tags (95: answer, 02: serial, 11: time) they fit the request and the public block.
 */
export function encodeTokenInfo({ serial, time }: TokenInfo): Uint8Array {
  const text = utf8(serial);
  const length = 2 + text.length + 6;
  return concat(
    Uint8Array.of(0x95, length, 0x02, text.length),
    text,
    Uint8Array.of(0x11, 0x04),
    uintBytes(Math.floor(time), 4),
  );
}

/** @throws TypeError where it is too short */
export function decodeTokenInfo(bytes: Uint8Array): TokenInfo {
  const reader = new ByteReader(bytes, 'token info');
  reader.bytes(3, 'head');
  const serial = reader.ascii(reader.uint(1, 'serial length'), 'serial');
  reader.bytes(2, 'gap');
  return { serial, time: reader.uint(4, 'time') };
}

export function challengeCommand(family: TokenFamily): CommandFields {
  const header = { cla: PLAIN, ins: TokenInstruction.GET_CHALLENGE, p1: 0x08, p2: 0 };
  return family === 'single' ? { ...header, data: Uint8Array.of(0) } : { ...header, le: 256 };
}

/** What answers a challenge of 8 bytes: SM4 of it and eight zeros. */
export function challengeAnswer(sm4: Sm4, key: Uint8Array, challenge: Uint8Array): Uint8Array {
  if (challenge.length !== CHALLENGE_SIZE) {
    throw new TypeError(`token challenge: expected ${CHALLENGE_SIZE} bytes, got ${challenge.length}`);
  }
  return sm4.encrypt(key, concat(challenge, new Uint8Array(SM4_BLOCK - CHALLENGE_SIZE)));
}

export function answerCommand(answer: Uint8Array): CommandFields {
  return { cla: PLAIN, ins: TokenInstruction.ANSWER_CHALLENGE, p1: 0, p2: 0, data: answer };
}

type SecureHeader = Pick<CommandApdu, 'ins' | 'p1' | 'p2'>;

/** The first 4 bytes of the last block of SM4-CBC over header (with CLA 80 and the body's own length) and body. */
function commandMac(sm4: Sm4, key: Uint8Array, { ins, p1, p2 }: SecureHeader, body: Uint8Array): Uint8Array {
  const message = concat(Uint8Array.of(PLAIN, ins, p1, p2, body.length), body);
  return sm4.encryptCbc(key, padIfUnaligned(message)).slice(-SM4_BLOCK).slice(0, MAC_SIZE);
}

/** A command that ends in its MAC. */
export function secureCommand(sm4: Sm4, key: Uint8Array, header: SecureHeader, body: Uint8Array): CommandFields {
  const { ins, p1, p2 } = header;
  return { cla: SECURE, ins, p1, p2, data: concat(body, commandMac(sm4, key, header, body)) };
}

/** The body of a secure command. @throws StatusWordError 6700 where it has no MAC, 6988 where that is wrong */
export function openSecureCommand(sm4: Sm4, key: Uint8Array, command: CommandApdu): Uint8Array {
  const end = command.data.length - MAC_SIZE;
  if (end < 0) {
    throw new StatusWordError(
      StatusWord.WRONG_LENGTH,
      `expected a MAC of ${MAC_SIZE} bytes, got ${command.data.length}`,
    );
  }
  const body = command.data.slice(0, end);
  if (!timingSafeEqual(command.data.slice(end), commandMac(sm4, key, command, body))) {
    throw new StatusWordError(WRONG_MAC, 'the MAC is wrong');
  }
  return body;
}

export function writeSeedCommand(sm4: Sm4, key: Uint8Array, profile: number, seed: Uint8Array): CommandFields {
  if (seed.length < 1 || seed.length > MAX_TOKEN_SEED) {
    throw new RangeError(`token seed: expected 1 to ${MAX_TOKEN_SEED} bytes, got ${seed.length}`);
  }
  // A seed of 32 bytes has a whole block of padding, as no other of whole blocks has.
  const padded = seed.length === 32 ? padBlock(seed, SM4_BLOCK) : padIfUnaligned(seed);
  const header = { ins: TokenInstruction.WRITE_SEED, p1: 0x01, p2: profile };
  return secureCommand(sm4, key, header, sm4.encrypt(key, padded));
}

/** The seed or title in a secure command's body. @throws StatusWordError 6700 or 6A80 */
export function decryptBody(sm4: Sm4, key: Uint8Array, body: Uint8Array, most: number): Uint8Array {
  if (body.length === 0 || body.length % SM4_BLOCK !== 0) {
    throw new StatusWordError(
      StatusWord.WRONG_LENGTH,
      `expected whole blocks of ${SM4_BLOCK}, got ${body.length} bytes`,
    );
  }
  const plain = unpad(sm4.decrypt(key, body));
  if (plain.length >= 1 && plain.length <= most) return plain;
  throw new StatusWordError(StatusWord.WRONG_DATA, `expected 1 to ${most} bytes, got ${plain.length}`);
}

/** A title of 1 to 12 bytes of UTF-8; Molto2 alone has them. */
export function writeTitleCommand(sm4: Sm4, key: Uint8Array, profile: number, title: string): CommandFields {
  const text = utf8(title);
  if (text.length < 1 || text.length > MAX_TITLE) {
    throw new RangeError(`token title: expected 1 to ${MAX_TITLE} bytes of UTF-8, got ${text.length}`);
  }
  const header = { ins: TokenInstruction.WRITE_TITLE, p1: 0, p2: profile };
  return secureCommand(sm4, key, header, sm4.encrypt(key, padIfUnaligned(text)));
}

/** A new customer key of a Molto2, whose SM4 key now is `key`. */
export function writeKeyCommand(sm4: Sm4, key: Uint8Array, newCustomerKey: Uint8Array): CommandFields {
  const plain = concat(Uint8Array.of(0), customerSm4Key(newCustomerKey));
  const header = { ins: TokenInstruction.WRITE_KEY, p1: 0, p2: 0 };
  return secureCommand(sm4, key, header, sm4.encrypt(key, padIfUnaligned(plain)));
}

/** The SM4 key in such a command's body. @throws StatusWordError 6700 or 6A80 */
export function decryptNewKey(sm4: Sm4, key: Uint8Array, body: Uint8Array): Uint8Array {
  const plain = decryptBody(sm4, key, body, 1 + SM4_BLOCK);
  if (plain.length === 1 + SM4_BLOCK && plain[0] === 0) return plain.slice(1);
  throw new StatusWordError(StatusWord.WRONG_DATA, 'expected a zero and 16 bytes of key');
}

export function deleteSeedCommand(profile: number): CommandFields {
  return { cla: PLAIN, ins: TokenInstruction.DELETE_SEED, p1: 0, p2: profile, le: 256 };
}

export function resetCommand(): CommandFields {
  return { cla: PLAIN, ins: TokenInstruction.RESET, p1: 0, p2: 0, le: 256 };
}

export function writeSettingsCommand(
  sm4: Sm4,
  key: Uint8Array,
  family: TokenFamily,
  profile: number,
  settings: TokenSettings,
): CommandFields {
  const header = { ins: TokenInstruction.WRITE_CONFIG, p1: family === 'molto2' ? 1 : 0, p2: profile };
  return secureCommand(sm4, key, header, encodeSettings(family, settings));
}

/** Reads a profile's public block. A Molto2 refuses an Le here. */
export function readProfileCommand(profile: number): CommandFields {
  return { cla: PLAIN, ins: TokenInstruction.READ, p1: 0, p2: profile, data: Uint8Array.of(PUBLIC_TAG) };
}
