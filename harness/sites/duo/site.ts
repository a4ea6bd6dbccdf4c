import type { Decoys } from './decoy.ts';
import type { Sessions } from './sessions.ts';
import type { DuoStore } from './store.ts';

/** What the site demands of keys, as it appears in its WebAuthn options. */
export interface SitePolicy {
  readonly userVerification: 'discouraged' | 'preferred' | 'required';
  readonly attestation: 'none' | 'direct';
  readonly residentKey: 'discouraged' | 'preferred' | 'required';
  /** COSE algorithm identifiers in order of preference. */
  readonly algorithms: readonly number[];
  /** Milliseconds that the options give to a ceremony. */
  readonly timeout: number;
}

/** One ceremony that ended, for logs and tests. `reason` says why it was refused; it may hold more than the client was told. */
export interface SiteEvent {
  readonly type: 'registration' | 'authentication';
  readonly username: string;
  readonly accepted: boolean;
  readonly credentialId?: string;
  readonly reason?: string;
}

/** What every route needs. */
export interface Site {
  readonly rpId: string;
  readonly rpName: string;
  /** As the browser sees it: `http://localhost:PORT`. */
  readonly origin: string;
  readonly port: number;
  readonly policy: SitePolicy;
  readonly store: DuoStore;
  readonly sessions: Sessions;
  readonly decoys: Decoys;
  readonly now: () => number;
  readonly report: (event: SiteEvent) => void;
}

/** A refusal that the client is told as `{error: {code, message}}` with the HTTP status. */
export class SiteError extends Error {
  readonly status: 400 | 401 | 403 | 404 | 409 | 413 | 415 | 421 | 503;
  readonly code: string;

  constructor(status: SiteError['status'], code: string, message: string) {
    super(message);
    this.name = 'SiteError';
    this.status = status;
    this.code = code;
  }
}
