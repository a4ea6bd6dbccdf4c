/** Visits of the prompt on behalf of an application: begun by the OIDC endpoint, ended by the prompt's pages. */
import { randomBytes } from 'node:crypto';
import type { Factor } from './authentication-log.ts';
import type { Integration } from './integrations.ts';

const LIFETIME_MS = 5 * 60 * 1000;
// Transactions cost memory, so the oldest leave when this many are held.
const MAXIMUM_TRANSACTIONS = 10_000;

/** What the prompt found out. */
export type PromptResult =
  | {
      readonly accepted: true;
      readonly userId: string;
      readonly username: string;
      readonly factor: Factor;
      readonly deviceKey: string | undefined;
      readonly deviceName: string | undefined;
      /** Of the authentication log. */
      readonly txid: string;
      readonly reason: string;
      readonly ip: string;
      readonly userAgent: string;
      /** Milliseconds since 1970. */
      readonly at: number;
    }
  | { readonly accepted: false; readonly txid: string; readonly reason: string; readonly message: string };

export interface NewPrompt {
  readonly username: string;
  readonly integration: Integration;
  /** Where the application wants the browser back, for the prompt's content security policy. */
  readonly redirectUri: string;
  /** Called once, when the prompt has ended; resolves to the URL that the browser is sent to. */
  readonly complete: (result: PromptResult) => Promise<string>;
}

export interface PromptTransaction extends NewPrompt {
  /** Names the transaction in the prompt's URL: 43 letters of base64url. */
  readonly sid: string;
  readonly expiresAt: number;
}

/** The transactions of one service, in memory: after a restart an application begins anew. */
export class PromptTransactions {
  readonly #now: () => number;
  readonly #bySid = new Map<string, PromptTransaction>();
  readonly #claimed = new Set<string>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Begins a transaction for five minutes; `path` is where the browser is sent, on the service's own origin. */
  begin(prompt: NewPrompt): { readonly sid: string; readonly path: string } {
    const oldest = this.#bySid.keys().next();
    if (this.#bySid.size >= MAXIMUM_TRANSACTIONS && oldest.done !== true) this.#forget(oldest.value);
    const sid = randomBytes(32).toString('base64url');
    this.#bySid.set(sid, { ...prompt, sid, expiresAt: this.#now() + LIFETIME_MS });
    return { sid, path: `/prompt/${sid}` };
  }

  /** The transaction, while it is under way. */
  find(sid: string): PromptTransaction | undefined {
    const transaction = this.#bySid.get(sid);
    if (transaction !== undefined && this.#now() < transaction.expiresAt) return transaction;
    this.#forget(sid);
    return undefined;
  }

  /** Gives the transaction to who opens it first: true once. */
  claim(sid: string): boolean {
    if (this.find(sid) === undefined || this.#claimed.has(sid)) return false;
    this.#claimed.add(sid);
    return true;
  }

  /** Ends the transaction; a second time is refused by undefined. Resolves to the URL that the browser is sent to. */
  async complete(sid: string, result: PromptResult): Promise<string | undefined> {
    const transaction = this.find(sid);
    if (transaction === undefined) return undefined;
    this.#forget(sid);
    return transaction.complete(result);
  }

  #forget(sid: string): void {
    this.#bySid.delete(sid);
    this.#claimed.delete(sid);
  }
}
