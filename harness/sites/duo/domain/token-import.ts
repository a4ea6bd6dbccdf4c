/** Import of hardware tokens by CSV, one a line, as an administrator pastes them. */
import { CsvError, parse } from 'csv-parse/sync';
import { DomainError } from './error.ts';
import {
  type CheckedToken,
  checkToken,
  type HardwareToken,
  insertToken,
  type NewToken,
  type TokenType,
} from './hardware-tokens.ts';
import type { Tenant } from './tenant.ts';

/** The columns of a line, by type; those in brackets may be left out. */
export const IMPORT_COLUMNS: Readonly<Record<TokenType, string>> = {
  h6: 'serial, secret (hex), [counter]',
  h8: 'serial, secret (hex), [counter]',
  t6: 'serial, secret (hex), [interval in seconds]',
  t8: 'serial, secret (hex), [interval in seconds]',
  yk: 'serial, private identity (12 hex), AES key (32 hex)',
};

const MAXIMUM_LINES = 10_000;

/**
 * Creates all tokens of a list or, where a line is wrong, none.
 * @throws DomainError `malformed` or `taken` that names the line; secrets are never shown
 */
export async function importTokens(tenant: Tenant, type: TokenType, csv: string): Promise<HardwareToken[]> {
  const lines = readLines(csv);
  const tokens = lines.map(({ line, cells }) => ({ line, token: inLine(line, () => readToken(type, cells)) }));
  return tenant.database.write(() => tokens.map(({ line, token }) => inLine(line, () => insertToken(tenant, token))));
}

interface Line {
  readonly line: number;
  readonly cells: readonly string[];
}

function readLines(csv: string): Line[] {
  let records: { info: { lines: number }; record: string[] }[];
  try {
    const options = { bom: true, trim: true, info: true, relax_column_count: true, skip_empty_lines: true } as const;
    records = parse(csv, options) as unknown as typeof records;
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    // What the parser says may quote the line, secrets included.
    throw new DomainError('malformed', `The list is not CSV (${error.code}).`, 'csv');
  }
  if (records.length === 0) throw new DomainError('malformed', 'The list is empty. Paste one token a line.', 'csv');
  if (records.length > MAXIMUM_LINES) {
    throw new DomainError(
      'malformed',
      `The list has ${records.length} lines; import at most ${MAXIMUM_LINES} at a time.`,
      'csv',
    );
  }
  return records.map(({ info, record }) => ({ line: info.lines, cells: record }));
}

function readToken(type: TokenType, cells: readonly string[]): CheckedToken {
  const [serial = '', second, third] = cells;
  const expected = type === 'yk' ? [3, 3] : [2, 3];
  if (cells.length < expected[0]! || cells.length > expected[1]!) {
    throw new DomainError('malformed', `expected ${IMPORT_COLUMNS[type]}, got ${cells.length} columns.`, 'csv');
  }
  const number = third === undefined || third === '' ? undefined : Number(third);
  const token: NewToken =
    type === 'yk'
      ? { type, serial, privateId: second, aesKey: third }
      : type.startsWith('h')
        ? { type, serial, secret: second, counter: number }
        : { type, serial, secret: second, totpStep: number };
  return checkToken(token);
}

function inLine<T>(line: number, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof DomainError) throw new DomainError(error.code, `Line ${line}: ${error.message}`, error.field);
    throw error;
  }
}
