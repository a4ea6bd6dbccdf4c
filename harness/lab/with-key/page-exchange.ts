/** One request of a page, in steps: each is the verdict, or a question to the person, whose answer leads to the next. */
import type { HeldKey } from '../../browsers/held-key.ts';
import type { PageRequest } from '../../browsers/in-page/messages.ts';
import type { PageStep } from '../../browsers/in-page/same-origin.ts';
import { PageCeremonies } from '../../browsers/page-ceremonies.ts';
import { answerOf, type PinRequest } from '../../webauthn/ui.ts';

export class PageExchange {
  readonly #frame = {};
  readonly #ceremonies: PageCeremonies;
  readonly #steps: PageStep[] = [];
  #onStep: ((step: PageStep) => void) | undefined;
  #onAnswer: ((answer: string | undefined) => void) | undefined;

  /** Begins it; `origin` is the page's, as its server knows it. */
  constructor(key: HeldKey, origin: string, request: PageRequest) {
    this.#ceremonies = new PageCeremonies(key, { ui: { pin: (question) => this.#ask(question) } });
    void this.#ceremonies
      .run({ frame: this.#frame, origin, ancestorOrigins: [], allow: [] }, request)
      .then((verdict) => this.#push(verdict));
  }

  /** The next step, as soon as there is one. */
  next(): Promise<PageStep> {
    const step = this.#steps.shift();
    if (step !== undefined) return Promise.resolve(step);
    return new Promise((resolve) => {
      this.#onStep = resolve;
    });
  }

  /** The person's answer to the question; undefined cancels. */
  answer(text: string | undefined): void {
    this.#onAnswer?.(text);
    this.#onAnswer = undefined;
  }

  /** The page has called it off, or is gone. */
  abandon(): void {
    this.#ceremonies.abandon(this.#frame);
  }

  #ask({ signal, rpId, authenticator, reason, attempts, minPINLength, error }: PinRequest) {
    const more = { attempts: attempts ?? null, error: error ?? null };
    this.#push({ question: { rpId, authenticator, reason, minPINLength, ...more } });
    return answerOf(
      () =>
        new Promise<string | undefined>((resolve) => {
          this.#onAnswer = resolve;
        }),
      signal,
    );
  }

  #push(step: PageStep): void {
    const take = this.#onStep;
    this.#onStep = undefined;
    if (take === undefined) this.#steps.push(step);
    else take(step);
  }
}
