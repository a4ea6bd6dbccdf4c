/** The checks over an authenticator that others wrote: what they find in nid-webauthn-emulator 0.2.11. */
// Not among the unit tests, which also run under Node 26: there its CBOR library writes the first byte of a map alone.

import { AuthenticatorEmulator } from 'nid-webauthn-emulator';
import { expect, it } from 'vitest';
import { checkGroups } from '../../../harness/conformance/checks/index.ts';
import { runChecks } from '../../../harness/conformance/runner.ts';
import { type Answering, ForeignBench } from './foreign-bench.ts';
import { findings } from './nid-webauthn-emulator-findings.ts';

const OTHER_ERROR = 0x7f;
const GROUPS = [
  'authenticatorGetInfo',
  'authenticatorGetInfo consistency',
  'authenticatorMakeCredential',
  'authenticatorSelection',
  'authenticatorReset',
];

/** It answers with what it returns, or with the status of what it throws. */
function authenticator(): Answering {
  const emulator = new AuthenticatorEmulator();
  return async ([command = 0, ...parameters]) => {
    try {
      const data = parameters.length > 0 ? { data: Uint8Array.from(parameters) } : {};
      const answer = emulator.command({ command, ...data });
      return Uint8Array.of(answer.status, ...(answer.data ?? []));
    } catch (error) {
      const status = error instanceof Error && 'status' in error ? error.status : undefined;
      return Uint8Array.of(typeof status === 'number' ? status : OTHER_ERROR);
    }
  };
}

it('finds what this authenticator does against the specification, and nothing more', async () => {
  const groups = checkGroups.filter(({ name }) => GROUPS.includes(name));
  const bench = new ForeignBench('nid-webauthn-emulator', authenticator);
  const run = await runChecks(bench, { groups, allowance: { reset: true, seconds: 600 }, program: 'test' });
  const found = run.results.filter(({ outcome }) => outcome === 'failed' || outcome === 'warning');
  expect(Object.fromEntries(found.map(({ id, reason }) => [id, reason]))).toEqual(findings);
  expect(run.counts.passed).toBeGreaterThan(5);
});
