import { describe, expect, test } from 'vitest';
import { type Ceremony, describeFailure, Refusal, Unreachable } from '../../../harness/sites/duo/browser/failure.ts';

const enroll: Ceremony = { kind: 'enroll', elapsed: 10, timeout: 60_000 };
const signIn: Ceremony = { ...enroll, kind: 'sign-in' };

describe('what a page says of a failed ceremony', () => {
  test.each([
    ['AbortError', enroll, 'cancelled'],
    ['NotAllowedError', enroll, 'denied'],
    ['NotAllowedError', { ...signIn, elapsed: 60_000 }, 'timeout'],
    ['InvalidStateError', enroll, 'already-enrolled'],
    ['InvalidStateError', signIn, 'wrong-key'],
    ['ConstraintError', enroll, 'key-unsuitable'],
    ['NotSupportedError', enroll, 'key-unsuitable'],
    ['SecurityError', signIn, 'wrong-site'],
    ['UnknownError', signIn, 'key-failed'],
  ] as const)('%s in %j is %s', (name, ceremony, code) => {
    expect(describeFailure(new DOMException('why', name), ceremony).code).toBe(code);
  });

  test("passes on the site's own sentences, and words for a wrong key", () => {
    expect(describeFailure(new Refusal('no_session', 'Say it.'), signIn)).toMatchObject({
      code: 'refused',
      text: 'Say it.',
    });
    expect(describeFailure(new Refusal('wrong_key', 'x'), signIn).code).toBe('wrong-key');
    expect(describeFailure(new Refusal('key_taken', 'x'), enroll).code).toBe('already-enrolled');
    expect(describeFailure(new Unreachable(), enroll).code).toBe('unreachable');
  });

  test('keeps what the browser threw, wrapped or not, and nothing of what it did not throw', () => {
    const thrown = { name: 'NotAllowedError', message: 'why' };
    const cause = new DOMException('why', 'NotAllowedError');
    expect(describeFailure(cause, signIn)).toMatchObject({ code: 'denied', thrown });
    expect(describeFailure(Object.assign(new Error('x', { cause }), { name: cause.name }), signIn)).toMatchObject({
      code: 'denied',
      thrown,
    });
    expect(describeFailure(new Refusal('wrong_key', 'x'), signIn)).not.toHaveProperty('thrown');
  });

  test('quotes an error that it does not know', () => {
    expect(describeFailure(new Error('strange'), enroll)).toMatchObject({ code: 'key-failed' });
    expect(describeFailure('strange', enroll).text).toContain('strange');
  });
});
