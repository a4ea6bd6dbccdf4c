/** YKOATH, the smart-card protocol of one-time password entries: Yubico's "YKOATH Protocol Specification". */
import { ByteReader, uintBytes } from '../byte-reader.ts';
import { concat, fromHex, fromUtf8, utf8 } from '../bytes.ts';
import type { OtpAlgorithm } from '../otp/hotp.ts';

export const OATH_AID = fromHex('a0000005272101');

export const OathInstruction = {
  PUT: 0x01,
  DELETE: 0x02,
  SET_CODE: 0x03,
  RESET: 0x04,
  RENAME: 0x05,
  LIST: 0xa1,
  CALCULATE: 0xa2,
  VALIDATE: 0xa3,
  CALCULATE_ALL: 0xa4,
  SEND_REMAINING: 0xa5,
} as const;

/** P1 and P2 of RESET. */
export const OATH_RESET = { p1: 0xde, p2: 0xad } as const;
/** P2 of the calculations: four bytes after dynamic truncation in place of the whole MAC. */
export const OATH_TRUNCATED = 0x01;

export const OathTag = {
  NAME: 0x71,
  NAME_LIST: 0x72,
  KEY: 0x73,
  CHALLENGE: 0x74,
  RESPONSE: 0x75,
  TRUNCATED: 0x76,
  HOTP: 0x77,
  PROPERTY: 0x78,
  VERSION: 0x79,
  COUNTER: 0x7a,
  ALGORITHM: 0x7b,
  TOUCH: 0x7c,
} as const;

const TYPES = { hotp: 0x10, totp: 0x20 } as const;
const ALGORITHMS = { SHA1: 0x01, SHA256: 0x02, SHA512: 0x03 } as const;
const TOUCH_PROPERTY = 0x02;
export const MAX_OATH_NAME = 64;
const MIN_KEY = 1;
const MAX_KEY = 64;

/** How an entry's codes come about. */
export interface OathKind {
  readonly type: 'hotp' | 'totp';
  readonly algorithm: OtpAlgorithm;
}

export interface OathCredential extends OathKind {
  /** 1 to 64 bytes of UTF-8: as "30/Issuer:account", where hosts keep a TOTP's period and issuer. */
  readonly name: string;
  /** 6 to 8. */
  readonly digits: number;
  /** 1 to 64 bytes; a longer secret is hashed first, as HMAC does. */
  readonly key: Uint8Array;
  readonly touch: boolean;
  /** Of the next HOTP, 32 bits. */
  readonly counter: number;
}

/** One tag with its value; lengths are below 128. */
export function encodeTag(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const value = concat(...parts);
  if (value.length > 0x7f) throw new RangeError(`OATH tag 0x${tag.toString(16)}: expected at most 127 bytes`);
  return concat(Uint8Array.of(tag, value.length), value);
}

/** Tags from front to back. */
export class OathReader {
  readonly #reader: ByteReader;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#reader = new ByteReader(bytes, 'OATH message');
  }

  /** The tag that comes next; undefined at the end. */
  get next(): number | undefined {
    return this.#bytes[this.#bytes.length - this.#reader.remaining];
  }

  /** The value of that tag. @throws TypeError where another comes, or the value is cut off */
  need(tag: number): Uint8Array {
    const name = tag.toString(16);
    const got = this.#reader.uint(1, `tag ${name}`);
    if (got !== tag) throw new TypeError(`OATH message: expected tag ${name}, got ${got.toString(16)}`);
    return this.#reader.bytes(this.#reader.uint(1, `length of tag ${name}`), `tag ${name}`);
  }

  /** One byte without a length, which the property alone is. */
  byteOf(tag: number): number {
    this.#reader.uint(1, `tag ${tag.toString(16)}`);
    return this.#reader.uint(1, `byte of tag ${tag.toString(16)}`);
  }

  end(): void {
    this.#reader.end();
  }
}

function nameBytes(name: string): Uint8Array {
  const bytes = utf8(name);
  if (bytes.length >= 1 && bytes.length <= MAX_OATH_NAME) return bytes;
  throw new RangeError(`OATH name: expected 1 to ${MAX_OATH_NAME} bytes, got ${bytes.length}`);
}

function readName(bytes: Uint8Array): string {
  const name = fromUtf8(bytes);
  nameBytes(name); // the length
  return name;
}

function kindByte({ type, algorithm }: OathKind): number {
  return TYPES[type] | ALGORITHMS[algorithm];
}

function readKind(byte: number | undefined): OathKind {
  const type = (['hotp', 'totp'] as const).find((name) => TYPES[name] === ((byte ?? 0) & 0xf0));
  const algorithm = (['SHA1', 'SHA256', 'SHA512'] as const).find((name) => ALGORITHMS[name] === ((byte ?? 0) & 0x0f));
  if (type === undefined || algorithm === undefined) {
    throw new TypeError(`OATH kind: expected 1x (HOTP) or 2x (TOTP) with 1 to 3, got ${byte?.toString(16)}`);
  }
  return { type, algorithm };
}

/** The body of PUT. @throws RangeError that names the field */
export function encodePut(credential: OathCredential): Uint8Array {
  const { name, key, touch, counter } = credential;
  return concat(
    encodeTag(OathTag.NAME, nameBytes(name)),
    encodeTag(OathTag.KEY, Uint8Array.of(kindByte(credential), checkedDigits(credential.digits)), checkedKey(key)),
    touch ? Uint8Array.of(OathTag.PROPERTY, TOUCH_PROPERTY) : new Uint8Array(),
    counter === 0 ? new Uint8Array() : encodeTag(OathTag.COUNTER, uintBytes(counter, 4)),
  );
}

/** @throws TypeError or RangeError */
export function decodePut(bytes: Uint8Array): OathCredential {
  const reader = new OathReader(bytes);
  const name = readName(reader.need(OathTag.NAME));
  const key = reader.need(OathTag.KEY);
  const touch = reader.next === OathTag.PROPERTY && (reader.byteOf(OathTag.PROPERTY) & TOUCH_PROPERTY) !== 0;
  const counter =
    reader.next === OathTag.COUNTER
      ? new ByteReader(reader.need(OathTag.COUNTER), 'OATH counter').uint(4, 'counter')
      : 0;
  reader.end();
  return {
    ...readKind(key[0]),
    name,
    digits: checkedDigits(key[1] ?? 0),
    key: checkedKey(key.slice(2)),
    touch,
    counter,
  };
}

function checkedDigits(digits: number): number {
  if (digits >= 6 && digits <= 8) return digits;
  throw new RangeError(`OATH digits: expected 6 to 8, got ${digits}`);
}

function checkedKey(key: Uint8Array): Uint8Array {
  if (key.length >= MIN_KEY && key.length <= MAX_KEY) return key;
  throw new RangeError(`OATH key: expected ${MIN_KEY} to ${MAX_KEY} bytes, got ${key.length}`);
}

/** The body of DELETE. */
export function encodeName(name: string): Uint8Array {
  return encodeTag(OathTag.NAME, nameBytes(name));
}

export function decodeName(bytes: Uint8Array): string {
  const reader = new OathReader(bytes);
  const name = readName(reader.need(OathTag.NAME));
  reader.end();
  return name;
}

export interface OathRename {
  readonly from: string;
  readonly to: string;
}

export function encodeRename({ from, to }: OathRename): Uint8Array {
  return concat(encodeName(from), encodeName(to));
}

export function decodeRename(bytes: Uint8Array): OathRename {
  const reader = new OathReader(bytes);
  const from = readName(reader.need(OathTag.NAME));
  const to = readName(reader.need(OathTag.NAME));
  reader.end();
  return { from, to };
}

export interface OathListed extends OathKind {
  readonly name: string;
}

/** The answer to LIST. */
export function encodeList(entries: readonly OathListed[]): Uint8Array {
  return concat(
    ...entries.map((entry) => encodeTag(OathTag.NAME_LIST, Uint8Array.of(kindByte(entry)), nameBytes(entry.name))),
  );
}

export function decodeList(bytes: Uint8Array): OathListed[] {
  const reader = new OathReader(bytes);
  const entries: OathListed[] = [];
  while (reader.next !== undefined) {
    const value = reader.need(OathTag.NAME_LIST);
    entries.push({ ...readKind(value[0]), name: readName(value.subarray(1)) });
  }
  return entries;
}

/** The answer to SELECT. */
export interface OathSelection {
  readonly version: readonly [number, number, number];
  /** 8 bytes; salt of the password. A reset draws another. */
  readonly id: Uint8Array;
  /** What VALIDATE answers; undefined where no password is set. */
  readonly challenge?: Uint8Array | undefined;
  readonly algorithm?: OtpAlgorithm | undefined;
}

export function encodeSelection({ version, id, challenge, algorithm = 'SHA1' }: OathSelection): Uint8Array {
  const open = concat(encodeTag(OathTag.VERSION, Uint8Array.from(version)), encodeTag(OathTag.NAME, id));
  if (challenge === undefined) return open;
  const lock = encodeTag(OathTag.ALGORITHM, Uint8Array.of(ALGORITHMS[algorithm]));
  return concat(open, encodeTag(OathTag.CHALLENGE, challenge), lock);
}

export function decodeSelection(bytes: Uint8Array): OathSelection {
  const reader = new OathReader(bytes);
  const [major = 0, minor = 0, patch = 0] = reader.need(OathTag.VERSION);
  const open = { version: [major, minor, patch] as const, id: reader.need(OathTag.NAME).slice() };
  if (reader.next === undefined) return open;
  const challenge = reader.need(OathTag.CHALLENGE).slice();
  const byte = reader.need(OathTag.ALGORITHM)[0] ?? 0;
  reader.end();
  return { ...open, challenge, algorithm: readKind(TYPES.totp | byte).algorithm };
}
