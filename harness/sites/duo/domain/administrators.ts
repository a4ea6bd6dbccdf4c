/** Who may use the dashboard. */
import { DomainError } from './error.ts';
import { newId } from './ids.ts';
import { hashPassword, verifyPassword } from './secrets.ts';
import type { Tenant } from './tenant.ts';
import { parseEmail } from './users.ts';

export interface Administrator {
  /** `DE` and 18 more. */
  readonly adminId: string;
  readonly email: string;
  readonly name: string;
}

interface AdministratorRow {
  admin_id: string;
  email: string;
  name: string;
  password_hash: string;
  failed_attempts: number;
  locked_until: number | null;
}

export const MINIMUM_PASSWORD_LENGTH = 12;
const ATTEMPTS = 10;
const PAUSE_MS = 15 * 60 * 1000;

/** @throws DomainError `malformed`, `taken` */
export async function createAdministrator(
  tenant: Tenant,
  { email, name, password }: { email: string; name: string; password: string },
): Promise<Administrator> {
  const address = parseEmail(email).toLowerCase();
  if (address === '') throw new DomainError('malformed', 'An administrator has an e-mail address.', 'email');
  requireLength(password);
  const hash = await hashPassword(password);
  return tenant.database.write(() => {
    if (findRow(tenant, address) !== undefined) {
      throw new DomainError('taken', `There is an administrator ${address} already.`, 'email');
    }
    const adminId = newId(tenant, 'DE');
    const sql = 'INSERT INTO administrators (admin_id, email, name, password_hash, created_at) VALUES (?, ?, ?, ?, ?)';
    tenant.database.run(sql, adminId, address, name.trim(), hash, tenant.now());
    return { adminId, email: address, name: name.trim() };
  });
}

export function countAdministrators(tenant: Tenant): number {
  return tenant.database.one<{ count: number }>('SELECT count(*) AS count FROM administrators')?.count ?? 0;
}

/**
 * Checks an administrator's password: undefined refuses, in the same time for an address that nobody has. After ten
 * failures in a row the right password is refused as well, for fifteen minutes.
 */
export async function checkAdministrator(
  tenant: Tenant,
  email: string,
  password: string,
): Promise<Administrator | undefined> {
  const address = email.trim().toLowerCase();
  const right = await verifyPassword(password, findRow(tenant, address)?.password_hash);
  return tenant.database.write(() => {
    const row = findRow(tenant, address);
    if (row === undefined) return undefined;
    const now = tenant.now();
    if (row.locked_until !== null && now < row.locked_until) return undefined;
    const sql = 'UPDATE administrators SET failed_attempts = ?, locked_until = ? WHERE admin_id = ?';
    if (right) {
      tenant.database.run(sql, 0, null, row.admin_id);
      return { adminId: row.admin_id, email: row.email, name: row.name };
    }
    const failures = row.failed_attempts + 1;
    const locked = failures >= ATTEMPTS;
    tenant.database.run(sql, locked ? 0 : failures, locked ? now + PAUSE_MS : null, row.admin_id);
    return undefined;
  });
}

/**
 * Gives an administrator who knows the present password another one. A wrong one counts as a failed sign-in does.
 * @throws DomainError `malformed` for a new password that is too short, `refused` for a present one that is wrong
 */
export async function changeAdministratorPassword(
  tenant: Tenant,
  email: string,
  { current, next }: { readonly current: string; readonly next: string },
): Promise<void> {
  requireLength(next);
  const known = findRow(tenant, email)?.password_hash;
  const administrator = await checkAdministrator(tenant, email, current);
  const hash = await hashPassword(next);
  const changed = await tenant.database.write(() => {
    if (administrator === undefined || known === undefined) return 0;
    // Of two changes at once, the second no longer knows the present password.
    const sql = 'UPDATE administrators SET password_hash = ? WHERE admin_id = ? AND password_hash = ?';
    return tenant.database.run(sql, hash, administrator.adminId, known);
  });
  if (changed === 0) {
    const text = 'The current password is not right, or there were too many attempts. Nothing was changed.';
    throw new DomainError('refused', text, 'current');
  }
}

function requireLength(password: string): void {
  if (password.length >= MINIMUM_PASSWORD_LENGTH) return;
  throw new DomainError('malformed', `A password has at least ${MINIMUM_PASSWORD_LENGTH} characters.`, 'password');
}

function findRow(tenant: Tenant, email: string): AdministratorRow | undefined {
  return tenant.database.one<AdministratorRow>('SELECT * FROM administrators WHERE email = ?', email);
}
