/** What Token2's programmable tokens are told and tell: clock, configuration and the public block of a profile. */
import { ByteReader, uintBytes } from '../byte-reader.ts';
import { concat, fromUtf8, utf8 } from '../bytes.ts';
import { StatusWord, StatusWordError } from '../iso7816/apdu.ts';

/** `single`: one profile; `molto2`: many. They differ in a few bytes of nearly every command. */
export type TokenFamily = 'single' | 'molto2';

const DISPLAY_SECONDS = [15, 30, 60, 120] as const;
const TOKEN_ALGORITHMS = { 1: 'SHA1', 2: 'SHA256' } as const;
const TOKEN_PERIODS = { 30: 30, 60: 60 } as const;
const TOKEN_DIGITS = [4, 6, 8, 10] as const;

/** How a profile makes and shows codes. */
export interface TokenConfig {
  /** Seconds that the display stays lit. */
  readonly display: (typeof DISPLAY_SECONDS)[number];
  readonly algorithm: 'SHA1' | 'SHA256';
  /** A single-profile token has 6, and no member for it. */
  readonly digits: (typeof TOKEN_DIGITS)[number];
  readonly period: 30 | 60;
}

export const DEFAULT_TOKEN_CONFIG: TokenConfig = { display: 30, algorithm: 'SHA1', digits: 6, period: 30 };

/** What is written to a token at once: its clock, and with `config` all the rest. */
export interface TokenSettings {
  /** Seconds since 1970, in 32 bits. */
  readonly time: number;
  readonly config?: TokenConfig | undefined;
}

const Tag = {
  SYSTEM: 0x81,
  TIME: 0x0f,
  DISPLAY: 0x1f,
  TOTP: 0x86,
  ALGORITHM: 0x0a,
  DIGITS: 0x0b,
  PERIOD: 0x0d,
} as const;

function tlv(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const value = concat(...parts);
  return concat(Uint8Array.of(tag, value.length), value);
}

/** The settings as tags: 19 bytes for a single-profile token, 22 for Molto2, 8 for the time alone. */
export function encodeSettings(family: TokenFamily, { time, config }: TokenSettings): Uint8Array {
  const clock = tlv(Tag.TIME, uintBytes(Math.floor(time), 4));
  if (config === undefined) return tlv(Tag.SYSTEM, clock);
  const display = tlv(Tag.DISPLAY, Uint8Array.of(DISPLAY_SECONDS.indexOf(config.display)));
  const algorithm = tlv(Tag.ALGORITHM, Uint8Array.of(config.algorithm === 'SHA1' ? 1 : 2));
  const digits = family === 'molto2' ? tlv(Tag.DIGITS, Uint8Array.of(config.digits)) : new Uint8Array();
  const period = tlv(Tag.PERIOD, Uint8Array.of(config.period));
  return tlv(Tag.SYSTEM, display, clock, tlv(Tag.TOTP, algorithm, digits, period));
}

/** @throws StatusWordError 6A80 for tags or values that are not known, or are missing */
export function decodeSettings(family: TokenFamily, bytes: Uint8Array): TokenSettings {
  try {
    const system = readTlvs(onlyTag(bytes, Tag.SYSTEM));
    const time = new ByteReader(need(system, Tag.TIME, 4), 'time').uint(4, 'time');
    if (system.size === 1) return { time };
    const totp = readTlvs(need(system, Tag.TOTP));
    return {
      time,
      config: {
        display: choose('display', DISPLAY_SECONDS, need(system, Tag.DISPLAY, 1)[0]!),
        algorithm: choose('algorithm', TOKEN_ALGORITHMS, need(totp, Tag.ALGORITHM, 1)[0]!),
        digits: family === 'molto2' ? digitsOf(need(totp, Tag.DIGITS, 1)[0]!) : 6,
        period: choose('period', TOKEN_PERIODS, need(totp, Tag.PERIOD, 1)[0]!),
      },
    };
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new StatusWordError(StatusWord.WRONG_DATA, error.message, { cause: error });
  }
}

function readTlvs(bytes: Uint8Array): ReadonlyMap<number, Uint8Array> {
  const reader = new ByteReader(bytes, 'token settings');
  const tags = new Map<number, Uint8Array>();
  while (reader.remaining > 0) {
    const tag = reader.uint(1, 'tag');
    if (tags.has(tag)) throw new TypeError(`token settings: the tag ${tag.toString(16)} comes twice`);
    tags.set(tag, reader.bytes(reader.uint(1, 'length'), `tag ${tag.toString(16)}`));
  }
  return tags;
}

function onlyTag(bytes: Uint8Array, tag: number): Uint8Array {
  const tags = readTlvs(bytes);
  if (tags.size !== 1) throw new TypeError(`token settings: expected one tag, got ${tags.size}`);
  return need(tags, tag);
}

function need(tags: ReadonlyMap<number, Uint8Array>, tag: number, size?: number): Uint8Array {
  const value = tags.get(tag);
  if (value === undefined) throw new TypeError(`token settings: the tag ${tag.toString(16)} is missing`);
  if (size === undefined || value.length === size) return value;
  throw new TypeError(`token settings: tag ${tag.toString(16)}: expected ${size} bytes, got ${value.length}`);
}

function choose<T>(name: string, values: Readonly<Record<number, T>>, index: number): T {
  const value = values[index];
  if (value !== undefined) return value;
  throw new TypeError(`token settings: ${name}: expected one of ${Object.keys(values).join(', ')}, got ${index}`);
}

function digitsOf(value: number): TokenConfig['digits'] {
  const digits = TOKEN_DIGITS.find((known) => known === value);
  if (digits !== undefined) return digits;
  throw new TypeError(`token settings: digits: expected one of ${TOKEN_DIGITS.join(', ')}, got ${value}`);
}

/** Tag of the public block, and the body of the command that reads it. */
export const PUBLIC_TAG = 0x70;

/** A Molto2 profile as anybody may read it. */
export interface TokenProfile {
  /** Empty where it has none. */
  readonly title: string;
  readonly seedPresent: boolean;
  /** Undefined for a profile that was never configured. */
  readonly config: Pick<TokenConfig, 'algorithm' | 'digits' | 'period'> | undefined;
}

const TITLE_FIELD = 16;
const PROFILE_SIZE = 29;
const PROFILE_FLAG = 0x20;

/** `95 1F 70 1D`, a flag, title, two times of unknown meaning (zero here), algorithm, step, digits, seed present. */
export function encodeProfile({ title, seedPresent, config }: TokenProfile): Uint8Array {
  const body = new Uint8Array(PROFILE_SIZE);
  body[0] = seedPresent ? PROFILE_FLAG : 0;
  body.set(utf8(title).subarray(0, TITLE_FIELD), 1);
  if (config !== undefined) {
    body.set([config.algorithm === 'SHA1' ? 1 : 2, config.period, config.digits], 25);
  }
  body[28] = seedPresent ? 1 : 0;
  return tlv(0x95, tlv(PUBLIC_TAG, body));
}

/** @throws TypeError where it is no such block */
export function decodeProfile(bytes: Uint8Array): TokenProfile {
  const body = onlyTag(onlyTag(bytes, 0x95), PUBLIC_TAG);
  if (body.length !== PROFILE_SIZE) {
    throw new TypeError(`token profile: expected ${PROFILE_SIZE} bytes, got ${body.length}`);
  }
  const field = body.subarray(1, 1 + TITLE_FIELD);
  const end = field.indexOf(0);
  const [algorithm = 0, period = 0, digits = 0, seed = 0] = body.subarray(25);
  return {
    title: fromUtf8(end < 0 ? field : field.subarray(0, end)),
    seedPresent: seed !== 0,
    config:
      algorithm === 0
        ? undefined
        : {
            algorithm: choose('algorithm', TOKEN_ALGORITHMS, algorithm),
            period: choose('period', TOKEN_PERIODS, period),
            digits: digitsOf(digits),
          },
  };
}
