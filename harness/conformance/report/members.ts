/** Members of a message, and bytes, as text that people read. */
import type { Json } from '../../../ctap/trace/entry.ts';

const MOST_ITEMS = 40;

type JsonObject = { readonly [name: string]: Json };

/** One member a line, what is inside of one two spaces further in. @param digits of a byte string that are shown */
export function membersText(fields: JsonObject, digits: number, indent = ''): string {
  return Object.entries(fields)
    .map(([name, value]) => `${indent}${name}:${valueText(value, digits, indent)}`)
    .join('\n');
}

function valueText(value: Json, digits: number, indent: string): string {
  if (typeof value === 'string') return ` ${shorten(value, digits) || '(empty)'}`;
  if (value === null || typeof value !== 'object') return ` ${value}`;
  if (isList(value)) return listText(value, digits, indent);
  if (typeof value.hidden === 'number') return ` hidden, ${value.hidden} bytes`;
  return Object.keys(value).length === 0 ? ' (empty)' : `\n${membersText(value, digits, `${indent}  `)}`;
}

function listText(items: readonly Json[], digits: number, indent: string): string {
  if (items.length === 0) return ' (none)';
  const shown = items.slice(0, MOST_ITEMS);
  const rest = items.length > shown.length ? ` and ${items.length - shown.length} more` : '';
  if (shown.every((item) => item === null || typeof item !== 'object')) {
    return ` ${shown.map((item) => shorten(String(item), digits)).join(', ')}${rest}`;
  }
  const lines = shown.map((item) => `${indent}  -${valueText(item, digits, `${indent}  `)}`);
  return `\n${lines.join('\n')}${rest === '' ? '' : `\n${indent} ${rest}`}`;
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

function shorten(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most)}… (${text.length - most} more)`;
}

/** Hexadecimal in groups of four bytes. @param digits that are shown */
export function bytesText(hex: string, digits: number): string {
  const shown = hex.slice(0, digits).replace(/(.{8})(?=.)/g, '$1 ');
  return hex.length > digits ? `${shown} … (${hex.length / 2} bytes)` : shown;
}
