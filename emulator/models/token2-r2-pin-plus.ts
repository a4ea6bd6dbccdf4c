/** Token2 PIN+, release 2: FIDO 2.1 with a PIN policy. */
import type { Model } from './model.ts';
import { noEasyPins } from './pin-complexity.ts';
import { PIN_PLUS_AAGUID, TOKEN2_OTP_ASSUMED, token2Fido21 } from './token2.ts';

export const token2R2PinPlus: Model = {
  ...token2Fido21,
  name: 'token2-r2-pin-plus',
  description: 'Token2 PIN+, release 2 (FIDO 2.1, USB-A, NFC)',
  serialPrefix: '96105',
  aaguid: PIN_PLUS_AAGUID,
  firmwareVersion: 0x020000,
  minPINLength: 6,
  pinComplexity: noEasyPins,
  assumed: [...TOKEN2_OTP_ASSUMED, 'pinComplexity'],
};
