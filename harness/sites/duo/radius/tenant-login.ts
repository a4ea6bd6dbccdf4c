import { judgeUser } from '../auth-api/judgement.ts';
import {
  type AttemptContext,
  attemptBypass,
  attemptPasscode,
  attemptUnknown,
} from '../domain/attempts.ts';
import type { Integration } from '../domain/integrations.ts';
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

  passwordMatches({ username }: LoginAttempt, password: string): Promise<boolean> {
    return checkPassword(this.#tenant, username, password);
  }

  async firstJudgement(attempt: LoginAttempt): Promise<FirstJudgement> {
    const user = findUser(this.#tenant, attempt.username);
    const { result, status_msg: message } = judgeUser(this.#tenant, user);
    if (result === 'allow' && user !== undefined) {
      // Read anew, and logged.
      const bypassed = await attemptBypass(this.#tenant, user, this.#context(attempt));
      return bypassed?.accepted === true ? { result, message } : { result: 'deny', message };
    }
    // There is nothing to enrol with over RADIUS.
    return { result: result === 'auth' ? 'auth' : 'deny', message };
  }

  async passcodeMatches(attempt: LoginAttempt, passcode: string): Promise<{ allowed: boolean; message: string }> {
    const user = findUser(this.#tenant, attempt.username);
    const context = this.#context(attempt);
    const result =
      user === undefined
        ? await attemptUnknown(this.#tenant, attempt.username, 'hardware_token', context)
        : await attemptPasscode(this.#tenant, user, passcode, context);
    return { allowed: result.accepted, message: result.accepted ? 'Success. Logging you in...' : result.message };
  }

  #context({ address }: LoginAttempt): AttemptContext {
    return { integration: this.#integration, ip: address, userAgent: 'RADIUS' };
  }
}
