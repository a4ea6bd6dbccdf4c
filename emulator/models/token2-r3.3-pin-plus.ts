/** Token2 PIN+, release 3.3: the PIN policy, and the PIV, OpenPGP and OATH applets. */
import type { Model } from './model.ts';
import { noEasyPins } from './pin-complexity.ts';
import { PIN_PLUS_AAGUID, TOKEN2_OTP_ASSUMED, token2Fido21 } from './token2.ts';

export const token2R33PinPlus: Model = {
  ...token2Fido21,
  name: 'token2-r3.3-pin-plus',
  description: 'Token2 PIN+ PIV+, release 3.3 (FIDO 2.1, USB-C, NFC)',
  serialPrefix: '66104',
  aaguid: PIN_PLUS_AAGUID,
  firmwareVersion: 0x030300,
  applets: ['fido2', 'u2f', 'token2-otp', 'oath', 'piv', 'openpgp'],
  minPINLength: 6,
  pinComplexity: noEasyPins,
  assumed: [...TOKEN2_OTP_ASSUMED, 'pinComplexity'],
};
