/** Sessions of the service's pages. */
import { randomBytes } from 'node:crypto';
import type { PendingAuthentication } from '../domain/credential-authentication.ts';
import type { PendingRegistration } from '../domain/credential-registration.ts';
import { CeremonySession, SessionBook } from '../session-book.ts';

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

/** One browser's conversation with one part of the service; signed in is a user of the portal, or an administrator. */
export class WebSession extends CeremonySession<PendingRegistration, PendingAuthentication, Enrolment> {
  /** Stands in forms: proves that a page of ours made them. */
  readonly csrf = randomBytes(24).toString('base64url');
  /** The name that a sign-in to the portal has begun with; it may belong to nobody. */
  signingInAs: string | undefined;
  /** Transactions of the prompt that this browser has opened. */
  readonly prompts = new Set<string>();
  #notice: Notice | undefined;

  tell(notice: Notice): void {
    this.#notice = notice;
  }

  takeNotice(): Notice | undefined {
    const notice = this.#notice;
    this.#notice = undefined;
    return notice;
  }
}

/** All sessions of one part of the service. */
export class WebSessions extends SessionBook<WebSession> {
  constructor(now: () => number) {
    super(now, () => new WebSession(now), MAXIMUM_SESSIONS);
  }

  /** Ends the sessions of who is signed in here, but for this one. */
  removeOthersOf(kept: WebSession): void {
    this.removeAll((session) => session !== kept && session.signedInAs === kept.signedInAs);
  }

  /** Ends the sessions of somebody who was removed or disabled. */
  removeAllOf(signedInAs: string): void {
    this.removeAll((session) => session.signedInAs === signedInAs || session.enrolment?.userId === signedInAs);
  }
}
