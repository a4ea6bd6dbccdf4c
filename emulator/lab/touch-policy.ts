/** How the keys of a lab are touched: by nobody's hand at once, by a person, never, or after a while. */
import type { Abortable, Clock, PresenceAnswer, PresenceRequest, UserPresence } from '../environment.ts';
import { autoPresence, delayedPresence, denyPresence, ManualPresence, PRESENCE_TIMEOUT } from '../presence.ts';

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

/** How one question is answered: after that many milliseconds of the key's clock, or never. */
export type Decision = { readonly answer: 'touch' | 'deny'; readonly after: number } | { readonly answer: 'ignore' };

/**
 * The user of one key: first what was decided beforehand, a decision for each question, then by the policy; with
 * `manual`, whoever holds {@link manual}.
 */
export class LabPresence implements UserPresence {
  /** How the next questions are answered; what waits already goes on waiting. */
  policy: TouchPolicy;
  /** What waits for a hand; empty under any other policy than `manual`. */
  readonly manual: ManualPresence;
  readonly #clock: Clock;
  readonly #listeners = new Set<() => void>();
  #decisions: readonly Decision[] = [];
  #asking = 0;

  constructor(policy: TouchPolicy, clock: Clock) {
    this.policy = policy;
    this.manual = new ManualPresence(clock);
    this.#clock = clock;
  }

  /** What the next questions will get, the first one first. */
  get decisions(): readonly Decision[] {
    return this.#decisions;
  }

  set decisions(decisions: readonly Decision[]) {
    this.#decisions = [...decisions];
    this.#changed();
  }

  /** True while a question waits, whoever answers it. */
  get asking(): boolean {
    return this.#asking > 0;
  }

  /** Calls `listener` when a question comes or goes. @returns ends it */
  onChange(listener: () => void): () => void {
    const own = () => listener(); // the same function may listen twice
    this.#listeners.add(own);
    return () => void this.#listeners.delete(own);
  }

  request(request: PresenceRequest, abort: Abortable): Promise<PresenceAnswer> | PresenceAnswer {
    const asked = this.#nextUser().request(request, abort);
    if (typeof asked === 'string') return asked;
    this.#asking += 1;
    const answered = () => {
      this.#asking -= 1;
      this.#changed();
    };
    asked.then(answered, answered); // whoever asked has the failure
    this.#changed();
    return asked;
  }

  #nextUser(): UserPresence {
    const [decision, ...later] = this.#decisions;
    if (decision === undefined) return this.#user;
    this.#decisions = later;
    if (decision.answer === 'ignore') return delayedPresence(this.#clock, PRESENCE_TIMEOUT);
    if (decision.after === 0) return decision.answer === 'touch' ? autoPresence : denyPresence;
    return delayedPresence(this.#clock, decision.after, decision.answer === 'touch' ? 'touched' : 'denied');
  }

  get #user(): UserPresence {
    if (this.policy === 'auto') return autoPresence;
    if (this.policy === 'deny') return denyPresence;
    if (this.policy === 'manual') return this.manual;
    return delayedPresence(this.#clock, this.policy.after);
  }

  #changed(): void {
    for (const listener of this.#listeners) listener();
  }
}
