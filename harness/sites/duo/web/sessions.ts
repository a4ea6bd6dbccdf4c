/** Sessions of the service's pages, in memory: a restart signs everybody out. */
import { randomBytes } from 'node:crypto';
import type { PendingAuthentication } from '../domain/credential-authentication.ts';
import type { PendingRegistration } from '../domain/credential-registration.ts';

const SESSION_LIFETIME_MS = 8 * 60 * 60 * 1000;
const CHALLENGE_LIFETIME_MS = 5 * 60 * 1000;
const ENROLMENT_LIFETIME_MS = 30 * 60 * 1000;
// Anonymous sessions cost memory, so the oldest leave when this many are held.
const MAXIMUM_SESSIONS = 20_000;

/** By what right a session enrols devices. */
export interface Enrolment {
  readonly userId: string;
  /** The link's code, until the first device spends it. */
  readonly code?: string | undefined;
  /** The prompt to go back to, for a user who came from an application. */
  readonly promptSid?: string | undefined;
}

/** A line that the next page shows. */
export interface Notice {
  readonly kind: 'good' | 'bad';
  readonly text: string;
}

interface Expiring<T> {
  readonly value: T;
  readonly expiresAt: number;
}

/** One browser's conversation with one part of the service. */
export class WebSession {
  readonly id = randomBytes(32).toString('base64url');
  /** Stands in forms: proves that a page of ours made them. */
  readonly csrf = randomBytes(24).toString('base64url');
  readonly expiresAt: number;
  /** Who is signed in: a user of the portal, or an administrator. */
  signedInAs: string | undefined;
  /** The name that a sign-in to the portal has begun with; it may belong to nobody. */
  signingInAs: string | undefined;
  /** Transactions of the prompt that this browser has opened. */
  readonly prompts = new Set<string>();
  readonly #now: () => number;
  #registration: Expiring<PendingRegistration> | undefined;
  #authentication: Expiring<PendingAuthentication> | undefined;
  #enrolment: Expiring<Enrolment> | undefined;
  #notice: Notice | undefined;

  constructor(now: () => number) {
    this.#now = now;
    this.expiresAt = now() + SESSION_LIFETIME_MS;
  }

  get enrolment(): Enrolment | undefined {
    return this.#live(this.#enrolment);
  }

  /** Lets this session enrol devices for half an hour. */
  allowEnrolment(enrolment: Enrolment): void {
    this.#enrolment = { value: enrolment, expiresAt: this.#now() + ENROLMENT_LIFETIME_MS };
  }

  /** Binds a challenge to this session for five minutes; a former one is void. */
  beginRegistration(pending: PendingRegistration): void {
    this.#registration = { value: pending, expiresAt: this.#now() + CHALLENGE_LIFETIME_MS };
  }

  beginAuthentication(pending: PendingAuthentication): void {
    this.#authentication = { value: pending, expiresAt: this.#now() + CHALLENGE_LIFETIME_MS };
  }

  /** The registration under way, once: whatever follows, its challenge is spent. */
  takeRegistration(): PendingRegistration | undefined {
    const pending = this.#live(this.#registration);
    this.#registration = undefined;
    return pending;
  }

  /** The sign-in under way, once. */
  takeAuthentication(): PendingAuthentication | undefined {
    const pending = this.#live(this.#authentication);
    this.#authentication = undefined;
    return pending;
  }

  tell(notice: Notice): void {
    this.#notice = notice;
  }

  takeNotice(): Notice | undefined {
    const notice = this.#notice;
    this.#notice = undefined;
    return notice;
  }

  #live<T>(held: Expiring<T> | undefined): T | undefined {
    return held !== undefined && this.#now() < held.expiresAt ? held.value : undefined;
  }
}

/** All sessions of one part of the service. */
export class WebSessions {
  readonly #now: () => number;
  readonly #byId = new Map<string, WebSession>();

  constructor(now: () => number) {
    this.#now = now;
  }

  find(id: string | undefined): WebSession | undefined {
    const session = id === undefined ? undefined : this.#byId.get(id);
    if (session === undefined || this.#now() < session.expiresAt) return session;
    this.#byId.delete(session.id);
    return undefined;
  }

  create(): WebSession {
    const oldest = this.#byId.keys().next();
    if (this.#byId.size >= MAXIMUM_SESSIONS && oldest.done !== true) this.#byId.delete(oldest.value);
    const session = new WebSession(this.#now);
    this.#byId.set(session.id, session);
    return session;
  }

  /** A fresh session with another id in place of the old one, so that a planted id gains nothing (session fixation). */
  replace(old: WebSession): WebSession {
    this.#byId.delete(old.id);
    return this.create();
  }

  remove(session: WebSession): void {
    this.#byId.delete(session.id);
  }

  /** Ends the sessions of somebody who was removed or disabled. */
  removeAllOf(signedInAs: string): void {
    for (const session of this.#byId.values()) {
      if (session.signedInAs === signedInAs || session.enrolment?.userId === signedInAs) this.remove(session);
    }
  }
}
