import { beforeEach, describe, expect, it } from 'vitest';
import { type ManualClock, manualClock } from '../../emulator/clock.ts';
import type { PresenceRequest } from '../../emulator/environment.ts';
import {
  autoPresence,
  delayedPresence,
  denyPresence,
  ManualPresence,
  PRESENCE_TIMEOUT,
} from '../../emulator/presence.ts';

const request: PresenceRequest = { operation: 'getAssertion', rpId: 'example.com' };
const reason = new Error('cancelled');
let clock: ManualClock;
let abort: AbortController;
beforeEach(() => {
  clock = manualClock(5000);
  abort = new AbortController();
});

it('is there at once, or refused at once', () => {
  expect(autoPresence.request(request, abort)).toBe('touched');
  expect(denyPresence.request(request, abort)).toBe('denied');
});

describe('a touch after a delay', () => {
  it('comes when the delay is over', async () => {
    const answer = delayedPresence(clock, 2000).request(request, abort);
    let settled = false;
    Promise.resolve(answer).finally(() => {
      settled = true;
    });
    clock.advance(1999);
    await new Promise(setImmediate);
    expect(settled).toBe(false);
    clock.advance(1);
    expect(await answer).toBe('touched');
  });

  it('comes too late after the patience of the key', async () => {
    const answer = delayedPresence(clock, PRESENCE_TIMEOUT).request(request, abort);
    clock.advance(PRESENCE_TIMEOUT);
    expect(await answer).toBe('timeout');
  });

  it('is waited for no more after an abort', async () => {
    const answer = delayedPresence(clock, 2000).request(request, abort);
    abort.abort(reason);
    await expect(answer).rejects.toBe(reason);
    await expect(delayedPresence(clock, 2000).request(request, abort)).rejects.toBe(reason);
  });
});

describe('a touch by hand', () => {
  let presence: ManualPresence;
  beforeEach(() => {
    presence = new ManualPresence(clock);
  });

  it('answers what is asked, the oldest question first', async () => {
    const first = presence.request(request, abort);
    clock.advance(10);
    const second = presence.request({ operation: 'selection' }, abort);
    expect(presence.pending).toMatchObject([
      { request, since: 5000 },
      { request: { operation: 'selection' }, since: 5010 },
    ]);
    expect(presence.touch()).toBe(true);
    expect(await first).toBe('touched');
    expect(presence.deny()).toBe(true);
    expect(await second).toBe('denied');
    expect(presence.pending).toEqual([]);
  });

  it('does nothing where nothing is asked', () => {
    expect([presence.touch(), presence.deny()]).toEqual([false, false]);
  });

  it('times out after the patience of the key, and is not asked for then', async () => {
    const answer = presence.request(request, abort);
    clock.advance(PRESENCE_TIMEOUT - 1);
    expect(presence.pending).toHaveLength(1);
    clock.advance(1);
    expect(await answer).toBe('timeout');
    expect([presence.pending, presence.touch()]).toEqual([[], false]);
  });

  it('has the patience that it was given', async () => {
    const answer = new ManualPresence(clock, 100).request(request, abort);
    clock.advance(100);
    expect(await answer).toBe('timeout');
  });

  it('is asked for no more after an abort', async () => {
    const answer = presence.request(request, abort);
    abort.abort(reason);
    await expect(answer).rejects.toBe(reason);
    expect([presence.pending, presence.touch()]).toEqual([[], false]);
    await expect(presence.request(request, abort)).rejects.toBe(reason);
    clock.advance(PRESENCE_TIMEOUT);
  });

  it('tells listeners when a question comes and when it goes, until they stop', async () => {
    const seen: number[] = [];
    const stop = presence.onChange(() => seen.push(presence.pending.length));
    const first = presence.request(request, abort);
    presence.touch();
    await first;
    expect(seen).toEqual([1, 0]);
    stop();
    const second = presence.request(request, abort);
    presence.deny();
    await second;
    expect(seen).toEqual([1, 0]);
  });
});
