/** PINs as text: CTAP 2.3 §6.5.1 (NFC, at least so many code points, at most 63 bytes of UTF-8). */
import { utf8 } from '../../ctap/bytes.ts';
import type { GetInfoResponse } from '../../ctap/commands/get-info.ts';
import { CtapError } from '../../ctap/status.ts';

const DEFAULT_MIN_LENGTH = 4;
const MAX_BYTES = 63;
const PADDED_LENGTH = 64;

/** The bytes of a PIN, normalized so that the same PIN is the same bytes on every platform. */
export function encodePin(pin: string): Uint8Array {
  return utf8(pin.normalize('NFC'));
}

/**
 * A new PIN, padded as it goes to the key.
 * @throws CtapError CTAP2_ERR_PIN_POLICY_VIOLATION where the key could not take it
 */
export function newPin(pin: string, info: Pick<GetInfoResponse, 'minPINLength' | 'maxPINLength'>): Uint8Array {
  const { minPINLength = DEFAULT_MIN_LENGTH, maxPINLength } = info;
  const bytes = encodePin(pin);
  const length = [...pin.normalize('NFC')].length;
  const expect = (fits: boolean, expected: string, got: string) => {
    if (!fits) throw new CtapError('CTAP2_ERR_PIN_POLICY_VIOLATION', `expected a PIN ${expected}, got ${got}`);
  };
  expect(length >= minPINLength, `of at least ${minPINLength} characters`, String(length));
  expect(maxPINLength === undefined || length <= maxPINLength, `of at most ${maxPINLength} characters`, String(length));
  expect(bytes.length <= MAX_BYTES, `of at most ${MAX_BYTES} bytes of UTF-8`, String(bytes.length));
  // Padding is zeros: the key could not tell where such a PIN ends.
  expect(bytes.at(-1) !== 0, 'without a zero character at its end', 'one');
  const padded = new Uint8Array(PADDED_LENGTH);
  padded.set(bytes);
  return padded;
}
