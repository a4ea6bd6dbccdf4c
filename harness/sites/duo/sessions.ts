import { randomBytes } from 'node:crypto';

const SESSION_LIFETIME_MS = 8 * 60 * 60 * 1000;
const CHALLENGE_LIFETIME_MS = 5 * 60 * 1000;
const ENROLMENT_LIFETIME_MS = 30 * 60 * 1000;
// Anonymous sessions cost memory, so the oldest leave when this many are held.
const MAXIMUM_SESSIONS = 10_000;

/** A ceremony that a session has begun. `handle` is the WebAuthn user handle offered at registration. */
export interface PendingRegistration {
  readonly challenge: string;
  readonly username: string;
  readonly handle: string;
}

/** A sign-in that a session has begun; the username may belong to nobody. */
export interface PendingAuthentication {
  readonly challenge: string;
  readonly username: string;
}

interface Expiring<T> {
  readonly value: T;
  readonly expiresAt: number;
}

/** One browser's (or headless client's) conversation with the site. */
export class Session {
  readonly id: string;
  readonly expiresAt: number;
  /** The account that signed in here. */
  signedInAs: string | undefined;
  readonly #now: () => number;
  #registration: Expiring<PendingRegistration> | undefined;
  #authentication: Expiring<PendingAuthentication> | undefined;
  #enrolling: Expiring<string> | undefined;

  constructor(now: () => number) {
    this.id = randomBytes(32).toString('base64url');
    this.#now = now;
    this.expiresAt = now() + SESSION_LIFETIME_MS;
  }

  /** The account whose first key was enrolled here lately: it may add more keys, and is not signed in. */
  get enrolling(): string | undefined {
    return this.#live(this.#enrolling);
  }

  /** Binds a registration challenge to this session for five minutes; a former one is void. */
  beginRegistration(pending: PendingRegistration): void {
    this.#registration = { value: pending, expiresAt: this.#now() + CHALLENGE_LIFETIME_MS };
  }

  /** Binds a sign-in challenge to this session for five minutes; a former one is void. */
  beginAuthentication(pending: PendingAuthentication): void {
    this.#authentication = { value: pending, expiresAt: this.#now() + CHALLENGE_LIFETIME_MS };
  }

  /** The registration under way, once: whatever follows, its challenge is spent. */
  takeRegistration(): PendingRegistration | undefined {
    const pending = this.#live(this.#registration);
    this.#registration = undefined;
    return pending;
  }

  /** The sign-in under way, once: whatever follows, its challenge is spent. */
  takeAuthentication(): PendingAuthentication | undefined {
    const pending = this.#live(this.#authentication);
    this.#authentication = undefined;
    return pending;
  }

  allowEnrolment(username: string): void {
    this.#enrolling = { value: username, expiresAt: this.#now() + ENROLMENT_LIFETIME_MS };
  }

  #live<T>(held: Expiring<T> | undefined): T | undefined {
    return held !== undefined && this.#now() < held.expiresAt ? held.value : undefined;
  }
}

/** The sessions of one site, in memory: a restart signs everybody out. */
export class Sessions {
  readonly #now: () => number;
  readonly #byId = new Map<string, Session>();

  constructor(now: () => number) {
    this.#now = now;
  }

  find(id: string | undefined): Session | undefined {
    if (id === undefined) return undefined;
    const session = this.#byId.get(id);
    if (session === undefined) return undefined;
    if (this.#now() < session.expiresAt) return session;
    this.#byId.delete(id);
    return undefined;
  }

  create(): Session {
    const oldest = this.#byId.keys().next();
    if (this.#byId.size >= MAXIMUM_SESSIONS && oldest.done !== true) this.#byId.delete(oldest.value);
    const session = new Session(this.#now);
    this.#byId.set(session.id, session);
    return session;
  }

  /** Replaces a session by a fresh one with another id, so that a planted id gains nothing (session fixation). */
  replace(old: Session): Session {
    this.#byId.delete(old.id);
    return this.create();
  }

  remove(session: Session): void {
    this.#byId.delete(session.id);
  }
}
