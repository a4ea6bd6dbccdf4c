/** minPinLength: the key's policy in the authenticator data, for RPs that it knows (CTAP 2.3 §12.5). */
import { MIN_PIN_LENGTH } from '../../../ctap/extensions/min-pin-length.ts';
import { boolean } from '../webidl.ts';
import type { BeginCreation, ReadInputs } from './extension.ts';

export interface MinPinLengthInputs {
  readonly minPinLength?: boolean | undefined;
}

export const readMinPinLength: ReadInputs<MinPinLengthInputs> = (members) => ({
  minPinLength: members.may('minPinLength', boolean),
});

export function beginMinPinLength({ minPinLength }: MinPinLengthInputs): BeginCreation | undefined {
  if (!minPinLength) return undefined;
  return (authenticator) =>
    authenticator.supports(MIN_PIN_LENGTH) ? { inputs: () => ({ [MIN_PIN_LENGTH]: true }) } : {};
}
