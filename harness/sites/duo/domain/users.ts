/** The people of a tenant. */
import { DomainError, required } from './error.ts';
import { newId } from './ids.ts';
import { hashPassword, verifyPassword } from './secrets.ts';
import type { Tenant } from './tenant.ts';

/** What an administrator set. `bypass` signs in without a second factor, `disabled` not at all. */
export const USER_STATUSES = ['active', 'bypass', 'disabled'] as const;
export type UserStatus = (typeof USER_STATUSES)[number];

/** Times are milliseconds since 1970. */
export interface User {
  /** `DU` and 18 more. */
  readonly userId: string;
  /** Lower case. */
  readonly username: string;
  /** Empty where none is known. */
  readonly email: string;
  readonly realName: string;
  readonly status: UserStatus;
  /** The WebAuthn user handle: 32 random bytes. */
  readonly handle: Uint8Array;
  readonly hasPassword: boolean;
  readonly failedAttempts: number;
  readonly lockedAt: number | undefined;
  readonly createdAt: number;
  readonly lastLoginAt: number | undefined;
}

export interface NewUser {
  readonly username: string;
  readonly email?: string | undefined;
  readonly realName?: string | undefined;
  readonly status?: UserStatus | undefined;
  /** A first factor, for places that leave it to this service (RADIUS). */
  readonly password?: string | undefined;
}

export type UserChange = Partial<NewUser>;

interface UserRow {
  user_id: string;
  username: string;
  email: string;
  real_name: string;
  status: UserStatus;
  handle: Uint8Array;
  password_hash: string | null;
  failed_attempts: number;
  locked_at: number | null;
  created_at: number;
  last_login_at: number | null;
}

/** Characters of a first factor. RADIUS takes 128 bytes, with the passcode behind the password. */
export const PASSWORD_LENGTH = { minimum: 8, maximum: 100 } as const;

const HANDLE_LENGTH = 32;
const USERNAME = /^[a-z0-9][a-z0-9._@+\\-]{0,99}$/;
// One address, nothing that a mail header could be made of.
const EMAIL = /^[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it refuses
const REAL_NAME = /^[^\x00-\x1f\x7f]{0,200}$/;

/** The name as it is stored and looked up. @throws DomainError `malformed` */
export function parseUsername(text: string): string {
  const username = text.trim().toLowerCase();
  if (USERNAME.test(username)) return username;
  const message = 'A username has 1 to 100 letters, digits and . _ @ + - \\, and begins with a letter or a digit.';
  throw new DomainError('malformed', message, 'username');
}

/** @throws DomainError `malformed` */
export function parseEmail(text: string): string {
  const email = text.trim();
  if (email === '' || (email.length <= 254 && EMAIL.test(email))) return email;
  throw new DomainError('malformed', 'An e-mail address looks like name@example.org.', 'email');
}

function parseRealName(text: string): string {
  if (REAL_NAME.test(text.trim())) return text.trim();
  throw new DomainError('malformed', 'A name has at most 200 characters, none of them control characters.', 'realName');
}

function parsePassword(password: string): string {
  if (password.length >= PASSWORD_LENGTH.minimum && password.length <= PASSWORD_LENGTH.maximum) return password;
  const { minimum, maximum } = PASSWORD_LENGTH;
  throw new DomainError('malformed', `A password has ${minimum} to ${maximum} characters.`, 'password');
}

function parseStatus(status: string): UserStatus {
  const found = USER_STATUSES.find((known) => known === status);
  if (found !== undefined) return found;
  throw new DomainError('malformed', `A status is one of ${USER_STATUSES.join(', ')}.`, 'status');
}

/** @throws DomainError `malformed`, `taken` */
export async function createUser(tenant: Tenant, user: NewUser): Promise<User> {
  const username = parseUsername(user.username);
  const email = parseEmail(user.email ?? '');
  const realName = parseRealName(user.realName ?? '');
  const status = parseStatus(user.status ?? 'active');
  const passwordHash = user.password === undefined ? null : await hashPassword(parsePassword(user.password));
  return tenant.database.write(() => {
    if (findUser(tenant, username) !== undefined) throw taken(username);
    const userId = newId(tenant, 'DU');
    tenant.database.run(
      `INSERT INTO users (user_id, username, email, real_name, status, handle, password_hash, created_at)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
      ...[userId, username, email, realName, status, tenant.random(HANDLE_LENGTH), passwordHash, tenant.now()],
    );
    return getUser(tenant, userId);
  });
}

/** By the name as a person types it. */
export function findUser(tenant: Tenant, username: string): User | undefined {
  const row = tenant.database.one<UserRow>('SELECT * FROM users WHERE username = ?', username.trim().toLowerCase());
  return row && fromRow(row);
}

export function findUserById(tenant: Tenant, userId: string): User | undefined {
  const row = tenant.database.one<UserRow>('SELECT * FROM users WHERE user_id = ?', userId);
  return row && fromRow(row);
}

/** @throws DomainError `not_found` */
export function getUser(tenant: Tenant, userId: string): User {
  return required(findUserById(tenant, userId), `user ${JSON.stringify(userId)}`);
}

export interface Page {
  /** Default 100. */
  readonly limit?: number | undefined;
  readonly offset?: number | undefined;
}

/** In the order of their names; `search` finds parts of names and addresses. */
export function listUsers(tenant: Tenant, { search = '', limit = 100, offset = 0 }: Page & { search?: string } = {}) {
  const like = `%${search.trim().replace(/[\\%_]/g, '\\$&')}%`;
  const rows = tenant.database.all<UserRow>(
    `SELECT * FROM users
     WHERE username LIKE ?1 ESCAPE '\\' OR email LIKE ?1 ESCAPE '\\' OR real_name LIKE ?1 ESCAPE '\\'
     ORDER BY username LIMIT ?2 OFFSET ?3`,
    ...[like, limit, offset],
  );
  return rows.map(fromRow);
}

export function countUsers(tenant: Tenant): number {
  return tenant.database.one<{ count: number }>('SELECT count(*) AS count FROM users')?.count ?? 0;
}

/** Changes what is given. @throws DomainError `not_found`, `malformed`, `taken` */
export async function updateUser(tenant: Tenant, userId: string, change: UserChange): Promise<User> {
  const username = change.username === undefined ? undefined : parseUsername(change.username);
  const columns = {
    username,
    email: change.email === undefined ? undefined : parseEmail(change.email),
    real_name: change.realName === undefined ? undefined : parseRealName(change.realName),
    status: change.status === undefined ? undefined : parseStatus(change.status),
    password_hash: change.password === undefined ? undefined : await hashPassword(parsePassword(change.password)),
  };
  return tenant.database.write(() => {
    getUser(tenant, userId);
    const other = username === undefined ? undefined : findUser(tenant, username);
    if (other !== undefined && other.userId !== userId) throw taken(other.username);
    for (const [column, value] of Object.entries(columns)) {
      if (value !== undefined) tenant.database.run(`UPDATE users SET ${column} = ? WHERE user_id = ?`, value, userId);
    }
    return getUser(tenant, userId);
  });
}

/** Removes the user and the user's keys; hardware tokens are unassigned, the log stays. @throws DomainError `not_found` */
export async function deleteUser(tenant: Tenant, userId: string): Promise<void> {
  await tenant.database.write(() => {
    getUser(tenant, userId);
    tenant.database.run('DELETE FROM users WHERE user_id = ?', userId);
  });
}

/** Whether this is the user's first factor. Takes as long for a user who is not there or has no password. */
export async function checkPassword(tenant: Tenant, username: string, password: string): Promise<boolean> {
  const sql = 'SELECT password_hash FROM users WHERE username = ?';
  const row = tenant.database.one<Pick<UserRow, 'password_hash'>>(sql, username.trim().toLowerCase());
  return verifyPassword(password, row?.password_hash);
}

function fromRow(row: UserRow): User {
  return {
    userId: row.user_id,
    username: row.username,
    email: row.email,
    realName: row.real_name,
    status: row.status,
    handle: new Uint8Array(row.handle),
    hasPassword: row.password_hash !== null,
    failedAttempts: row.failed_attempts,
    lockedAt: row.locked_at ?? undefined,
    createdAt: row.created_at,
    lastLoginAt: row.last_login_at ?? undefined,
  };
}

function taken(username: string): DomainError {
  return new DomainError('taken', `There is a user ${username} already.`, 'username');
}
