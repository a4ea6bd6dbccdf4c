/** Security keys and platform authenticators of users: credential records (WebAuthn Level 3 §4). */
import { DomainError, required } from './error.ts';
import { newId } from './ids.ts';
import type { Tenant } from './tenant.ts';
import type { Page } from './users.ts';

export interface WebAuthnCredential {
  /** `WA` and 18 more. */
  readonly webauthnKey: string;
  readonly userId: string;
  readonly credentialId: Uint8Array;
  /** COSE_Key as the authenticator made it. */
  readonly publicKey: Uint8Array;
  readonly signCount: number;
  readonly transports: readonly string[];
  readonly aaguid: string;
  readonly attestationFormat: string;
  /** Whether the registration carried the UV flag. */
  readonly userVerified: boolean;
  /** Whether it is part of the device (`attachment` platform). */
  readonly platform: boolean;
  /** What its user calls it. */
  readonly name: string;
  readonly createdAt: number;
  readonly lastUsedAt: number | undefined;
  /** Since when it is reported lost: its assertions are refused. */
  readonly lostAt: number | undefined;
}

export type NewCredential = Omit<WebAuthnCredential, 'webauthnKey' | 'createdAt' | 'lastUsedAt' | 'lostAt' | 'name'>;

interface CredentialRow {
  webauthn_key: string;
  user_id: string;
  credential_id: Uint8Array;
  public_key: Uint8Array;
  sign_count: number;
  transports: string;
  aaguid: string;
  attestation_format: string;
  user_verified: number;
  platform: number;
  name: string;
  created_at: number;
  last_used_at: number | null;
  lost_at: number | null;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it refuses
const NAME = /^[^\x00-\x1f\x7f]{1,60}$/;

/** Only within a write of the database. @throws DomainError `taken` for a credential id that anybody has (§7.1 step 26) */
export function insertCredential(tenant: Tenant, credential: NewCredential): WebAuthnCredential {
  const { database } = tenant;
  if (findByCredentialId(tenant, credential.credentialId) !== undefined) {
    throw new DomainError('taken', 'This security key credential is already enrolled.');
  }
  const webauthnKey = newId(tenant, 'WA');
  const names = credentialsOfUser(tenant, credential.userId).map(({ name }) => name);
  database.run(
    `INSERT INTO webauthn_credentials (webauthn_key, user_id, credential_id, public_key, sign_count, transports, aaguid,
       attestation_format, user_verified, platform, name, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ...[webauthnKey, credential.userId, credential.credentialId, credential.publicKey, credential.signCount],
    ...[JSON.stringify(credential.transports), credential.aaguid, credential.attestationFormat],
    ...[
      Number(credential.userVerified),
      Number(credential.platform),
      freeName(credential.platform, names),
      tenant.now(),
    ],
  );
  return getCredential(tenant, webauthnKey);
}

export function findByCredentialId(tenant: Tenant, credentialId: Uint8Array): WebAuthnCredential | undefined {
  const sql = 'SELECT * FROM webauthn_credentials WHERE credential_id = ?';
  const row = tenant.database.one<CredentialRow>(sql, credentialId);
  return row && fromRow(row);
}

/** @throws DomainError `not_found` */
export function getCredential(tenant: Tenant, webauthnKey: string): WebAuthnCredential {
  const sql = 'SELECT * FROM webauthn_credentials WHERE webauthn_key = ?';
  const row = tenant.database.one<CredentialRow>(sql, webauthnKey);
  return fromRow(required(row, `security key ${JSON.stringify(webauthnKey)}`));
}

/** In the order of their enrolment. */
export function credentialsOfUser(tenant: Tenant, userId: string): WebAuthnCredential[] {
  const sql = 'SELECT * FROM webauthn_credentials WHERE user_id = ? ORDER BY created_at, rowid';
  return tenant.database.all<CredentialRow>(sql, userId).map(fromRow);
}

export function listCredentials(tenant: Tenant, { limit = 100, offset = 0 }: Page = {}): WebAuthnCredential[] {
  const sql = 'SELECT * FROM webauthn_credentials ORDER BY created_at, rowid LIMIT ? OFFSET ?';
  return tenant.database.all<CredentialRow>(sql, limit, offset).map(fromRow);
}

export function countCredentials(tenant: Tenant): number {
  return tenant.database.one<{ count: number }>('SELECT count(*) AS count FROM webauthn_credentials')?.count ?? 0;
}

/**
 * Takes a signature counter by WebAuthn Level 3 §7.2 step 22: true, and stored, where both are zero or the new one is
 * greater. Only within a write of the database.
 */
export function takeSignCount(tenant: Tenant, webauthnKey: string, signCount: number): boolean {
  const sql = `UPDATE webauthn_credentials SET sign_count = ?1, last_used_at = ?2
    WHERE webauthn_key = ?3 AND (sign_count < ?1 OR (sign_count = 0 AND ?1 = 0))`;
  return tenant.database.run(sql, signCount, tenant.now(), webauthnKey) === 1;
}

/** @throws DomainError `malformed`, `not_found` */
export async function renameCredential(tenant: Tenant, webauthnKey: string, name: string): Promise<WebAuthnCredential> {
  const trimmed = name.trim();
  if (!NAME.test(trimmed)) throw new DomainError('malformed', 'A name has 1 to 60 characters.', 'name');
  return tenant.database.write(() => {
    getCredential(tenant, webauthnKey);
    tenant.database.run('UPDATE webauthn_credentials SET name = ? WHERE webauthn_key = ?', trimmed, webauthnKey);
    return getCredential(tenant, webauthnKey);
  });
}

/** Reports a key lost, or found again. @throws DomainError `not_found` */
export async function markCredentialLost(
  tenant: Tenant,
  webauthnKey: string,
  lost: boolean,
): Promise<WebAuthnCredential> {
  return tenant.database.write(() => {
    getCredential(tenant, webauthnKey);
    const sql = 'UPDATE webauthn_credentials SET lost_at = ? WHERE webauthn_key = ?';
    tenant.database.run(sql, lost ? tenant.now() : null, webauthnKey);
    return getCredential(tenant, webauthnKey);
  });
}

/** @throws DomainError `not_found` */
export async function deleteCredential(tenant: Tenant, webauthnKey: string): Promise<void> {
  await tenant.database.write(() => {
    getCredential(tenant, webauthnKey);
    tenant.database.run('DELETE FROM webauthn_credentials WHERE webauthn_key = ?', webauthnKey);
  });
}

function freeName(platform: boolean, taken: readonly string[]): string {
  const name = platform ? 'This device' : 'Security key';
  for (let number = 2; ; number++) {
    const candidate = number === 2 && !taken.includes(name) ? name : `${name} ${number}`;
    if (!taken.includes(candidate)) return candidate;
  }
}

function fromRow(row: CredentialRow): WebAuthnCredential {
  return {
    webauthnKey: row.webauthn_key,
    userId: row.user_id,
    credentialId: new Uint8Array(row.credential_id),
    publicKey: new Uint8Array(row.public_key),
    signCount: row.sign_count,
    transports: JSON.parse(row.transports) as string[],
    aaguid: row.aaguid,
    attestationFormat: row.attestation_format,
    userVerified: row.user_verified === 1,
    platform: row.platform === 1,
    name: row.name,
    createdAt: row.created_at,
    lastUsedAt: row.last_used_at ?? undefined,
    lostAt: row.lost_at ?? undefined,
  };
}
