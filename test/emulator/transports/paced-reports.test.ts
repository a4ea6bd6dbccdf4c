import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { PacedReports } from '../../../emulator/transports/paced-reports.ts';

/** How many reports hidraw keeps for a reader. */
const HIDRAW_BUFFER = 64;

let written: number[];
let reports: PacedReports;

beforeEach(() => {
  vi.useFakeTimers();
  written = [];
  reports = new PacedReports((report) => written.push(report[0]!));
});
afterEach(() => vi.useRealTimers());

function send(count: number): number[] {
  const sent = Array.from({ length: count }, (_, index) => index & 0xff);
  for (const index of sent) reports.send(Uint8Array.of(index));
  return sent;
}

it('lets a message of a few reports go at once', () => {
  const sent = send(20);
  expect(written).toEqual(sent);
  expect(vi.getTimerCount()).toBe(0);
});

it('never overruns a reader that takes a report a millisecond', () => {
  const sent = send(129 * 3);
  for (let millisecond = 0; written.length < sent.length; millisecond++) {
    expect(written.length - millisecond).toBeLessThan(HIDRAW_BUFFER);
    vi.advanceTimersByTime(1);
  }
  expect(written).toEqual(sent);
  expect(vi.getTimerCount()).toBe(0);
});

it('keeps the order of what comes while others wait', () => {
  const sent = send(100);
  vi.advanceTimersByTime(8);
  sent.push(...send(100));
  vi.runAllTimers();
  expect(written).toEqual(sent);
});

it('allows the next burst after a rest', () => {
  send(32);
  expect(written).toHaveLength(32);
  send(1);
  expect(written).toHaveLength(32);
  vi.advanceTimersByTime(100);
  send(31);
  expect(written).toHaveLength(64);
});

it('sends nothing once it is closed', () => {
  send(100);
  reports.close();
  vi.runAllTimers();
  expect(written).toHaveLength(32);
});
