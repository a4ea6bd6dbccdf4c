import type { Tenant } from './tenant.ts';

/** A value that the tenant keeps under a name; undefined where it never did. */
export function readSetting(tenant: Tenant, name: string): unknown {
  const row = tenant.database.one<{ value: string }>('SELECT value FROM settings WHERE name = ?', name);
  return row === undefined ? undefined : JSON.parse(row.value);
}

/** Only within a write of the database. */
export function writeSetting(tenant: Tenant, name: string, value: unknown): void {
  const sql =
    'INSERT INTO settings (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value';
  tenant.database.run(sql, name, JSON.stringify(value));
}
