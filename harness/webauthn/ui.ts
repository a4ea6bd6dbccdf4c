/** What a browser asks its user in dialogs of its own; a page sees none of it. */

export interface PinRequest {
  readonly rpId: string;
  /** The authenticator's name. */
  readonly authenticator: string;
  /** `enter` the PIN there is; `set` a first one; `change` it because the authenticator demands a new one. */
  readonly reason: 'enter' | 'set' | 'change';
  /** Wrong entries left before the PIN is blocked; undefined for a new PIN. */
  readonly attempts: number | undefined;
  /** Unicode code points. */
  readonly minPINLength: number;
  /** Why the entry before was not taken. */
  readonly error?: string | undefined;
  /** Aborted when the answer is no longer wanted. */
  readonly signal: AbortSignal;
}

/** One of several discoverable credentials. Names are there only where the user was verified. */
export interface CredentialChoice {
  readonly id: Uint8Array;
  readonly user: {
    readonly id: Uint8Array;
    readonly name?: string | undefined;
    readonly displayName?: string | undefined;
  };
}

export interface WebAuthnUi {
  /** A PIN, or undefined to cancel. Without this function no PIN can be used. */
  pin?(request: PinRequest): Promise<string | undefined> | string | undefined;
  /** One of `choices`, the newest credential first, or undefined to cancel. Default: the first. */
  selectCredential?(
    choices: readonly CredentialChoice[],
    signal: AbortSignal,
  ): Promise<CredentialChoice | undefined> | CredentialChoice | undefined;
}

/** Waits for the user's answer, but no longer than for the signal, with whose reason it rejects. */
export async function answerOf<T>(ask: () => Promise<T> | T, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  let stop = () => {};
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([ask(), aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
