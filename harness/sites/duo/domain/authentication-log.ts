/** Who signed in where and how, and who was refused why; and what administrators did. */
import { newUuid } from './ids.ts';
import type { Tenant } from './tenant.ts';

/** Why, in the words of Duo's authentication logs where it has one. */
export type AuthenticationReason =
  | 'user_approved'
  | 'valid_passcode'
  | 'remembered_device'
  | 'bypass_user'
  | 'invalid_passcode'
  | 'invalid_password'
  | 'passcode_replayed'
  | 'invalid_device'
  | 'verification_failed'
  | 'counter_went_back'
  | 'no_challenge'
  | 'locked_out'
  | 'user_disabled'
  | 'factor_restricted'
  | 'deny_unenrolled_user'
  | 'unknown_user'
  | 'enrolment_refused'
  | 'enrolled'
  | 'error';

export type Factor =
  | 'security_key'
  | 'platform_authenticator'
  | 'hardware_token'
  | 'passcode'
  | 'remembered_device'
  | 'bypass'
  | 'none';

export interface AuthenticationRecord {
  /** A UUID. */
  readonly txid: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly userId: string | undefined;
  readonly username: string;
  readonly factor: Factor;
  /** `WA…` or `DH…`. */
  readonly deviceKey: string | undefined;
  readonly deviceName: string | undefined;
  readonly integrationKey: string | undefined;
  /** What was to be opened: the name of an integration, or of a part of the service itself. */
  readonly integrationName: string;
  readonly result: 'success' | 'denied' | 'error';
  readonly reason: AuthenticationReason;
  /** A sentence for administrators; may say more than the person was told, never a secret. */
  readonly detail: string;
  readonly ip: string;
  readonly userAgent: string;
}

export type NewAuthenticationRecord = Omit<
  AuthenticationRecord,
  'txid' | 'at' | 'integrationKey' | 'deviceKey' | 'deviceName'
> &
  Partial<Pick<AuthenticationRecord, 'txid' | 'integrationKey' | 'deviceKey' | 'deviceName'>>;

interface AuthenticationRow {
  txid: string;
  at: number;
  user_id: string | null;
  username: string;
  factor: Factor;
  device_key: string | null;
  device_name: string | null;
  integration_key: string | null;
  integration_name: string;
  result: AuthenticationRecord['result'];
  reason: AuthenticationReason;
  detail: string;
  ip: string;
  user_agent: string;
}

/** Writes one line of the log; only within a write of the database. Returns it with its transaction id. */
export function recordAuthentication(tenant: Tenant, entry: NewAuthenticationRecord): AuthenticationRecord {
  const record: AuthenticationRecord = {
    deviceKey: undefined,
    deviceName: undefined,
    integrationKey: undefined,
    ...entry,
    username: printable(entry.username, 100),
    userAgent: printable(entry.userAgent, 400),
    detail: printable(entry.detail, 400),
    txid: entry.txid ?? newUuid(tenant),
    at: tenant.now(),
  };
  tenant.database.run(
    `INSERT INTO authentication_log (txid, at, user_id, username, factor, device_key, device_name, integration_key,
       integration_name, result, reason, detail, ip, user_agent) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ...[record.txid, record.at, record.userId ?? null, record.username, record.factor],
    ...[record.deviceKey ?? null, record.deviceName ?? null, record.integrationKey ?? null, record.integrationName],
    ...[record.result, record.reason, record.detail, record.ip, record.userAgent],
  );
  return record;
}

/** The latest first. */
export function listAuthentications(
  tenant: Tenant,
  { userId, limit = 100, offset = 0 }: { userId?: string; limit?: number; offset?: number } = {},
): AuthenticationRecord[] {
  const where = userId === undefined ? '' : 'WHERE user_id = ?';
  const sql = `SELECT * FROM authentication_log ${where} ORDER BY sequence DESC LIMIT ? OFFSET ?`;
  const rows = tenant.database.all<AuthenticationRow>(sql, ...(userId === undefined ? [] : [userId]), limit, offset);
  return rows.map((row) => ({
    txid: row.txid,
    at: row.at,
    userId: row.user_id ?? undefined,
    username: row.username,
    factor: row.factor,
    deviceKey: row.device_key ?? undefined,
    deviceName: row.device_name ?? undefined,
    integrationKey: row.integration_key ?? undefined,
    integrationName: row.integration_name,
    result: row.result,
    reason: row.reason,
    detail: row.detail,
    ip: row.ip,
    userAgent: row.user_agent,
  }));
}

/** Something that an administrator, a program or a user changed. */
export interface Activity {
  readonly at: number;
  /** Who: an administrator's address, an integration's key, a username. */
  readonly actor: string;
  /** What, as `user_create`. */
  readonly action: string;
  /** On what: a name or an identifier. */
  readonly object: string;
  readonly detail: string;
}

/** Writes one line of the activity log; only within a write of the database. */
export function recordActivity(
  tenant: Tenant,
  { actor, action, object, detail = '' }: Omit<Activity, 'at' | 'detail'> & { detail?: string },
): void {
  const sql = 'INSERT INTO activity_log (at, actor, action, object, detail) VALUES (?, ?, ?, ?, ?)';
  const texts = [printable(actor, 200), action, printable(object, 200), printable(detail, 400)];
  tenant.database.run(sql, tenant.now(), ...texts);
}

/** The latest first. */
export function listActivities(tenant: Tenant, { limit = 100, offset = 0 } = {}): Activity[] {
  const sql = 'SELECT at, actor, action, object, detail FROM activity_log ORDER BY sequence DESC LIMIT ? OFFSET ?';
  return tenant.database.all<Activity>(sql, limit, offset);
}

// A log line stays one line, whatever a client sent.
function printable(text: string, limit: number): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it replaces
  return text.replace(/[\x00-\x1f\x7f-\x9f\u2028\u2029]/g, '\ufffd').slice(0, limit);
}
