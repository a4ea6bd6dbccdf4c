import { createTransport } from 'nodemailer';
import type { Mailer, MailMessage } from '../domain/mail.ts';

/** A mail server to hand messages to. */
export interface MailServer {
  readonly host: string;
  readonly port: number;
  /** TLS from the first byte (port 465); elsewhere STARTTLS is used where the server offers it. */
  readonly secure?: boolean | undefined;
  readonly user?: string | undefined;
  readonly password?: string | undefined;
}

/** Reads `smtp://user:password@host:port` or `smtps://...`. @throws TypeError for another address */
export function parseMailServer(address: string): MailServer {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url === undefined || !/^smtps?:$/.test(url.protocol) || url.hostname === '') {
    throw new TypeError(`mail server: expected smtp://host:port or smtps://host:port, got ${JSON.stringify(address)}`);
  }
  const secure = url.protocol === 'smtps:';
  return {
    host: url.hostname,
    port: url.port === '' ? (secure ? 465 : 25) : Number(url.port),
    secure,
    ...(url.username === ''
      ? {}
      : { user: decodeURIComponent(url.username), password: decodeURIComponent(url.password) }),
  };
}

/** Sends over SMTP (RFC 5321), each message in both forms. */
export function smtpMailer(server: MailServer, from: string): Mailer & { close(): void } {
  const { host, port, secure = false, user, password } = server;
  const transport = createTransport({
    ...{ host, port, secure, disableFileAccess: true, disableUrlAccess: true },
    ...(user === undefined ? {} : { auth: { user, pass: password ?? '' } }),
  });
  return {
    send: async ({ to, subject, text, html }: MailMessage) => {
      await transport.sendMail({ from, to, subject, text, html });
    },
    close: () => transport.close(),
  };
}
