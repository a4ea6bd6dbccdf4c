/** Faults about the entries of Token2's OTP applet. */
import { StatusWord } from '../../ctap/iso7816/apdu.ts';
import type { OtpEntryName, OtpEntryWithSeed } from '../../ctap/token2/otp-entries.ts';
import type { Fault } from './fault.ts';
import { entryFault, otpAccepts, otpFault, otpWord } from './otp-faults.ts';
import { said, sameName } from './otp-middle.ts';

const { NO_ERROR, WRONG_DATA, WRONG_LENGTH, RECORD_NOT_FOUND, NO_PRECISE_DIAGNOSIS } = StatusWord;
/** Characters of names in a key that has room for fewer than it should. */
const ROOM = 32;
/** Lc of an extended APDU begins with 00. */
const isExtended = (apdu: Uint8Array) => apdu.length > 7 && apdu[4] === 0;

export const token2EntryFaults: readonly Fault[] = [
  entryFault('token2-lists-sha-1-alone', 'tells all entries as ones of SHA-1 in its list', () => ({
    read: (reading, { one }) => (one ? reading : { ...reading, algorithm: 'SHA1' }),
  })),
  entryFault('token2-reads-digits-of-six', 'tells of 8 digits as 6 where an entry of SHA-256 is read', () => ({
    read: (reading, { one }) =>
      one && reading.algorithm === 'SHA256' && reading.period !== 30 ? { ...reading, digits: 6 } : reading,
  })),
  otpWord(
    'token2-unknown-entry-as-other-error',
    'refuses to read an entry that it has not with 6F00',
    RECORD_NOT_FOUND,
    NO_PRECISE_DIAGNOSIS,
    (_, seen) => seen?.name === 'readEntries' && seen.command.data[0] === 1,
  ),
  entryFault('token2-refuses-empty-app', 'takes no entry without an application', () => ({
    write: (entry) => (entry.app === '' ? WRONG_DATA : entry),
  })),
  entryFault('token2-cuts-app', 'cuts applications after 32 characters, where the seed is short', () => ({
    write: (entry) => ({ ...entry, app: entry.seed.length > ROOM ? entry.app : entry.app.slice(0, ROOM) }),
  })),
  entryFault('token2-cuts-account', 'cuts accounts after 32 characters, where the application is short', () => ({
    write: (entry) => ({ ...entry, account: entry.app.length > ROOM ? entry.account : entry.account.slice(0, ROOM) }),
  })),
  otpFault('token2-refuses-extended-length', 'takes no APDUs in extended length for its OTP applet', () => ({
    apdu: async (apdu, next) => (apdu[1] === 0xc5 && isExtended(apdu) ? said(WRONG_LENGTH) : next(apdu)),
  })),
  entryFault('token2-one-entry-per-account', 'has one entry of an account, whatever its application', () => ({
    write: async (entry, { middle, next }) => {
      const other = middle.entries.find(({ account, app }) => account === entry.account && app !== entry.app);
      if (other !== undefined) await middle.remove(other, next);
      return entry;
    },
  })),
  entryFault('token2-keeps-seed-of-before', 'keeps the seed of a time-based entry that gets another', () => ({
    write: (entry, { middle }) => {
      const before = middle.find(entry);
      return before?.type === 'totp' ? { ...entry, seed: before.seed } : entry;
    },
  })),
  entryFault(
    'token2-lists-overwritten-entries-twice',
    'tells an entry that was overwritten once more in its list',
    () => {
      const overwritten: OtpEntryName[] = [];
      return {
        write: (entry, { middle }) => {
          if (middle.find(entry) !== undefined) overwritten.push(entry);
          return entry;
        },
        list: (entries) => [
          ...entries,
          ...entries.filter((entry) => overwritten.some((name) => sameName(name, entry))),
        ],
      };
    },
  ),
  entryFault('token2-keeps-deleted-entries', 'says that an entry is deleted, and keeps it', () => ({
    remove: (name, { middle }) => (middle.find(name) === undefined ? undefined : NO_ERROR),
  })),
  entryFault('token2-deletes-all-of-an-app', 'deletes all entries of an application with one of them', () => ({
    remove: async ({ app, account }, { middle, next }) => {
      const others = middle.entries.filter((entry) => entry.app === app && entry.account !== account);
      for (const other of others) await middle.remove(other, next);
      return undefined;
    },
  })),
  otpWord(
    'token2-deletes-what-is-not-there',
    'says that it has deleted an entry that it has not',
    RECORD_NOT_FOUND,
    NO_ERROR,
    (_, seen) => seen?.name === 'writeEntry',
  ),
  entryFault(
    'token2-forgets-entries-without-power',
    'forgets its time-based entries without power',
    ({ authenticator }) => {
      const written = new Map<OtpEntryWithSeed, number>();
      const isLost = (entry: OtpEntryWithSeed) =>
        (written.get(entry) ?? authenticator.powerUps) < authenticator.powerUps;
      return {
        write: (entry) => {
          if (entry.type === 'totp') written.set(entry, authenticator.powerUps);
          return entry;
        },
        reads: (name) => {
          if (name === undefined) return undefined;
          return [...written.keys()].some((entry) => sameName(entry, name) && isLost(entry))
            ? RECORD_NOT_FOUND
            : undefined;
        },
      };
    },
  ),
  otpWord(
    'token2-lists-nothing',
    'answers with an empty list where it has no entries',
    RECORD_NOT_FOUND,
    NO_ERROR,
    (_, seen) => seen?.name === 'readEntries' && seen.command.data[0] === 3,
  ),
  entryFault('token2-page-repeats-an-entry', 'tells the first entry of a page twice, but on the first page', () => ({
    list: (entries, { first }) => (first ? entries : [entries[0]!, ...entries]),
  })),
  otpWord(
    'token2-full-as-other-error',
    'refuses an entry for which it has no room with 6F00',
    StatusWord.NOT_ENOUGH_MEMORY,
    NO_PRECISE_DIAGNOSIS,
    (_, seen) => seen?.name === 'writeEntry',
  ),
  otpAccepts(
    'token2-next-page-of-nothing',
    'answers with an empty page after the last one',
    ({ name }) => name === 'readNextPage',
  ),
  otpAccepts(
    'token2-reads-without-body',
    'answers with nothing where it does not hear what to read',
    ({ name, command }) => name === 'readEntries' && command.data.length === 0,
  ),
  otpAccepts(
    'token2-reads-unknown-kind',
    'answers with nothing where it is to read what is neither one nor all',
    ({ name, command: { data } }) => name === 'readEntries' && data.length > 0 && data[0] !== 1 && data[0] !== 3,
  ),
  otpAccepts(
    'token2-reads-short-time',
    'answers with nothing where the time is short',
    ({ name, command: { data } }) => name === 'readEntries' && data[0] === 3 && data.length < 9,
  ),
  otpAccepts(
    'token2-reads-cut-name',
    'answers with nothing where a name ends early',
    ({ name, command: { data } }) => name === 'readEntries' && data[0] === 1 && data.length < 12,
  ),
];
