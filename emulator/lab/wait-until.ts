/** Waiting for what somebody else brings about. */
import { systemClock } from '../clock.ts';

export interface WaitOptions {
  /** Milliseconds of real time, whatever a lab's clock says: whoever waits lives outside. */
  readonly wait: number;
  /** Ends the waiting early. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Resolves as soon as `isSo` holds, at the end of the time at the latest.
 * @param watch calls its argument after each change that matters, and returns how to stop that
 * @returns whether it holds
 */
export function waitUntil(
  isSo: () => boolean,
  watch: (check: () => void) => () => void,
  { wait, signal }: WaitOptions,
): Promise<boolean> {
  if (isSo() || wait <= 0 || signal?.aborted) return Promise.resolve(isSo());
  return new Promise((resolve) => {
    const end = () => {
      stop();
      timer.cancel();
      signal?.removeEventListener('abort', end);
      resolve(isSo());
    };
    const stop = watch(() => isSo() && end());
    const timer = systemClock.after(wait, end);
    signal?.addEventListener('abort', end, { once: true });
  });
}
