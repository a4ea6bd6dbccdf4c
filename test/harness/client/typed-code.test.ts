import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { digitStrokes, pressReport, releaseReport, Usage } from '../../../ctap/otp/keyboard-usages.ts';
import { typedCode } from '../../../harness/client/typed-code.ts';
import type { KeyboardConnection } from '../../../harness/transports/usb.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** A keyboard that types when it is told to. */
function keyboard() {
  let send: (report: Uint8Array) => void = () => {};
  let lose: (error: Error) => void = () => {};
  const connection: KeyboardConnection = {
    onReport(listener) {
      send = listener;
    },
    onGone(listener) {
      lose = listener;
    },
    close: async () => {},
  };
  const type = (...usages: readonly number[]) => {
    for (const usage of usages) for (const report of [pressReport({ usage }), releaseReport()]) send(report);
  };
  return { connection, type, lose: (error: Error) => lose(error) };
}

const keys = (code: string, keypad = false) => digitStrokes(code, { keypad }).map(({ usage }) => usage);

describe('a typed code', () => {
  it.each([
    ['ends with Enter', [...keys('755224'), Usage.ENTER], 150],
    ['ends with a pause where there is no Enter', keys('755224'), 500],
    [
      'is read from a keypad between two taps on NumLock',
      [Usage.NUM_LOCK, ...keys('755224', true), Usage.KEYPAD_ENTER, Usage.NUM_LOCK],
      150,
    ],
  ])('%s', async (_, usages, wait) => {
    const { connection, type } = keyboard();
    let code: string | undefined;
    void typedCode(connection).then((typed) => {
      code = typed;
    });
    type(...usages);
    await vi.advanceTimersByTimeAsync(wait - 1);
    expect(code).toBeUndefined();
    await vi.advanceTimersByTimeAsync(1);
    expect(code).toBe('755224');
  });

  it('is not waited for longer than told', async () => {
    const { connection } = keyboard();
    const waiting = expect(typedCode(connection, { timeout: 2000 })).rejects.toMatchObject({
      name: 'TimeoutError',
      message: 'expected the key to type within 2 s, it typed nothing',
    });
    await vi.advanceTimersByTimeAsync(2000);
    await waiting;
  });

  it('of a keyboard that goes is no code', async () => {
    const { connection, type, lose } = keyboard();
    const waiting = expect(typedCode(connection)).rejects.toThrow('gone');
    type(Usage.DIGIT_1);
    lose(new Error('gone'));
    await waiting;
  });
});
