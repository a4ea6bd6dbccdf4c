/** Browsers that need no second factor for some days. */
import { readPolicy } from './policy.ts';
import { hashOf } from './secrets.ts';
import type { Tenant } from './tenant.ts';

const TOKEN_LENGTH = 32;
const DAY_MS = 24 * 60 * 60 * 1000;

/** Remembers a browser: the token goes into its cookie. Undefined where policy does not offer it. */
export async function rememberDevice(
  tenant: Tenant,
  userId: string,
): Promise<{ readonly token: string; readonly expiresAt: number } | undefined> {
  const days = readPolicy(tenant).rememberedDeviceDays;
  if (days === 0) return undefined;
  const token = Buffer.from(tenant.random(TOKEN_LENGTH)).toString('base64url');
  const expiresAt = tenant.now() + days * DAY_MS;
  await tenant.database.write(() => {
    tenant.database.run('DELETE FROM remembered_devices WHERE expires_at <= ?', tenant.now());
    const sql = 'INSERT INTO remembered_devices (token_hash, user_id, created_at, expires_at) VALUES (?, ?, ?, ?)';
    tenant.database.run(sql, hashOf(token), userId, tenant.now(), expiresAt);
  });
  return { token, expiresAt };
}

/** Whether the browser is remembered for this user, and policy still offers that. */
export function isRemembered(tenant: Tenant, userId: string, token: string | undefined): boolean {
  if (token === undefined || readPolicy(tenant).rememberedDeviceDays === 0) return false;
  const sql = 'SELECT 1 FROM remembered_devices WHERE token_hash = ? AND user_id = ? AND expires_at > ?';
  return tenant.database.one(sql, hashOf(token), userId, tenant.now()) !== undefined;
}

export function countRemembered(tenant: Tenant, userId: string): number {
  const sql = 'SELECT count(*) AS count FROM remembered_devices WHERE user_id = ? AND expires_at > ?';
  return tenant.database.one<{ count: number }>(sql, userId, tenant.now())?.count ?? 0;
}

/** Forgets all browsers of a user; only within a write of the database. */
export function forgetRemembered(tenant: Tenant, userId: string): void {
  tenant.database.run('DELETE FROM remembered_devices WHERE user_id = ?', userId);
}
