/** Sessions in memory, and the WebAuthn challenges that are bound to them: a restart signs everybody out. */
import { randomBytes } from 'node:crypto';

const SESSION_LIFETIME_MS = 8 * 60 * 60 * 1000;
const CHALLENGE_LIFETIME_MS = 5 * 60 * 1000;
const ENROLMENT_LIFETIME_MS = 30 * 60 * 1000;

interface Expiring<T> {
  readonly value: T;
  readonly expiresAt: number;
}

/** One client's conversation: who it is, the ceremonies under way, and by what right it enrols keys. */
export class CeremonySession<Registration, Authentication, Enrolment> {
  readonly id = randomBytes(32).toString('base64url');
  readonly expiresAt: number;
  /** The account that signed in here. */
  signedInAs: string | undefined;
  readonly #now: () => number;
  #registration: Expiring<Registration> | undefined;
  #authentication: Expiring<Authentication> | undefined;
  #enrolment: Expiring<Enrolment> | undefined;

  constructor(now: () => number) {
    this.#now = now;
    this.expiresAt = now() + SESSION_LIFETIME_MS;
  }

  get enrolment(): Enrolment | undefined {
    return this.#live(this.#enrolment);
  }

  /** Lets this session enrol keys for half an hour. */
  allowEnrolment(enrolment: Enrolment): void {
    this.#enrolment = { value: enrolment, expiresAt: this.#now() + ENROLMENT_LIFETIME_MS };
  }

  /** Binds a registration challenge to this session for five minutes; a former one is void. */
  beginRegistration(pending: Registration): void {
    this.#registration = { value: pending, expiresAt: this.#now() + CHALLENGE_LIFETIME_MS };
  }

  /** Binds a sign-in challenge to this session for five minutes; a former one is void. */
  beginAuthentication(pending: Authentication): void {
    this.#authentication = { value: pending, expiresAt: this.#now() + CHALLENGE_LIFETIME_MS };
  }

  /** The registration under way, once: whatever follows, its challenge is spent. */
  takeRegistration(): Registration | undefined {
    const pending = this.#live(this.#registration);
    this.#registration = undefined;
    return pending;
  }

  /** The sign-in under way, once: whatever follows, its challenge is spent. */
  takeAuthentication(): Authentication | undefined {
    const pending = this.#live(this.#authentication);
    this.#authentication = undefined;
    return pending;
  }

  #live<T>(held: Expiring<T> | undefined): T | undefined {
    return held !== undefined && this.#now() < held.expiresAt ? held.value : undefined;
  }
}

/** All sessions of one site, or of one part of it. */
export class SessionBook<Session extends { readonly id: string; readonly expiresAt: number }> {
  readonly #now: () => number;
  readonly #make: () => Session;
  readonly #most: number;
  readonly #byId = new Map<string, Session>();

  /** @param most anonymous sessions cost memory, so the oldest leave when this many are held */
  constructor(now: () => number, make: () => Session, most: number) {
    this.#now = now;
    this.#make = make;
    this.#most = most;
  }

  find(id: string | undefined): Session | undefined {
    const session = id === undefined ? undefined : this.#byId.get(id);
    if (session === undefined || this.#now() < session.expiresAt) return session;
    this.remove(session);
    return undefined;
  }

  create(): Session {
    const oldest = this.#byId.keys().next();
    if (this.#byId.size >= this.#most && oldest.done !== true) this.#byId.delete(oldest.value);
    const session = this.#make();
    this.#byId.set(session.id, session);
    return session;
  }

  /** A fresh session with another id in place of the old one, so that a planted id gains nothing (session fixation). */
  replace(old: Session): Session {
    this.remove(old);
    return this.create();
  }

  remove(session: Session): void {
    this.#byId.delete(session.id);
  }

  /** Ends the sessions that `which` picks. */
  removeAll(which: (session: Session) => boolean): void {
    for (const session of this.#byId.values()) if (which(session)) this.remove(session);
  }
}
