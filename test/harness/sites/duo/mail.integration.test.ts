import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { changePolicy } from '../../../../harness/sites/duo/domain/policy.ts';
import { createUser } from '../../../../harness/sites/duo/domain/users.ts';
import { sendEnrolmentMail } from '../../../../harness/sites/duo/mail/enrolment-mail.ts';
import { Mailbox } from '../../../../harness/sites/duo/mail/mailbox.ts';
import { parseMailServer, smtpMailer } from '../../../../harness/sites/duo/mail/mailer.ts';
import { startDuoService } from '../../../../harness/sites/duo/service.ts';
import { testTenant } from './tenant.ts';

let mailbox: Mailbox;
let mail: ReturnType<typeof smtpMailer>;
beforeEach(async () => {
  mailbox = await Mailbox.open();
  mail = smtpMailer({ host: '127.0.0.1', port: mailbox.port }, '"Lab" <no-reply@duo.localhost>');
});
afterEach(async () => {
  mail.close();
  await mailbox.close();
});

describe('mail over SMTP', () => {
  it('arrives in both forms, whatever letters it has', async () => {
    const next = mailbox.next();
    await mail.send({ to: 'zoe@example.org', subject: 'Grüße, Zoë', text: 'naïve\n.\nend', html: '<p>naïve</p>' });
    const received = await next;
    expect(received).toMatchObject({
      from: '"Lab" <no-reply@duo.localhost>',
      to: ['zoe@example.org'],
      subject: 'Grüße, Zoë',
    });
    expect(received.text.trim()).toBe('naïve\n.\nend');
    expect(received.html).toContain('<p>naïve</p>');
    expect(mailbox.list()).toEqual([received]);
    expect(mailbox.find(received.id)).toBe(received);
  });

  it('is refused when it is too large', async () => {
    const huge = { to: 'a@example.org', subject: 'x', text: 'x'.repeat(2_000_000), html: '' };
    await expect(mail.send(huge)).rejects.toThrow(/552|large|size/i);
    expect(mailbox.list()).toEqual([]);
  });

  it('brings the enrolment link, and says how long it is good for', async () => {
    const { tenant } = testTenant({ mail });
    const user = await createUser(tenant, { username: 'alice', email: 'alice@example.org', realName: 'Alice <A.>' });
    const next = mailbox.next();
    const { url } = await sendEnrolmentMail(tenant, user.userId, 'admin');
    const received = await next;
    expect(received.text).toContain(url);
    expect(received.text).toMatch(/works once, and for 30 days/);
    expect(received.html).toContain(`href="${url}"`);
    expect(received.html).toContain('Alice &lt;A.&gt;');
    await changePolicy(tenant, { enrolmentLinkLifetime: 0 });
    const endless = mailbox.next();
    await sendEnrolmentMail(tenant, user.userId, 'admin');
    expect((await endless).text).toMatch(/The link works once\./);
    const nobody = await createUser(tenant, { username: 'bob' });
    await expect(sendEnrolmentMail(tenant, nobody.userId, 'admin')).rejects.toMatchObject({ field: 'email' });
  });

  it('goes to a given server instead, where the service has no mailbox of its own', async () => {
    const service = await startDuoService({ mailServer: `smtp://127.0.0.1:${mailbox.port}` });
    try {
      expect(service.mailbox).toBeUndefined();
      const user = await createUser(service.tenant, { username: 'alice', email: 'alice@example.org' });
      const next = mailbox.next();
      await sendEnrolmentMail(service.tenant, user.userId, 'admin');
      expect((await next).to).toEqual(['alice@example.org']);
    } finally {
      await service.close();
    }
  });
});

describe('addresses of mail servers', () => {
  it.each([
    ['smtp://mail.example.org', { host: 'mail.example.org', port: 25, secure: false }],
    [
      'smtps://me:a%20b@mail.example.org',
      { host: 'mail.example.org', port: 465, secure: true, user: 'me', password: 'a b' },
    ],
    ['smtp://127.0.0.1:2525', { host: '127.0.0.1', port: 2525, secure: false }],
  ])('%s', (address, expected) => {
    expect(parseMailServer(address)).toEqual(expected);
  });

  it.each(['mail.example.org', 'https://mail.example.org', ''])('refuse %j', (address) => {
    expect(() => parseMailServer(address)).toThrow(/expected smtp:/);
  });
});
