/** The requests of pages, carried out by the WebAuthn client and a key in this process. */
import type { CeremonyOptions, PermissionsPolicyFeature } from '../webauthn/client.ts';
import { WebAuthnClient } from '../webauthn/client.ts';
import { toDomException, webauthnError } from '../webauthn/errors.ts';
import type {
  AuthenticationResponseJSON,
  PublicKeyCredentialCreationOptionsJSON,
  PublicKeyCredentialRequestOptionsJSON,
  RegistrationResponseJSON,
} from '../webauthn/json.ts';
import { parseOrigin } from '../webauthn/origin.ts';
import type { FetchRelatedOrigins } from '../webauthn/related-origins.ts';
import { resolveRpId } from '../webauthn/rp-id.ts';
import type { WebAuthnUi } from '../webauthn/ui.ts';
import type { HeldKey } from './held-key.ts';
import type { PageRequest, PageVerdict, Signal } from './in-page/messages.ts';
import { OPAQUE } from './opaque-origin.ts';

/** The document that asks, as the browser knows it. */
export interface Caller {
  /** One object for each frame. */
  readonly frame: object;
  readonly origin: string;
  /** Of the pages around it, its parent first. */
  readonly ancestorOrigins: readonly string[];
  /** What the frame's element grants it. */
  readonly allow: readonly PermissionsPolicyFeature[];
}

export interface PageCeremoniesOptions {
  /** Who answers what a browser asks in dialogs of its own. Default: the key's hand. */
  readonly ui?: WebAuthnUi | undefined;
  /** How related origins are looked up. Default: they are not. */
  readonly fetchRelatedOrigins?: FetchRelatedOrigins | undefined;
  /** Milliseconds of a request that names no timeout. Default 300,000. */
  readonly defaultTimeout?: number | undefined;
  /** Shortest and longest time in milliseconds that a request may name. Default 15,000 and 600,000. */
  readonly timeoutRange?: readonly [shortest: number, longest: number] | undefined;
}

type Ceremony = PageRequest & { readonly type: 'create' | 'get' };

interface FrameState {
  /** Tells whether the client is still this document's. */
  readonly who: string;
  readonly client: WebAuthnClient;
  readonly running: Map<string, AbortController>;
  conditional: boolean;
}

export class PageCeremonies {
  readonly #key: HeldKey;
  readonly #options: PageCeremoniesOptions;
  readonly #frames = new Map<object, FrameState>();

  constructor(key: HeldKey, options: PageCeremoniesOptions = {}) {
    this.#key = key;
    this.#options = options;
  }

  /** Carries out a request; settles when the page has its answer. Never rejects. */
  async run(caller: Caller, message: PageRequest): Promise<PageVerdict> {
    const { type } = message;
    if (type === 'platform') return { available: this.#key.isUserVerifyingPlatformAuthenticator };
    const control = new AbortController();
    try {
      if (caller.origin === OPAQUE) throw webauthnError('NotAllowedError', 'the document has an opaque origin');
      if (type === 'signal') {
        await this.#heed(caller, JSON.parse(message.options), control.signal);
        return { taken: true };
      }
      const state = this.#stateOf(caller);
      state.running.set(message.id, control);
      try {
        return { credential: JSON.stringify(await this.#perform(state, caller, { ...message, type }, control.signal)) };
      } finally {
        state.running.delete(message.id);
        if (state.running.size === 0) this.#frames.delete(caller.frame);
      }
    } catch (error) {
      return { error: named(error) };
    }
  }

  /** The page has called a request off. */
  abort(frame: object, id: string): void {
    this.#frames.get(frame)?.running.get(id)?.abort(webauthnError('AbortError', 'the page has aborted the request'));
  }

  /** The document of a frame is gone, and with it all that it asked. */
  abandon(frame: object): void {
    const state = this.#frames.get(frame);
    if (state === undefined) return;
    this.#frames.delete(frame);
    const reason = webauthnError('AbortError', 'the page has gone');
    for (const control of state.running.values()) control.abort(reason);
  }

  /** Ends all requests. */
  close(): void {
    for (const frame of [...this.#frames.keys()]) this.abandon(frame);
  }

  /** @throws DOMException SecurityError */
  async #heed({ origin }: Caller, signal: Signal, aborted: AbortSignal): Promise<void> {
    await resolveRpId(parseOrigin(origin), signal.rpId, this.#options.fetchRelatedOrigins, aborted);
    await this.#key.heed(signal);
  }

  #stateOf(caller: Caller): FrameState {
    const who = JSON.stringify([caller.origin, caller.ancestorOrigins, caller.allow]);
    const known = this.#frames.get(caller.frame);
    if (known?.who === who) return known;
    this.abandon(caller.frame);
    const client = new WebAuthnClient({
      origin: caller.origin,
      ancestorOrigins: caller.ancestorOrigins,
      allow: caller.allow,
      authenticators: (signal) => this.#key.devices(signal),
      ui: this.#options.ui ?? this.#key.ui,
      fetchRelatedOrigins: this.#options.fetchRelatedOrigins,
      defaultTimeout: this.#options.defaultTimeout,
      timeoutRange: this.#options.timeoutRange,
    });
    const state: FrameState = { who, client, running: new Map(), conditional: false };
    this.#frames.set(caller.frame, state);
    return state;
  }

  async #perform(state: FrameState, { origin }: Caller, message: Ceremony, signal: AbortSignal): Promise<object> {
    const { type, mediation } = message;
    const options = JSON.parse(message.options);
    const answer = await this.#key.answerFor({ type, origin, options, mediation });
    signal.throwIfAborted();
    if (answer !== undefined) {
      if ('credential' in answer) return answer.credential;
      throw new DOMException(answer.message ?? 'the test has this request fail', answer.error);
    }
    if (state.conditional) throw webauthnError('OperationError', 'a request is already pending');
    if (type === 'get' && mediation === 'conditional') {
      state.conditional = true;
      try {
        await this.#key.waitForAutofill(signal);
      } finally {
        state.conditional = false;
      }
    }
    const { recorder } = this.#key;
    const perform = () => carryOut(state.client, message, options, signal);
    return recorder ? recorder.ceremony({ type, origin, options, mediation }, perform) : perform();
  }
}

function carryOut(
  client: WebAuthnClient,
  { type, mediation }: Ceremony,
  options: PublicKeyCredentialCreationOptionsJSON & PublicKeyCredentialRequestOptionsJSON,
  signal: AbortSignal,
): Promise<RegistrationResponseJSON | AuthenticationResponseJSON> {
  // A conditional request has waited for its passkey: from here on it is as any other.
  const asked = mediation === 'conditional' && type === 'get' ? undefined : mediation;
  const more = { signal, mediation: asked as CeremonyOptions['mediation'] };
  return type === 'create' ? client.create(options, more) : client.get(options, more);
}

function named(error: unknown): { name: string; message: string } {
  if (error instanceof TypeError) return { name: 'TypeError', message: error.message };
  const { name, message } = toDomException(error);
  return { name, message };
}
