/**
 * The tables, as numbered steps: the database's user_version says how many it has seen. A step that was released is
 * never changed. Times are milliseconds since 1970; columns named `sealed` hold what SecretBox encrypted.
 */
export const MIGRATIONS: readonly string[] = [
  `
CREATE TABLE users (
  user_id TEXT PRIMARY KEY,
  username TEXT NOT NULL UNIQUE,
  email TEXT NOT NULL,
  real_name TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('active', 'bypass', 'disabled')),
  handle BLOB NOT NULL UNIQUE,
  password_hash TEXT,
  failed_attempts INTEGER NOT NULL DEFAULT 0,
  locked_at INTEGER,
  created_at INTEGER NOT NULL,
  last_login_at INTEGER
) STRICT;

CREATE TABLE groups (
  group_id TEXT PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  description TEXT NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE group_members (
  group_id TEXT NOT NULL REFERENCES groups ON DELETE CASCADE,
  user_id TEXT NOT NULL REFERENCES users ON DELETE CASCADE,
  PRIMARY KEY (group_id, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX group_members_of_user ON group_members (user_id);

CREATE TABLE hardware_tokens (
  token_id TEXT PRIMARY KEY,
  type TEXT NOT NULL CHECK (type IN ('h6', 'h8', 't6', 't8', 'yk')),
  serial TEXT NOT NULL,
  sealed BLOB NOT NULL,
  totp_step INTEGER,
  next_counter INTEGER NOT NULL,
  last_time_step INTEGER NOT NULL,
  last_use INTEGER NOT NULL,
  sealed_attempts BLOB,
  created_at INTEGER NOT NULL,
  last_used_at INTEGER,
  lost_at INTEGER,
  UNIQUE (type, serial)
) STRICT;

CREATE TABLE token_assignments (
  token_id TEXT NOT NULL REFERENCES hardware_tokens ON DELETE CASCADE,
  user_id TEXT NOT NULL REFERENCES users ON DELETE CASCADE,
  PRIMARY KEY (token_id, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX token_assignments_of_user ON token_assignments (user_id);

CREATE TABLE webauthn_credentials (
  webauthn_key TEXT PRIMARY KEY,
  user_id TEXT NOT NULL REFERENCES users ON DELETE CASCADE,
  credential_id BLOB NOT NULL UNIQUE,
  public_key BLOB NOT NULL,
  sign_count INTEGER NOT NULL,
  transports TEXT NOT NULL,
  aaguid TEXT NOT NULL,
  attestation_format TEXT NOT NULL,
  user_verified INTEGER NOT NULL,
  platform INTEGER NOT NULL,
  name TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  last_used_at INTEGER,
  lost_at INTEGER
) STRICT;
CREATE INDEX webauthn_credentials_of_user ON webauthn_credentials (user_id);

CREATE TABLE enrolment_links (
  code_hash BLOB PRIMARY KEY,
  user_id TEXT NOT NULL REFERENCES users ON DELETE CASCADE,
  created_at INTEGER NOT NULL,
  expires_at INTEGER,
  used_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX enrolment_links_of_user ON enrolment_links (user_id);

CREATE TABLE remembered_devices (
  token_hash BLOB PRIMARY KEY,
  user_id TEXT NOT NULL REFERENCES users ON DELETE CASCADE,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX remembered_devices_of_user ON remembered_devices (user_id);

CREATE TABLE integrations (
  integration_key TEXT PRIMARY KEY,
  type TEXT NOT NULL CHECK (type IN ('web', 'auth-api', 'admin-api', 'radius')),
  name TEXT NOT NULL,
  sealed BLOB NOT NULL,
  redirect_uris TEXT NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE administrators (
  admin_id TEXT PRIMARY KEY,
  email TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  password_hash TEXT NOT NULL,
  failed_attempts INTEGER NOT NULL DEFAULT 0,
  locked_until INTEGER,
  created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE settings (
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE authentication_log (
  sequence INTEGER PRIMARY KEY AUTOINCREMENT,
  txid TEXT NOT NULL UNIQUE,
  at INTEGER NOT NULL,
  user_id TEXT,
  username TEXT NOT NULL,
  factor TEXT NOT NULL,
  device_key TEXT,
  device_name TEXT,
  integration_key TEXT,
  integration_name TEXT NOT NULL,
  result TEXT NOT NULL CHECK (result IN ('success', 'denied', 'error')),
  reason TEXT NOT NULL,
  detail TEXT NOT NULL,
  ip TEXT NOT NULL,
  user_agent TEXT NOT NULL
) STRICT;
CREATE INDEX authentication_log_of_user ON authentication_log (user_id, sequence);

CREATE TABLE activity_log (
  sequence INTEGER PRIMARY KEY AUTOINCREMENT,
  at INTEGER NOT NULL,
  actor TEXT NOT NULL,
  action TEXT NOT NULL,
  object TEXT NOT NULL,
  detail TEXT NOT NULL
) STRICT;
`,
];
