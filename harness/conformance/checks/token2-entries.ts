/** Entries of Token2's OTP applet: writing, telling, overwriting, deleting. */
import { concat, utf8 } from '../../../ctap/bytes.ts';
import { StatusWord } from '../../../ctap/iso7816/apdu.ts';
import { OtpCommand } from '../../../ctap/token2/otp-applet.ts';
import type { OtpEntryReading, OtpEntryWithSeed } from '../../../ctap/token2/otp-entries.ts';
import type { CheckGroup } from '../check.ts';
import { expect, expectEqual } from '../expect.ts';
import { NotApplicable } from '../not-applicable.ts';
import { passwordAt } from '../one-time-password.ts';
import {
  accepted,
  entryNamed,
  expectNotFound,
  expectRefusal,
  expectWord,
  isOurs,
  leavingNone,
  OtpApplet,
  RFC_SEED,
  TIME,
  withEntries,
} from '../otp-applet.ts';
import { check, TOKEN2 } from './token2-steps.ts';

const WRITE = 'write entry';
const READ = 'enumerate';
const OTHER_SEED = utf8('abcdefghijabcdefghij');
const MOST = 64;
/** Entries that are written to a key until it is full, and what that takes. */
const MOST_ENTRIES = 150;
const SECONDS_TO_FILL = 60;

/** The members that an entry is told with, in one line. */
function told({ type, algorithm, period, digits, touch, app, account }: Omit<OtpEntryReading, 'code'>): string {
  return `${[type, algorithm, `${digits} digits`, `${period} s`, touch ? 'touch' : 'no touch'].join(', ')}: ${app}/${account}`;
}

/** Settings of which none is the usual one. */
const UNUSUAL = entryNamed('unusual', { algorithm: 'SHA256', digits: 8, period: 60 });
/** Whose seed, name and application are as long as can be. */
const LONGEST = entryNamed('', {
  account: longAccount('l'),
  app: 'a'.repeat(MOST),
  seed: concat(RFC_SEED, RFC_SEED, RFC_SEED, RFC_SEED).subarray(0, MOST),
});
/** More than a page holds, of any key whose pages have the size of a message. */
const MANY = Array.from({ length: 8 }, (_, index) =>
  entryNamed('', { account: longAccount(`many${index}`), app: 'a'.repeat(MOST) }),
);

function longAccount(of: string): string {
  return entryNamed(of).account.padEnd(MOST, '.');
}

export const token2EntryChecks: CheckGroup = {
  name: 'Token2 OTP entries',
  checks: [
    check('entry.listed', READ, 'Reading all entries tells the settings of each.', 'lists-sha-1-alone', (key) =>
      withEntries(key, [UNUSUAL], async (otp) => {
        const [entry] = await otp.listed(UNUSUAL);
        expect(entry !== undefined, 'the entry in the list', 'none');
        expectEqual(told(entry), told(UNUSUAL), 'the entry');
      }),
    ),
    check('entry.read', READ, 'Reading one entry tells its settings.', 'reads-digits-of-six', (key) =>
      withEntries(key, [UNUSUAL], async (otp) => {
        expectEqual(told(await otp.reading(UNUSUAL)), told(UNUSUAL), 'the entry');
      }),
    ),
    check(
      'entry.unknown',
      READ,
      'Reading an entry that there is not is refused with 6A80 or 6A83.',
      'unknown-entry-as-other-error',
      async (key) => expectNotFound(await (await OtpApplet.open(key)).readOne(entryNamed('unknown'))),
    ),
    check('entry.app.empty', WRITE, 'An entry needs no application.', 'refuses-empty-app', (key) =>
      leavingNone(key, [entryNamed('alone', { app: '' })], async (otp) => {
        const entry = entryNamed('alone', { app: '' });
        await otp.put(entry);
        expectEqual(told(await otp.reading(entry)), told(entry), 'the entry');
      }),
    ),
    ...(['app', 'account'] as const).map((member) => {
      const entry = entryNamed('long', { [member]: member === 'app' ? 'b'.repeat(MOST) : longAccount('long') });
      const statement = `An entry may have ${member === 'app' ? 'an application' : 'an account'} of 64 characters.`;
      return check(`entry.${member}.most`, WRITE, statement, `cuts-${member}`, (key) =>
        leavingNone(key, [entry], async (otp) => {
          await otp.put(entry);
          expectEqual(told(await otp.reading(entry)), told(entry), 'the entry');
        }),
      );
    }),
    check(
      'entry.extended',
      'APDUs',
      'An entry too long for a short APDU is written by an extended one.',
      'refuses-extended-length',
      (key) =>
        leavingNone(key, [LONGEST], async (otp) => {
          await otp.put(LONGEST);
          expectEqual(told(await otp.reading(LONGEST)), told(LONGEST), 'the entry');
        }),
    ),
    check(
      'entry.sameAccount',
      WRITE,
      'Accounts of one name with two applications are two entries.',
      'one-entry-per-account',
      (key) => {
        const entries = [entryNamed('same'), entryNamed('same', { app: 'another' })];
        return withEntries(key, entries, async (otp) => {
          for (const entry of entries) expectEqual(told(await otp.reading(entry)), told(entry), 'the entry');
        });
      },
    ),
    check(
      'entry.overwrite',
      WRITE,
      'An entry takes the place of the one of its name.',
      'keeps-seed-of-before',
      (key) => {
        const first = entryNamed('twice');
        const second: OtpEntryWithSeed = { ...first, seed: OTHER_SEED };
        return withEntries(key, [first], async (otp) => {
          await otp.put(second);
          expectEqual(await otp.code(second), passwordAt(OTHER_SEED, TIME, second), 'the code');
        });
      },
    ),
    check(
      'entry.overwrite.listed',
      WRITE,
      'An entry that was overwritten is told once.',
      'lists-overwritten-entries-twice',
      (key) => {
        const entry = entryNamed('again');
        return withEntries(key, [entry, { ...entry, digits: 8 }], async (otp) => {
          const found = await otp.listed(entry);
          expectEqual(found.length, 1, 'the number of entries of that name');
          expectEqual(found[0]!.digits, 8, 'its digits');
        });
      },
    ),
    check('entry.delete', WRITE, 'An entry written with an empty seed is deleted.', 'keeps-deleted-entries', (key) =>
      withEntries(key, [entryNamed('deleted')], async (otp) => {
        const entry = entryNamed('deleted');
        accepted(await otp.delete(entry));
        expectRefusal(await otp.readOne(entry));
        expectEqual((await otp.listed(entry)).length, 0, 'the number of entries of that name');
      }),
    ),
    check('entry.delete.others', WRITE, 'Deleting an entry leaves the others.', 'deletes-all-of-an-app', (key) => {
      const [one, other] = [entryNamed('first'), entryNamed('second')];
      return withEntries(key, [one, other], async (otp) => {
        accepted(await otp.delete(one));
        expectEqual(told(await otp.reading(other)), told(other), 'the other entry');
      });
    }),
    check(
      'entry.delete.unknown',
      WRITE,
      'Deleting an entry that there is not is refused with 6A80 or 6A83.',
      'deletes-what-is-not-there',
      async (key) => expectNotFound(await (await OtpApplet.open(key)).delete(entryNamed('unknown'))),
      { severity: 'warning' },
    ),
    check(
      'entry.replug',
      WRITE,
      'An entry is there still after a loss of power.',
      'forgets-entries-without-power',
      (key) =>
        withEntries(key, [entryNamed('kept')], async () => {
          await key.replug();
          const entry = entryNamed('kept');
          expectEqual(told(await (await OtpApplet.open(key)).reading(entry)), told(entry), 'the entry');
        }),
    ),
    check(
      'entries.none',
      READ,
      'Reading all entries of a key without any is refused with 6A80 or 6A83.',
      'lists-nothing',
      async (key) => {
        const answer = await (await OtpApplet.open(key)).readAll();
        if (answer.data.length > 0) throw new NotApplicable('the key has entries');
        expectNotFound(answer);
      },
    ),
    check('entries.pages', READ, 'Pages of entries tell each entry once.', 'page-repeats-an-entry', (key) =>
      withEntries(key, MANY, async (otp) => {
        const pages = await otp.pages();
        if (pages.length === 1) throw new NotApplicable('all entries are on one page');
        const ours = pages
          .flat()
          .filter(isOurs)
          .map(({ account }) => account);
        expectEqual(ours.toSorted().join(), MANY.map(({ account }) => account).join(), 'the accounts');
      }),
    ),
    check(
      'entries.full',
      'APDUs',
      'An entry for which there is no room is refused with 6A84.',
      'full-as-other-error',
      (key) => {
        const written: OtpEntryWithSeed[] = [];
        return leavingNone(key, written, async (otp) => {
          while (written.length < MOST_ENTRIES) {
            const entry = entryNamed(`${written.length}`, { app: 'a', seed: utf8('12') });
            written.push(entry);
            const answer = await otp.write(entry);
            if (answer.statusWord !== StatusWord.NO_ERROR) return expectWord(answer, StatusWord.NOT_ENOUGH_MEMORY);
          }
          throw new NotApplicable(`the key has room for ${MOST_ENTRIES} entries more`);
        });
      },
      { needs: { ...TOKEN2, seconds: SECONDS_TO_FILL } },
    ),
    check(
      'entries.nextPage.none',
      READ,
      'The next page is refused where the last one was read.',
      'next-page-of-nothing',
      (key) =>
        withEntries(key, [entryNamed('page')], async (otp) => {
          await otp.pages();
          expectRefusal(await otp.nextPage());
        }),
      { severity: 'warning' },
    ),
    check('read.empty', READ, 'Reading entries without a body is refused.', 'reads-without-body', async (key) =>
      expectRefusal(await (await OtpApplet.open(key)).send({ ...OtpCommand.readEntries, le: 256 })),
    ),
    check(
      'read.kind',
      READ,
      'Reading entries of a kind other than one or all is refused.',
      'reads-unknown-kind',
      (key) =>
        withEntries(key, [entryNamed('kind')], async (otp) => {
          const data = new Uint8Array(9).with(0, 7);
          expectRefusal(await otp.send({ ...OtpCommand.readEntries, data, le: 256 }));
        }),
    ),
    check(
      'read.time.short',
      READ,
      'Reading all entries with a time of less than eight bytes is refused.',
      'reads-short-time',
      (key) =>
        withEntries(key, [entryNamed('time')], async (otp) => {
          const data = new Uint8Array(5).with(0, 3);
          expectRefusal(await otp.send({ ...OtpCommand.readEntries, data, le: 256 }));
        }),
      { severity: 'warning' },
    ),
    check('read.name.cut', READ, 'Reading an entry whose name ends early is refused.', 'reads-cut-name', (key) =>
      withEntries(key, [entryNamed('cut')], async (otp) => {
        const data = concat(new Uint8Array(9).with(0, 1), Uint8Array.of(9, 0x63));
        expectRefusal(await otp.send({ ...OtpCommand.readEntries, data, le: 256 }));
      }),
    ),
  ],
};
