/** Faults in the one-time passwords of Token2's OTP applet. */
import { uintBytes } from '../../ctap/byte-reader.ts';
import { StatusWord } from '../../ctap/iso7816/apdu.ts';
import { dynamicTruncation, hotp, otpMac } from '../../ctap/otp/hotp.ts';
import { timeStep, totp } from '../../ctap/otp/totp.ts';
import { OtpCommand, OtpStatusWord } from '../../ctap/token2/otp-applet.ts';
import {
  decodeReading,
  encodeReadRequest,
  type OtpEntryReading,
  type OtpEntryWithSeed,
} from '../../ctap/token2/otp-entries.ts';
import type { Fault } from './fault.ts';
import { type AskedReading, type EntryTools, entryFault, otpWord } from './otp-faults.ts';
import { call } from './otp-middle.ts';

const { NO_ERROR, WRONG_DATA } = StatusWord;
const ROOM = 32;
const SHA1_SIZE = 20;
const WORD = 2 ** 32;

/** Other codes of time-based entries, where the seed is known. */
function codes(
  id: string,
  summary: string,
  code: (entry: OtpEntryWithSeed, time: number, asked: AskedReading) => string | undefined,
): Fault {
  return entryFault(id, summary, () => ({
    read: (reading, asked) => {
      const { written, time } = asked;
      if (written?.type !== 'totp' || reading.code === undefined) return reading;
      return { ...reading, code: code(written, time, asked) ?? reading.code };
    },
  }));
}

/** A time-based code whose 32 bits are taken of the MAC in another way. */
function truncated(entry: OtpEntryWithSeed, time: number, take: (mac: Uint8Array) => number): string {
  const mac = otpMac(entry.algorithm, entry.seed, uintBytes(timeStep(time, entry.period), 8));
  return String(take(mac)).padStart(entry.digits, '0').slice(-entry.digits);
}

function refusesDigits(id: string, digits: number): Fault {
  return entryFault(id, `takes no entries of ${digits} digits`, () => ({
    write: (entry) => (entry.digits === digits ? WRONG_DATA : entry),
  }));
}

/** Reads one entry, as a host would; its code. */
async function codeOf(
  { app, account }: OtpEntryReading,
  time: number,
  { next }: EntryTools,
): Promise<string | undefined> {
  const data = encodeReadRequest({ time: BigInt(time), one: { app, account } });
  const answer = await call({ ...OtpCommand.readEntries, data, le: 256 }, next);
  return answer.statusWord === NO_ERROR ? decodeReading(answer.data).code : undefined;
}

/** Reads an HOTP once more than its host has asked for. */
const countOn = (reading: OtpEntryReading, asked: AskedReading) => codeOf(reading, asked.time, asked);

export const token2CodeFaults: readonly Fault[] = [
  codes('token2-truncates-to-32-bits', 'takes 32 bits in place of 31 for codes of SHA-1', (entry, time) =>
    entry.algorithm === 'SHA1'
      ? truncated(entry, time, (mac) => {
          const view = new DataView(mac.buffer, mac.byteOffset);
          return view.getUint32(mac[mac.length - 1]! & 0x0f);
        })
      : undefined,
  ),
  codes('token2-sha-256-truncated-as-sha-1', 'takes the place of a code of SHA-256 from byte 20', (entry, time) =>
    entry.algorithm === 'SHA256'
      ? truncated(entry, time, (mac) => dynamicTruncation(mac.subarray(0, SHA1_SIZE)))
      : undefined,
  ),
  codes('token2-drops-leading-zeros', 'tells codes without their leading zeros', (entry, time) =>
    totp(entry.seed, time, entry).replace(/^0+(?=.)/, ''),
  ),
  codes('token2-time-of-32-bits', 'has 32 bits for the time', (entry, time) =>
    time >= WORD ? totp(entry.seed, time % WORD, entry) : undefined,
  ),
  codes('token2-step-begins-late', 'begins a time step a second late', (entry, time) =>
    totp(entry.seed, Math.max(0, time - 1), entry),
  ),
  codes('token2-takes-60-seconds-for-30', 'counts time steps of 60 seconds as ones of 30', (entry, time) =>
    entry.period === 60 ? totp(entry.seed, time, { ...entry, period: 30 }) : undefined,
  ),
  codes('token2-period-of-one-byte', 'counts time steps of more than 255 seconds by their lower byte', (entry, time) =>
    entry.period > 0xff ? totp(entry.seed, time, { ...entry, period: entry.period & 0xff || 1 }) : undefined,
  ),
  refusesDigits('token2-refuses-four-digits', 4),
  codes('token2-nine-digits-for-ten', 'tells the last 9 digits of codes that have 10', (entry, time) =>
    entry.digits === 10 ? totp(entry.seed, time, entry).slice(1) : undefined,
  ),
  ...[5, 7, 9].map((digits) => refusesDigits(`token2-refuses-${digits}-digits`, digits)),
  entryFault('token2-refuses-one-byte-seed', 'takes no seeds of one byte', () => ({
    write: (entry) => (entry.seed.length === 1 ? WRONG_DATA : entry),
  })),
  entryFault('token2-cuts-seeds', 'keeps the first 32 bytes of a seed', () => ({
    write: (entry) => ({ ...entry, seed: entry.seed.subarray(0, ROOM) }),
  })),
  codes('token2-lists-code-of-next-step', 'tells the code of the next time step in its list', (entry, time, { one }) =>
    one ? undefined : totp(entry.seed, time + entry.period, entry),
  ),
  entryFault('token2-counts-from-one', 'begins to count with 1', () => {
    const begun = new Set<string>();
    return {
      read: async (reading, asked) => {
        const name = `${reading.app}/${reading.account}`;
        if (reading.type !== 'hotp' || !asked.one || begun.has(name)) return reading;
        begun.add(name);
        return { ...reading, code: await countOn(reading, asked) };
      },
    };
  }),
  entryFault('token2-counts-twice', 'counts two with each code after the second', () => {
    let read = 0;
    return {
      read: async (reading, asked) => {
        if (reading.type !== 'hotp' || !asked.one || ++read < 3) return reading;
        return { ...reading, code: await countOn(reading, asked) };
      },
    };
  }),
  entryFault('token2-lists-codes-of-hotp', 'tells a code of an HOTP in its list', () => ({
    read: (reading, { one }) =>
      one || reading.type !== 'hotp' ? reading : { ...reading, code: '0'.repeat(reading.digits) },
  })),
  entryFault('token2-counts-when-listed', 'counts when its list is read', () => ({
    read: async (reading, asked) => {
      if (!asked.one && reading.type === 'hotp') await countOn(reading, asked);
      return reading;
    },
  })),
  entryFault('token2-forgets-counter-without-power', 'begins to count anew without power', ({ authenticator }) => {
    let told: { readonly powerUps: number; readonly code: string | undefined } | undefined;
    return {
      read: (reading, { one }) => {
        if (!one || reading.type !== 'hotp') return reading;
        if (told === undefined) told = { powerUps: authenticator.powerUps, code: reading.code };
        return authenticator.powerUps > told.powerUps ? { ...reading, code: told.code } : reading;
      },
    };
  }),
  entryFault('token2-keeps-counter-of-before', 'goes on counting where an HOTP gets another seed', () => {
    let counted = 0;
    return {
      read: (reading, { one, written }) => {
        if (!one || written?.type !== 'hotp') return reading;
        return { ...reading, code: hotp(written.seed, counted++, written) };
      },
    };
  }),
  entryFault('token2-code-of-zeros-after-touch', 'gives a code of zeros when it is touched', () => ({
    read: (reading, { one }) => (one && reading.touch ? { ...reading, code: '0'.repeat(reading.digits) } : reading),
  })),
  entryFault('token2-lists-codes-of-touch', 'tells a code of an entry with touch in its list', () => ({
    read: (reading, { one, written, time }) =>
      !one && reading.touch && written !== undefined
        ? { ...reading, code: totp(written.seed, time, written) }
        : reading,
  })),
  {
    id: 'token2-needs-no-touch-for-codes',
    summary: 'gives codes of entries with touch without one',
    token2: true,
    install: () => ({ present: ({ operation }) => operation === 'otpCode' }),
  },
  otpWord(
    'token2-touch-timeout-as-other-error',
    'says 6985 where a touch did not come',
    OtpStatusWord.TOUCH_TIMED_OUT,
    StatusWord.CONDITIONS_NOT_SATISFIED,
    () => true,
  ),
];
