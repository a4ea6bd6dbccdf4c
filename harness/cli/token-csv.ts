/** Lists of programmable tokens: what is provisioned, what Duo imports, what Token2 delivers. */
import { CsvError, parse } from 'csv-parse/sync';
import { fromHex, toHex } from '../../ctap/bytes.ts';
import { fromBase32 } from '../../ctap/otp/base32.ts';
import { MAX_TOKEN_SEED } from '../../ctap/token2/programmable-token.ts';
import { Failure } from './failure.ts';

/** One line of a list. */
export interface TokenRow {
  readonly serial: string;
  readonly secret: Uint8Array;
  /** Seconds of a time step; a token knows 30 and 60. */
  readonly period: 30 | 60;
}

/** Columns by any of the names that lists give them, in lower case and without spaces. */
const COLUMNS: Readonly<Record<Column, readonly string[]>> = {
  serial: ['serial', 'serialnumber'],
  secret: ['secret', 'secretkey', 'seed'],
  period: ['step', 'period', 'interval', 'timeinterval'],
};
type Column = 'serial' | 'secret' | 'period';
/** The order in a list without names. */
const ORDER: readonly Column[] = ['serial', 'secret', 'period'];

export type SecretEncoding = 'base32' | 'hex';

/**
 * Reads a list: serial, secret, step; or with a line of names, as Token2's "Azure MFA" lists have
 * (upn, serial number, secret key, time interval, manufacturer, model).
 * @throws Failure "usage" that names line and field; secrets are never shown
 */
export function parseTokenList(text: string, encoding: SecretEncoding): readonly TokenRow[] {
  const lines = readLines(text);
  const [first] = lines;
  if (first === undefined) throw new Failure('usage', 'the list is empty');
  const names = first.cells.map((cell) => cell.toLowerCase().replace(/[\s_-]/g, ''));
  const named = names.some((name) => COLUMNS.serial.includes(name));
  const place = (column: Column) =>
    named ? names.findIndex((name) => COLUMNS[column].includes(name)) : ORDER.indexOf(column);
  if (named && place('secret') < 0)
    throw new Failure('usage', `line ${first.line}: expected a column "secret key", got none`);
  const rows = (named ? lines.slice(1) : lines).map(({ line, cells }) => ({
    serial: readSerial(cells[place('serial')], line),
    secret: readSecret(cells[place('secret')], line, encoding),
    period: readPeriod(cells[place('period')], line),
  }));
  const seen = new Set<string>();
  for (const [index, { serial }] of rows.entries()) {
    if (seen.has(serial)) throw wrong(lines[named ? index + 1 : index]!.line, 'serial', `${serial} comes twice`);
    seen.add(serial);
  }
  return rows;
}

interface Line {
  readonly line: number;
  readonly cells: readonly string[];
}

function readLines(text: string): Line[] {
  try {
    const records = parse(text, {
      bom: true,
      trim: true,
      info: true,
      relax_column_count: true,
      skip_empty_lines: true,
    });
    return (records as unknown as { info: { lines: number }; record: string[] }[]).map(({ info, record }) => ({
      line: info.lines,
      cells: record,
    }));
  } catch (error) {
    if (error instanceof CsvError)
      throw new Failure('usage', `the list is no CSV: ${error.message}`, undefined, { cause: error });
    throw error;
  }
}

function wrong(line: number, field: string, detail: string): Failure {
  return new Failure('usage', `line ${line}: ${field}: ${detail}`);
}

function readSerial(text: string | undefined, line: number): string {
  if (text !== undefined && /^[0-9A-Za-z-]{1,128}$/.test(text)) return text;
  throw wrong(line, 'serial', `expected 1 to 128 letters and digits, got ${JSON.stringify(text ?? '')}`);
}

function readSecret(text: string | undefined, line: number, encoding: SecretEncoding): Uint8Array {
  let secret: Uint8Array;
  try {
    secret = encoding === 'hex' ? fromHex(text ?? '') : fromBase32(text ?? '');
  } catch (error) {
    // What fromHex says shows digits.
    const detail = encoding === 'hex' ? 'expected an even number of hexadecimal digits' : (error as Error).message;
    throw wrong(line, 'secret', detail);
  }
  if (secret.length >= 1 && secret.length <= MAX_TOKEN_SEED) return secret;
  throw wrong(line, 'secret', `expected 1 to ${MAX_TOKEN_SEED} bytes, got ${secret.length}`);
}

function readPeriod(text: string | undefined, line: number): 30 | 60 {
  if (text === undefined || text === '' || text === '30') return 30;
  if (text === '60') return 60;
  throw wrong(line, 'step', `expected 30 or 60 seconds, got ${JSON.stringify(text)}`);
}

/** Duo's import of hardware tokens: serial, secret in hexadecimal, step in seconds; one a line. */
export function formatDuoList(rows: readonly TokenRow[]): string {
  return rows.map(({ serial, secret, period }) => `${serial},${toHex(secret)},${period}\n`).join('');
}
