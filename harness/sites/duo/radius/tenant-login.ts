import { judgeUser } from '../auth-api/judgement.ts';
import { type AttemptContext, attempt, attemptBypass, attemptPasscode, attemptUnknown } from '../domain/attempts.ts';
import type { Integration } from '../domain/integrations.ts';
import { isLockedOut } from '../domain/lockout.ts';
import { readPolicy } from '../domain/policy.ts';
import type { Tenant } from '../domain/tenant.ts';
import { checkPassword, findUser } from '../domain/users.ts';
import type { FirstJudgement, LoginAttempt, RadiusLogin } from './bridge.ts';

/** Logins of a tenant's users over RADIUS: the primary password and the passcodes are those of the tenant. */
export class TenantLogin implements RadiusLogin {
  readonly #tenant: Tenant;
  readonly #integration: Integration;

  constructor(tenant: Tenant, integration: Integration) {
    this.#tenant = tenant;
    this.#integration = integration;
  }

  async passwordMatches(login: LoginAttempt, password: string): Promise<boolean> {
    const matches = await checkPassword(this.#tenant, login.username, password);
    const user = findUser(this.#tenant, login.username);
    if (user === undefined) {
      await attemptUnknown(this.#tenant, login.username, 'none', this.#context(login));
      return false;
    }
    // Of a locked account no password is right, or it could be guessed on.
    if (matches && !isLockedOut(user, readPolicy(this.#tenant), this.#tenant.now())) return true;
    // A wrong password counts towards the lock-out as a wrong passcode does.
    const message = 'The password is wrong.';
    const finding = { accepted: false, factor: 'none', reason: 'invalid_password', message, counts: true } as const;
    await attempt(this.#tenant, user, this.#context(login), 'none', () => finding);
    return false;
  }

  async firstJudgement(login: LoginAttempt): Promise<FirstJudgement> {
    const user = findUser(this.#tenant, login.username);
    const { result, status_msg: message } = judgeUser(this.#tenant, user);
    if (result === 'allow' && user !== undefined) {
      // Read anew, and logged.
      const bypassed = await attemptBypass(this.#tenant, user, this.#context(login));
      return bypassed?.accepted === true ? { result, message } : { result: 'deny', message };
    }
    // There is nothing to enrol with over RADIUS.
    return { result: result === 'auth' ? 'auth' : 'deny', message };
  }

  async passcodeMatches(login: LoginAttempt, passcode: string): Promise<{ allowed: boolean; message: string }> {
    const user = findUser(this.#tenant, login.username);
    const context = this.#context(login);
    const result =
      user === undefined
        ? await attemptUnknown(this.#tenant, login.username, 'hardware_token', context)
        : await attemptPasscode(this.#tenant, user, passcode, context);
    return { allowed: result.accepted, message: result.accepted ? 'Success. Logging you in...' : result.message };
  }

  #context({ address }: LoginAttempt): AttemptContext {
    return { integration: this.#integration, ip: address, userAgent: 'RADIUS' };
  }
}
