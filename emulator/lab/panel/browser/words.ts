/** What a key is doing and wants, in words for people: the panel's and the terminal's. */

/** A question that waits for a touch. */
export interface Question {
  readonly operation: string;
  readonly rpId?: string | undefined;
  readonly userName?: string | undefined;
  readonly longTouch?: boolean | undefined;
}

/** Who asks for what, as one sentence without its full stop. */
export function questionInWords({ operation, rpId, userName }: Question): string {
  const site = rpId ?? 'A program';
  const account = userName === undefined ? '' : ` as ${userName}`;
  switch (operation) {
    case 'makeCredential':
      return `${site} wants to enroll this key${userName === undefined ? '' : ` for ${userName}`}`;
    case 'getAssertion':
      return `${site} wants you to sign in${account}`;
    case 'excluded':
      return `${site} knows this key already; a touch lets it see that`;
    case 'u2fRegister':
      return 'A site wants to enroll this key (U2F, which does not name the site)';
    case 'u2fAuthenticate':
      return 'A site wants you to sign in (U2F, which does not name the site)';
    case 'selection':
      return 'A program wants to know which key you mean';
    case 'reset':
      return 'A program wants to reset this key: everything on it is erased';
    case 'verifyFingerprint':
      return `${site} wants your finger to sign in${account}`;
    case 'enrollFingerprint':
      return 'A program wants to learn a finger: put it on the sensor';
    case 'otpCode':
      return 'A program wants a one-time code of this key';
    case 'otpErase':
      return 'A program wants to erase all one-time codes of this key';
    default:
      return `${site} asks for ${operation}${account}`;
  }
}

/** The operation as a short heading. */
export function operationInWords(operation: string): string {
  return OPERATIONS[operation] ?? operation;
}

const OPERATIONS: Readonly<Record<string, string>> = {
  makeCredential: 'Enroll',
  getAssertion: 'Sign in',
  excluded: 'Already enrolled',
  u2fRegister: 'Enroll (U2F)',
  u2fAuthenticate: 'Sign in (U2F)',
  selection: 'Choose a key',
  reset: 'Reset',
  verifyFingerprint: 'Fingerprint',
  enrollFingerprint: 'Learn a finger',
  otpCode: 'One-time code',
  otpErase: 'Erase all codes',
};

export interface PinFacts {
  readonly set: boolean;
  readonly retries: number;
  readonly blocked: boolean;
  readonly powerCycleNeeded: boolean;
}

/** The state of the PIN, and what helps. */
export function pinInWords({ set, retries, blocked, powerCycleNeeded }: PinFacts): { state: string; advice: string } {
  if (!set) return { state: 'No PIN is set', advice: 'A site that wants one has it set when you enroll.' };
  if (blocked) {
    return {
      state: 'Locked for good',
      advice: 'Eight wrong PINs. Only a reset helps, which erases everything on the key.',
    };
  }
  const left = retries === 1 ? '1 try left' : `${retries} tries left`;
  if (powerCycleNeeded) {
    return {
      state: `Locked until it is plugged in again, ${left}`,
      advice: 'Three wrong PINs in a row. Remove the key and insert it again.',
    };
  }
  if (retries < 8) return { state: `PIN set, ${left}`, advice: 'The right PIN brings all eight tries back.' };
  return { state: 'PIN set, 8 tries left', advice: '' };
}

export type Led = 'off' | 'idle' | 'touch' | 'working' | 'error';

export function ledInWords(led: Led): string {
  return LEDS[led];
}

const LEDS: Readonly<Record<Led, string>> = {
  off: 'Not plugged in',
  idle: 'Ready',
  touch: 'Blinking: waits for your touch',
  working: 'At work',
  error: 'Locked: the PIN was wrong too often',
};
