/** A tenant in memory with a clock that stands until it is moved, for tests of the rules. */
import type { MailMessage } from '../../../../harness/sites/duo/domain/mail.ts';
import { createTenant, type Tenant, type TenantOptions } from '../../../../harness/sites/duo/domain/tenant.ts';

export interface TestTenant {
  readonly tenant: Tenant;
  readonly mails: MailMessage[];
  /** Moves the clock, in seconds. */
  pass(seconds: number): void;
}

export const START = Date.UTC(2026, 0, 1);

export function testTenant(options: TenantOptions = {}): TestTenant {
  let now = START;
  const mails: MailMessage[] = [];
  const mail = {
    send: async (message: MailMessage) => {
      mails.push(message);
    },
  };
  const tenant = createTenant({ now: () => now, mail, ...options });
  return {
    tenant,
    mails,
    pass: (seconds) => {
      now += seconds * 1000;
    },
  };
}

export const CONTEXT = { place: 'a test', ip: '127.0.0.1', userAgent: 'test' } as const;
