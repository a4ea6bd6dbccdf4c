import { describe, expect, it } from 'vitest';
import { digitStrokes, Led, pressReport, readStrokes, releaseReport, Usage } from '../../ctap/otp/keyboard-usages.ts';
import { manualClock } from '../../emulator/clock.ts';
import { Keyboard, REPORT_INTERVAL } from '../../emulator/keyboard.ts';

/** A keyboard in a host that writes down what comes, and when. */
function plug() {
  const clock = manualClock(0);
  const keyboard = new Keyboard(clock);
  const reports: { readonly at: number; readonly report: Uint8Array }[] = [];
  const host = keyboard.plugIn((report) => reports.push({ at: clock.now(), report }));
  const type = async (...strokes: Parameters<Keyboard['type']>[0]) => {
    let settled = false;
    const typing = keyboard.type(strokes).finally(() => {
      settled = true;
    });
    typing.catch(() => {});
    for (;;) {
      await new Promise(setImmediate);
      if (settled) return typing;
      clock.advance(REPORT_INTERVAL);
    }
  };
  return { clock, keyboard, reports, host, type, typed: () => readStrokes(reports.map(({ report }) => report)) };
}

describe('the keyboard', () => {
  it('presses and releases each key, repeated digits too, one report an interval', async () => {
    const { type, reports, typed } = plug();
    await type(...digitStrokes('1122'), { usage: Usage.ENTER });
    expect(typed()).toEqual([...digitStrokes('1122'), { usage: Usage.ENTER }]);
    expect(reports.map(({ report }) => report)).toEqual(
      [...digitStrokes('1122'), { usage: Usage.ENTER }].flatMap((stroke) => [pressReport(stroke), releaseReport()]),
    );
    expect(reports.at(-1)!.at - reports[0]!.at).toBe((reports.length - 1) * REPORT_INTERVAL);
  });

  it('types one thing after the other', async () => {
    const { keyboard, type, typed } = plug();
    const first = keyboard.type(digitStrokes('12'));
    await type(...digitStrokes('34'));
    await first;
    expect(typed()).toEqual(digitStrokes('1234'));
  });

  it('switches NumLock on for the keypad where the host has it off, and off again', async () => {
    const { type, host, typed } = plug();
    const numLock = { usage: Usage.NUM_LOCK };
    const keypad = digitStrokes('42', { keypad: true });
    host.output(Uint8Array.of(Led.CAPS_LOCK));
    await type(...keypad);
    expect(typed()).toEqual([numLock, ...keypad, numLock]);
    // A host that has no LED on at plugging in says nothing.
    const silent = plug();
    await silent.type(...keypad);
    expect(silent.typed()).toEqual([numLock, ...keypad, numLock]);
  });

  it('leaves NumLock alone where it is on or does not matter', async () => {
    const keypad = digitStrokes('42', { keypad: true });
    const on = plug();
    on.host.output(Uint8Array.of(Led.NUM_LOCK));
    await on.type(...keypad);
    expect(on.typed()).toEqual(keypad);
    const topRow = plug();
    topRow.host.output(Uint8Array.of(0));
    await topRow.type(...digitStrokes('42'));
    expect(topRow.typed()).toEqual(digitStrokes('42'));
  });

  it('fails where it is not plugged in, and types again after', async () => {
    const { keyboard, host, type } = plug();
    host.unplug();
    await expect(keyboard.type(digitStrokes('1'))).rejects.toThrow(/unplugged before all was typed/);
    const seen: Uint8Array[] = [];
    keyboard.plugIn((report) => seen.push(report));
    await type(...digitStrokes('1'));
    expect(readStrokes(seen)).toEqual(digitStrokes('1'));
  });
});
