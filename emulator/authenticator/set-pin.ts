/** setPIN and changePIN: CTAP 2.3 §6.5.5.5 and §6.5.5.6. */
import { concat } from '../../ctap/bytes.ts';
import type { ClientPinRequest, ClientPinResponse } from '../../ctap/commands/client-pin.ts';
import type { PinUvAuthProtocol } from '../../ctap/pin-uv-auth/index.ts';
import { CtapError } from '../../ctap/status.ts';
import type { Authenticator } from './authenticator.ts';
import { need, verifyPin } from './client-pin-parameters.ts';
import type { NewPin } from './pin-state.ts';
import { supportedProtocol } from './pin-uv-auth-param.ts';

const PIN_HASH_LENGTH = 16;
const PADDED_PIN_LENGTH = 64;
const MAX_PIN_BYTES = 63;

const decoder = new TextDecoder(); // a PIN that is no UTF-8 is a PIN all the same

function pinAuthInvalid(detail: string): CtapError {
  return new CtapError('CTAP2_ERR_PIN_AUTH_INVALID', detail);
}

function policyViolation(detail: string): CtapError {
  return new CtapError('CTAP2_ERR_PIN_POLICY_VIOLATION', detail);
}

/** Decrypts a new PIN, checks it against the policy, and gives what is kept of it. */
function openNewPin(
  authenticator: Authenticator,
  protocol: PinUvAuthProtocol,
  sharedSecret: Uint8Array,
  newPinEnc: Uint8Array,
): NewPin {
  const padded = protocol.decrypt(sharedSecret, newPinEnc);
  if (!padded) throw pinAuthInvalid('newPinEnc is no whole blocks of 16 bytes');
  if (padded.length !== PADDED_PIN_LENGTH) {
    const detail = `newPinEnc: expected 64 bytes of padded PIN, got ${padded.length}`;
    throw new CtapError('CTAP1_ERR_INVALID_PARAMETER', detail);
  }
  let end = padded.length;
  while (end > 0 && padded[end - 1] === 0) end--;
  return judgeNewPin(authenticator, padded.subarray(0, end));
}

/**
 * Checks a new PIN in UTF-8 against the policy, and gives what is kept of it.
 * @throws CtapError CTAP2_ERR_PIN_POLICY_VIOLATION
 */
export function judgeNewPin({ config, environment, model }: Authenticator, pin: Uint8Array): NewPin {
  // counted without decoding: every byte that does not continue a UTF-8 sequence begins a code point
  const length = pin.reduce((count, byte) => count + ((byte & 0xc0) === 0x80 ? 0 : 1), 0);
  const { minPINLength, pinComplexityPolicy } = config.now;
  if (length < minPINLength || length > model.maxPINLength || pin.length > MAX_PIN_BYTES) {
    throw policyViolation(
      `expected ${minPINLength} to ${model.maxPINLength} code points in at most ${MAX_PIN_BYTES} bytes`,
    );
  }
  const complex = model.pinComplexity?.accepts(decoder.decode(pin)) ?? true;
  if (pinComplexityPolicy && !complex)
    throw policyViolation(model.pinComplexity?.description ?? 'the PIN is too simple');
  return { hash: environment.crypto.sha256(pin).slice(0, PIN_HASH_LENGTH), length, complex };
}

/** Stores a new PIN; every token that an older one gave is void, the persistent one too. */
export async function storePin({ persistentToken, pin, token, uv }: Authenticator, newPin: NewPin): Promise<void> {
  await pin.set(newPin, [...persistentToken.renewal(), ...uv.renewal()]);
  persistentToken.refresh();
  uv.refresh();
  token.stop();
}

export async function setPin(authenticator: Authenticator, request: ClientPinRequest): Promise<ClientPinResponse> {
  const version = need(request, 'pinUvAuthProtocol');
  const [peer, newPinEnc, parameter] = [
    need(request, 'keyAgreement'),
    need(request, 'newPinEnc'),
    need(request, 'pinUvAuthParam'),
  ];
  const protocol = supportedProtocol(authenticator, version);
  if (authenticator.pin.isSet) throw pinAuthInvalid('a PIN is set already: change it');
  const sharedSecret = authenticator.keyAgreement.decapsulate(protocol, peer);
  if (!protocol.verify(sharedSecret, newPinEnc, parameter))
    throw pinAuthInvalid('pinUvAuthParam does not fit newPinEnc');
  await storePin(authenticator, openNewPin(authenticator, protocol, sharedSecret, newPinEnc));
  return {};
}

export async function changePin(authenticator: Authenticator, request: ClientPinRequest): Promise<ClientPinResponse> {
  const version = need(request, 'pinUvAuthProtocol');
  const [peer, parameter] = [need(request, 'keyAgreement'), need(request, 'pinUvAuthParam')];
  const [newPinEnc, pinHashEnc] = [need(request, 'newPinEnc'), need(request, 'pinHashEnc')];
  const protocol = supportedProtocol(authenticator, version);
  const { pin } = authenticator;
  pin.assertUsable();
  const sharedSecret = authenticator.keyAgreement.decapsulate(protocol, peer);
  if (!protocol.verify(sharedSecret, concat(newPinEnc, pinHashEnc), parameter)) {
    throw pinAuthInvalid('pinUvAuthParam does not fit newPinEnc and pinHashEnc');
  }
  await verifyPin(authenticator, protocol, sharedSecret, pinHashEnc);
  const newPin = openNewPin(authenticator, protocol, sharedSecret, newPinEnc);
  if (pin.forceChange && pin.is(newPin.hash)) {
    throw policyViolation('the PIN has to be changed, this is the old one');
  }
  await storePin(authenticator, newPin);
  return {};
}
