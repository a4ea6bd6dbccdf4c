/** Failures as the command line tells them: a sentence, a next step, and an exit code that scripts can use. */

import { PROGRAM } from './program-name.ts';

/** Exit codes of every verb. */
export const ExitCode = {
  /** All that was asked for was done. */
  ok: 0,
  /** It was tried and failed. */
  failed: 1,
  /** The command line makes no sense. */
  usage: 2,
  /** No such key, or no running lab. */
  'no-device': 3,
  /** The key or its user said no: touch denied, wrong PIN, not allowed. */
  refused: 4,
  /** Nobody touched the key in time, or it did not answer. */
  'timed-out': 5,
} as const;
export type FailureKind = Exclude<keyof typeof ExitCode, 'ok'>;

/** A failure that the user can understand; `next` says what to do about it. */
export class Failure extends Error {
  readonly kind: FailureKind;
  readonly next: string | undefined;

  constructor(kind: FailureKind, message: string, next?: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'Failure';
    this.kind = kind;
    this.next = next;
  }

  get exitCode(): number {
    return ExitCode[this.kind];
  }

  toJSON(): { error: { code: FailureKind; exitCode: number; message: string; next?: string } } {
    const next = this.next === undefined ? {} : { next: this.next };
    return { error: { code: this.kind, exitCode: this.exitCode, message: this.message, ...next } };
  }
}

const PIN_STATUSES = new Set([0x31, 0x33, 0x35, 0x36, 0x37]);
const BLOCKED_STATUSES = new Set([0x32, 0x34, 0x3c]);
const REFUSED_STATUSES = new Set([0x27, 0x2d, 0x30, 0x3f, 0x40, ...PIN_STATUSES, ...BLOCKED_STATUSES]);
const TIMEOUT_STATUSES = new Set([0x05, 0x2f, 0x3a]);

function hintOfStatus(status: number): string | undefined {
  if (status === 0x34) return 'Unplug the key and plug it in again, then try once more.';
  if (BLOCKED_STATUSES.has(status)) return 'Only a reset brings the key back; it deletes its credentials.';
  if (status === 0x35) return `Set a PIN first: ${PROGRAM} pin set`;
  if (status === 0x37) return 'Choose another PIN: the key, or its minimum length, does not allow this one.';
  if (PIN_STATUSES.has(status)) return `See how many attempts are left: ${PROGRAM} pin status`;
  if (status === 0x27) return 'Touch the key when it asks, or run with --touch auto.';
  if (TIMEOUT_STATUSES.has(status))
    return `Touch the key while it blinks; a virtual one with: ${PROGRAM} touch --wait 30000`;
  return undefined;
}

const TOUCH_TIMED_OUT = 0x6ff9;
/** Not allowed as things are, locked, or declined. */
const REFUSED_STATUS_WORDS = new Set([0x6982, 0x6983, 0x6985]);

/** Status words of smart cards. */
function kindOfStatusWord(statusWord: number): FailureKind {
  if (statusWord === TOUCH_TIMED_OUT) return 'timed-out';
  return REFUSED_STATUS_WORDS.has(statusWord) || statusWord >> 8 === 0x63 ? 'refused' : 'failed';
}

function hintOfStatusWord(statusWord: number): string | undefined {
  return statusWord === TOUCH_TIMED_OUT ? hintOfStatus(0x2f) : undefined;
}

function codeOf(error: Error): string | undefined {
  return 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** Any thrown value as a Failure. CtapError, LabError and DOMException are told by shape, so that neither floor is loaded for it. */
export function toFailure(thrown: unknown): Failure {
  if (thrown instanceof Failure) return thrown;
  if (!(thrown instanceof Error)) return new Failure('failed', String(thrown));
  const { message } = thrown;
  const options = { cause: thrown };
  if (thrown.name === 'CtapError' && 'status' in thrown && typeof thrown.status === 'number') {
    const { status } = thrown;
    const kind = REFUSED_STATUSES.has(status) ? 'refused' : TIMEOUT_STATUSES.has(status) ? 'timed-out' : 'failed';
    return new Failure(kind, message, hintOfStatus(status), options);
  }
  if (thrown.name === 'StatusWordError' && 'statusWord' in thrown && typeof thrown.statusWord === 'number') {
    return new Failure(kindOfStatusWord(thrown.statusWord), message, hintOfStatusWord(thrown.statusWord), options);
  }
  if (thrown.name === 'LabError' && 'kind' in thrown && 'next' in thrown) {
    const { kind, next } = thrown as Error & { kind: FailureKind | 'no-lab'; next: string | undefined };
    if (kind !== 'no-lab') return new Failure(kind, message, next, options);
    return new Failure('no-device', message, `Start one with: ${PROGRAM} start`, options);
  }
  if (thrown.name === 'NotAllowedError') return new Failure('refused', message, hintOfStatus(0x27), options);
  if (thrown.name === 'TimeoutError') return new Failure('timed-out', message, hintOfStatus(0x05), options);
  switch (codeOf(thrown)) {
    case 'EADDRINUSE':
      return new Failure(
        'failed',
        message,
        'Another program listens there; choose another port, or 0 for a free one.',
        options,
      );
    case 'ENODEV':
      return new Failure('no-device', message, `See what can be reached: ${PROGRAM} list`, options);
    case 'EACCES':
    case 'EPERM':
      return new Failure(
        'failed',
        message,
        'Check who may open it; on Linux "scripts/setup --udev" lets users reach keys.',
        options,
      );
    default:
      return new Failure('failed', message === '' ? thrown.name : message, undefined, options);
  }
}
