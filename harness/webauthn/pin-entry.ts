/** From the user's PIN to a token: entry, first PIN, forced change (CTAP 2.3 §6.5.5). */
import { CtapError } from '../../ctap/status.ts';
import type { PinUvAuthToken } from '../client/pin-uv-auth-token.ts';
import type { Ctap2Authenticator } from './authenticator.ts';
import { isStatus, webauthnError } from './errors.ts';
import { answerOf, type PinRequest, type WebAuthnUi } from './ui.ts';

/** CTAP 2.3 §6.4: minPINLength, where it is absent. */
const DEFAULT_MIN_PIN_LENGTH = 4;

export interface PinEntry {
  readonly authenticator: Ctap2Authenticator;
  readonly ui: WebAuthnUi;
  readonly rpId: string;
  /** Bits of Permission. */
  readonly permissions: number;
}

type Question = Pick<PinRequest, 'reason' | 'attempts' | 'error'>;

async function ask({ authenticator, ui, rpId }: PinEntry, question: Question): Promise<string> {
  const { signal } = authenticator.turn;
  const minPINLength = authenticator.info.minPINLength ?? DEFAULT_MIN_PIN_LENGTH;
  const request = { ...question, rpId, authenticator: authenticator.device.name, minPINLength, signal };
  const pin = await answerOf(() => ui.pin?.(request), signal);
  if (pin === undefined) throw webauthnError('NotAllowedError', 'the user cancelled the entry of the PIN');
  return pin;
}

/** Asks for a new PIN until `save` takes it; gives it back. */
async function askForNewPin(
  entry: PinEntry,
  reason: 'set' | 'change',
  save: (pin: string) => Promise<void>,
): Promise<string> {
  let error: string | undefined;
  for (;;) {
    const pin = await ask(entry, { reason, attempts: undefined, error });
    try {
      await save(pin);
      return pin;
    } catch (refusal) {
      if (!isStatus(refusal, 'CTAP2_ERR_PIN_POLICY_VIOLATION')) throw refusal;
      error = refusal.message;
    }
  }
}

/** Asks for the PIN until `use` takes it. @throws CtapError CTAP2_ERR_PIN_BLOCKED or CTAP2_ERR_PIN_AUTH_BLOCKED */
async function askForPin<T>(entry: PinEntry, use: (pin: string) => Promise<T>): Promise<T> {
  const { pin: client } = entry.authenticator;
  let error: string | undefined;
  for (;;) {
    const { retries, powerCycleNeeded } = await client.getPinRetries();
    if (retries === 0) throw new CtapError('CTAP2_ERR_PIN_BLOCKED');
    if (powerCycleNeeded) throw new CtapError('CTAP2_ERR_PIN_AUTH_BLOCKED');
    const pin = await ask(entry, { reason: 'enter', attempts: retries, error });
    try {
      return await use(pin);
    } catch (refusal) {
      if (!isStatus(refusal, 'CTAP2_ERR_PIN_INVALID')) throw refusal;
      error = 'the PIN is wrong';
    }
  }
}

/** Where the authenticator demands a new PIN in the place of `current`; gives the new one back. */
async function changePin(entry: PinEntry, current: string): Promise<string> {
  return askForNewPin(entry, 'change', async (pin) => {
    if (pin === current) throw new CtapError('CTAP2_ERR_PIN_POLICY_VIOLATION', 'expected another PIN than before');
    await entry.authenticator.pin.changePin(current, pin);
  });
}

/**
 * A token for the user's PIN; a PIN is set first where there is none.
 * @throws DOMException NotAllowedError where the user cancels
 * @throws CtapError as PinClient; a wrong PIN only when it is blocked
 */
export async function tokenByPin(entry: PinEntry): Promise<PinUvAuthToken> {
  const { authenticator, permissions, rpId } = entry;
  const { pin: client, turn, info } = authenticator;
  const { signal } = turn;
  if (turn.several) await authenticator.touch();
  turn.choose();
  const token = (pin: string) => client.getPinUvAuthToken({ pin, permissions, rpId }, { signal });
  if (authenticator.option('clientPin') === false) {
    return token(await askForNewPin(entry, 'set', (pin) => client.setPin(pin)));
  }
  return askForPin(entry, async (pin) => {
    // a key that demands another PIN gives no token for this one; a wrong one is found out by the change all the same
    if (info.forcePINChange) return token(await changePin(entry, pin));
    try {
      return await token(pin);
    } catch (refusal) {
      if (!isStatus(refusal, 'CTAP2_ERR_PIN_POLICY_VIOLATION')) throw refusal;
      return token(await changePin(entry, pin));
    }
  });
}
