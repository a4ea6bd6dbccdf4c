/** The entries of Token2's OTP applet as they are written and read; each form in both directions. */
import { ByteReader, uintBytes } from '../byte-reader.ts';
import { concat, utf8 } from '../bytes.ts';
import { MAX_DIGITS, MIN_DIGITS } from '../otp/hotp.ts';

export const MAX_APP = 64;
export const MAX_ACCOUNT = 64;
export const MAX_SEED = 64;
/** Bit 7 of a page's first byte: more pages follow. */
const MORE_PAGES = 0x80;

const TYPES = ['hotp', 'totp'] as const;
const ALGORITHM_BYTES = { SHA1: 0xc1, SHA256: 0xc2 } as const;
export type OtpEntryAlgorithm = keyof typeof ALGORITHM_BYTES;

/** By which an entry is found. */
export interface OtpEntryName {
  /** 0 to 64 characters of ASCII. */
  readonly app: string;
  /** 1 to 64 characters of ASCII. */
  readonly account: string;
}

export interface OtpEntry extends OtpEntryName {
  readonly type: 'hotp' | 'totp';
  readonly algorithm: OtpEntryAlgorithm;
  /** Seconds of a TOTP's time step, 1 to 65535; for an HOTP of no meaning. */
  readonly period: number;
  /** 4 to 10. */
  readonly digits: number;
  /** The key gives a code only when it is touched. */
  readonly touch: boolean;
}

export interface OtpEntryWithSeed extends OtpEntry {
  /** 1 to 64 bytes. */
  readonly seed: Uint8Array;
}

/** An entry as the key tells it; without a code where reading all does not give one. */
export interface OtpEntryReading extends OtpEntry {
  readonly code?: string | undefined;
}

function fail(field: string, expected: string, got: unknown): never {
  throw new RangeError(`OTP entry: ${field}: expected ${expected}, got ${got}`);
}

function encodeText(field: string, text: string, least: number, most: number): Uint8Array {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: ASCII has them
  if (!/^[\x00-\x7f]*$/.test(text)) fail(field, 'ASCII', JSON.stringify(text));
  if (text.length < least || text.length > most) fail(field, `${least} to ${most} characters`, text.length);
  return concat(Uint8Array.of(text.length), utf8(text));
}

function encodeName({ app, account }: OtpEntryName): Uint8Array {
  return concat(encodeText('app', app, 0, MAX_APP), encodeText('account', account, 1, MAX_ACCOUNT));
}

function encodeHead(entry: OtpEntry): Uint8Array {
  const { type, algorithm, period, digits, touch } = entry;
  if (type === 'totp' && (period < 1 || period > 0xffff)) fail('period', '1 to 65535 seconds', period);
  if (digits < MIN_DIGITS || digits > MAX_DIGITS) fail('digits', `${MIN_DIGITS} to ${MAX_DIGITS}`, digits);
  const settings = [TYPES.indexOf(type), ALGORITHM_BYTES[algorithm], period >> 8, period & 0xff, digits, touch ? 1 : 0];
  return concat(Uint8Array.from(settings), encodeName(entry));
}

/** The entry to write, before sealing. @throws RangeError that names the field */
export function encodeEntry(entry: OtpEntryWithSeed): Uint8Array {
  const { length } = entry.seed;
  if (length < 1 || length > MAX_SEED) fail('seed', `1 to ${MAX_SEED} bytes`, length);
  return concat(encodeHead(entry), Uint8Array.of(length), entry.seed);
}

/** An entry without a seed deletes the one of its name; settings are zero. */
export function encodeDeletion(name: OtpEntryName): Uint8Array {
  return concat(new Uint8Array(6), encodeName(name), Uint8Array.of(0));
}

/** What a sealed body says: write this entry, or delete the one of this name. @throws TypeError or RangeError */
export function decodeEntry(
  bytes: Uint8Array,
): { readonly write: OtpEntryWithSeed } | { readonly remove: OtpEntryName } {
  const reader = new ByteReader(bytes, 'OTP entry');
  const settings = reader.bytes(6, 'settings');
  const name = readName(reader);
  const seed = reader.bytes(reader.uint(1, 'seed length'), 'seed').slice();
  reader.end();
  if (seed.length === 0) return { remove: name };
  if (seed.length > MAX_SEED) fail('seed', `1 to ${MAX_SEED} bytes`, seed.length);
  return { write: { ...readSettings(settings), ...name, seed } };
}

function readName(reader: ByteReader): OtpEntryName {
  const app = reader.ascii(reader.uint(1, 'app length'), 'app');
  const account = reader.ascii(reader.uint(1, 'account length'), 'account');
  if (app.length > MAX_APP) fail('app', `0 to ${MAX_APP} characters`, app.length);
  if (account.length < 1 || account.length > MAX_ACCOUNT) {
    fail('account', `1 to ${MAX_ACCOUNT} characters`, account.length);
  }
  return { app, account };
}

function readSettings(bytes: Uint8Array): Omit<OtpEntry, keyof OtpEntryName> {
  const [typeByte = 0, hash = 0, high = 0, low = 0, digits = 0, touch = 0] = bytes;
  const type = TYPES[typeByte] ?? fail('type', '0 (HOTP) or 1 (TOTP)', typeByte);
  const algorithm =
    hash === ALGORITHM_BYTES.SHA1
      ? 'SHA1'
      : hash === ALGORITHM_BYTES.SHA256
        ? 'SHA256'
        : fail('hash', '0xC1 or 0xC2', `0x${hash.toString(16)}`);
  const period = (high << 8) | low;
  if (type === 'totp' && period === 0) fail('period', '1 to 65535 seconds', period);
  if (digits < MIN_DIGITS || digits > MAX_DIGITS) fail('digits', `${MIN_DIGITS} to ${MAX_DIGITS}`, digits);
  if (touch > 1) fail('touch', '0 or 1', touch);
  return { type, algorithm, period, digits, touch: touch === 1 };
}

/** True where a page of all entries has this one's code. */
export function isListedWithCode({ type, touch }: OtpEntry): boolean {
  return type === 'totp' && !touch;
}

/** One entry as it is read; the code comes last where there is one. */
export function encodeReading(reading: OtpEntryReading): Uint8Array {
  const { code } = reading;
  const head = encodeHead(reading);
  return code === undefined ? head : concat(head, Uint8Array.of(code.length), utf8(code));
}

function readReading(reader: ByteReader, withCode: (entry: OtpEntry) => boolean): OtpEntryReading {
  const settings = readSettings(reader.bytes(6, 'settings'));
  const entry: OtpEntry = { ...settings, ...readName(reader) };
  if (!withCode(entry)) return entry;
  return { ...entry, code: reader.ascii(reader.uint(1, 'code length'), 'code') };
}

/** The answer to reading one entry: always with its code. @throws TypeError or RangeError */
export function decodeReading(bytes: Uint8Array): OtpEntryReading {
  const reader = new ByteReader(bytes, 'OTP entry');
  const reading = readReading(reader, () => true);
  reader.end();
  return reading;
}

export interface OtpEntryPage {
  /** At least one. */
  readonly entries: readonly OtpEntryReading[];
  /** Another page follows. */
  readonly more: boolean;
}

export function encodePage({ entries, more }: OtpEntryPage): Uint8Array {
  const bytes = concat(...entries.map(encodeReading));
  if (more) bytes[0]! |= MORE_PAGES;
  return bytes;
}

/** @throws TypeError or RangeError */
export function decodePage(bytes: Uint8Array): OtpEntryPage {
  if (bytes.length === 0) throw new TypeError('OTP entries: expected at least one, got none');
  const more = (bytes[0]! & MORE_PAGES) !== 0;
  const reader = new ByteReader(concat(Uint8Array.of(bytes[0]! & ~MORE_PAGES), bytes.subarray(1)), 'OTP entries');
  const entries: OtpEntryReading[] = [];
  while (reader.remaining > 0) entries.push(readReading(reader, isListedWithCode));
  return { entries, more };
}

const READ_ONE = 0x01;
const READ_ALL = 0x03;

/** What to read: one entry by its name, or all. `time` is seconds since 1970, which the key, having no clock, has from the host. */
export type OtpReadRequest = { readonly time: bigint; readonly one?: OtpEntryName | undefined };

export function encodeReadRequest({ time, one }: OtpReadRequest): Uint8Array {
  const clock = uintBytes(time, 8);
  return one === undefined
    ? concat(Uint8Array.of(READ_ALL), clock)
    : concat(Uint8Array.of(READ_ONE), clock, encodeName(one));
}

/** @throws TypeError or RangeError */
export function decodeReadRequest(bytes: Uint8Array): OtpReadRequest {
  const reader = new ByteReader(bytes, 'OTP read request');
  const kind = reader.uint(1, 'kind');
  if (kind !== READ_ONE && kind !== READ_ALL) {
    throw new TypeError(`OTP read request: kind: expected 1 (one) or 3 (all), got ${kind}`);
  }
  const time = reader.uint64('time');
  const one = kind === READ_ONE ? readName(reader) : undefined;
  reader.end();
  return { time, one };
}
