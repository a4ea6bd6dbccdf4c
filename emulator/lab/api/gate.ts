/** The way into the control API, for requests and WebSockets alike. */
import { RateLimit, type RateLimitOptions } from './limits.ts';
import { bearerToken, checkHostAndOrigin, checkToken, type RequestHeaders } from './security.ts';

export interface GateOptions {
  readonly token: string;
  /** `host:port` that the Host header may carry. */
  readonly hosts: readonly string[];
  readonly rateLimit: RateLimitOptions;
}

export const DEFAULT_RATE: RateLimitOptions = { burst: 4000, perSecond: 2000 };
/** Of requests without a right token. */
const STRANGERS_RATE: RateLimitOptions = { burst: 20, perSecond: 5 };

/** Lets in who may come; the WebSocket has to pass it too. */
export class Gate {
  readonly #options: GateOptions;
  readonly #rate: RateLimit;
  readonly #strangers = new RateLimit(STRANGERS_RATE);

  constructor(options: GateOptions) {
    this.#options = options;
    this.#rate = new RateLimit(options.rateLimit);
  }

  /**
   * @param open true where no token is needed
   * @throws Problem 401, 403, 421, 429
   */
  check(headers: RequestHeaders, open: boolean): void {
    checkHostAndOrigin(headers, this.#options.hosts);
    if (!open) this.#checkToken(headers);
    this.#rate.take();
  }

  #checkToken({ authorization }: RequestHeaders): void {
    try {
      checkToken(bearerToken(authorization), this.#options.token);
    } catch (error) {
      this.#strangers.take();
      throw error;
    }
  }
}
