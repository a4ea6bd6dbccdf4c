/** Links of enrolment mails: one user, one use, a limited time. */
import { DomainError } from './error.ts';
import { readPolicy } from './policy.ts';
import { hashOf } from './secrets.ts';
import type { Tenant } from './tenant.ts';
import { getUser, type User } from './users.ts';

const CODE_LENGTH = 32;

export interface EnrolmentLink {
  /** 43 letters of base64url; the database keeps its hash alone. */
  readonly code: string;
  readonly url: string;
  /** Milliseconds since 1970; undefined never. */
  readonly expiresAt: number | undefined;
}

interface LinkRow {
  user_id: string;
  expires_at: number | null;
  used_at: number | null;
}

/**
 * Makes a link. A user's earlier links end, so that the latest mail is the one that works.
 * @param lifetime seconds, 0 never expires; default: as policy has it
 * @throws DomainError `not_found`
 */
export async function createEnrolmentLink(tenant: Tenant, userId: string, lifetime?: number): Promise<EnrolmentLink> {
  const seconds = lifetime ?? readPolicy(tenant).enrolmentLinkLifetime;
  const code = Buffer.from(tenant.random(CODE_LENGTH)).toString('base64url');
  const now = tenant.now();
  const expiresAt = seconds === 0 ? undefined : now + seconds * 1000;
  await tenant.database.write(() => {
    getUser(tenant, userId);
    tenant.database.run('UPDATE enrolment_links SET expires_at = ? WHERE user_id = ? AND used_at IS NULL', now, userId);
    const sql = 'INSERT INTO enrolment_links (code_hash, user_id, created_at, expires_at) VALUES (?, ?, ?, ?)';
    tenant.database.run(sql, hashOf(code), userId, now, expiresAt ?? null);
  });
  return { code, url: `${tenant.origin}/enroll?code=${code}`, expiresAt };
}

/** Whose link it is and whether it is good; undefined where nobody made it. */
export function enrolmentLinkState(
  tenant: Tenant,
  code: string,
): { readonly userId: string; readonly state: 'good' | 'used' | 'expired' } | undefined {
  const sql = 'SELECT user_id, expires_at, used_at FROM enrolment_links WHERE code_hash = ?';
  const row = tenant.database.one<LinkRow>(sql, hashOf(code));
  if (row === undefined) return undefined;
  const expired = row.expires_at !== null && tenant.now() >= row.expires_at;
  return { userId: row.user_id, state: row.used_at !== null ? 'used' : expired ? 'expired' : 'good' };
}

/** Whose link it is. @throws DomainError `not_found` where nobody made it, `expired`, `used` */
export function readEnrolmentLink(tenant: Tenant, code: string): User {
  const link = enrolmentLinkState(tenant, code);
  if (link === undefined) {
    throw new DomainError('not_found', 'This enrolment link is not one of ours. Open it as it stands in the e-mail.');
  }
  if (link.state === 'used') throw new DomainError('used', 'This enrolment link has been used already.');
  if (link.state === 'expired') {
    throw new DomainError('expired', 'This enrolment link has expired, or a newer one was sent.');
  }
  return getUser(tenant, link.userId);
}

/** Spends the link with the first device that it enrols; only within a write of the database. @throws as {@link readEnrolmentLink} */
export function useEnrolmentLink(tenant: Tenant, code: string): User {
  const user = readEnrolmentLink(tenant, code);
  tenant.database.run('UPDATE enrolment_links SET used_at = ? WHERE code_hash = ?', tenant.now(), hashOf(code));
  return user;
}
