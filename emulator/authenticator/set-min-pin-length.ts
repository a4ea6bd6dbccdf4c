/** setMinPINLength: CTAP 2.3 §6.11.4, §7.4. */
import type { CborMap } from '../../ctap/cbor.ts';
import { type SetMinPINLengthParams, setMinPINLengthParams } from '../../ctap/commands/authenticator-config.ts';
import { MIN_PIN_LENGTH } from '../../ctap/extensions/min-pin-length.ts';
import { PIN_COMPLEXITY_POLICY } from '../../ctap/extensions/pin-complexity-policy.ts';
import { CtapError } from '../../ctap/status.ts';
import type { Authenticator } from './authenticator.ts';

/** Tightens the PIN policy; it is never loosened but by a reset. A PIN that does not meet it has to be changed. */
export async function setMinPINLength(authenticator: Authenticator, value: CborMap): Promise<void> {
  const params = setMinPINLengthParams.decode(value, 'setMinPINLength');
  const { config, persistentToken, pin, token } = authenticator;
  const minPINLength = params.newMinPINLength ?? config.now.minPINLength;
  checkParams(authenticator, params, minPINLength);
  const pinComplexityPolicy = config.now.pinComplexityPolicy || (params.pinComplexityPolicy ?? false);
  // step 8: a list without an element changes nothing
  const minPinLengthRPIDs = params.minPinLengthRPIDs?.length ? params.minPinLengthRPIDs : config.now.minPinLengthRPIDs;
  const force = params.forceChangePin || pin.forceChange || pin.violates(minPINLength, pinComplexityPolicy);
  const also = force ? [...pin.changeDemand(), ...persistentToken.renewal()] : [];
  await config.set({ minPINLength, minPinLengthRPIDs, pinComplexityPolicy }, also);
  if (!force) return;
  pin.demandChange();
  persistentToken.refresh();
  token.stop();
}

function checkParams(
  authenticator: Authenticator,
  { minPinLengthRPIDs, forceChangePin, pinComplexityPolicy }: SetMinPINLengthParams,
  minPINLength: number,
): void {
  const { config, model, pin } = authenticator;
  if (minPinLengthRPIDs && ![MIN_PIN_LENGTH, PIN_COMPLEXITY_POLICY].some((name) => authenticator.hasExtension(name))) {
    const detail = 'minPinLengthRPIDs needs the extension minPinLength or pinComplexityPolicy';
    throw new CtapError('CTAP1_ERR_INVALID_PARAMETER', detail);
  }
  if (pinComplexityPolicy && !model.pinComplexity) {
    throw new CtapError('CTAP1_ERR_INVALID_PARAMETER', 'pinComplexityPolicy: this key has no rule beyond the length');
  }
  const { minPINLength: least } = config.now;
  if (minPINLength < least || minPINLength > model.maxPINLength) {
    const detail = `newMinPINLength: expected ${least} to ${model.maxPINLength}, got ${minPINLength}`;
    throw new CtapError('CTAP2_ERR_PIN_POLICY_VIOLATION', detail);
  }
  if (forceChangePin && !pin.isSet) throw new CtapError('CTAP2_ERR_PIN_NOT_SET', 'there is no PIN to change');
  const most = model.maxRPIDsForSetMinPINLength;
  if ((minPinLengthRPIDs?.length ?? 0) > most) {
    const detail = `minPinLengthRPIDs: expected at most ${most}, got ${minPinLengthRPIDs!.length}`;
    throw new CtapError('CTAP2_ERR_KEY_STORE_FULL', detail);
  }
}
