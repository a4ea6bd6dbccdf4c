/** Members of a message, and bytes, as text that people read. */
import type { Json } from '../../../ctap/trace/entry.ts';

/** Digits of a byte string among members, and of a whole message, that are shown. */
const MEMBER_DIGITS = 256;
const MESSAGE_DIGITS = 1024;
const MOST_ITEMS = 40;

type JsonObject = { readonly [name: string]: Json };

/** One member a line, what is inside of one two spaces further in. */
export function membersText(fields: JsonObject, indent = ''): string {
  return Object.entries(fields)
    .map(([name, value]) => `${indent}${name}:${valueText(value, indent)}`)
    .join('\n');
}

function valueText(value: Json, indent: string): string {
  if (typeof value === 'string') return ` ${shorten(value, MEMBER_DIGITS) || '(empty)'}`;
  if (value === null || typeof value !== 'object') return ` ${value}`;
  if (isList(value)) return listText(value, indent);
  if (typeof value.hidden === 'number') return ` hidden, ${value.hidden} bytes`;
  return Object.keys(value).length === 0 ? ' (empty)' : `\n${membersText(value, `${indent}  `)}`;
}

function listText(items: readonly Json[], indent: string): string {
  if (items.length === 0) return ' (none)';
  const shown = items.slice(0, MOST_ITEMS);
  const rest = items.length > shown.length ? ` and ${items.length - shown.length} more` : '';
  if (shown.every((item) => item === null || typeof item !== 'object')) {
    return ` ${shown.map((item) => shorten(String(item), MEMBER_DIGITS)).join(', ')}${rest}`;
  }
  const lines = shown.map((item) => `${indent}  -${valueText(item, `${indent}  `)}`);
  return `\n${lines.join('\n')}${rest === '' ? '' : `\n${indent} ${rest}`}`;
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

function shorten(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most)}… (${text.length} characters)`;
}

/** Hexadecimal in groups of four bytes. */
export function bytesText(hex: string): string {
  const shown = hex.slice(0, MESSAGE_DIGITS).replace(/(.{8})(?=.)/g, '$1 ');
  return hex.length > MESSAGE_DIGITS ? `${shown} … (${hex.length / 2} bytes)` : shown;
}
