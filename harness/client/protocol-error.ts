/** The key said something that the specification does not allow. Its refusals are CtapErrors; this is none. */
export class ProtocolError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ProtocolError';
  }
}

/** A member of an answer that the command at hand owes. @throws ProtocolError where it is missing */
export function owed<T>(value: T | undefined, member: string): T {
  if (value === undefined) throw new ProtocolError(`expected ${member} in the key's answer, got none`);
  return value;
}
