/** How the keys of a lab are touched: by nobody's hand at once, by a person, never, or after a while. */
import type { Abortable, Clock, PresenceAnswer, PresenceRequest, UserPresence } from '../environment.ts';
import { autoPresence, delayedPresence, denyPresence, ManualPresence } from '../presence.ts';

/** `after` waits that many milliseconds of the key's clock and touches then. */
export type TouchPolicy = 'auto' | 'manual' | 'deny' | { readonly after: number };

/**
 * Reads `auto`, `manual`, `deny` or `after=MS`.
 * @throws RangeError that lists what is possible
 */
export function parseTouchPolicy(text: string): TouchPolicy {
  if (text === 'auto' || text === 'manual' || text === 'deny') return text;
  const milliseconds = /^after=(\d{1,9})$/.exec(text)?.[1];
  if (milliseconds !== undefined) return { after: Number(milliseconds) };
  throw new RangeError(`expected auto, manual, deny or after=MS, got ${JSON.stringify(text)}`);
}

export function formatTouchPolicy(policy: TouchPolicy): string {
  return typeof policy === 'string' ? policy : `after=${policy.after}`;
}

/** The user of one key: follows the policy; with `manual`, whoever holds {@link manual}. */
export class LabPresence implements UserPresence {
  /** How the next questions are answered; what waits already goes on waiting. */
  policy: TouchPolicy;
  /** What waits for a hand; empty under any other policy than `manual`. */
  readonly manual: ManualPresence;
  readonly #clock: Clock;

  constructor(policy: TouchPolicy, clock: Clock) {
    this.policy = policy;
    this.manual = new ManualPresence(clock);
    this.#clock = clock;
  }

  request(request: PresenceRequest, abort: Abortable): Promise<PresenceAnswer> | PresenceAnswer {
    return this.#user.request(request, abort);
  }

  get #user(): UserPresence {
    if (this.policy === 'auto') return autoPresence;
    if (this.policy === 'deny') return denyPresence;
    if (this.policy === 'manual') return this.manual;
    return delayedPresence(this.#clock, this.policy.after);
  }
}
