/** A WebAuthn client that does what a browser does, for one page: WebAuthn Level 3 §5.1, Credential Management §2.5. */
import type { CtapDevice } from '../client/device.ts';
import { type Ceremony, isCrossOrigin } from './ceremony.ts';
import { create } from './create.ts';
import { webauthnError } from './errors.ts';
import { get } from './get.ts';
import type {
  AuthenticationResponseJSON,
  PublicKeyCredentialCreationOptionsJSON,
  PublicKeyCredentialRequestOptionsJSON,
  RegistrationResponseJSON,
} from './json.ts';
import { parseCreationOptionsFromJSON, parseRequestOptionsFromJSON } from './options.ts';
import { type Origin, parseOrigin } from './origin.ts';
import type { FetchRelatedOrigins } from './related-origins.ts';
import { answerOf, type WebAuthnUi } from './ui.ts';

export type PermissionsPolicyFeature = 'publickey-credentials-create' | 'publickey-credentials-get';

/** Open keys, or how to find them; asked for each request. They stay open, and their owner's. */
export type Authenticators =
  | CtapDevice
  | readonly CtapDevice[]
  | ((signal: AbortSignal) => Promise<readonly CtapDevice[]> | readonly CtapDevice[]);

export interface WebAuthnClientOptions {
  /** The page's origin as `location.origin` has it: `https://example.com`, `http://localhost:8080`. */
  readonly origin: string;
  readonly authenticators: Authenticators;
  /** For a page in a frame: the origin of the top-level page. Short for `ancestorOrigins` of one. */
  readonly topOrigin?: string | undefined;
  /** For a page in a frame: the origins of the pages around it, its parent first, as `location.ancestorOrigins`. */
  readonly ancestorOrigins?: readonly string[] | undefined;
  /** For a page in a frame of another origin: what the attribute `allow` of that frame grants. Default: nothing. */
  readonly allow?: readonly PermissionsPolicyFeature[] | undefined;
  /** The dialogs of the browser. Default: nobody answers; then there is no PIN. */
  readonly ui?: WebAuthnUi | undefined;
  /** Milliseconds of a request that names no timeout. Default 300,000 (WebAuthn Level 3 §15.1). */
  readonly defaultTimeout?: number | undefined;
  /** Shortest and longest time in milliseconds that a request may name. Default 15,000 and 600,000. */
  readonly timeoutRange?: readonly [shortest: number, longest: number] | undefined;
  /** How related origins are looked up, as by `fetchRelatedOrigins`. Default: they are not. */
  readonly fetchRelatedOrigins?: FetchRelatedOrigins | undefined;
  /** RP IDs that may have an enterprise attestation by this client's leave; others only by the key's. */
  readonly enterpriseRpIds?: readonly string[] | undefined;
}

export interface CeremonyOptions {
  /** Aborting rejects the request with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Security keys are never used without their user: `silent` and `conditional` reject with NotSupportedError. */
  readonly mediation?: 'optional' | 'required' | 'silent' | 'conditional' | undefined;
}

const DEFAULT_TIMEOUT = 300_000;
const TIMEOUT_RANGE = [15_000, 600_000] as const;

export class WebAuthnClient {
  readonly #options: WebAuthnClientOptions;
  readonly #caller: Origin;
  readonly #ancestors: readonly Origin[];
  #isPending = false;

  /** @throws TypeError for an origin that is none */
  constructor(options: WebAuthnClientOptions) {
    const { origin, topOrigin, ancestorOrigins } = options;
    this.#options = options;
    this.#caller = parseOrigin(origin);
    this.#ancestors = (ancestorOrigins ?? (topOrigin === undefined ? [] : [topOrigin])).map(parseOrigin);
  }

  /**
   * `navigator.credentials.create({ publicKey: parseCreationOptionsFromJSON(options) })`, the answer by `toJSON()`.
   * @throws TypeError for options that lack a member or have one of the wrong type
   * @throws DOMException EncodingError, InvalidStateError, NotAllowedError, NotSupportedError,
   * SecurityError; OperationError where a request is pending already
   */
  create(
    options: PublicKeyCredentialCreationOptionsJSON,
    more: CeremonyOptions = {},
  ): Promise<RegistrationResponseJSON> {
    return this.#exclusively('publickey-credentials-create', more, async () => {
      const parsed = parseCreationOptionsFromJSON(options);
      return this.#within(parsed.timeout, more, (ceremony) => create(ceremony, parsed));
    });
  }

  /**
   * `navigator.credentials.get({ publicKey: parseRequestOptionsFromJSON(options) })`, the answer by `toJSON()`.
   * @throws TypeError for options that lack a member or have one of the wrong type
   * @throws DOMException EncodingError, NotAllowedError, NotSupportedError, SecurityError, SyntaxError;
   * OperationError where a request is pending already
   */
  get(options: PublicKeyCredentialRequestOptionsJSON, more: CeremonyOptions = {}): Promise<AuthenticationResponseJSON> {
    return this.#exclusively('publickey-credentials-get', more, async () => {
      const parsed = parseRequestOptionsFromJSON(options);
      return this.#within(parsed.timeout, more, (ceremony) => get(ceremony, parsed));
    });
  }

  /** What Credential Management asks before WebAuthn begins (§2.5.1, §2.5.4), and one request at a time as in browsers. */
  async #exclusively<T>(
    feature: PermissionsPolicyFeature,
    { signal, mediation = 'optional' }: CeremonyOptions,
    request: () => Promise<T>,
  ): Promise<T> {
    signal?.throwIfAborted();
    if (mediation !== 'optional' && mediation !== 'required') {
      throw webauthnError('NotSupportedError', `mediation "${mediation}": a security key is not used without its user`);
    }
    const frame = { caller: this.#caller, ancestors: this.#ancestors };
    if (isCrossOrigin(frame) && !this.#options.allow?.includes(feature)) {
      throw webauthnError('NotAllowedError', `the page around ${this.#caller.serialized} does not allow ${feature}`);
    }
    if (this.#isPending) throw webauthnError('OperationError', 'a request is already pending');
    this.#isPending = true;
    try {
      return await request();
    } finally {
      this.#isPending = false;
    }
  }

  /** Runs a ceremony for as long as its timeout and the caller's signal let it. */
  async #within<T>(
    timeout: number | undefined,
    { signal }: CeremonyOptions,
    run: (ceremony: Ceremony) => Promise<T>,
  ): Promise<T> {
    const lifetime = new AbortController();
    const milliseconds = this.#lifetime(timeout);
    const end = () => lifetime.abort(webauthnError('NotAllowedError', `nothing happened within ${milliseconds} ms`));
    const timer = setTimeout(end, milliseconds);
    const ceremonySignal = lifetime.signal;
    const abort = () => lifetime.abort(signal?.reason);
    signal?.addEventListener('abort', abort, { once: true });
    try {
      const { ui = {}, fetchRelatedOrigins, enterpriseRpIds = [] } = this.#options;
      return await run({
        caller: this.#caller,
        ancestors: this.#ancestors,
        ui,
        fetchRelatedOrigins,
        enterpriseRpIds,
        devices: () => this.#devices(ceremonySignal),
        signal: ceremonySignal,
      });
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
    }
  }

  #lifetime(timeout: number | undefined): number {
    const { defaultTimeout = DEFAULT_TIMEOUT, timeoutRange = TIMEOUT_RANGE } = this.#options;
    if (timeout === undefined) return defaultTimeout;
    const [shortest, longest] = timeoutRange;
    return Math.min(Math.max(timeout, shortest), longest);
  }

  async #devices(signal: AbortSignal): Promise<readonly CtapDevice[]> {
    const { authenticators } = this.#options;
    if (typeof authenticators !== 'function') return 'cbor' in authenticators ? [authenticators] : authenticators;
    const found = authenticators(signal);
    return found instanceof Promise ? answerOf(() => found, signal) : found;
  }
}
