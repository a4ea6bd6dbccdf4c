import { beforeEach, describe, expect, it } from 'vitest';
import { type ManualClock, manualClock, systemClock } from '../../emulator/clock.ts';

describe('a clock that is set', () => {
  let clock: ManualClock;
  let fired: string[];
  const note = (name: string) => () => fired.push(`${name} at ${clock.now()}`);
  beforeEach(() => {
    clock = manualClock(1000);
    fired = [];
  });

  it('stands still until it is moved', () => {
    clock.after(0, note('timer'));
    expect([clock.now(), fired]).toEqual([1000, []]);
    clock.advance(0);
    expect(fired).toEqual(['timer at 1000']);
  });

  it('fires timers in the order of their times, each at its own, and those of one time as they were set', () => {
    clock.after(30, note('c'));
    clock.after(10, note('a'));
    clock.after(20, note('b'));
    clock.after(20, note('b, later'));
    clock.after(31, note('not yet'));
    clock.advance(30);
    expect(fired).toEqual(['a at 1010', 'b at 1020', 'b, later at 1020', 'c at 1030']);
    expect(clock.now()).toBe(1030);
  });

  it('fires a timer once', () => {
    clock.after(10, note('timer'));
    clock.advance(10);
    clock.advance(100);
    expect(fired).toHaveLength(1);
  });

  it('fires timers that timers set, where they fall within the time', () => {
    const again = () => {
      note('again')();
      clock.after(40, again);
    };
    clock.after(40, again);
    clock.advance(100);
    expect(fired).toEqual(['again at 1040', 'again at 1080']);
  });

  it('forgets timers that are cancelled, also by another timer', () => {
    const [one, two] = [clock.after(10, note('one')), clock.after(20, note('two'))];
    clock.after(15, () => two.cancel());
    one.cancel();
    clock.advance(100);
    expect(fired).toEqual([]);
    one.cancel();
  });

  it('set forward fires timers', () => {
    clock.after(500, note('timer'));
    clock.set(2000);
    expect([fired, clock.now()]).toEqual([['timer at 1500'], 2000]);
  });

  it('set back leaves timers to wait as long as before', () => {
    clock.after(500, note('timer'));
    clock.advance(200);
    clock.set(100);
    expect([fired, clock.now()]).toEqual([[], 100]);
    clock.advance(299);
    expect(fired).toEqual([]);
    clock.advance(1);
    expect(fired).toEqual(['timer at 400']);
  });
});

describe("the system's clock", () => {
  it('tells milliseconds since 1970 and calls back', async () => {
    const before = Date.now();
    const now = systemClock.now();
    expect(now).toBeGreaterThanOrEqual(before);
    await new Promise<void>((resolve) => systemClock.after(1, resolve));
    expect(systemClock.now()).toBeGreaterThanOrEqual(now);
  });

  it('does not call back what was cancelled', async () => {
    let called = false;
    systemClock
      .after(0, () => {
        called = true;
      })
      .cancel();
    await new Promise<void>((resolve) => systemClock.after(5, resolve));
    expect(called).toBe(false);
  });
});
