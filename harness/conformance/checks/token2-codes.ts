/** One-time passwords of Token2's OTP applet: RFC 4226 and RFC 6238, and the touch that some wait for. */
import { concat, utf8 } from '../../../ctap/bytes.ts';
import { StatusWord } from '../../../ctap/iso7816/apdu.ts';
import { OtpStatusWord } from '../../../ctap/token2/otp-applet.ts';
import { decodeReading, type OtpEntryWithSeed } from '../../../ctap/token2/otp-entries.ts';
import type { Check, CheckGroup } from '../check.ts';
import { expect, expectEqual } from '../expect.ts';
import { passwordAt, passwordOf } from '../one-time-password.ts';
import {
  accepted,
  entryNamed,
  expectRefusal,
  expectWord,
  OtpApplet,
  PAST,
  RFC_SEED,
  TIME,
  withEntries,
} from '../otp-applet.ts';
import type { Subject } from '../subject.ts';
import { check, TOKEN2 } from './token2-steps.ts';

const READ = 'enumerate';
const WRITE = 'write entry';
const VECTORS = 'RFC 6238 appendix B';
const SEED_OF_32 = utf8('12345678901234567890123456789012');
const SEED_OF_64 = concat(RFC_SEED, RFC_SEED, RFC_SEED, utf8('4321'));
/** Beyond what 32 bits hold. */
const LATE = 20_000_000_080;
/** Seconds within which a key ends its waiting for a touch. */
const TOUCH_SECONDS = 60;
/** Counters that are tried for a code. */
const LOOK_AHEAD = 50;

/** Codes that an RFC prints, for moments. */
function vectors(
  name: string,
  what: string,
  fault: string,
  settings: Partial<OtpEntryWithSeed>,
  codes: Readonly<Record<number, string>>,
): Check {
  const entry = entryNamed(name, { digits: 8, ...settings });
  return check(`totp.${name}`, VECTORS, what, fault, (key) =>
    withEntries(key, [entry], async (otp) => {
      for (const [time, code] of Object.entries(codes)) {
        expectEqual(await otp.code(entry, Number(time)), code, `the code of second ${time}`);
      }
    }),
  );
}

/** The code of one moment, as OpenSSL has it. */
function codes(
  name: string,
  of: string,
  what: string,
  fault: string,
  settings: Partial<OtpEntryWithSeed>,
  ...times: readonly number[]
): Check {
  const entry = entryNamed(name, settings);
  return check(name, of, what, fault, (key) =>
    withEntries(key, [entry], async (otp) => {
      for (const time of times) {
        expectEqual(await otp.code(entry, time), passwordAt(entry.seed, time, entry), `the code of second ${time}`);
      }
    }),
  );
}

const COUNTED = entryNamed('counted', { type: 'hotp' });
const TOUCHED = entryNamed('touched', { touch: true });

/** The counter that a code is of, from 0 on. */
function counterOf(code: string | undefined): number {
  const counters = Array.from({ length: LOOK_AHEAD }, (_, counter) => counter);
  const found = counters.find((counter) => passwordOf(COUNTED.seed, counter, COUNTED) === code);
  expect(found !== undefined, `a code of the first ${LOOK_AHEAD} counters`, code ?? 'none');
  return found;
}

/** Reads an entry that waits for a touch, while nobody touches the key. */
async function untouched(key: Subject, otp: OtpApplet) {
  key.user('absent');
  let ended = false;
  const answering = otp.readOne(TOUCHED).finally(() => {
    ended = true;
  });
  for (let second = 0; !ended && second < TOUCH_SECONDS; second++) await key.wait(1000);
  key.user('touches');
  expect(ended, `an answer within ${TOUCH_SECONDS} seconds`, 'none');
  return answering;
}

export const token2CodeChecks: CheckGroup = {
  name: 'Token2 one-time passwords',
  checks: [
    vectors(
      'sha1',
      'Codes of SHA-1 are those of RFC 6238.',
      'truncates-to-32-bits',
      {},
      {
        59: '94287082',
        1111111111: '14050471',
        2000000000: '69279037',
      },
    ),
    vectors(
      'sha256',
      'Codes of SHA-256 are those of RFC 6238.',
      'sha-256-truncated-as-sha-1',
      { algorithm: 'SHA256', seed: SEED_OF_32 },
      {
        59: '46119246',
        1111111109: '68084774',
        1111111111: '67062674',
        2000000000: '90698825',
      },
    ),
    vectors('leadingZero', 'A code keeps its leading zeros.', 'drops-leading-zeros', {}, { 1111111109: '07081804' }),
    codes(
      'totp.late',
      'RFC 6238 §4.2',
      'Moments beyond 32 bits have codes of their own.',
      'time-of-32-bits',
      { digits: 8 },
      LATE,
    ),
    codes(
      'totp.step',
      'RFC 6238 §4.2',
      'A code begins with the first second of its time step, and ends with the last.',
      'step-begins-late',
      { digits: 8 },
      120,
      149,
    ),
    codes(
      'totp.period.minute',
      'RFC 6238 §4.2',
      'A time step of 60 seconds is counted as one.',
      'takes-60-seconds-for-30',
      { digits: 8, period: 60 },
      TIME,
    ),
    codes(
      'totp.period.long',
      'RFC 6238 §4.2',
      'A time step of more than 255 seconds is counted as one.',
      'period-of-one-byte',
      { digits: 8, period: 300 },
      TIME,
    ),
    codes('digits.least', WRITE, 'A code may have 4 digits.', 'refuses-four-digits', { digits: 4 }, TIME),
    codes('digits.most', WRITE, 'A code may have 10 digits.', 'nine-digits-for-ten', { digits: 10 }, TIME),
    ...([5, 7, 9] as const).map((digits) =>
      codes(
        `digits.${digits}`,
        WRITE,
        `A code may have ${digits} digits.`,
        `refuses-${digits}-digits`,
        { digits },
        digits === 9 ? PAST : TIME, // no leading zeros, which another check is about
      ),
    ),
    codes(
      'seed.least',
      WRITE,
      'A seed of one byte is taken whole.',
      'refuses-one-byte-seed',
      { digits: 8, seed: utf8('1') },
      TIME,
    ),
    codes(
      'seed.most',
      WRITE,
      'A seed of 64 bytes is taken whole.',
      'cuts-seeds',
      { digits: 8, seed: SEED_OF_64 },
      TIME,
    ),
    check(
      'list.code',
      READ,
      'Reading all entries tells the code of a TOTP without touch.',
      'lists-code-of-next-step',
      (key) => {
        const entry = entryNamed('code');
        return withEntries(key, [entry], async (otp) => {
          const [listed] = await otp.listed(entry);
          expectEqual(listed?.code, passwordAt(entry.seed, PAST, entry), 'the code');
        });
      },
    ),
    check(
      'hotp.first',
      'RFC 4226 appendix D',
      'The first code of an HOTP is that of counter 0.',
      'counts-from-one',
      (key) => withEntries(key, [COUNTED], async (otp) => expectEqual(await otp.code(COUNTED), '755224', 'the code')),
    ),
    check('hotp.next', 'RFC 4226 §5.1', 'With each code an HOTP counts one.', 'counts-twice', (key) =>
      withEntries(key, [COUNTED], async (otp) => {
        const first = counterOf(await otp.code(COUNTED));
        for (let ahead = 1; ahead <= 3; ahead++) {
          expectEqual(counterOf(await otp.code(COUNTED)), first + ahead, 'the counter');
        }
      }),
    ),
    check('hotp.list', READ, 'Reading all entries tells no code of an HOTP.', 'lists-codes-of-hotp', (key) =>
      withEntries(key, [COUNTED], async (otp) => {
        const [listed] = await otp.listed(COUNTED);
        expect(listed !== undefined && listed.code === undefined, 'the entry without a code', listed?.code ?? 'none');
      }),
    ),
    check('hotp.list.counter', READ, 'Reading all entries moves no counter.', 'counts-when-listed', (key) =>
      withEntries(key, [COUNTED], async (otp) => {
        const before = counterOf(await otp.code(COUNTED));
        await otp.readAll();
        expectEqual(counterOf(await otp.code(COUNTED)), before + 1, 'the counter');
      }),
    ),
    check(
      'hotp.replug',
      'RFC 4226 §7.2',
      'No code of an HOTP comes again after a loss of power.',
      'forgets-counter-without-power',
      (key) =>
        withEntries(key, [COUNTED], async (otp) => {
          const before = counterOf(await otp.code(COUNTED));
          await key.replug();
          const after = counterOf(await (await OtpApplet.open(key)).code(COUNTED));
          expect(after > before, `a counter beyond ${before}`, after);
        }),
    ),
    check(
      'hotp.overwrite',
      WRITE,
      'An HOTP that gets another seed begins at counter 0.',
      'keeps-counter-of-before',
      (key) => {
        const other = { ...COUNTED, seed: SEED_OF_32 };
        return withEntries(key, [COUNTED], async (otp) => {
          await otp.code(COUNTED);
          await otp.put(other);
          expectEqual(await otp.code(other), passwordOf(other.seed, 0, other), 'the code');
        });
      },
      { severity: 'warning' },
    ),
    check(
      'touch.code',
      READ,
      'An entry with touch gives its code when the key is touched.',
      'code-of-zeros-after-touch',
      (key) =>
        withEntries(key, [TOUCHED], async (otp) => {
          expectEqual(await otp.code(TOUCHED), passwordAt(TOUCHED.seed, TIME, TOUCHED), 'the code');
        }),
      { needs: { ...TOKEN2, touches: 1 } },
    ),
    check(
      'touch.list',
      READ,
      'Reading all entries tells no code of an entry with touch.',
      'lists-codes-of-touch',
      (key) =>
        withEntries(key, [TOUCHED], async (otp) => {
          const [listed] = await otp.listed(TOUCHED);
          expect(listed !== undefined && listed.code === undefined, 'the entry without a code', listed?.code ?? 'none');
        }),
    ),
    check(
      'touch.withheld',
      READ,
      'An entry with touch gives no code while nobody touches the key.',
      'needs-no-touch-for-codes',
      (key) => withEntries(key, [TOUCHED], async (otp) => expectRefusal(await untouched(key, otp))),
      { needs: { ...TOKEN2, seconds: TOUCH_SECONDS } },
    ),
    check(
      'touch.timeout',
      'APDUs',
      'A touch that does not come ends in 6FF9.',
      'touch-timeout-as-other-error',
      (key) =>
        withEntries(key, [TOUCHED], async (otp) => {
          const answer = await untouched(key, otp);
          if (answer.statusWord === StatusWord.NO_ERROR) decodeReading(accepted(answer));
          else expectWord(answer, OtpStatusWord.TOUCH_TIMED_OUT);
        }),
      { needs: { ...TOKEN2, seconds: TOUCH_SECONDS } },
    ),
  ],
};
