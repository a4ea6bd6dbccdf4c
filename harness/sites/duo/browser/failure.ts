/// <reference lib="dom" />

/** What a page tells when a ceremony failed; `code` is stable and stands in `#alert[data-code]`. */
export interface Failure {
  code: FailureCode;
  title: string;
  text: string;
  /** What the browser itself threw, for those who look for the cause. */
  thrown?: { name: string; message: string };
}

export type FailureCode =
  | 'unsupported'
  | 'insecure'
  | 'cancelled'
  | 'denied'
  | 'timeout'
  | 'wrong-key'
  | 'already-enrolled'
  | 'key-unsuitable'
  | 'wrong-site'
  | 'key-failed'
  | 'refused'
  | 'unreachable';

/** The site's own refusal, `{error: {code, message}}`. */
export class Refusal extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.name = 'Refusal';
    this.code = code;
  }
}

/** The site could not be asked at all. */
export class Unreachable extends Error {}

/** How the failed ceremony ran. */
export interface Ceremony {
  kind: 'enroll' | 'sign-in';
  /** Milliseconds from the browser's prompt to the failure, and how many the options allowed. */
  elapsed: number;
  timeout: number;
}

/** Why this browser cannot use security keys on this page at all, if so. */
export function missingSupport(): Failure | undefined {
  if (!globalThis.isSecureContext) {
    return {
      code: 'insecure',
      title: 'This page is not secure',
      text: 'Browsers offer security keys over HTTPS and on localhost only. Open this site by such an address.',
    };
  }
  if (typeof globalThis.PublicKeyCredential !== 'function') {
    return {
      code: 'unsupported',
      title: 'This browser does not support security keys',
      text: 'Use a current version of Chrome, Edge, Firefox or Safari.',
    };
  }
  return undefined;
}

/** Turns what was thrown into words, and keeps the browser's own. */
export function describeFailure(error: unknown, ceremony: Ceremony): Failure {
  const failure = explain(error, ceremony);
  const thrown = browserException(error);
  return thrown === undefined ? failure : { ...failure, thrown: { name: thrown.name, message: thrown.message } };
}

/** @simplewebauthn/browser wraps what the browser threw into an error of its own. */
function browserException(error: unknown): DOMException | undefined {
  if (error instanceof DOMException) return error;
  return error instanceof Error && error.cause instanceof DOMException ? error.cause : undefined;
}

// Browsers fold most causes into NotAllowedError (WebAuthn Level 3 §14.5.1).
function explain(error: unknown, ceremony: Ceremony): Failure {
  if (error instanceof Refusal) return refused(error);
  if (error instanceof Unreachable) {
    return {
      code: 'unreachable',
      title: 'The site cannot be reached',
      text: 'Check your connection, then try again.',
    };
  }
  const name = error instanceof Error || error instanceof DOMException ? error.name : '';
  const enrolling = ceremony.kind === 'enroll';
  switch (name) {
    case 'AbortError':
      return { code: 'cancelled', title: 'Cancelled', text: 'Nothing was changed. Try again when you are ready.' };
    case 'NotAllowedError':
      return ceremony.elapsed >= ceremony.timeout ? timedOut() : notAllowed(enrolling);
    case 'InvalidStateError':
      return enrolling ? alreadyEnrolled() : wrongKey();
    case 'ConstraintError':
    case 'NotSupportedError':
      return {
        code: 'key-unsuitable',
        title: 'This key cannot be used here',
        text: 'It lacks something that this site requires, such as a PIN or a signature algorithm. Use another key.',
      };
    case 'SecurityError':
      return {
        code: 'wrong-site',
        title: 'The address does not fit',
        text: 'The browser refused, because this page’s address does not belong to the relying party ID shown below.',
      };
    default:
      return {
        code: 'key-failed',
        title: 'The security key reported an error',
        text: `Remove it, insert it again and retry. (${error instanceof Error ? error.message : String(error)})`,
      };
  }
}

function refused(refusal: Refusal): Failure {
  if (refusal.code === 'wrong_key') return wrongKey();
  if (refusal.code === 'key_taken' || refusal.code === 'taken') return alreadyEnrolled();
  if (refusal.code === 'already_enrolled') {
    return { code: 'refused', title: 'This account is already set up', text: refusal.message };
  }
  const title = refusal.code === 'locked_out' ? 'Your account is locked out' : 'The site refused';
  return { code: 'refused', title, text: refusal.message };
}

function timedOut(): Failure {
  return {
    code: 'timeout',
    title: 'Time ran out',
    text: 'No security key was touched in time. Insert it and try again.',
  };
}

function notAllowed(enrolling: boolean): Failure {
  return {
    code: 'denied',
    title: 'Your security key was not used',
    text: enrolling
      ? 'The request was cancelled or the key was not touched. Insert the key, try again and touch it when it blinks.'
      : 'The request was cancelled, the key was not touched, or this key is not enrolled for the account. Try again.',
  };
}

function wrongKey(): Failure {
  return {
    code: 'wrong-key',
    title: 'This is not a key of this account',
    text: 'Use a security key that you enrolled for this username, or check the username.',
  };
}

function alreadyEnrolled(): Failure {
  return {
    code: 'already-enrolled',
    title: 'This key is already enrolled',
    text: 'Insert another security key to add it to your account.',
  };
}
