/** The JSON that a WebDriver client sends, member by member. */
import { fromBase64Url } from '../../../ctap/bytes.ts';
import { expected, WebDriverError } from './error.ts';

export type JsonObject = Readonly<Record<string, unknown>>;

/** @throws WebDriverError invalid argument */
export function jsonObject(value: unknown, name = 'parameters'): JsonObject {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonObject;
  throw expected(`a JSON object as ${name}`, value);
}

export class Parameters {
  readonly #members: JsonObject;

  /** @throws WebDriverError invalid argument where `value` is no JSON object */
  constructor(value: unknown) {
    this.#members = jsonObject(value);
  }

  /** @throws WebDriverError invalid argument for a member that is not among them */
  only(names: readonly string[]): void {
    const other = Object.keys(this.#members).find((name) => !names.includes(name));
    if (other !== undefined) throw expected(`no other members than ${names.join(', ')}`, other);
  }

  /** True where the member is there, and not null. */
  has(name: string): boolean {
    return this.#members[name] !== undefined && this.#members[name] !== null;
  }

  text(name: string): string {
    return this.#typed(name, 'string') as string;
  }

  /** One of the words. */
  word<T extends string>(name: string, words: readonly T[]): T {
    const value = this.#members[name];
    const found = words.find((word) => word === value);
    if (found !== undefined) return found;
    throw expected(`${name} to be one of ${words.join(', ')}`, value);
  }

  /** @param fallback for a member that is not there; without one it must be */
  bool(name: string, fallback?: boolean): boolean {
    if (fallback !== undefined && this.#members[name] === undefined) return fallback;
    return this.#typed(name, 'boolean') as boolean;
  }

  /** An unsigned integer of 32 bits. */
  count(name: string): number {
    const value = this.#members[name];
    if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 0xffff_ffff) return value;
    throw expected(`${name} to be an integer from 0 to 4294967295`, value);
  }

  /** Bytes in base64url. */
  bytes(name: string): Uint8Array {
    return decodeBytes(this.text(name), name);
  }

  /** An array of texts; an empty one where the member is not there. */
  texts(name: string): string[] {
    const value = this.#members[name];
    if (value === undefined) return [];
    if (Array.isArray(value) && value.every((entry) => typeof entry === 'string')) return value;
    throw expected(`${name} to be an array of strings`, value);
  }

  #typed(name: string, type: 'string' | 'boolean'): unknown {
    const value = this.#members[name];
    if (typeof value === type) return value;
    throw expected(`${name} to be a ${type}`, value);
  }
}

/** @throws WebDriverError invalid argument */
export function decodeBytes(text: string, name: string): Uint8Array {
  try {
    // Selenium sends the padding, which base64url does without.
    return fromBase64Url(text.replace(/={1,2}$/, ''));
  } catch {
    throw new WebDriverError('invalid argument', `expected ${name} to be base64url, got ${JSON.stringify(text)}`);
  }
}
