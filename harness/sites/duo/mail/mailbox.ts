/** The lab's mailbox: a real SMTP receiver on loopback that keeps what it is sent, in memory. */
import type { AddressInfo } from 'node:net';
import { SMTPServer, type SMTPServerDataStream } from 'smtp-server';

export interface ReceivedMail {
  readonly id: number;
  readonly from: string;
  readonly to: readonly string[];
  readonly subject: string;
  readonly text: string;
  /** As it came: untrusted. Empty where it has none. */
  readonly html: string;
  /** Milliseconds since 1970. */
  readonly receivedAt: number;
}

const MAXIMUM_MESSAGE_BYTES = 1024 * 1024;
const MAXIMUM_MAILS = 500;

export class Mailbox {
  readonly #server: SMTPServer;
  readonly #mails: ReceivedMail[] = [];
  readonly #waiting = new Set<(mail: ReceivedMail) => void>();
  #port = 0;
  #count = 0;

  private constructor(now: () => number) {
    this.#server = new SMTPServer({
      disabledCommands: ['AUTH', 'STARTTLS'],
      size: MAXIMUM_MESSAGE_BYTES,
      banner: 'ctaplab mailbox',
      disableReverseLookup: true,
      onData: (stream, session, done) => {
        const to = session.envelope.rcptTo.map(({ address }) => address);
        this.#read(stream, to, now).then(
          () => done(),
          (error: unknown) => done(error instanceof Error ? error : new Error(String(error))),
        );
      },
    });
  }

  /** Listens on loopback; port 0 takes a free one. */
  static async open({ port = 0, now = Date.now }: { port?: number; now?: () => number } = {}): Promise<Mailbox> {
    const mailbox = new Mailbox(now);
    const { server } = mailbox.#server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      mailbox.#server.listen(port, '127.0.0.1', () => {
        server.off('error', reject);
        resolve();
      });
    });
    mailbox.#port = (server.address() as AddressInfo).port;
    return mailbox;
  }

  get port(): number {
    return this.#port;
  }

  /** The latest first. */
  list(): readonly ReceivedMail[] {
    return this.#mails.toReversed();
  }

  find(id: number): ReceivedMail | undefined {
    return this.#mails.find((mail) => mail.id === id);
  }

  /** The next mail that comes. */
  next(): Promise<ReceivedMail> {
    return new Promise((resolve) => this.#waiting.add(resolve));
  }

  close(): Promise<void> {
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }

  async #read(stream: SMTPServerDataStream, to: string[], now: () => number): Promise<void> {
    // Loaded with the first mail: that takes longer than the rest of the service together.
    const { simpleParser } = await import('mailparser');
    const parsed = await simpleParser(stream, { skipImageLinks: true });
    if (stream.sizeExceeded) throw Object.assign(new Error('Message too large'), { responseCode: 552 });
    this.#take({
      ...{ id: ++this.#count, to, receivedAt: now() },
      from: parsed.from?.text ?? '',
      subject: parsed.subject ?? '',
      text: parsed.text ?? '',
      html: parsed.html || '',
    });
  }

  #take(mail: ReceivedMail): void {
    this.#mails.push(mail);
    if (this.#mails.length > MAXIMUM_MAILS) this.#mails.shift();
    for (const resolve of this.#waiting) resolve(mail);
    this.#waiting.clear();
  }
}
