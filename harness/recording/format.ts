/** A recording: what pages asked of a key, what went over the wire, and when. One file of JSON. */
import type { Json } from '../../ctap/trace/entry.ts';

export const FORMAT = 'ctaplab recording';
export const VERSION = 1;

/** How the user answered one question: by a touch, by a finger, or not, for the request ended before. */
export type UserAnswer =
  | 'touched'
  | 'denied'
  | 'timeout'
  | 'cancelled'
  | { readonly finger: string; readonly feedback: string };

/** `at` is milliseconds since the key was made. */
export type Step =
  | { readonly at: number; readonly type: 'plug' | 'unplug' }
  | {
      readonly at: number;
      readonly type: 'ceremony';
      readonly ceremony: number;
      readonly request: 'create' | 'get';
      readonly origin: string;
      readonly mediation?: string;
      readonly options: Json;
    }
  | MessageStep
  | {
      readonly at: number;
      readonly type: 'outcome';
      readonly ceremony: number;
      /** The parsed clientDataJSON. */
      readonly clientData?: Json;
      readonly credential?: Json;
      readonly error?: { readonly name: string; readonly message: string };
    };

export interface MessageStep {
  readonly at: number;
  readonly type: 'message';
  /** The ceremony that it is part of. */
  readonly ceremony?: number;
  readonly protocol: 'ctap2' | 'u2f';
  /** From the request to the answer. */
  readonly milliseconds: number;
  readonly request: { readonly hex: string; readonly [name: string]: Json };
  /** In the order of the key's questions. */
  readonly answers: readonly UserAnswer[];
  /** Status byte and CBOR, or a U2F response; null where the key was gone before it answered. */
  readonly response: { readonly hex: string; readonly [name: string]: Json } | null;
}

export interface Recording {
  readonly format: typeof FORMAT;
  readonly version: typeof VERSION;
  readonly key: {
    /** Its name. */
    readonly model: string;
    /** Hexadecimal: makes the key again, private keys included. */
    readonly seed: string;
    /** When the key was made, ISO 8601. */
    readonly startedAt: string;
  };
  readonly steps: readonly Step[];
}

/** Reads what JSON.parse gave. @throws TypeError that says what was expected where, and what came */
export function parseRecording(value: unknown): Recording {
  const top = members(value, 'the file');
  expectThat(top.format === FORMAT, 'format', JSON.stringify(FORMAT), top.format);
  expectThat(top.version === VERSION, 'version', `${VERSION}`, top.version);
  const key = members(top.key, 'key');
  expectThat(typeof key.model === 'string', 'key.model', 'the name of a model', key.model);
  expectHex(key.seed, 'key.seed');
  expectThat(
    typeof key.startedAt === 'string' && !Number.isNaN(Date.parse(key.startedAt)),
    'key.startedAt',
    'a time in ISO 8601',
    key.startedAt,
  );
  expectThat(Array.isArray(top.steps), 'steps', 'a list', top.steps);
  for (const [index, step] of (top.steps as unknown[]).entries()) checkStep(step, `steps[${index}]`);
  return value as Recording;
}

const TYPES = ['plug', 'unplug', 'ceremony', 'message', 'outcome'];

function checkStep(value: unknown, path: string): void {
  const step = members(value, path);
  expectThat(TYPES.includes(step.type as string), `${path}.type`, TYPES.join(', '), step.type);
  const { at } = step;
  expectThat(typeof at === 'number' && at >= 0, `${path}.at`, 'milliseconds', at);
  if (step.type === 'ceremony' || step.type === 'outcome') {
    expectThat(Number.isSafeInteger(step.ceremony), `${path}.ceremony`, 'a number', step.ceremony);
  }
  if (step.type === 'ceremony') {
    expectThat(
      step.request === 'create' || step.request === 'get',
      `${path}.request`,
      '"create" or "get"',
      step.request,
    );
  }
  if (step.type !== 'message') return;
  const { protocol } = step;
  expectThat(protocol === 'ctap2' || protocol === 'u2f', `${path}.protocol`, '"ctap2" or "u2f"', protocol);
  expectHex(members(step.request, `${path}.request`).hex, `${path}.request.hex`);
  if (step.response !== null) expectHex(members(step.response, `${path}.response`).hex, `${path}.response.hex`);
  expectThat(Array.isArray(step.answers), `${path}.answers`, 'a list', step.answers);
  for (const [index, answer] of (step.answers as unknown[]).entries()) checkAnswer(answer, `${path}.answers[${index}]`);
}

const ANSWERS = ['touched', 'denied', 'timeout', 'cancelled'];

function checkAnswer(value: unknown, path: string): void {
  if (typeof value === 'string') {
    expectThat(ANSWERS.includes(value), path, ANSWERS.join(', '), value);
    return;
  }
  const { finger, feedback } = members(value, path);
  expectThat(typeof finger === 'string', `${path}.finger`, 'the name of a finger', finger);
  expectThat(typeof feedback === 'string', `${path}.feedback`, 'how its sample turned out', feedback);
}

function members(value: unknown, path: string): Readonly<Record<string, unknown>> {
  expectThat(typeof value === 'object' && value !== null && !Array.isArray(value), path, 'a JSON object', value);
  return value as Record<string, unknown>;
}

function expectHex(value: unknown, path: string): void {
  expectThat(typeof value === 'string' && /^([0-9a-f]{2})+$/.test(value), path, 'bytes in hexadecimal', value);
}

function expectThat(holds: boolean, path: string, expected: string, got: unknown): void {
  if (holds) return;
  throw new TypeError(`${path}: expected ${expected}, got ${got === undefined ? 'nothing' : shortened(got)}`);
}

function shortened(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 60)}...` : text;
}
