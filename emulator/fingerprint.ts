/** Ways for a finger to reach a virtual key's sensor: with whoever touches the key, or finger by finger as told. */
import type { EnrollFeedbackName } from '../ctap/commands/bio-enrollment.ts';
import type {
  Abortable,
  CaptureRequest,
  Clock,
  FingerprintReader,
  FingerprintSample,
  UserPresence,
} from './environment.ts';
import { PRESENCE_TIMEOUT } from './presence.ts';

/**
 * The sensor under the hand that touches the key: a touch is a good sample, of a fresh finger at the beginning of an
 * enrolment and of the first enrolled one for verification. Nobody who refuses puts a finger on it.
 */
export function handFingerprints(presence: UserPresence): FingerprintReader {
  return {
    async capture(request, abort) {
      const { purpose, rpId, userName } = request;
      const operation = purpose === 'enroll' ? 'enrollFingerprint' : 'verifyFingerprint';
      const answer = await presence.request(
        { operation, ...(rpId === undefined ? {} : { rpId }), ...(userName === undefined ? {} : { userName }) },
        abort,
      );
      return answer === 'touched' ? { finger: fittingFinger(request), feedback: 'FP_GOOD' } : 'timeout';
    },
  };
}

function fittingFinger({ purpose, enrolled, enrolling }: CaptureRequest): string {
  if (purpose === 'verify') return enrolled[0] ?? 'finger 1';
  if (enrolling !== undefined) return enrolling;
  let number = enrolled.length + 1;
  while (enrolled.includes(`finger ${number}`)) number++;
  return `finger ${number}`;
}

interface Waiting {
  readonly request: CaptureRequest;
  settle(outcome: FingerprintSample | 'timeout'): void;
}

/** A sensor that waits for the finger that somebody names; fingers that come early wait for the key. */
export class ManualFingerprints implements FingerprintReader {
  readonly #clock: Clock;
  readonly #timeout: number;
  readonly #early: FingerprintSample[] = [];
  #waiting: Waiting[] = [];

  constructor(clock: Clock, timeout: number = PRESENCE_TIMEOUT) {
    this.#clock = clock;
    this.#timeout = timeout;
  }

  /** What the key reads the sensor for right now, the oldest question first. */
  get pending(): readonly CaptureRequest[] {
    return this.#waiting.map(({ request }) => request);
  }

  /** Puts a finger on the sensor; one that nothing waits for is kept for the next capture. */
  present(finger: string, feedback: EnrollFeedbackName = 'FP_GOOD'): void {
    const [oldest] = this.#waiting;
    if (oldest) oldest.settle({ finger, feedback });
    else this.#early.push({ finger, feedback });
  }

  capture(request: CaptureRequest, { signal }: Abortable): Promise<FingerprintSample | 'timeout'> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      const early = this.#early.shift();
      if (early) return resolve(early);
      const leave = () => {
        timer.cancel();
        signal.removeEventListener('abort', abort);
        this.#waiting = this.#waiting.filter((other) => other !== waiting);
      };
      const waiting: Waiting = {
        request,
        settle: (outcome) => {
          leave();
          resolve(outcome);
        },
      };
      const abort = () => {
        leave();
        reject(signal.reason);
      };
      const patience = Math.min(request.timeoutMilliseconds ?? this.#timeout, this.#timeout);
      const timer = this.#clock.after(patience, () => waiting.settle('timeout'));
      signal.addEventListener('abort', abort, { once: true });
      this.#waiting.push(waiting);
    });
  }
}

/** The hand that touches the key, and fingers that somebody names: these come first, each of them once. */
export class PresentedFingerprints implements FingerprintReader {
  readonly #hand: FingerprintReader;
  readonly #early: FingerprintSample[] = [];
  readonly #waiting = new Set<(sample: FingerprintSample) => void>();

  constructor(presence: UserPresence) {
    this.#hand = handFingerprints(presence);
  }

  /** Puts a finger on the sensor: for what reads it now, else for what reads it next. */
  present(finger: string, feedback: EnrollFeedbackName = 'FP_GOOD'): void {
    const [oldest] = this.#waiting;
    if (oldest) oldest({ finger, feedback });
    else this.#early.push({ finger, feedback });
  }

  /** Takes away the fingers that nothing has read yet. */
  clear(): void {
    this.#early.length = 0;
  }

  async capture(request: CaptureRequest, { signal }: Abortable): Promise<FingerprintSample | 'timeout'> {
    const early = this.#early.shift();
    if (early) return early;
    const call = new AbortController();
    const abort = () => call.abort(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    let settle: (sample: FingerprintSample) => void = () => {};
    const presented = new Promise<FingerprintSample>((resolve) => {
      settle = resolve;
    });
    this.#waiting.add(settle);
    const touched = this.#hand.capture(request, call);
    try {
      return await Promise.race([presented, touched]);
    } finally {
      this.#waiting.delete(settle);
      signal.removeEventListener('abort', abort);
      call.abort(new DOMException('another finger was there first', 'AbortError'));
      touched.catch(() => undefined); // called off by the line above; its own failure came through the race
    }
  }
}
