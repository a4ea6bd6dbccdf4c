/** Makers of faults of Token2's OTP applet. */
import { decodeResponse, encodeResponse, Instruction, type ResponseApdu, StatusWord } from '../../ctap/iso7816/apdu.ts';
import { OTP_AID } from '../../ctap/token2/otp-applet.ts';
import {
  decodeEntry,
  decodePage,
  decodeReading,
  decodeReadRequest,
  encodePage,
  encodeReading,
  type OtpEntryName,
  type OtpEntryReading,
  type OtpEntryWithSeed,
} from '../../ctap/token2/otp-entries.ts';
import type { Fault, FaultContext, FaultHooks } from './fault.ts';
import { type Next, OtpMiddle, type SeenOtpCommand, said, seenOtpCommand } from './otp-middle.ts';

const { NO_ERROR } = StatusWord;
const NOTHING = new Uint8Array(0);

export function otpFault(id: string, summary: string, install: (context: FaultContext) => FaultHooks): Fault {
  return { id, summary, token2: true, install };
}

/** A SELECT of this applet, or of its identifier's beginning. */
export function selects(apdu: Uint8Array, aid: Uint8Array): boolean {
  return apdu[0] === 0 && apdu[1] === Instruction.SELECT && aid.every((byte, index) => apdu[5 + index] === byte);
}

/** Commands that came where the OTP applet is; a card has others, and which one is selected there a fault has to see. */
function ofOtp(hook: (apdu: Uint8Array, next: Next) => Promise<Uint8Array>): FaultHooks {
  let elsewhere = false;
  return {
    apdu: (apdu, next) => {
      const isSelect = apdu[0] === 0 && apdu[1] === Instruction.SELECT;
      if (isSelect) elsewhere = !selects(apdu, OTP_AID);
      return isSelect || elsewhere ? next(apdu) : hook(apdu, next);
    },
    cardReset: () => {
      elsewhere = true;
    },
  };
}

/** Other answers of the applet, where they are not left as they are. */
export function otpAnswers(
  id: string,
  summary: string,
  change: (
    answer: ResponseApdu,
    apdu: Uint8Array,
    seen: SeenOtpCommand | undefined,
  ) => Partial<ResponseApdu> | undefined,
): Fault {
  return otpFault(id, summary, () =>
    ofOtp(async (apdu, next) => {
      const answer = await next(apdu);
      const was = decodeResponse(answer);
      const changed = change(was, apdu, seenOtpCommand(apdu));
      return changed ? encodeResponse({ ...was, ...changed }) : answer;
    }),
  );
}

/** Another status word, without data. */
export function otpWord(
  id: string,
  summary: string,
  from: number,
  to: number,
  when: (apdu: Uint8Array, seen: SeenOtpCommand | undefined) => boolean,
): Fault {
  return otpAnswers(id, summary, ({ statusWord }, apdu, seen) =>
    statusWord === from && when(apdu, seen) ? { data: NOTHING, statusWord: to } : undefined,
  );
}

/** Success, without data, in place of any refusal. */
export function otpAccepts(id: string, summary: string, when: (seen: SeenOtpCommand) => boolean): Fault {
  return otpAnswers(id, summary, ({ statusWord }, _, seen) =>
    statusWord !== NO_ERROR && seen !== undefined && when(seen) ? { statusWord: NO_ERROR } : undefined,
  );
}

/** What an entry fault may use. */
export interface EntryTools {
  readonly middle: OtpMiddle;
  readonly context: FaultContext;
  /** To the applet. */
  readonly next: Next;
}

/** How a reading came about. */
export interface AskedReading extends EntryTools {
  /** Seconds since 1970. */
  readonly time: number;
  /** One entry was asked for, not all. */
  readonly one: boolean;
  /** What the host wrote under that name. */
  readonly written: OtpEntryWithSeed | undefined;
}

/** What a key does wrong about entries. */
export interface EntryHooks {
  /** Bytes that were sealed: the status word that they get without being heard; undefined lets them by. */
  readonly plain?: (plain: Uint8Array, tools: EntryTools) => number | undefined;
  /** The entry that is written in place of this one; a number is the status word of an entry that is not heard. */
  readonly write?: (
    entry: OtpEntryWithSeed,
    tools: EntryTools,
  ) => OtpEntryWithSeed | number | Promise<OtpEntryWithSeed | number>;
  readonly remove?: (name: OtpEntryName, tools: EntryTools) => number | undefined | Promise<number | undefined>;
  /** Before an entry is read: the status word that this gets without being heard. */
  readonly reads?: (
    name: OtpEntryName | undefined,
    tools: EntryTools,
  ) => number | undefined | Promise<number | undefined>;
  /** An entry as it is told. */
  readonly read?: (reading: OtpEntryReading, asked: AskedReading) => OtpEntryReading | Promise<OtpEntryReading>;
  /** The entries of a page as they are told. @param page whether it is the first one */
  readonly list?: (
    entries: readonly OtpEntryReading[],
    page: { readonly first: boolean },
  ) => readonly OtpEntryReading[];
}

/** A fault about entries: what hosts seal, and what they are told. */
export function entryFault(id: string, summary: string, install: (context: FaultContext) => EntryHooks): Fault {
  return otpFault(id, summary, (context) => {
    const hooks = install(context);
    const middle = new OtpMiddle(context);
    return ofOtp((apdu, next) => {
      const seen = seenOtpCommand(apdu);
      const tools = { middle, context, next };
      if (seen?.name === 'getPublicKey') return middle.publicKey(apdu, next);
      if (seen?.name === 'readEntries' || seen?.name === 'readNextPage') return reading(hooks, tools, seen, apdu);
      const plain = seen && middle.open(seen);
      if (seen === undefined || plain === undefined) return next(apdu);
      return seen.name === 'writeButtonSeed'
        ? middle.send('writeButtonSeed', plain, next)
        : writing(hooks, tools, plain);
    });
  });
}

/** A key that takes seals which are broken in this way. */
export function sealFault(id: string, summary: string, flaw: ReturnType<OtpMiddle['flaw']>): Fault {
  return otpFault(id, summary, (context) => {
    const middle = new OtpMiddle(context);
    return ofOtp((apdu, next) => {
      const seen = seenOtpCommand(apdu);
      if (seen?.name === 'getPublicKey') return middle.publicKey(apdu, next);
      if (seen !== undefined && middle.flaw(seen) === flaw) return Promise.resolve(said(NO_ERROR));
      const plain = seen && middle.open(seen);
      if (seen === undefined || plain === undefined) return next(apdu);
      return middle.send(seen.name === 'writeEntry' ? 'writeEntry' : 'writeButtonSeed', plain, next);
    });
  });
}

/** A sealed body that is answered by that status word without being heard; undefined lets it by. */
export function sealedFault(
  id: string,
  summary: string,
  name: 'writeEntry' | 'writeButtonSeed',
  answer: (plain: Uint8Array) => number | undefined,
): Fault {
  return otpFault(id, summary, (context) => {
    const middle = new OtpMiddle(context);
    return ofOtp(async (apdu, next) => {
      const seen = seenOtpCommand(apdu);
      if (seen?.name === 'getPublicKey') return middle.publicKey(apdu, next);
      const plain = seen && middle.open(seen);
      if (seen === undefined || plain === undefined) return next(apdu);
      const statusWord = seen.name === name ? answer(plain) : undefined;
      if (statusWord !== undefined) return said(statusWord);
      return middle.send(seen.name === 'writeEntry' ? 'writeEntry' : 'writeButtonSeed', plain, next);
    });
  });
}

async function writing({ plain: hear, write, remove }: EntryHooks, tools: EntryTools, plain: Uint8Array) {
  const { middle, next } = tools;
  const unheard = hear?.(plain, tools);
  if (unheard !== undefined) return said(unheard);
  const decoded = decodedEntry(plain);
  if (decoded === undefined) return middle.send('writeEntry', plain, next);
  if ('remove' in decoded) {
    const refused = await remove?.(decoded.remove, tools);
    return refused === undefined ? middle.remove(decoded.remove, next) : said(refused);
  }
  const changed = write === undefined ? decoded.write : await write(decoded.write, tools);
  return typeof changed === 'number' ? said(changed) : middle.write(changed, next);
}

async function reading(hooks: EntryHooks, tools: EntryTools, seen: SeenOtpCommand, apdu: Uint8Array) {
  const { middle, next } = tools;
  const request = seen.name === 'readEntries' ? decodedRequest(seen.command.data) : undefined;
  const one = request?.one;
  const unheard = await hooks.reads?.(one, tools);
  if (unheard !== undefined) return said(unheard);
  const answer = await next(apdu);
  const { data, statusWord } = decodeResponse(answer);
  const { read: tell = (entry) => entry, list = (entries) => entries } = hooks;
  if (statusWord !== NO_ERROR) return answer;
  const time = Number(request?.time ?? 0n);
  const told = async (entry: OtpEntryReading) =>
    tell(entry, { ...tools, time, one: one !== undefined, written: middle.find(entry) });
  if (one !== undefined) return encodeResponse({ data: encodeReading(await told(decodeReading(data))), statusWord });
  const page = decodePage(data);
  const entries: OtpEntryReading[] = [];
  for (const entry of page.entries) entries.push(await told(entry));
  const first = seen.name === 'readEntries';
  return encodeResponse({ data: encodePage({ ...page, entries: list(entries, { first }) }), statusWord });
}

function decodedEntry(plain: Uint8Array): ReturnType<typeof decodeEntry> | undefined {
  return read(() => decodeEntry(plain));
}

function decodedRequest(data: Uint8Array): ReturnType<typeof decodeReadRequest> | undefined {
  return read(() => decodeReadRequest(data));
}

/** Undefined for what is wrong on purpose: the key is to refuse it, not the fault. */
function read<T>(decode: () => T): T | undefined {
  try {
    return decode();
  } catch (error) {
    if (error instanceof TypeError || error instanceof RangeError) return undefined;
    throw error;
  }
}
