/** Entries of a trace as lines for a terminal. */
import { StatusWord } from '../iso7816/apdu.ts';
import type { Json, TraceEntry } from './entry.ts';

export interface TraceTextOptions {
  /** What times count from: milliseconds of the recorder's clock. Default: the entry's own time. */
  readonly start?: number | undefined;
  /** Write long byte strings and texts out. */
  readonly full?: boolean | undefined;
}

/** Hexadecimal digits of a byte string that are shown. */
const SHOWN_DIGITS = 16;
/** Characters of a text that are shown. */
const SHOWN_TEXT = 60;
/** Items of a list that are shown. */
const SHOWN_ITEMS = 8;

const statusWords = new Map<string, string>(
  Object.entries(StatusWord).map(([name, code]) => [code.toString(16).toUpperCase(), name]),
);

/**
 * One line, without its end: when, plug, channel, direction (`>` to the key, `<` from it), transaction, name, status,
 * time taken, keepalives, members, problems.
 */
export function formatTraceEntry(entry: TraceEntry, { start = entry.at, full = false }: TraceTextOptions = {}): string {
  const { at, plug, channel = entry.carrier, direction, transaction, name, subcommand, status, problems } = entry;
  const parts = [
    ((at - start) / 1000).toFixed(3).padStart(8),
    String(plug),
    channel.padEnd(8),
    direction === 'in' ? '>' : '<',
    (transaction === undefined ? '' : `#${transaction}`).padEnd(4),
    ...[name, subcommand, status && told(status)].filter((text) => text !== undefined),
    ...timing(entry),
    ...(entry.fields === undefined ? [] : [object(entry.fields, full)]),
    ...(entry.type === 'fragment' ? ['incomplete'] : []),
    ...(problems === undefined ? [] : [`! ${problems.map(printable).join('; ')}`]),
  ];
  return parts.join(' ').trimEnd();
}

function told(status: string): string {
  const meaning = statusWords.get(status);
  return meaning === undefined || status === '9000' ? status : `${status} ${meaning}`;
}

function timing({ duration, keepalives }: TraceEntry): string[] {
  if (duration === undefined) return [];
  const { processing, upNeeded } = keepalives ?? { processing: 0, upNeeded: 0 };
  const waits = [
    ...(processing > 0 ? [`${processing} processing`] : []),
    ...(upNeeded > 0 ? [`${upNeeded} user presence needed`] : []),
  ];
  return [`(${[`${duration.toFixed(1)} ms`, ...waits].join(', ')})`];
}

function object(fields: { readonly [name: string]: Json }, full: boolean): string {
  if (typeof fields.hidden === 'number' && Object.keys(fields).length === 1) return `<hidden, ${fields.hidden} bytes>`;
  const members = Object.entries(fields).map(([name, value]) => `${printable(name)}: ${json(value, full)}`);
  return `{${members.join(', ')}}`;
}

function json(value: Json, full: boolean): string {
  if (typeof value === 'string') return text(value, full);
  if (value === null || typeof value !== 'object') return String(value);
  if (!isList(value)) return object(value, full);
  const shown = full ? value : value.slice(0, SHOWN_ITEMS);
  const rest = value.length > shown.length ? [`${value.length - shown.length} more`] : [];
  return `[${[...shown.map((item) => json(item, full)), ...rest].join(', ')}]`;
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

function text(value: string, full: boolean): string {
  if (full) return printable(value);
  if (value.length > 2 * SHOWN_DIGITS && /^[0-9a-f]+$/.test(value)) {
    return `${value.slice(0, SHOWN_DIGITS)}.. (${value.length / 2} bytes)`;
  }
  return printable(value.length > SHOWN_TEXT ? `${value.slice(0, SHOWN_TEXT)}..` : value);
}

/** Names come from sites: no control characters of theirs reach the terminal. */
function printable(value: string): string {
  return value.replace(/\p{C}/gu, '\ufffd');
}
