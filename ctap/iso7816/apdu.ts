/** Command and response APDUs, short and extended: ISO/IEC 7816-4 §5. */
import { concat } from '../bytes.ts';

/** Status words that this stack says or meets: ISO/IEC 7816-4 §5.6 and the applets' own. */
export const StatusWord = {
  NO_ERROR: 0x9000,
  WRONG_LENGTH: 0x6700,
  SECURITY_STATUS_NOT_SATISFIED: 0x6982,
  AUTHENTICATION_BLOCKED: 0x6983,
  REFERENCE_DATA_UNUSABLE: 0x6984,
  CONDITIONS_NOT_SATISFIED: 0x6985,
  COMMAND_NOT_ALLOWED: 0x6986,
  WRONG_DATA: 0x6a80,
  FILE_NOT_FOUND: 0x6a82,
  RECORD_NOT_FOUND: 0x6a83,
  NOT_ENOUGH_MEMORY: 0x6a84,
  WRONG_P1_P2: 0x6a86,
  REFERENCED_DATA_NOT_FOUND: 0x6a88,
  INS_NOT_SUPPORTED: 0x6d00,
  CLA_NOT_SUPPORTED: 0x6e00,
  NO_PRECISE_DIAGNOSIS: 0x6f00,
} as const;

/** As `6A82`. */
export function formatStatusWord(statusWord: number): string {
  return statusWord.toString(16).toUpperCase().padStart(4, '0');
}

/** A refusal: over the wire goes the status word alone. */
export class StatusWordError extends Error {
  readonly statusWord: number;

  constructor(statusWord: number, detail: string, options?: ErrorOptions) {
    super(`status word ${formatStatusWord(statusWord)}: ${detail}`, options);
    this.name = 'StatusWordError';
    this.statusWord = statusWord;
  }
}

export interface CommandApdu {
  readonly cla: number;
  readonly ins: number;
  readonly p1: number;
  readonly p2: number;
  readonly data: Uint8Array;
  /** How many bytes of answer are welcome: 256 or 65536 stand for all; undefined where none are expected. */
  readonly le: number | undefined;
}

const SHORT_MAX = 255;
const SHORT_ALL = 256;
const EXTENDED_ALL = 65536;
const NO_DATA = new Uint8Array();

/**
 * Reads a command APDU of any of the seven forms (§5.1). The data are a view.
 * @throws StatusWordError 6700 where the lengths do not add up
 */
export function decodeCommand(apdu: Uint8Array): CommandApdu {
  const [cla, ins, p1, p2] = apdu;
  if (cla === undefined || ins === undefined || p1 === undefined || p2 === undefined) {
    throw new StatusWordError(StatusWord.WRONG_LENGTH, `expected at least 4 bytes, got ${apdu.length}`);
  }
  const header = { cla, ins, p1, p2 };
  const body = apdu.subarray(4);
  if (body.length === 0) return { ...header, data: NO_DATA, le: undefined };
  if (body.length === 1) return { ...header, data: NO_DATA, le: body[0] || SHORT_ALL };
  const extended = body[0] === 0;
  if (extended && body.length === 3) return { ...header, data: NO_DATA, le: word(body, 1) || EXTENDED_ALL };
  const start = extended ? 3 : 1;
  const length = extended ? word(body, 1) : body[0]!;
  const rest = body.length - start - length;
  const leSize = extended ? 2 : 1;
  if (length === 0 || (rest !== 0 && rest !== leSize)) {
    const detail = `Lc says ${length} bytes, the APDU carries ${Math.max(0, body.length - start)} after it`;
    throw new StatusWordError(StatusWord.WRONG_LENGTH, detail);
  }
  const data = body.subarray(start, start + length);
  if (rest === 0) return { ...header, data, le: undefined };
  const le = extended ? word(body, start + length) || EXTENDED_ALL : body[start + length]! || SHORT_ALL;
  return { ...header, data, le };
}

function word(bytes: Uint8Array, offset: number): number {
  return ((bytes[offset] ?? 0) << 8) | (bytes[offset + 1] ?? 0);
}

/** What {@link encodeCommand} needs; `data` and `le` as in {@link CommandApdu}. */
export type CommandFields = Omit<CommandApdu, 'data' | 'le'> & {
  readonly data?: Uint8Array | undefined;
  readonly le?: number | undefined;
};

/**
 * Writes a command APDU: short where it fits, extended where it must be or `extended` says so.
 * @throws RangeError for over 65535 bytes of data
 */
export function encodeCommand(command: CommandFields, options: { readonly extended?: boolean } = {}): Uint8Array {
  const { cla, ins, p1, p2, data = NO_DATA, le } = command;
  if (data.length > 0xffff) throw new RangeError(`expected at most 65535 bytes of data, got ${data.length}`);
  const header = Uint8Array.of(cla, ins, p1, p2);
  const extended = options.extended === true || data.length > SHORT_MAX || (le !== undefined && le > SHORT_ALL);
  if (!extended) {
    const lc = data.length > 0 ? Uint8Array.of(data.length) : NO_DATA;
    return concat(header, lc, data, le === undefined ? NO_DATA : Uint8Array.of(le & 0xff));
  }
  const lc = data.length > 0 ? Uint8Array.of(0, data.length >> 8, data.length & 0xff) : NO_DATA;
  if (le === undefined) return concat(header, lc, data);
  // Without data, a zero must still tell the extended form.
  return concat(
    header,
    lc,
    data,
    data.length > 0 ? NO_DATA : Uint8Array.of(0),
    Uint8Array.of((le >> 8) & 0xff, le & 0xff),
  );
}

export interface ResponseApdu {
  readonly data: Uint8Array;
  readonly statusWord: number;
}

/** Ends data with a status word. */
export function encodeResponse({ data, statusWord }: ResponseApdu): Uint8Array {
  return concat(data, Uint8Array.of(statusWord >> 8, statusWord & 0xff));
}

/** Splits an answer. @throws TypeError where it is shorter than a status word */
export function decodeResponse(response: Uint8Array): ResponseApdu {
  if (response.length < 2) throw new TypeError(`response APDU: expected at least 2 bytes, got ${response.length}`);
  const end = response.length - 2;
  return { data: response.slice(0, end), statusWord: word(response, end) };
}

/** SELECT by application identifier (§11.2.2). */
export function selectCommand(aid: Uint8Array): CommandFields {
  return { cla: 0x00, ins: Instruction.SELECT, p1: 0x04, p2: 0x00, data: aid, le: SHORT_ALL };
}

/** Interindustry instructions. */
export const Instruction = { SELECT: 0xa4, GET_RESPONSE: 0xc0 } as const;
