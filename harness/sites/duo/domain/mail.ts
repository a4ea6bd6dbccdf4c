/** A message to one person, in both forms. */
export interface MailMessage {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

/** Hands a message to a mail server; rejects where that refuses it. */
export interface Mailer {
  send(message: MailMessage): Promise<void>;
}
