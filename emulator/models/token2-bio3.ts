/** Token2 Bio3, release 3.3: a fingerprint sensor on top of the PIN policy. */
import type { Model } from './model.ts';
import { noEasyPins } from './pin-complexity.ts';
import { PIN_PLUS_AAGUID, TOKEN2_OTP_ASSUMED, token2Fido21 } from './token2.ts';

export const token2Bio3: Model = {
  ...token2Fido21,
  name: 'token2-bio3',
  description: 'Token2 Bio3, release 3.3 (FIDO 2.1, fingerprints, USB)',
  serialPrefix: '72113',
  aaguid: PIN_PLUS_AAGUID,
  firmwareVersion: 0x030300,
  transports: ['usb'],
  options: [...token2Fido21.options, 'uv', 'bioEnroll', 'userVerificationMgmtPreview'],
  minPINLength: 6,
  pinComplexity: noEasyPins,
  fingerprints: { kind: 'touch', maxTemplates: 10, samplesToEnroll: 4, maxTemplateFriendlyName: 64 },
  preferredPlatformUvAttempts: 3,
  assumed: [
    'aaguid',
    ...TOKEN2_OTP_ASSUMED,
    'minPINLength',
    'pinComplexity',
    'fingerprints',
    'preferredPlatformUvAttempts',
  ],
};
