/** Messages longer than an APDU: command chaining (ISO/IEC 7816-4 §5.3.3) and GET RESPONSE (§5.3.4). */
import { concat } from '../bytes.ts';
import {
  type CommandApdu,
  type CommandFields,
  decodeResponse,
  encodeCommand,
  Instruction,
  type ResponseApdu,
  StatusWord,
  StatusWordError,
} from './apdu.ts';

/** Bit of CLA: more of this command follows. */
export const CHAINING = 0x10;
const SHORT_MAX = 255;
/** A device's buffer for a chained command; CTAP messages are at most 7609 bytes. */
export const MAX_CHAINED_SIZE = 8192;

/** A command as short APDUs: all but the last with the chaining bit. */
export function chainCommand(command: CommandFields): Uint8Array[] {
  const { data = new Uint8Array(), le, ...header } = command;
  const apdus: Uint8Array[] = [];
  let start = 0;
  for (; data.length - start > SHORT_MAX; start += SHORT_MAX) {
    apdus.push(encodeCommand({ ...header, cla: header.cla | CHAINING, data: data.subarray(start, start + SHORT_MAX) }));
  }
  apdus.push(encodeCommand({ ...header, data: data.subarray(start), le }));
  return apdus;
}

/** The device's side of command chaining. */
export class CommandAssembler {
  #parts: Uint8Array[] = [];
  #size = 0;
  #first: CommandApdu | undefined;

  /**
   * Takes one APDU; undefined where more of its command is to come.
   * @throws StatusWordError 6700 for too long a command, after which the next APDU begins anew
   */
  accept(command: CommandApdu): CommandApdu | undefined {
    const plain = { ...command, cla: command.cla & ~CHAINING };
    // Another command in between gives the chain up, and stands for itself.
    if (this.#first !== undefined && !sameHeader(this.#first, plain)) this.reset();
    if ((command.cla & CHAINING) === 0 && this.#first === undefined) return command;
    this.#size += command.data.length;
    if (this.#size > MAX_CHAINED_SIZE) {
      const detail = `expected a chain of at most ${MAX_CHAINED_SIZE} bytes, got ${this.#size}`;
      this.reset();
      throw new StatusWordError(StatusWord.WRONG_LENGTH, detail);
    }
    this.#first = plain;
    this.#parts.push(command.data.slice());
    if ((command.cla & CHAINING) !== 0) return undefined;
    const data = concat(...this.#parts);
    this.reset();
    return { ...plain, data };
  }

  reset(): void {
    this.#parts = [];
    this.#size = 0;
    this.#first = undefined;
  }
}

function sameHeader(a: CommandApdu, b: CommandApdu): boolean {
  return a.cla === b.cla && a.ins === b.ins && a.p1 === b.p1 && a.p2 === b.p2;
}

/** The device's side of long answers: what does not fit waits for GET RESPONSE. */
export class ResponseQueue {
  #left: ResponseApdu | undefined;

  /** Begins an answer; `le` as in the command, undefined for as much as a short answer holds. */
  begin(response: ResponseApdu, le: number | undefined): ResponseApdu {
    this.#left = response;
    return this.next(le);
  }

  /** The next part. @throws StatusWordError 6985 where nothing waits */
  next(le: number | undefined): ResponseApdu {
    const left = this.#left;
    if (left === undefined) throw new StatusWordError(StatusWord.CONDITIONS_NOT_SATISFIED, 'no answer waits to be got');
    const size = le ?? SHORT_MAX + 1;
    if (left.data.length <= size) {
      this.#left = undefined;
      return left;
    }
    this.#left = { data: left.data.subarray(size), statusWord: left.statusWord };
    // 61xx: xx more bytes, 00 where they are 256 or more
    const more = Math.min(left.data.length - size, SHORT_MAX + 1) & 0xff;
    return { data: left.data.subarray(0, size), statusWord: 0x6100 | more };
  }

  reset(): void {
    this.#left = undefined;
  }
}

/** Takes one APDU to a card and its answer back. */
export type Transmit = (apdu: Uint8Array) => Promise<Uint8Array>;

export interface ExchangeOptions {
  /** Write extended APDUs; else long commands are chained. */
  readonly extended?: boolean | undefined;
  /** The instruction that gets the rest of an answer; GET RESPONSE (C0) unless an applet has its own. */
  readonly continuation?: number | undefined;
}

/** The host's side: a whole command to its whole answer, through chaining, 61xx and 6Cxx. */
export async function exchangeCommand(
  transmit: Transmit,
  command: CommandFields,
  { extended = false, continuation = Instruction.GET_RESPONSE }: ExchangeOptions = {},
): Promise<ResponseApdu> {
  const apdus = extended ? [encodeCommand(command, { extended })] : chainCommand(command);
  let response: ResponseApdu = { data: new Uint8Array(), statusWord: StatusWord.NO_ERROR };
  for (const apdu of apdus) {
    if (response.statusWord !== StatusWord.NO_ERROR) return response;
    response = decodeResponse(await transmit(apdu));
  }
  // 6Cxx: the same again, with that Le (§5.3.2)
  if (response.statusWord >> 8 === 0x6c) {
    const again = encodeCommand({ ...command, le: response.statusWord & 0xff || SHORT_MAX + 1 });
    response = decodeResponse(await transmit(again));
  }
  const parts = [response.data];
  while (response.statusWord >> 8 === 0x61) {
    const le = response.statusWord & 0xff || SHORT_MAX + 1;
    const next = encodeCommand({ cla: 0x00, ins: continuation, p1: 0x00, p2: 0x00, le });
    response = decodeResponse(await transmit(next));
    parts.push(response.data);
  }
  return { data: concat(...parts), statusWord: response.statusWord };
}
