/** One check over a key: its steps in time, and what came of them. */
import { toHex } from '../../ctap/bytes.ts';
import { type Bench, type KeyState, NotReady } from './bench.ts';
import type { Check } from './check.ts';
import { inTime } from './in-time.ts';
import { NotApplicable } from './not-applicable.ts';
import type { CheckResult, TrafficJSON } from './result.ts';
import { Subject } from './subject.ts';
import type { LoggedTraffic } from './traffic-log.ts';

/** Seconds that a check may take beyond what it waits on purpose. */
const PATIENCE = 60;
/** Seconds that a key in somebody's hand may take for each touch. */
const PATIENCE_OF_A_TOUCH = 30;
/** Seconds that it may take to close a connection. */
const CLOSING = 5;

/** A check in its group. */
export interface ListedCheck {
  readonly group: string;
  readonly check: Check;
}

export interface TryOut {
  readonly result: CheckResult;
  /** `left-out`: the key is not in the state that the check asks for. `failed`: nor could it be brought there. */
  readonly beginning: 'done' | 'left-out' | 'failed';
}

/** Runs a check. @param spoiled the check before has changed the key in ways that only a reset undoes */
export async function tryOut(bench: Bench, item: ListedCheck, spoiled: boolean): Promise<TryOut> {
  const { check } = item;
  const { needs = {} } = check;
  const began = performance.now();
  let state: KeyState;
  try {
    const { finger = false, attempts = 0, powerUp = false, fills = false } = needs;
    state = await bench.begin({ pin: finger ? true : needs.pin, finger, attempts, spoiled, powerUp, fills });
  } catch (error) {
    const leftOut = error instanceof NotReady;
    const reason = leftOut ? error.message : `the key could not be made ready: ${messageOf(error)}`;
    const result = resultOf(item, 'not-run', performance.now() - began, reason);
    return { result, beginning: leftOut ? 'left-out' : 'failed' };
  }
  const subject = new Subject(bench, state);
  const since = Date.now();
  let result: CheckResult;
  try {
    bench.user(needs.user ?? 'touches');
    await inTime(patience(bench, check), 'the check took', async () => {
      await subject.connect();
      await check.run(subject);
    });
    result = resultOf(item, 'passed', performance.now() - began);
  } catch (error) {
    const missed = check.severity === 'warning' ? 'warning' : 'failed';
    const outcome = error instanceof NotApplicable ? 'not-applicable' : missed;
    result = resultOf(item, outcome, performance.now() - began, messageOf(error));
  } finally {
    // a key that is gone has been told of already
    await inTime(CLOSING, 'closing took', () => subject.close()).catch(() => undefined);
  }
  const { entries, dropped } = subject.traffic;
  const traffic = entries.map((entry) => trafficJSON(entry, since, bench.carrier === 'hid'));
  return { result: { ...result, traffic, ...(dropped > 0 ? { trafficDropped: dropped } : {}) }, beginning: 'done' };
}

function patience({ virtual }: Bench, { needs: { seconds = 0, touches = 0 } = {} }: Check): number {
  return PATIENCE + (virtual ? 0 : seconds + touches * PATIENCE_OF_A_TOUCH);
}

export function resultOf(
  { group, check }: ListedCheck,
  outcome: CheckResult['outcome'],
  milliseconds: number,
  reason?: string,
): CheckResult {
  const { id, section, statement, severity = 'error' } = check;
  const rounded = Math.round(milliseconds * 10) / 10;
  return {
    id,
    group,
    section,
    statement,
    severity,
    outcome,
    ...(reason === undefined ? {} : { reason }),
    milliseconds: rounded,
  };
}

function trafficJSON({ at, direction, bytes }: LoggedTraffic, since: number, padded: boolean): TrafficJSON {
  let end = bytes.length;
  while (padded && end > 0 && bytes[end - 1] === 0) end--;
  return { at: at - since, direction, bytes: toHex(bytes.subarray(0, end)) };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
