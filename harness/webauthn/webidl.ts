/**
 * Reading JSON as a WebIDL dictionary. Stricter than WebIDL where it would turn a value of the wrong type into
 * text or a number: a server that sends one has a fault that a test should see.
 */
import { fromBase64Url } from '../../ctap/bytes.ts';
import { webauthnError } from './errors.ts';

/** Converts one JSON value; `path` names the place in error messages. @throws TypeError, or what it documents */
export type Convert<T> = (value: unknown, path: string) => T;

function kindOf(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'object') return 'an object';
  return typeof value === 'string' ? `the text "${value.slice(0, 40)}"` : `the ${typeof value} ${value}`;
}

function wrongType(path: string, expected: string, value: unknown): TypeError {
  return new TypeError(`${path}: expected ${expected}, got ${kindOf(value)}`);
}

export const text: Convert<string> = (value, path) => {
  if (typeof value !== 'string') throw wrongType(path, 'text', value);
  return value;
};

export const boolean: Convert<boolean> = (value, path) => {
  if (typeof value !== 'boolean') throw wrongType(path, 'true or false', value);
  return value;
};

/** `long`: a COSE algorithm identifier. */
export const long: Convert<number> = (value, path) => {
  if (typeof value !== 'number' || !Number.isInteger(value) || Math.abs(value) > 0x7fffffff) {
    throw wrongType(path, 'a whole number of 32 bits', value);
  }
  return value;
};

/** `unsigned long`: milliseconds. */
export const unsignedLong: Convert<number> = (value, path) => {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > 0xffffffff) {
    throw wrongType(path, 'a whole number from 0 to 4294967295', value);
  }
  return value;
};

/** `Base64URLString`: without padding, as WebAuthn Level 3 §3 defines it. @throws DOMException EncodingError */
export const base64Url: Convert<Uint8Array> = (value, path) => {
  const encoded = text(value, path);
  try {
    if (encoded.includes('=')) throw new TypeError('expected base64url without padding');
    return fromBase64Url(encoded);
  } catch (cause) {
    throw webauthnError('EncodingError', `${path}: ${(cause as Error).message}`, cause);
  }
};

export function sequence<T>(item: Convert<T>): Convert<T[]> {
  return (value, path) => {
    if (!Array.isArray(value)) throw wrongType(path, 'an array', value);
    return value.map((entry, index) => item(entry, `${path}[${index}]`));
  };
}

/** A DOMString member with known values: any other is as if the member were absent (WebAuthn Level 3 §2.1.1). */
export function known<const T extends string>(...values: readonly T[]): Convert<T | undefined> {
  return (value, path) => {
    const given = text(value, path);
    return values.find((candidate) => candidate === given);
  };
}

/** `record<DOMString, T>`. */
export function record<T>(item: Convert<T>): Convert<Map<string, T>> {
  return (value, path) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrongType(path, 'an object', value);
    return new Map(Object.entries(value).map(([key, entry]) => [key, item(entry, `${path}.${key}`)]));
  };
}

/** The members of a dictionary, read one by one; those that nobody reads are ignored. */
export class Dictionary {
  readonly #members: Record<string, unknown>;
  readonly #path: string;

  /** `null` is an empty dictionary, as in WebIDL. */
  constructor(value: unknown, path: string) {
    if (typeof value !== 'object' || Array.isArray(value)) throw wrongType(path, 'an object', value);
    this.#members = (value ?? {}) as Record<string, unknown>;
    this.#path = path;
  }

  /** A required member. */
  need<T>(name: string, convert: Convert<T>): T {
    return convert(this.#members[name], `${this.#path}.${name}`);
  }

  /** An optional member. */
  may<T>(name: string, convert: Convert<T>): T | undefined {
    return this.#members[name] === undefined ? undefined : this.need(name, convert);
  }
}
