/** Passcodes of hardware tokens: HOTP (RFC 4226 §7), TOTP (RFC 6238 §5.2), Yubico OTP. Each is taken once. */
import { createHmac } from 'node:crypto';
import { timingSafeEqual } from '../../../../ctap/bytes.ts';
import { dynamicTruncation, findHotp, hotp, otpDigits } from '../../../../ctap/otp/hotp.ts';
import { findTotp } from '../../../../ctap/otp/totp.ts';
import { readYubicoOtp } from '../../../../ctap/otp/yubico-otp.ts';
import { DomainError, required } from './error.ts';
import { getToken, type HardwareToken, purposeOfToken, type TokenRow, tokenRowsOfUser } from './hardware-tokens.ts';
import type { Policy } from './policy.ts';
import type { Tenant } from './tenant.ts';

/** What became of a passcode. `token` is the one that made it, also where it was shown before. */
export type PasscodeVerdict =
  | { readonly outcome: 'accepted'; readonly token: HardwareToken; readonly resynchronized: boolean }
  | { readonly outcome: 'replayed'; readonly token: HardwareToken }
  | { readonly outcome: 'rejected' };

/** What a token says of a passcode. */
type Answer = 'accepted' | 'resynchronized' | 'replayed' | 'rejected';

/** How far an administrator's three codes are looked for. */
const MANUAL_RESYNC_RANGE = 10_000;
const PRIVATE_ID_LENGTH = 6;
const YUBICO_OTP = /^[cbdefghijklnrtuv]{32,64}$/;

/**
 * Judges a passcode by the tokens of a user and remembers what it has to; only within a write of the database.
 * Spaces are passed over, for people read codes in groups.
 */
export function judgePasscode(tenant: Tenant, userId: string, typed: string, policy: Policy): PasscodeVerdict {
  const passcode = typed.replaceAll(/\s/g, '').toLowerCase();
  let replayed: HardwareToken | undefined;
  for (const row of tokenRowsOfUser(tenant, userId)) {
    if (row.lost_at !== null || !fits(row, passcode)) continue;
    const answer = judge(tenant, row, passcode, policy);
    if (answer === 'rejected') continue;
    const token = getToken(tenant, row.token_id);
    if (answer !== 'replayed') return { outcome: 'accepted', token, resynchronized: answer === 'resynchronized' };
    replayed = token;
  }
  return replayed === undefined ? { outcome: 'rejected' } : { outcome: 'replayed', token: replayed };
}

function fits({ type }: TokenRow, passcode: string): boolean {
  if (type === 'yk') return YUBICO_OTP.test(passcode) && passcode.length % 2 === 0;
  return (type.endsWith('6') ? /^\d{6}$/ : /^\d{8}$/).test(passcode);
}

function judge(tenant: Tenant, row: TokenRow, passcode: string, policy: Policy): Answer {
  const secret = tenant.secrets.open(purposeOfToken(row.token_id), row.sealed);
  if (row.type === 'yk') return judgeYubico(tenant, row, secret, passcode);
  if (row.type.startsWith('t')) return judgeTotp(tenant, row, secret, passcode, policy);
  return judgeHotp(tenant, row, secret, passcode, policy);
}

function judgeHotp(tenant: Tenant, row: TokenRow, secret: Uint8Array, passcode: string, policy: Policy): Answer {
  const digits = digitsOf(row);
  const counter = findHotp(secret, passcode, row.next_counter, { digits, lookAhead: policy.hotpLookAhead });
  if (counter !== undefined) {
    acceptCounter(tenant, row, Number(counter) + 1, true);
    return 'accepted';
  }
  const answer = followAttempts(tenant, row, secret, passcode, policy);
  if (answer !== 'rejected') return answer;
  const latest = row.next_counter > 0 ? hotp(secret, row.next_counter - 1, { digits }) : undefined;
  return latest === passcode ? 'replayed' : 'rejected';
}

interface Attempt {
  readonly code: string;
  readonly at: number;
}

/** Resynchronises by the last three attempts, where policy allows; each is kept, sealed, until it is too old. */
function followAttempts(tenant: Tenant, row: TokenRow, secret: Uint8Array, code: string, policy: Policy): Answer {
  if (policy.automaticResync === 'off') return 'rejected';
  const purpose = `attempts at ${purposeOfToken(row.token_id)}`;
  const now = tenant.now();
  const earlier =
    row.sealed_attempts === null ? [] : (tenant.secrets.openJson(purpose, row.sealed_attempts) as Attempt[]);
  const recent = earlier.filter(({ at }) => now - at <= policy.automaticResyncWindow * 1000).slice(-2);
  const attempts = [...recent, { code, at: now }];
  const codes = attempts.map((attempt) => attempt.code);
  const first = codes.length < 3 ? undefined : findConsecutive(secret, codes, row, policy.automaticResyncRange);
  if (first !== undefined) {
    acceptCounter(tenant, row, first + codes.length, policy.automaticResync === 'third');
    return policy.automaticResync === 'third' ? 'resynchronized' : 'rejected';
  }
  const sql = 'UPDATE hardware_tokens SET sealed_attempts = ? WHERE token_id = ?';
  tenant.database.run(sql, tenant.secrets.sealJson(purpose, attempts), row.token_id);
  return 'rejected';
}

/** The counter of the first of consecutive codes, fewer than `range` ahead of what is expected. */
function findConsecutive(
  secret: Uint8Array,
  codes: readonly string[],
  row: TokenRow,
  range: number,
): number | undefined {
  const digits = digitsOf(row);
  for (let counter = row.next_counter; counter < row.next_counter + range; counter++) {
    if (codes.every((code, index) => quickHotp(secret, counter + index, digits) === code)) return counter;
  }
  return undefined;
}

/** As {@link hotp}, by OpenSSL and ten times as fast: a search computes thousands while everybody waits. */
function quickHotp(secret: Uint8Array, counter: number, digits: number): string {
  const moving = Buffer.alloc(8);
  moving.writeBigUInt64BE(BigInt(counter));
  return otpDigits(dynamicTruncation(createHmac('sha1', secret).update(moving).digest()), digits);
}

function acceptCounter(tenant: Tenant, row: TokenRow, nextCounter: number, used: boolean): void {
  const sql =
    'UPDATE hardware_tokens SET next_counter = ?, sealed_attempts = NULL, last_used_at = ? WHERE token_id = ?';
  tenant.database.run(sql, nextCounter, used ? tenant.now() : row.last_used_at, row.token_id);
}

function judgeTotp(tenant: Tenant, row: TokenRow, secret: Uint8Array, passcode: string, policy: Policy): Answer {
  const period = row.totp_step ?? 30;
  const search = { digits: digitsOf(row), window: policy.totpSteps, period };
  const step = findTotp(secret, passcode, tenant.now() / 1000, search);
  if (step === undefined) return 'rejected';
  // RFC 6238 §5.2: the second attempt with a code is refused, and so is an older code after a newer one.
  if (Number(step) <= row.last_time_step) return 'replayed';
  const sql = 'UPDATE hardware_tokens SET last_time_step = ?, last_used_at = ? WHERE token_id = ?';
  tenant.database.run(sql, Number(step), tenant.now(), row.token_id);
  return 'accepted';
}

function judgeYubico(tenant: Tenant, row: TokenRow, secret: Uint8Array, passcode: string): Answer {
  const otp = readYubicoOtp(secret.subarray(PRIVATE_ID_LENGTH), passcode);
  if (otp === undefined) return 'rejected';
  const { privateId, useCounter, sessionCounter } = otp.fields;
  if (!timingSafeEqual(privateId, secret.subarray(0, PRIVATE_ID_LENGTH))) return 'rejected';
  const use = useCounter * 256 + sessionCounter;
  if (use <= row.last_use) return 'replayed';
  const sql = 'UPDATE hardware_tokens SET last_use = ?, last_used_at = ? WHERE token_id = ?';
  tenant.database.run(sql, use, tenant.now(), row.token_id);
  return 'accepted';
}

/**
 * Sets the counter of an HOTP token by three consecutive codes, ahead of what is expected: codes that may have been
 * seen never become good again.
 * @throws DomainError `not_found`; `refused` for a token of another type, or where the codes are not found;
 *   `malformed` for a code that is none
 */
export async function resyncToken(
  tenant: Tenant,
  tokenId: string,
  codes: readonly [string, string, string],
): Promise<HardwareToken> {
  return tenant.database.write(() => {
    const found = tenant.database.one<TokenRow>('SELECT * FROM hardware_tokens WHERE token_id = ?', tokenId);
    const row = required(found, `hardware token ${JSON.stringify(tokenId)}`);
    if (row.type !== 'h6' && row.type !== 'h8') {
      throw new DomainError(
        'refused',
        'Only HOTP tokens can be resynchronised. Set the clock of a TOTP token instead.',
      );
    }
    for (const [index, code] of codes.entries()) {
      if (!fits(row, code)) {
        throw new DomainError('malformed', `Code ${index + 1}: expected ${digitsOf(row)} digits.`, `code${index + 1}`);
      }
    }
    const secret = tenant.secrets.open(purposeOfToken(row.token_id), row.sealed);
    const first = findConsecutive(secret, codes, row, MANUAL_RESYNC_RANGE);
    if (first === undefined) {
      const message =
        'These are not three codes of this token, one after the other. Press it three times and enter them in their order.';
      throw new DomainError('refused', message, 'code1');
    }
    acceptCounter(tenant, row, first + codes.length, false);
    return getToken(tenant, tokenId);
  });
}

function digitsOf({ type }: TokenRow): number {
  return type.endsWith('8') ? 8 : 6;
}
