/// <reference lib="dom" />
import { WebAuthnAbortService } from '@simplewebauthn/browser';
import { describeFailure, type Failure, missingSupport } from './failure.ts';
import { announce, clearFailure, post, showFailure } from './page.ts';

interface Ceremony<Options> {
  readonly kind: 'enroll' | 'sign-in';
  /** Where the site gives its options, and what it is told for that. */
  readonly path: string;
  readonly body: unknown;
  /** What is said to screen readers while the browser asks for the key. */
  readonly waiting: string;
  /** Has the browser carry out the options, and hands its answer in. */
  readonly perform: (options: Options) => Promise<void>;
}

/** Runs a ceremony. Resolves to what went wrong, for a person; to undefined if nothing did. */
export async function runCeremony<Options extends { timeout?: number }>(
  ceremony: Ceremony<Options>,
): Promise<Failure | undefined> {
  const { kind, path, body, waiting, perform } = ceremony;
  clearFailure();
  announce(waiting);
  // A browser tells a timeout and a refusal by one error: only the clock tells them apart.
  let start = performance.now();
  let timeout = Number.POSITIVE_INFINITY;
  try {
    const options = await post<Options>(path, body);
    timeout = options.timeout ?? timeout;
    start = performance.now();
    await perform(options);
    return undefined;
  } catch (error) {
    return describeFailure(error, { kind, elapsed: performance.now() - start, timeout });
  }
}

/** Gives the page its Cancel button. */
export function cancelsCeremony(button: HTMLElement | null): void {
  button?.addEventListener('click', () => WebAuthnAbortService.cancelCeremony());
}

/** Tells of a browser without WebAuthn, and takes the button away that would ask for it. */
export function requireSupport(button: HTMLButtonElement): void {
  const missing = missingSupport();
  if (missing === undefined) return;
  showFailure(missing);
  button.disabled = true;
}
