/** The requests of pages as they pass by a test: looked at, answered, failed, and the field that offers a passkey. */
import type { WebAuthnErrorName } from '../webauthn/errors.ts';
import type {
  AuthenticationResponseJSON,
  PublicKeyCredentialCreationOptionsJSON,
  PublicKeyCredentialRequestOptionsJSON,
  RegistrationResponseJSON,
} from '../webauthn/json.ts';
import { answerOf } from '../webauthn/ui.ts';

/** A request of a page, before it is carried out. */
export interface CeremonyRequest {
  readonly type: 'create' | 'get';
  /** Of the page that asks. */
  readonly origin: string;
  readonly options: PublicKeyCredentialCreationOptionsJSON | PublicKeyCredentialRequestOptionsJSON;
  readonly mediation: string | undefined;
}

/** What the page gets in the place of the key's answer. */
export type CeremonyAnswer =
  | { readonly credential: RegistrationResponseJSON | AuthenticationResponseJSON }
  | { readonly error: WebAuthnErrorName | 'UnknownError'; readonly message?: string };

/** Looks at a request, may take its time, and may answer it; without an answer the key does. */
export type RequestListener = (
  request: CeremonyRequest,
) => Promise<CeremonyAnswer | undefined> | CeremonyAnswer | undefined;

export class PageRequests {
  readonly #listeners = new Set<RequestListener>();
  readonly #autofills: (() => void)[] = [];
  #onAutofillWanted: (() => void) | undefined;

  /** Has each request of a page pass by `listener` first; returns how to stop that. The first answer counts. */
  onRequest(listener: RequestListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Has the next request of a page fail by that name, whatever it asks. */
  fail(error: Extract<CeremonyAnswer, { error: string }>['error'], message?: string): void {
    const stop = this.onRequest(() => {
      stop();
      return { error, ...(message === undefined ? {} : { message }) };
    });
  }

  /** What the listeners answer to a request, if anything. */
  async answerFor(request: CeremonyRequest): Promise<CeremonyAnswer | undefined> {
    for (const listener of [...this.#listeners]) {
      const answer = await listener(request);
      if (answer) return answer;
    }
    return undefined;
  }

  /** Picks the passkey that the browser offers in a field: a waiting request of conditional mediation goes on, as soon as there is one. */
  async autofill(): Promise<void> {
    if (this.#autofills.length === 0) {
      await new Promise<void>((resolve) => {
        this.#onAutofillWanted = resolve;
      });
    }
    this.#autofills.shift()?.();
  }

  /** Resolves when the user has picked a passkey by {@link autofill}. @throws the signal's reason */
  async waitForAutofill(signal: AbortSignal): Promise<void> {
    let picked = () => {};
    try {
      await answerOf(
        () =>
          new Promise<void>((resolve) => {
            picked = resolve;
            this.#autofills.push(picked);
            this.#onAutofillWanted?.();
          }),
        signal,
      );
    } finally {
      const at = this.#autofills.indexOf(picked);
      if (at >= 0) this.#autofills.splice(at, 1);
    }
  }
}
