import { isJson, type Pairs, parsePairs } from './canonical.ts';
import { invalidParameter, missingParameter, type PageMetadata } from './envelope.ts';

/** Parameters of a call, from its query and its form or JSON body; the last of a name counts. */
export class Parameters {
  readonly #values: ReadonlyMap<string, string>;

  constructor(pairs: Pairs) {
    this.#values = new Map(pairs);
  }

  /** The value of a parameter; undefined where it is missing or empty, as Duo takes it. */
  text(name: string): string | undefined {
    const value = this.#values.get(name);
    return value === '' ? undefined : value;
  }

  /** Whether a parameter is there, though it be empty: to change a value to nothing. */
  has(name: string): boolean {
    return this.#values.has(name);
  }

  /** @throws ApiError 40001 where it is missing or empty */
  required(name: string): string {
    const value = this.text(name);
    if (value === undefined) throw missingParameter(name);
    return value;
  }

  /** @throws ApiError 40002 where it is not a whole number of that range */
  integer(name: string, minimum: number, maximum: number): number | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    const number = Number(value);
    if (!/^[0-9]{1,15}$/.test(value) || number < minimum || number > maximum) throw invalidParameter(name);
    return number;
  }

  /** @throws ApiError 40002 where it is none of these words */
  oneOf<const T extends string>(name: string, words: readonly T[]): T | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    const word = words.find((known) => known === value);
    if (word === undefined) throw invalidParameter(name);
    return word;
  }

  /** `limit` and `offset` of a list; a limit over the greatest is that one, as with Duo. */
  page(defaultLimit: number, maximumLimit: number): Page {
    const limit = this.integer('limit', 1, Number.MAX_SAFE_INTEGER) ?? defaultLimit;
    return { limit: Math.min(limit, maximumLimit), offset: this.integer('offset', 0, Number.MAX_SAFE_INTEGER) ?? 0 };
  }
}

/** A part of a list. */
export interface Page {
  readonly limit: number;
  readonly offset: number;
}

/** The metadata of a page of a list of `total` things. */
export function pageMetadata({ limit, offset }: Page, total: number): PageMetadata {
  return {
    ...(offset + limit < total ? { next_offset: offset + limit } : {}),
    ...(offset > 0 ? { prev_offset: Math.max(0, offset - limit) } : {}),
    total_objects: total,
  };
}

/**
 * The parameters of a request.
 * @throws ApiError 40002 for a JSON body that is not one object of plain values
 */
export function readParameters(query: Pairs, contentType: string, body: string): Parameters {
  if (body === '') return new Parameters(query);
  if (!isJson(contentType)) return new Parameters([...query, ...parsePairs(body)]);
  return new Parameters([...query, ...jsonPairs(body)]);
}

function jsonPairs(body: string): Pairs {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    throw invalidParameter('the body: expected JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalidParameter('the body: expected a JSON object');
  }
  return Object.entries(value).flatMap(([name, member]: [string, unknown]): [string, string][] => {
    if (member === null || member === undefined) return [];
    if (typeof member === 'object') throw invalidParameter(name);
    return [[name, String(member)]];
  });
}
