import { Challenges } from './challenges.ts';
import { divideCredentials } from './credentials.ts';

/**
 * How the password field is read, by the names of Duo's Authentication Proxy: `challenge` takes `password,passcode`
 * and asks for the passcode by Access-Challenge where there is only a password; `concat` takes `password,passcode`
 * alone; `duo_only` takes a passcode alone, where something else has checked the password.
 */
export type RadiusMode = 'challenge' | 'concat' | 'duo_only';

/** Whether a user may log in, as far as known before the second factor. */
export interface FirstJudgement {
  /** `auth`: with a second factor; `allow`: without one; `deny`: not at all. */
  readonly result: 'auth' | 'allow' | 'deny';
  readonly message: string;
}

/** Who logs in from where. */
export interface LoginAttempt {
  readonly username: string;
  /** Address of the machine that asks, or of the user's where it told (Calling-Station-Id). */
  readonly address: string;
}

/** What the bridge needs of the service. */
export interface RadiusLogin {
  /** Whether the password is the user's; as slow for an unknown user as for a known one. */
  passwordMatches(attempt: LoginAttempt, password: string): Promise<boolean>;
  firstJudgement(attempt: LoginAttempt): Promise<FirstJudgement>;
  /** Takes a passcode, once, and logs the outcome. */
  passcodeMatches(
    attempt: LoginAttempt,
    passcode: string,
  ): Promise<{ readonly allowed: boolean; readonly message: string }>;
}

/** An Access-Request as far as the bridge reads it. */
export interface AccessRequest extends LoginAttempt {
  /** The client that asks: a challenge is answered through the one that it went to. */
  readonly client: string;
  readonly password: string;
  /** The State attribute: this answers a challenge. */
  readonly state: Uint8Array | undefined;
}

export type AccessAnswer =
  | { readonly kind: 'accept' | 'reject'; readonly message: string }
  | { readonly kind: 'challenge'; readonly message: string; readonly state: Uint8Array };

// One message for a wrong password, a wrong passcode and an unknown user.
const REFUSED: AccessAnswer = { kind: 'reject', message: 'The login is refused: a wrong password or passcode.' };

/** Decides about Access-Requests: the password first, then the passcode. */
export class RadiusBridge {
  readonly #login: RadiusLogin;
  readonly #mode: RadiusMode;
  readonly #challenges: Challenges;

  constructor(login: RadiusLogin, mode: RadiusMode, now: () => number) {
    this.#login = login;
    this.#mode = mode;
    this.#challenges = new Challenges(now);
  }

  async decide(request: AccessRequest): Promise<AccessAnswer> {
    if (request.state !== undefined) return this.#answerChallenge(request, request.state);
    if (this.#mode === 'duo_only') return this.#secondFactor(request, request.password);

    const { password, passcode, factor } = divideCredentials(request.password);
    if (!(await this.#login.passwordMatches(request, password))) return REFUSED;
    const first = await this.#login.firstJudgement(request);
    if (first.result === 'allow') return { kind: 'accept', message: first.message };
    if (first.result === 'deny') return { kind: 'reject', message: first.message };
    if (factor !== undefined) {
      return { kind: 'reject', message: `The factor "${factor}" needs a phone. Give a passcode: password,passcode` };
    }
    if (passcode !== undefined) return this.#secondFactor(request, passcode);
    if (this.#mode === 'concat') {
      return { kind: 'reject', message: 'A passcode is needed after the password: password,passcode' };
    }
    const state = this.#challenges.begin(request.username, request.client);
    return { kind: 'challenge', message: 'Enter a passcode of your hardware token:', state };
  }

  #answerChallenge(request: AccessRequest, state: Uint8Array): Promise<AccessAnswer> | AccessAnswer {
    if (!this.#challenges.take(state, request.username, request.client)) {
      return { kind: 'reject', message: 'The login took too long, or was answered before. Start again.' };
    }
    return this.#secondFactor(request, request.password);
  }

  async #secondFactor(request: AccessRequest, passcode: string): Promise<AccessAnswer> {
    const first = await this.#login.firstJudgement(request);
    if (first.result === 'deny') return { kind: 'reject', message: first.message };
    if (first.result === 'allow') return { kind: 'accept', message: first.message };
    const { allowed, message } = await this.#login.passcodeMatches(request, passcode);
    return allowed ? { kind: 'accept', message } : REFUSED;
  }
}
