import { CeremonySession, SessionBook } from './session-book.ts';

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

/**
 * One browser's (or headless client's) conversation with the site. Its enrolment is the account whose first key was
 * enrolled here lately: it may add more keys, and is not signed in.
 */
export class Session extends CeremonySession<PendingRegistration, PendingAuthentication, string> {}

/** The sessions of one site. */
export class Sessions extends SessionBook<Session> {
  constructor(now: () => number) {
    super(now, () => new Session(now), MAXIMUM_SESSIONS);
  }
}
