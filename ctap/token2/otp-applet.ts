/** Token2's OTP applet ("OTP on FIDO"): its commands and what their bodies hold, for key and host alike. */
import { ByteReader } from '../byte-reader.ts';
import { concat, fromHex, utf8 } from '../bytes.ts';
import type { CommandApdu } from '../iso7816/apdu.ts';

export const OTP_AID = fromHex('f00000014f747001');

interface Header {
  readonly cla: number;
  readonly ins: number;
  readonly p1: number;
  readonly p2: number;
}

const otp = (p1: number, p2: number): Header => ({ cla: 0x80, ins: 0xc5, p1, p2 });

/** Every command by its header. */
export const OtpCommand = {
  /** Sealed button seed; two zero bytes delete it. */
  writeButtonSeed: otp(0x00, 0x00),
  /** Answers X and Y, 64 bytes. */
  getPublicKey: otp(0x01, 0x00),
  /** Le or the body's length says how many bytes are wanted. */
  readDeviceInfo: otp(0x02, 0x00),
  /** One byte: {@link DisabledInterface} bits. */
  setDisabledInterfaces: otp(0x02, 0x01),
  /** One byte: 1 for no Enter after a typed code. */
  setNoEnter: otp(0x02, 0x02),
  /** One byte: 1 for a long touch. */
  setLongTouch: otp(0x02, 0x04),
  /** One byte: 1 to offer TOTP entries. */
  setTotpEnabled: otp(0x02, 0x05),
  /** One byte: 1 for the numeric keypad. */
  setKeypad: otp(0x02, 0x06),
  /** One byte, 4: release 3.1 wants it before {@link readSerial}. */
  prepareSerial: otp(0x03, 0x00),
  readEntries: otp(0x05, 0x00),
  /** The time again, 8 bytes. */
  readNextPage: otp(0x05, 0x01),
  /** A sealed entry; without a body: erases all, after a touch. */
  writeEntry: otp(0x05, 0x02),
  readSerial: { cla: 0x80, ins: 0x33, p1: 0x00, p2: 0x00 },
} as const satisfies Record<string, Header>;
export type OtpCommandName = keyof typeof OtpCommand;

const names = new Map(
  (Object.entries(OtpCommand) as [OtpCommandName, Header][]).map(([name, header]) => [keyOf(header), name]),
);

function keyOf({ cla, ins, p1, p2 }: Header): string {
  return [cla, ins, p1, p2].join();
}

/** The command of an APDU; undefined for one that the applet does not have. */
export function otpCommandName(command: CommandApdu): OtpCommandName | undefined {
  return names.get(keyOf(command));
}

/** Status words beyond ISO 7816-4's. */
export const OtpStatusWord = {
  /** Said also where the key cannot type (6A86 in ISO 7816-4: wrong P1 P2). */
  HOTP_NOT_SUPPORTED: 0x6a86,
  TOUCH_TIMED_OUT: 0x6ff9,
} as const;

/** Bits of the interface mask. */
export const DisabledInterface = { FIDO: 0x01, KEYBOARD: 0x02, CCID: 0x04 } as const;
export const ALL_INTERFACES = 0x07;

const stateFlags = {
  noEnter: 0x01,
  pinSet: 0x02,
  hotpSupported: 0x04,
  fingerprintSensor: 0x08,
  nfc: 0x10,
  longTouch: 0x20,
  pinLocked: 0x40,
  buttonSeedPresent: 0x80,
} as const;

const extensionFlags = {
  totpSupported: 0x01,
  fido21: 0x02,
  keypad: 0x08,
  ccidSupported: 0x10,
  buttonHotpNotSupported: 0x20,
} as const;

export type DeviceFlags = Readonly<Record<keyof typeof stateFlags | keyof typeof extensionFlags, boolean>>;

/** What a key says of itself; over CCID some firmware tells the first byte alone, and all else is undefined then. */
export interface DeviceInfo {
  /** {@link DisabledInterface} bits. */
  readonly disabledInterfaces: number;
  readonly details?: DeviceDetails | undefined;
}

export interface DeviceDetails extends DeviceFlags {
  /** 4 bytes. */
  readonly appearance: Uint8Array;
  readonly fidoVersion: readonly [major: number, minor: number, patch: number];
}

const DETAILED_SIZE = 10;

function packFlags<T extends Record<string, number>>(flags: T, values: Readonly<Record<keyof T, boolean>>): number {
  return Object.entries(flags).reduce((byte, [name, bit]) => (values[name] ? byte | bit : byte), 0);
}

function unpackFlags<T extends Record<string, number>>(flags: T, byte: number): Record<keyof T, boolean> {
  const entries = Object.entries(flags).map(([name, bit]) => [name, (byte & bit) !== 0]);
  return Object.fromEntries(entries) as Record<keyof T, boolean>;
}

/** The ten bytes of a device info. */
export function encodeDeviceInfo({ disabledInterfaces, details }: DeviceInfo): Uint8Array {
  if (details === undefined) return Uint8Array.of(disabledInterfaces);
  const { appearance, fidoVersion } = details;
  return concat(
    Uint8Array.of(disabledInterfaces, packFlags(stateFlags, details)),
    appearance,
    Uint8Array.from(fidoVersion),
    Uint8Array.of(packFlags(extensionFlags, details)),
  );
}

/** Reads a device info of one byte, or of ten and more. @throws TypeError for other lengths */
export function decodeDeviceInfo(bytes: Uint8Array): DeviceInfo {
  const reader = new ByteReader(bytes, 'device info');
  const disabledInterfaces = reader.uint(1, 'disabled interfaces');
  if (reader.remaining === 0) return { disabledInterfaces };
  if (bytes.length < DETAILED_SIZE) {
    throw new TypeError(`device info: expected 1 byte or at least ${DETAILED_SIZE}, got ${bytes.length}`);
  }
  const state = unpackFlags(stateFlags, reader.uint(1, 'state'));
  const appearance = reader.bytes(4, 'appearance').slice();
  const [major = 0, minor = 0, patch = 0] = reader.bytes(3, 'FIDO version');
  const extension = unpackFlags(extensionFlags, reader.uint(1, 'extension'));
  return { disabledInterfaces, details: { ...state, ...extension, appearance, fidoVersion: [major, minor, patch] } };
}

const SERIAL_TAG = 0xd1;
const SERIAL_REQUEST_SIZE = 16;

/** The body of {@link OtpCommand.readSerial}. */
export function encodeSerialRequest(): Uint8Array {
  return concat(Uint8Array.of(SERIAL_TAG, SERIAL_REQUEST_SIZE), new Uint8Array(SERIAL_REQUEST_SIZE));
}

export function encodeSerial(serial: string): Uint8Array {
  return concat(Uint8Array.of(SERIAL_TAG, serial.length), utf8(serial));
}

/** @throws TypeError where it is no serial number */
export function decodeSerial(bytes: Uint8Array): string {
  const reader = new ByteReader(bytes, 'serial number');
  const tag = reader.uint(1, 'tag');
  if (tag !== SERIAL_TAG) throw new TypeError(`serial number: expected tag 0xD1, got 0x${tag.toString(16)}`);
  return reader.ascii(reader.uint(1, 'length'), 'digits');
}

/** The seed that a touch types, before sealing. */
export interface ButtonSeed {
  readonly digits: 6 | 8;
  /** 1 to 64 bytes. */
  readonly seed: Uint8Array;
}

/** Undefined deletes the slot. @throws RangeError that names the field */
export function encodeButtonSeed(slot: ButtonSeed | undefined): Uint8Array {
  if (slot === undefined) return new Uint8Array(2);
  return concat(Uint8Array.of(slot.digits, checkedSeed(slot.seed).length), slot.seed);
}

/** @throws TypeError or RangeError */
export function decodeButtonSeed(bytes: Uint8Array): ButtonSeed | undefined {
  const reader = new ByteReader(bytes, 'button seed');
  const digits = reader.uint(1, 'digits');
  const seed = reader.bytes(reader.uint(1, 'seed length'), 'seed').slice();
  reader.end();
  if (digits === 0 && seed.length === 0) return undefined;
  if (digits !== 6 && digits !== 8) throw new RangeError(`button seed: digits: expected 6 or 8, got ${digits}`);
  return { digits, seed: checkedSeed(seed) };
}

function checkedSeed(seed: Uint8Array): Uint8Array {
  if (seed.length >= 1 && seed.length <= 64) return seed;
  throw new RangeError(`button seed: seed: expected 1 to 64 bytes, got ${seed.length}`);
}

/** CTAPHID vendor command of Token2's keys (without the bit of initialization packets): answers the ATR. */
export const ATR_COMMAND = 0x41;

const HISTORICAL_PREFIX = fromHex('868e');
const HISTORICAL_SIZE = 15;
const SERIAL_SUFFIX = 8;

/** The historical bytes of a key's ATR: 86 8E, product id, zeros, the serial number's last eight digits. */
export function tokenHistoricalBytes(productId: number, serial: string): Uint8Array {
  const suffix = utf8(serial.slice(-SERIAL_SUFFIX).padStart(SERIAL_SUFFIX, '0'));
  const gap = new Uint8Array(HISTORICAL_SIZE - 4 - SERIAL_SUFFIX);
  return concat(HISTORICAL_PREFIX, Uint8Array.of(productId >> 8, productId & 0xff), gap, suffix);
}

/** What those bytes tell; undefined where they are not of that form (some firmware has a generic ATR). */
export function readTokenHistoricalBytes(
  bytes: Uint8Array,
): { readonly productId: number; readonly serialSuffix: string } | undefined {
  if (bytes.length !== HISTORICAL_SIZE || bytes[0] !== HISTORICAL_PREFIX[0] || bytes[1] !== HISTORICAL_PREFIX[1]) {
    return undefined;
  }
  const reader = new ByteReader(bytes.subarray(2), 'historical bytes');
  const productId = reader.uint(2, 'product id');
  reader.bytes(HISTORICAL_SIZE - 4 - SERIAL_SUFFIX, 'gap');
  return { productId, serialSuffix: reader.ascii(SERIAL_SUFFIX, 'serial suffix') };
}
