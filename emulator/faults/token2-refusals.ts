/** Faults of Token2's OTP applet that takes entries which it should not, and seals that are broken. */
import { StatusWord } from '../../ctap/iso7816/apdu.ts';
import type { Fault } from './fault.ts';
import { entryFault, otpAccepts, otpAnswers, sealFault } from './otp-faults.ts';

const { NO_ERROR } = StatusWord;
const POINT_SIZE = 64;
const BLOCK_SIZE = 16;
const SETTINGS = 6;
const MOST = 64;
const HASHES: readonly number[] = [0xc1, 0xc2];

/** What bytes of an entry say, whether they are one or not. */
interface Members {
  readonly type: number;
  readonly hash: number;
  readonly period: number;
  readonly digits: number;
  readonly touch: number;
  readonly app: number;
  readonly account: number;
  /** Undefined where the entry ends before. */
  readonly seed: number | undefined;
  /** Bytes that there are of the seed, and after it. */
  readonly rest: number;
}

function membersOf(plain: Uint8Array): Members {
  const [type = 0, hash = 0, high = 0, low = 0, digits = 0, touch = 0, app = 0] = plain;
  const account = plain[SETTINGS + 1 + app] ?? 0;
  const at = SETTINGS + 2 + app + account;
  const rest = Math.max(0, plain.length - at - 1);
  return { type, hash, period: (high << 8) | low, digits, touch, app, account, seed: plain[at], rest };
}

/** An entry that is answered with success, and not kept. */
function takes(id: string, summary: string, when: (members: Members) => boolean): Fault {
  return entryFault(`token2-takes-${id}`, `says that it takes ${summary}`, () => ({
    plain: (plain) => {
      const members = membersOf(plain);
      const isDeletion = members.seed === 0 && members.rest === 0;
      return !isDeletion && when(members) ? NO_ERROR : undefined;
    },
  }));
}

function takesSeal(id: string, summary: string, when: (length: number) => boolean): Fault {
  return otpAccepts(
    `token2-takes-${id}`,
    `says that it takes ${summary}`,
    ({ name, command: { data } }) => name === 'writeEntry' && data.length > 0 && when(data.length),
  );
}

export const token2RefusalFaults: readonly Fault[] = [
  takes('unknown-type', 'entries of types that there are not', ({ type }) => type > 1),
  takes('unknown-hash', 'entries of hashes that there are not', ({ hash }) => !HASHES.includes(hash)),
  takes('three-digits', 'entries of fewer digits than 4', ({ digits }) => digits < 4),
  takes('eleven-digits', 'entries of more digits than 10', ({ digits }) => digits > 10),
  takes('period-of-zero', 'entries of TOTP without a time step', ({ type, period }) => type === 1 && period === 0),
  takes('unknown-touch', 'entries that are neither with touch nor without', ({ touch }) => touch > 1),
  takes('empty-account', 'entries without an account', ({ account }) => account === 0),
  takes('long-account', 'accounts of more than 64 characters', ({ account }) => account > MOST),
  takes('long-app', 'applications of more than 64 characters', ({ app }) => app > MOST),
  takes('long-seed', 'seeds of more than 64 bytes', ({ seed = 0 }) => seed > MOST),
  takes('cut-seed', 'entries whose seed ends early', ({ seed = 0, rest }) => rest < seed),
  takes('missing-seed', 'entries that end before their seed', ({ seed }) => seed === undefined),
  takes(
    'bytes-after-entry',
    'entries with bytes after their seed',
    ({ seed, rest }) => seed !== undefined && rest > seed,
  ),
  otpAnswers(
    'token2-public-key-with-prefix',
    'tells its public key with the prefix 04',
    ({ data, statusWord }, _, seen) =>
      seen?.name === 'getPublicKey' && statusWord === NO_ERROR && data.length === POINT_SIZE
        ? { data: Uint8Array.of(4, ...data) }
        : undefined,
  ),
  takesSeal('short-seal', 'sealed bodies shorter than a public key', (length) => length < POINT_SIZE),
  takesSeal('empty-seal', 'a public key in place of a sealed body', (length) => length === POINT_SIZE),
  takesSeal(
    'cut-seal',
    'sealed bodies that are not in whole blocks',
    (length) => length > POINT_SIZE && (length - POINT_SIZE) % BLOCK_SIZE !== 0,
  ),
  sealFault('token2-takes-wrong-padding', 'says that it takes sealed bodies whose padding is wrong', 'padding'),
  sealFault('token2-takes-point-off-curve', 'says that it takes public keys that are no point of P-256', 'point'),
];
