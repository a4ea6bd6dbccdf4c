/** Hardware tokens: created, assigned, lost, removed. Their passcodes are judged by passcodes.ts. */
import { concat, fromHex } from '../../../../ctap/bytes.ts';
import { DomainError, required } from './error.ts';
import { newId } from './ids.ts';
import type { Tenant } from './tenant.ts';
import type { Page } from './users.ts';
import { getUser } from './users.ts';

/** As Duo names them: HOTP and TOTP of 6 or 8 digits, and Yubico OTP. */
export const TOKEN_TYPES = ['h6', 'h8', 't6', 't8', 'yk'] as const;
export type TokenType = (typeof TOKEN_TYPES)[number];

export interface HardwareToken {
  /** `DH` and 18 more. */
  readonly tokenId: string;
  readonly type: TokenType;
  readonly serial: string;
  /** Seconds, of TOTP tokens. */
  readonly totpStep: number | undefined;
  /** The HOTP counter that is expected next. */
  readonly nextCounter: number;
  readonly userIds: readonly string[];
  readonly createdAt: number;
  readonly lastUsedAt: number | undefined;
  /** Since when it is reported lost: its passcodes are refused. */
  readonly lostAt: number | undefined;
}

/** Secrets in hexadecimal, as Duo takes them. */
export interface NewToken {
  readonly type: TokenType;
  readonly serial: string;
  /** HOTP and TOTP: 1 to 128 bytes. */
  readonly secret?: string | undefined;
  /** HOTP: the counter of the first code; default 0. */
  readonly counter?: number | undefined;
  /** TOTP: seconds; default 30. */
  readonly totpStep?: number | undefined;
  /** Yubico OTP: 6 bytes. */
  readonly privateId?: string | undefined;
  /** Yubico OTP: 16 bytes. */
  readonly aesKey?: string | undefined;
}

/** One row of the table. */
export interface TokenRow {
  token_id: string;
  type: TokenType;
  serial: string;
  sealed: Uint8Array;
  totp_step: number | null;
  next_counter: number;
  last_time_step: number;
  last_use: number;
  sealed_attempts: Uint8Array | null;
  created_at: number;
  last_used_at: number | null;
  lost_at: number | null;
}

const MAXIMUM_SECRET_LENGTH = 128;
const PRIVATE_ID_LENGTH = 6;
const AES_KEY_LENGTH = 16;
const SERIAL = /^[0-9A-Za-z._-]{1,128}$/;
const DEFAULT_STEP = 30;
const MAXIMUM_STEP = 3600;

export const purposeOfToken = (tokenId: string): string => `hardware token ${tokenId}`;

/** @throws DomainError `malformed` with the field's name, `taken` */
export async function createToken(tenant: Tenant, token: NewToken): Promise<HardwareToken> {
  const checked = checkToken(token);
  return tenant.database.write(() => insertToken(tenant, checked));
}

/** A token whose members were checked. */
export interface CheckedToken {
  readonly type: TokenType;
  readonly serial: string;
  /** The seed, or private id and AES key one after the other. */
  readonly secret: Uint8Array;
  readonly counter: number;
  readonly totpStep: number | null;
}

/** @throws DomainError `malformed`; its message never shows a secret */
export function checkToken(token: NewToken): CheckedToken {
  const { type, serial } = token;
  if (!TOKEN_TYPES.includes(type)) throw malformed('type', `one of ${TOKEN_TYPES.join(', ')}`, type);
  if (!SERIAL.test(serial)) throw malformed('serial', '1 to 128 letters, digits and . _ -', serial);
  const counter = token.counter ?? 0;
  if (!Number.isSafeInteger(counter) || counter < 0) throw malformed('counter', 'a whole number from 0 up', counter);
  const step = token.totpStep ?? DEFAULT_STEP;
  if (!Number.isInteger(step) || step < 1 || step > MAXIMUM_STEP) {
    throw malformed('totp_step', `1 to ${MAXIMUM_STEP} seconds`, step);
  }
  const secret =
    type === 'yk'
      ? concat(
          hex(token.privateId, 'private_id', PRIVATE_ID_LENGTH, PRIVATE_ID_LENGTH),
          hex(token.aesKey, 'aes_key', AES_KEY_LENGTH, AES_KEY_LENGTH),
        )
      : hex(token.secret, 'secret', 1, MAXIMUM_SECRET_LENGTH);
  return { type, serial, secret, counter, totpStep: type === 't6' || type === 't8' ? step : null };
}

/** Only within a write of the database. @throws DomainError `taken` */
export function insertToken(tenant: Tenant, { type, serial, secret, counter, totpStep }: CheckedToken): HardwareToken {
  const { database } = tenant;
  if (database.one('SELECT 1 FROM hardware_tokens WHERE type = ? AND serial = ?', type, serial) !== undefined) {
    throw new DomainError(
      'taken',
      `There is a token of type ${type} with the serial number ${serial} already.`,
      'serial',
    );
  }
  const tokenId = newId(tenant, 'DH');
  database.run(
    `INSERT INTO hardware_tokens (token_id, type, serial, sealed, totp_step, next_counter, last_time_step, last_use, created_at)
     VALUES (?, ?, ?, ?, ?, ?, -1, -1, ?)`,
    ...[tokenId, type, serial, tenant.secrets.seal(purposeOfToken(tokenId), secret), totpStep, counter, tenant.now()],
  );
  return getToken(tenant, tokenId);
}

export function findToken(tenant: Tenant, tokenId: string): HardwareToken | undefined {
  const row = tenant.database.one<TokenRow>('SELECT * FROM hardware_tokens WHERE token_id = ?', tokenId);
  return row && fromRow(tenant, row);
}

/** @throws DomainError `not_found` */
export function getToken(tenant: Tenant, tokenId: string): HardwareToken {
  return required(findToken(tenant, tokenId), `hardware token ${JSON.stringify(tokenId)}`);
}

export function listTokens(
  tenant: Tenant,
  { type, serial, limit = 100, offset = 0 }: Page & { type?: TokenType; serial?: string } = {},
): HardwareToken[] {
  const sql = `SELECT * FROM hardware_tokens WHERE (?1 IS NULL OR type = ?1) AND (?2 IS NULL OR serial = ?2)
    ORDER BY serial, type LIMIT ?3 OFFSET ?4`;
  const rows = tenant.database.all<TokenRow>(sql, type ?? null, serial ?? null, limit, offset);
  return rows.map((row) => fromRow(tenant, row));
}

export function countTokens(tenant: Tenant): number {
  return tenant.database.one<{ count: number }>('SELECT count(*) AS count FROM hardware_tokens')?.count ?? 0;
}

export function tokensOfUser(tenant: Tenant, userId: string): HardwareToken[] {
  return tokenRowsOfUser(tenant, userId).map((row) => fromRow(tenant, row));
}

export function tokenRowsOfUser(tenant: Tenant, userId: string): TokenRow[] {
  const sql = `SELECT t.* FROM hardware_tokens t JOIN token_assignments a ON a.token_id = t.token_id
    WHERE a.user_id = ? ORDER BY t.created_at, t.token_id`;
  return tenant.database.all<TokenRow>(sql, userId);
}

/** Gives a token to a user; several may share one, as with Duo. @throws DomainError `not_found` */
export async function assignToken(tenant: Tenant, tokenId: string, userId: string): Promise<void> {
  await tenant.database.write(() => {
    getToken(tenant, tokenId);
    getUser(tenant, userId);
    tenant.database.run('INSERT OR IGNORE INTO token_assignments (token_id, user_id) VALUES (?, ?)', tokenId, userId);
  });
}

/** @throws DomainError `not_found` for a token or user that is not there; where it was not assigned, nothing happens */
export async function unassignToken(tenant: Tenant, tokenId: string, userId: string): Promise<void> {
  await tenant.database.write(() => {
    getToken(tenant, tokenId);
    getUser(tenant, userId);
    tenant.database.run('DELETE FROM token_assignments WHERE token_id = ? AND user_id = ?', tokenId, userId);
  });
}

/** @throws DomainError `not_found`, `malformed`, `refused` for a token that is no TOTP token */
export async function changeTotpStep(tenant: Tenant, tokenId: string, step: number): Promise<HardwareToken> {
  if (!Number.isInteger(step) || step < 1 || step > MAXIMUM_STEP) {
    throw malformed('totp_step', `1 to ${MAXIMUM_STEP} seconds`, step);
  }
  return tenant.database.write(() => {
    if (getToken(tenant, tokenId).totpStep === undefined) {
      throw new DomainError('refused', 'Only TOTP tokens have a time step.', 'totp_step');
    }
    const sql = 'UPDATE hardware_tokens SET totp_step = ?, last_time_step = -1 WHERE token_id = ?';
    tenant.database.run(sql, step, tokenId);
    return getToken(tenant, tokenId);
  });
}

/** Reports a token lost, or found again. @throws DomainError `not_found` */
export async function markTokenLost(tenant: Tenant, tokenId: string, lost: boolean): Promise<HardwareToken> {
  return tenant.database.write(() => {
    getToken(tenant, tokenId);
    tenant.database.run(
      'UPDATE hardware_tokens SET lost_at = ? WHERE token_id = ?',
      lost ? tenant.now() : null,
      tokenId,
    );
    return getToken(tenant, tokenId);
  });
}

/** @throws DomainError `not_found` */
export async function deleteToken(tenant: Tenant, tokenId: string): Promise<void> {
  await tenant.database.write(() => {
    getToken(tenant, tokenId);
    tenant.database.run('DELETE FROM hardware_tokens WHERE token_id = ?', tokenId);
  });
}

/** What people call a token. */
export function tokenName({ type, serial }: Pick<HardwareToken, 'type' | 'serial'>): string {
  return `${TOKEN_TYPE_NAMES[type]} token ${serial}`;
}

export const TOKEN_TYPE_NAMES: Readonly<Record<TokenType, string>> = {
  h6: 'HOTP-6',
  h8: 'HOTP-8',
  t6: 'TOTP-6',
  t8: 'TOTP-8',
  yk: 'YubiKey AES',
};

function fromRow(tenant: Tenant, row: TokenRow): HardwareToken {
  const sql = 'SELECT user_id FROM token_assignments WHERE token_id = ? ORDER BY user_id';
  const users = tenant.database.all<{ user_id: string }>(sql, row.token_id);
  return {
    tokenId: row.token_id,
    type: row.type,
    serial: row.serial,
    totpStep: row.totp_step ?? undefined,
    nextCounter: row.next_counter,
    userIds: users.map(({ user_id }) => user_id),
    createdAt: row.created_at,
    lastUsedAt: row.last_used_at ?? undefined,
    lostAt: row.lost_at ?? undefined,
  };
}

function hex(text: string | undefined, field: string, least: number, most: number): Uint8Array {
  const size = least === most ? `${least} bytes` : `${least} to ${most} bytes`;
  const complaint = new DomainError('malformed', `${field}: expected ${size} in hexadecimal.`, field);
  if (text === undefined || !/^([0-9A-Fa-f]{2})+$/.test(text)) throw complaint;
  const bytes = fromHex(text.toLowerCase());
  if (bytes.length < least || bytes.length > most) throw complaint;
  return bytes;
}

function malformed(field: string, what: string, value: unknown): DomainError {
  return new DomainError('malformed', `${field}: expected ${what}, got ${JSON.stringify(value)}.`, field);
}
