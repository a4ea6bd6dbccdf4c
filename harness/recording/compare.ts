/** Where two recordings part: member by member, in the specification's names. */
import { fromHex } from '../../ctap/bytes.ts';
import type { Json } from '../../ctap/trace/entry.ts';
import { explainRequest, explainResponse } from '../../ctap/trace/explain.ts';
import { explainU2fRequest, explainU2fResponse } from '../../ctap/trace/explain-u2f.ts';
import type { MessageStep, Recording, Step } from './format.ts';

export interface Difference {
  /** The step, counted from 1; 0 for the key itself. */
  readonly step: number;
  /** As `response.members.authData.signCount`. */
  readonly path: string;
  /** JSON, or undefined where there is nothing. */
  readonly expected: Json | undefined;
  readonly got: Json | undefined;
}

/** All differences but of times. Bytes count: what was decoded when it was recorded is not believed. */
export function compareRecordings(expected: Recording, got: Recording): Difference[] {
  const differences = [...compare(0, 'key', keyOf(expected), keyOf(got))];
  const count = Math.max(expected.steps.length, got.steps.length);
  for (let index = 0; index < count; index++) {
    const [a, b] = [expected.steps[index], got.steps[index]].map((step) => step && timeless(step));
    differences.push(...compare(index + 1, '', a, b));
  }
  return differences;
}

/** One line for each difference. */
export function formatDifference({ step, path, expected, got }: Difference): string {
  const where = step === 0 ? path : `step ${step}${path === '' ? '' : `, ${path}`}`;
  return `${where}: expected ${told(expected)}, got ${told(got)}`;
}

function told(value: Json | undefined): string {
  if (value === undefined) return 'nothing';
  const text = JSON.stringify(value);
  return text.length > 120 ? `${text.slice(0, 120)}...` : text;
}

function keyOf({ key }: Recording): Json {
  return { model: key.model, seed: key.seed };
}

function timeless(step: Step): Json {
  if (step.type !== 'message') {
    const { at, ...rest } = step;
    return rest as Json;
  }
  const { type, protocol, answers } = step;
  return { type, protocol, answers: answers as Json, ...explained(step) };
}

function explained({ protocol, request, response }: MessageStep): { request: Json; response: Json } {
  const asked = fromHex(request.hex);
  const answered = response && fromHex(response.hex);
  if (protocol === 'u2f') {
    return {
      request: { ...explainU2fRequest(asked), hex: request.hex },
      response: response && { ...explainU2fResponse(asked, answered!), hex: response.hex },
    };
  }
  return {
    request: { ...explainRequest(asked), hex: request.hex },
    response: response && { ...explainResponse(asked, answered!), hex: response.hex },
  };
}

/** `hex` is told only where no member shows the difference. */
function* compare(step: number, path: string, a: Json | undefined, b: Json | undefined): Generator<Difference> {
  if (!isObject(a) || !isObject(b)) {
    if (JSON.stringify(a) !== JSON.stringify(b)) yield { step, path, expected: a, got: b };
    return;
  }
  const names = [...new Set([...Object.keys(a), ...Object.keys(b)])];
  let found = false;
  for (const name of names.filter((other) => other !== 'hex')) {
    for (const difference of compare(step, path === '' ? name : `${path}.${name}`, a[name], b[name])) {
      found = true;
      yield difference;
    }
  }
  if (!found && names.includes('hex')) yield* compare(step, `${path}.hex`, a.hex, b.hex);
}

function isObject(value: Json | undefined): value is { readonly [name: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
