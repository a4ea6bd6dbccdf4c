/** Sentences of checks: what was expected, and what came. */
import { equalBytes, toHex } from '../../ctap/bytes.ts';
import { Status, type StatusName, statusName } from '../../ctap/status.ts';
import type { Answer } from './answer.ts';
import { CheckFailure } from './check-failure.ts';

/** @throws CheckFailure `expected …` where it does not hold */
export function expect(holds: boolean, expected: string, got?: unknown): asserts holds {
  if (!holds) throw new CheckFailure(`expected ${expected}${got === undefined ? '' : `, got ${shown(got)}`}`);
}

export function expectEqual(got: unknown, wanted: unknown, what: string): void {
  const same =
    got instanceof Uint8Array && wanted instanceof Uint8Array ? equalBytes(got, wanted) : Object.is(got, wanted);
  expect(same, `${what} to be ${shown(wanted)}`, got ?? 'none');
}

/** The answer's status is one of these. */
export function expectStatus(answer: Answer, ...wanted: readonly StatusName[]): void {
  const fits = wanted.some((name) => Status[name] === answer.status);
  expect(fits, wanted.join(' or '), statusName(answer.status));
}

export function expectOk(answer: Answer): void {
  expectStatus(answer, 'CTAP2_OK');
}

/** The key says no, in whatever words: for rules whose status the specification leaves open. */
export function expectRefused({ status }: Answer): void {
  expect(status !== Status.CTAP2_OK, 'a refusal', statusName(status));
}

function shown(value: unknown): string {
  if (value instanceof Uint8Array)
    return value.length > 40 ? `${toHex(value.subarray(0, 40))}…` : toHex(value) || 'no bytes';
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value));
}
