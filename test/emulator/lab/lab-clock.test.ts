import { beforeEach, describe, expect, it } from 'vitest';
import { type ManualClock, manualClock } from '../../../emulator/clock.ts';
import { LabClock } from '../../../emulator/lab/lab-clock.ts';

let system: ManualClock;
let clock: LabClock;
let fired: string[];
beforeEach(() => {
  system = manualClock(1_000_000);
  clock = new LabClock({ base: system });
  fired = [];
});

const note = (name: string) => () => void fired.push(`${name} at ${clock.now()}`);

describe('the clock of a lab', () => {
  it('is the system’s at first', () => {
    clock.after(2000, note('a'));
    system.advance(2000);
    expect([clock.now(), fired]).toEqual([1_002_000, ['a at 1002000']]);
    expect(clock.state).toEqual({ now: 1_002_000, frozen: false, offset: 0 });
  });

  it('fires what comes due on its way, in order, and what that sets anew', () => {
    clock.after(5000, note('late'));
    clock.after(2000, () => {
      note('early')();
      clock.after(2000, note('again'));
    });
    clock.advance(4500);
    expect(fired).toEqual(['early at 1002000', 'again at 1004000']);
    expect(clock.now()).toBe(1_004_500);
    system.advance(500);
    expect(fired.at(-1)).toBe('late at 1005000');
  });

  it('counts what that sets anew from where it fired, however long the firing takes', () => {
    const slow = new LabClock({ base: { now: () => system.now(), after: () => ({ cancel() {} }) } });
    slow.after(2000, () => {
      system.advance(60_000); // the process was kept waiting
      slow.after(2000, note('again'));
    });
    slow.advance(2500);
    slow.advance(1500);
    expect(fired).toHaveLength(1);
  });

  it('leaves timers to wait as long as before where it is set back', () => {
    clock.after(3000, note('a'));
    system.advance(1000);
    clock.set(5000);
    system.advance(1999);
    expect(fired).toEqual([]);
    system.advance(1);
    expect(fired).toEqual(['a at 7000']);
  });

  it('stands still, while what paces the bus goes on', () => {
    clock.freeze();
    clock.after(2000, note('question'));
    clock.after(100, note('keepalive'));
    system.advance(10_000);
    expect(fired).toEqual(['keepalive at 1000000']);
    clock.advance(1500);
    expect(clock.state).toEqual({ now: 1_001_500, frozen: true, offset: -8500 });
    clock.unfreeze();
    system.advance(500);
    expect(fired.at(-1)).toBe('question at 1002000');
  });

  it('has no timer of real time where nothing paces the bus', () => {
    const leaping = new LabClock({ base: system, pacing: 0 });
    leaping.freeze();
    leaping.after(0, note('at once'));
    system.advance(1000);
    expect(fired).toEqual([]);
    leaping.advance(0);
    expect(fired).toHaveLength(1);
  });

  it('fires nothing that was called off', () => {
    const timer = clock.after(2000, note('a'));
    timer.cancel();
    clock.advance(10_000);
    system.advance(10_000);
    expect(fired).toEqual([]);
  });

  it('comes back to the system’s time', () => {
    clock.freeze();
    clock.set(5);
    clock.reset();
    expect(clock.state).toEqual({ now: 1_000_000, frozen: false, offset: 0 });
  });
});
