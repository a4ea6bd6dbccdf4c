/** The mail that invites a user to enrol: Users > User Settings > Send Email with Device Enrollment. */
import { html } from 'hono/html';
import { createEnrolmentLink, type EnrolmentLink } from './enrolment-links.ts';
import { DomainError } from './error.ts';
import type { MailMessage } from './mail.ts';
import type { Tenant } from './tenant.ts';
import { getUser, type User } from './users.ts';

/**
 * Makes a link and mails it to the user; resolves once a mail server has taken the mail.
 * @param lifetime seconds, 0 never expires; default: as policy has it
 * @throws DomainError `not_found`, `malformed` for a user without an address; whatever the mail server says
 */
export async function sendEnrolmentMail(tenant: Tenant, userId: string, lifetime?: number): Promise<EnrolmentLink> {
  const user = getUser(tenant, userId);
  if (user.email === '') throw new DomainError('malformed', `${user.username} has no e-mail address.`, 'email');
  const link = await createEnrolmentLink(tenant, userId, lifetime);
  await tenant.mail.send(await enrolmentMail(tenant, user, link));
  return link;
}

async function enrolmentMail(tenant: Tenant, user: User, { url, expiresAt }: EnrolmentLink): Promise<MailMessage> {
  const name = user.realName || user.username;
  const until = expiresAt === undefined ? 'It does not expire.' : `It expires on ${new Date(expiresAt).toUTCString()}.`;
  const intro = `Your organisation asks you to enroll a device for signing in to ${tenant.rpName}, such as a security key. Have it at hand and open this link:`;
  const outro = `The link is for you (${user.username}) alone and works once. ${until}`;
  const body = await html`<!doctype html>
    <html lang="en">
      <body>
        <p>Hello ${name},</p>
        <p>${intro}</p>
        <p><a href="${url}">${url}</a></p>
        <p>${outro}</p>
      </body>
    </html>`;
  return {
    to: user.email,
    subject: `Enroll your device in ${tenant.rpName}`,
    text: `Hello ${name},\n\n${intro}\n\n${url}\n\n${outro}\n`,
    html: String(body),
  };
}
