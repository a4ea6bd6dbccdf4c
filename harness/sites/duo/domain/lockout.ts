/** Accounts that are locked after failures in a row. */
import type { Policy } from './policy.ts';
import type { Tenant } from './tenant.ts';
import { getUser, type User } from './users.ts';

/** Whether the account is locked now. */
export function isLockedOut(user: User, policy: Policy, now: number): boolean {
  if (user.lockedAt === undefined) return false;
  return policy.lockoutDuration === 0 || now < user.lockedAt + policy.lockoutDuration * 1000;
}

/** Counts a failure; locks the account at the last one that policy allows. Only within a write of the database. */
export function countFailure(tenant: Tenant, user: User, policy: Policy): { readonly locked: boolean } {
  const now = tenant.now();
  // The failures of a lock that has run out are paid for.
  const earlier = user.lockedAt === undefined ? user.failedAttempts : 0;
  const failures = earlier + 1;
  const locked = failures >= policy.lockoutAttempts;
  const sql = 'UPDATE users SET failed_attempts = ?, locked_at = ? WHERE user_id = ?';
  tenant.database.run(sql, failures, locked ? now : null, user.userId);
  return { locked };
}

/** Forgets failures after a success. Only within a write of the database. */
export function forgetFailures(tenant: Tenant, user: User): void {
  const sql = 'UPDATE users SET failed_attempts = 0, locked_at = NULL, last_login_at = ? WHERE user_id = ?';
  tenant.database.run(sql, tenant.now(), user.userId);
}

/** An administrator opens a locked account. @throws DomainError `not_found` */
export async function unlockUser(tenant: Tenant, userId: string): Promise<User> {
  return tenant.database.write(() => {
    tenant.database.run('UPDATE users SET failed_attempts = 0, locked_at = NULL WHERE user_id = ?', userId);
    return getUser(tenant, userId);
  });
}
