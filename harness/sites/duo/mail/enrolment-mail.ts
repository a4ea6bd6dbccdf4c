import { html } from 'hono/html';
import { recordActivity } from '../domain/authentication-log.ts';
import { createEnrolmentLink, type EnrolmentLink } from '../domain/enrolment-links.ts';
import { DomainError } from '../domain/error.ts';
import type { MailMessage } from '../domain/mail.ts';
import type { Tenant } from '../domain/tenant.ts';
import { getUser, type User } from '../domain/users.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

/**
 * Send Email with Device Enrollment: makes a link and mails it to its user.
 * @param actor who asked for it, for the log
 * @param lifetime seconds, 0 never expires; default: as policy has it
 * @throws DomainError `not_found`; `malformed` for a user without an address; Error where the mail server refuses
 */
export async function sendEnrolmentMail(
  tenant: Tenant,
  userId: string,
  actor: string,
  lifetime?: number,
): Promise<EnrolmentLink> {
  const user = getUser(tenant, userId);
  if (user.email === '') {
    throw new DomainError('malformed', `${user.username} has no e-mail address. Enter one first.`, 'email');
  }
  const link = await createEnrolmentLink(tenant, userId, lifetime);
  await tenant.mail.send(await composeEnrolmentMail(tenant, user, link));
  await tenant.database.write(() =>
    recordActivity(tenant, { actor, action: 'enrolment_mail_send', object: user.username, detail: user.email }),
  );
  return link;
}

/** The message in both forms. */
export async function composeEnrolmentMail(tenant: Tenant, user: User, link: EnrolmentLink): Promise<MailMessage> {
  const name = user.realName || user.username;
  const days = link.expiresAt === undefined ? undefined : Math.ceil((link.expiresAt - tenant.now()) / DAY_MS);
  const validity =
    days === undefined
      ? 'The link works once.'
      : `The link works once, and for ${days === 1 ? 'one day' : `${days} days`}.`;
  const text = `Hello ${name},

your organisation protects your account ${user.username} with a second factor.
Open this link to enroll your security key:

${link.url}

${validity} If you did not expect this message, tell your administrator.
`;
  const body = await html`<!doctype html><html lang="en"><body>
<p>Hello ${name},</p>
<p>your organisation protects your account <b>${user.username}</b> with a second factor. Open this link to enroll your security key:</p>
<p><a href="${link.url}">Enroll your device</a></p>
<p>${validity} If you did not expect this message, tell your administrator.</p>
</body></html>`;
  return { to: user.email, subject: `${tenant.rpName}: enroll your device`, text, html: String(body) };
}
