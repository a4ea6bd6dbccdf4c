/** An attempt to sign in with a second factor: policy, lock-out, verification and log in one step. */
import { type AuthenticationReason, type Factor, recordAuthentication } from './authentication-log.ts';
import { tokenName } from './hardware-tokens.ts';
import type { Integration } from './integrations.ts';
import { countFailure, forgetFailures, isLockedOut } from './lockout.ts';
import { judgePasscode } from './passcodes.ts';
import { type Policy, readPolicy } from './policy.ts';
import { isRemembered } from './remembered-devices.ts';
import type { Tenant } from './tenant.ts';
import { findUserById, type User } from './users.ts';

/** Where an attempt comes from. */
export interface AttemptContext {
  /** The application that asks; undefined for a part of the service itself. */
  readonly integration?: Integration | undefined;
  /** What is to be opened, for the log; default: the application's name. */
  readonly place?: string | undefined;
  readonly ip: string;
  readonly userAgent: string;
}

export interface AcceptedAttempt {
  readonly accepted: true;
  readonly txid: string;
  readonly user: User;
  readonly factor: Factor;
  readonly deviceKey: string | undefined;
  readonly deviceName: string | undefined;
  readonly reason: AuthenticationReason;
}

export interface DeniedAttempt {
  readonly accepted: false;
  readonly txid: string;
  readonly reason: AuthenticationReason;
  /** What the person may be told. */
  readonly message: string;
}

export type AttemptResult = AcceptedAttempt | DeniedAttempt;

/** What a verification found. `counts`: whether a denial counts towards the lock-out. */
export type Finding =
  | {
      readonly accepted: true;
      readonly factor: Factor;
      readonly reason: AuthenticationReason;
      readonly deviceKey?: string;
      readonly deviceName?: string;
      readonly detail?: string;
    }
  | {
      readonly accepted: false;
      readonly factor: Factor;
      readonly reason: AuthenticationReason;
      readonly message: string;
      readonly detail?: string;
      readonly deviceKey?: string;
      readonly deviceName?: string;
      readonly counts: boolean;
    };

export const LOCKED_OUT =
  'This account is locked out after too many failed attempts. Ask your administrator to unlock it.';
const DISABLED = 'This account is disabled. Ask your administrator.';
const RESTRICTED = 'Your organisation does not allow this way to sign in.';
export const WRONG_PASSCODE = 'That passcode is not right. Let your token make a new one and try again.';
const REPLAYED = 'That passcode was used already. Wait for the next one.';

/**
 * Judges one attempt of a user. `verify` runs within the write of the database and is not asked where the account is
 * locked or disabled.
 */
export async function attempt(
  tenant: Tenant,
  user: User,
  context: AttemptContext,
  factor: Factor,
  verify: (user: User, policy: Policy) => Finding,
): Promise<AttemptResult> {
  return tenant.database.write(() => {
    const policy = readPolicy(tenant);
    // Read anew: failures may have been counted since.
    const current = findUserById(tenant, user.userId);
    const finding =
      current === undefined ? gone(factor) : (barred(tenant, current, policy, factor) ?? verify(current, policy));
    return conclude(tenant, current ?? user, context, policy, finding);
  });
}

function barred(tenant: Tenant, user: User, policy: Policy, factor: Factor): Finding | undefined {
  const deny = (reason: AuthenticationReason, message: string): Finding => ({
    ...{ accepted: false, factor, reason, message, counts: false },
  });
  if (user.status === 'disabled') return deny('user_disabled', DISABLED);
  if (isLockedOut(user, policy, tenant.now())) return deny('locked_out', LOCKED_OUT);
  return undefined;
}

function gone(factor: Factor): Finding {
  return { accepted: false, factor, reason: 'unknown_user', message: DISABLED, counts: false };
}

function conclude(
  tenant: Tenant,
  user: User,
  context: AttemptContext,
  policy: Policy,
  finding: Finding,
): AttemptResult {
  const { factor, reason, deviceKey, deviceName, detail = '' } = finding;
  const locked = !finding.accepted && finding.counts && countFailure(tenant, user, policy).locked;
  if (finding.accepted) forgetFailures(tenant, user);
  const { txid } = recordAuthentication(tenant, {
    ...logged(context),
    userId: user.userId,
    username: user.username,
    factor,
    ...(deviceKey === undefined ? {} : { deviceKey }),
    ...(deviceName === undefined ? {} : { deviceName }),
    result: finding.accepted ? 'success' : 'denied',
    reason,
    detail: locked ? `${detail} The account is locked out now.`.trim() : detail,
  });
  if (!finding.accepted) return { accepted: false, txid, reason, message: locked ? LOCKED_OUT : finding.message };
  return { accepted: true, txid, user, factor, deviceKey, deviceName, reason };
}

/** The part of a log line that says where an attempt came from. */
export function logged({ integration, place, ip, userAgent }: AttemptContext) {
  return {
    ...(integration === undefined ? {} : { integrationKey: integration.integrationKey }),
    integrationName: place ?? integration?.name ?? 'ctaplab Access',
    ip,
    userAgent,
  };
}

/** Signs in by the passcode of a hardware token. */
export function attemptPasscode(
  tenant: Tenant,
  user: User,
  passcode: string,
  context: AttemptContext,
): Promise<AttemptResult> {
  return attempt(tenant, user, context, 'hardware_token', (current, policy) => {
    const factor = 'hardware_token';
    if (!policy.passcodes)
      return { accepted: false, factor, reason: 'factor_restricted', message: RESTRICTED, counts: false };
    const verdict = judgePasscode(tenant, current.userId, passcode, policy);
    if (verdict.outcome === 'rejected') {
      return { accepted: false, factor, reason: 'invalid_passcode', message: WRONG_PASSCODE, counts: true };
    }
    const device = { deviceKey: verdict.token.tokenId, deviceName: tokenName(verdict.token) };
    if (verdict.outcome === 'replayed') {
      return { accepted: false, factor, reason: 'passcode_replayed', message: REPLAYED, counts: true, ...device };
    }
    const detail = verdict.resynchronized ? 'The token was resynchronised by three codes.' : '';
    return { accepted: true, factor, reason: 'valid_passcode', detail, ...device };
  });
}

/** Signs in a browser that is remembered; undefined, and nothing is logged, where it is not. */
export async function attemptRemembered(
  tenant: Tenant,
  user: User,
  token: string | undefined,
  context: AttemptContext,
): Promise<AttemptResult | undefined> {
  if (!isRemembered(tenant, user.userId, token)) return undefined;
  return attempt(tenant, user, context, 'remembered_device', () => ({
    ...{ accepted: true, factor: 'remembered_device', reason: 'remembered_device', deviceName: 'Remembered browser' },
  }));
}

/** Signs in a user whom an administrator lets pass; undefined for all others. */
export async function attemptBypass(
  tenant: Tenant,
  user: User,
  context: AttemptContext,
): Promise<AttemptResult | undefined> {
  if (user.status !== 'bypass') return undefined;
  return attempt(tenant, user, context, 'bypass', () => ({ accepted: true, factor: 'bypass', reason: 'bypass_user' }));
}

/** Logs an attempt at an account that is not there. The person is told what {@link attemptPasscode} tells of a wrong one. */
export function attemptUnknown(
  tenant: Tenant,
  username: string,
  factor: Factor,
  context: AttemptContext,
): Promise<DeniedAttempt> {
  return tenant.database.write(() => {
    const entry = {
      userId: undefined,
      username,
      factor,
      result: 'denied',
      reason: 'unknown_user',
      detail: '',
    } as const;
    const { txid } = recordAuthentication(tenant, { ...logged(context), ...entry });
    return { accepted: false, txid, reason: 'unknown_user', message: WRONG_PASSCODE };
  });
}
