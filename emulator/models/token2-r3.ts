/** Token2 T2F2 release 3: FIDO 2.1 and U2F on USB and NFC, without the PIN policy of the PIN+ series. */
import type { Model } from './model.ts';
import { TOKEN2_OTP_ASSUMED, token2Fido21 } from './token2.ts';

export const token2R3: Model = {
  ...token2Fido21,
  name: 'token2-r3',
  description: 'Token2 FIDO2 Security Key, release 3 (FIDO 2.1, USB, NFC)',
  // the public list of prefixes gives this one to the PIN+ of release 3
  serialPrefix: '76104',
  firmwareVersion: 0x030000,
  assumed: ['serialPrefix', ...TOKEN2_OTP_ASSUMED],
};
