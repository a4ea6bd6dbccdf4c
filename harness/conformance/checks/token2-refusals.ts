/** Entries that Token2's OTP applet is not to take, and seals that are broken. */
import { concat } from '../../../ctap/bytes.ts';
import { encodeEntry, type OtpEntryWithSeed } from '../../../ctap/token2/otp-entries.ts';
import { ENTRY_IV, seal } from '../../../ctap/token2/sealing.ts';
import type { Check, CheckGroup } from '../check.ts';
import { CheckFailure } from '../check-failure.ts';
import { expectEqual } from '../expect.ts';
import { entryNamed, expectRefusal, leavingNone, OtpApplet } from '../otp-applet.ts';
import { check } from './token2-steps.ts';

const WRITE = 'write entry';
const SEALING = 'Sealing';
const POINT_SIZE = 64;
const BLOCK_SIZE = 16;
const MOST = 64;
/** Where the members of a written entry stand. */
const At = { type: 0, hash: 1, step: 2, digits: 4, touch: 5 } as const;

const GOOD = entryNamed('refused');

function refusal(
  name: string,
  of: string,
  statement: string,
  fault: string,
  plain: Uint8Array,
  { named = GOOD, severity }: { named?: OtpEntryWithSeed; severity?: 'warning' } = {},
): Check {
  const run = async (key: Parameters<Check['run']>[0]) =>
    leavingNone(key, [named], async (otp) => expectRefusal(await otp.writePlain(plain)));
  return check(name, of, statement, fault, run, severity && { severity });
}

/** An entry as bytes, with one of them another. */
function withByte(at: number, value: number, entry = GOOD): Uint8Array {
  return encodeEntry(entry).with(at, value);
}

/** An entry as bytes whose text or seed has a length that the encoder refuses. */
function withLengths(app: number, account: number, seed: number): { plain: Uint8Array; named: OtpEntryWithSeed } {
  const named = {
    ...GOOD,
    app: GOOD.app.padEnd(app, 'a').slice(0, app),
    account: GOOD.account.padEnd(account, 'a').slice(0, account),
  };
  const part = (length: number, fill: Uint8Array) => concat(Uint8Array.of(length), fill.subarray(0, length));
  const text = (value: string) => part(value.length, new TextEncoder().encode(value));
  const settings = encodeEntry(GOOD).subarray(0, 6);
  return {
    plain: concat(settings, text(named.app), text(named.account), part(seed, new Uint8Array(seed).fill(0x31))),
    named,
  };
}

const noAccount = withLengths(7, 0, 20);
const longAccount = withLengths(7, MOST + 1, 20);
const longApp = withLengths(MOST + 1, 20, 20);
const longSeed = withLengths(7, 20, MOST + 1);
const whole = encodeEntry(GOOD);

/** A good entry in a seal that is broken. */
function broken(
  name: string,
  statement: string,
  fault: string,
  spoil: (sealed: Uint8Array) => Uint8Array,
  severity?: 'warning',
): Check {
  const run = async (key: Parameters<Check['run']>[0]) =>
    leavingNone(key, [GOOD], async (otp) => expectRefusal(await otp.writePlain(whole, spoil)));
  return check(name, SEALING, statement, fault, run, severity && { severity });
}

export const token2RefusalChecks: CheckGroup = {
  name: 'Token2 OTP refusals',
  checks: [
    refusal(
      'entry.type.unknown',
      WRITE,
      'An entry of a type other than HOTP and TOTP is refused.',
      'takes-unknown-type',
      withByte(At.type, 2),
    ),
    refusal(
      'entry.hash.unknown',
      WRITE,
      'An entry of a hash that there is not is refused.',
      'takes-unknown-hash',
      withByte(At.hash, 0x7f),
    ),
    refusal(
      'entry.digits.few',
      WRITE,
      'An entry of 3 digits is refused.',
      'takes-three-digits',
      withByte(At.digits, 3),
    ),
    refusal(
      'entry.digits.many',
      WRITE,
      'An entry of 11 digits is refused.',
      'takes-eleven-digits',
      withByte(At.digits, 11),
    ),
    refusal(
      'entry.period.zero',
      WRITE,
      'A TOTP entry without a time step is refused.',
      'takes-period-of-zero',
      withByte(At.step + 1, 0),
      {
        severity: 'warning',
      },
    ),
    refusal(
      'entry.touch.unknown',
      WRITE,
      'An entry that is neither with touch nor without is refused.',
      'takes-unknown-touch',
      withByte(At.touch, 2),
      {
        severity: 'warning',
      },
    ),
    refusal(
      'entry.account.none',
      WRITE,
      'An entry without an account is refused.',
      'takes-empty-account',
      noAccount.plain,
      noAccount,
    ),
    refusal(
      'entry.account.long',
      WRITE,
      'An account of 65 characters is refused.',
      'takes-long-account',
      longAccount.plain,
      longAccount,
    ),
    refusal(
      'entry.app.long',
      WRITE,
      'An application of 65 characters is refused.',
      'takes-long-app',
      longApp.plain,
      longApp,
    ),
    refusal('entry.seed.long', WRITE, 'A seed of 65 bytes is refused.', 'takes-long-seed', longSeed.plain, longSeed),
    refusal(
      'entry.seed.cut',
      WRITE,
      'An entry whose seed ends early is refused.',
      'takes-cut-seed',
      whole.subarray(0, -5),
    ),
    refusal(
      'entry.seed.missing',
      WRITE,
      'An entry that ends before the length of its seed is refused.',
      'takes-missing-seed',
      whole.subarray(0, -21),
    ),
    refusal(
      'entry.more',
      WRITE,
      'An entry with bytes after its seed is refused.',
      'takes-bytes-after-entry',
      concat(whole, Uint8Array.of(1, 2, 3)),
      {
        severity: 'warning',
      },
    ),
    check(
      'publicKey',
      'get ECDH public key',
      'The public key is X and Y of a point on P-256, 64 bytes.',
      'public-key-with-prefix',
      async (key) => {
        const { crypto } = key.bench;
        const point = await (await OtpApplet.open(key)).publicKey();
        expectEqual(point.length, POINT_SIZE, 'the length of the public key');
        const own = crypto.generateEcdhKeyPair((length) => globalThis.crypto.getRandomValues(new Uint8Array(length)));
        try {
          seal(crypto, own, point, ENTRY_IV, whole);
        } catch (error) {
          throw new CheckFailure(`expected a point on P-256: ${(error as Error).message}`);
        }
      },
    ),
    broken('sealed.short', 'A sealed body shorter than a public key is refused.', 'takes-short-seal', (sealed) =>
      sealed.subarray(0, 40),
    ),
    broken('sealed.empty', 'A sealed body of a public key alone is refused.', 'takes-empty-seal', (sealed) =>
      sealed.subarray(0, POINT_SIZE),
    ),
    broken(
      'sealed.blocks',
      'A sealed body that is not in whole blocks of 16 bytes is refused.',
      'takes-cut-seal',
      (sealed) => sealed.subarray(0, -3),
    ),
    broken('sealed.padding', 'A sealed body whose padding is wrong is refused.', 'takes-wrong-padding', (sealed) =>
      // in CBC the last bytes of two neighbouring blocks add up: the padding's comes to more than 16
      sealed.with(-1 - BLOCK_SIZE, sealed.at(-1 - BLOCK_SIZE)! ^ 0x40),
    ),
    broken(
      'sealed.point',
      'A public key of the host that is no point of P-256 is refused: a key agreement with it would tell the private key.',
      'takes-point-off-curve',
      (sealed) => sealed.with(POINT_SIZE - 1, sealed[POINT_SIZE - 1]! ^ 0x01),
      'warning',
    ),
  ],
};
