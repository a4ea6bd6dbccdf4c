/** Models of the tests: everything that CTAP 2.3 knows, and the same with small limits. */
import type { Model } from '../../../emulator/models/index.ts';

/** All options, extensions, settings and members of getInfo, and a sensor. */
export const complete: Partial<Model> = {
  versions: ['U2F_V2', 'FIDO_2_0', 'FIDO_2_1_PRE', 'FIDO_2_1', 'FIDO_2_3'],
  lastInfoMember: 0x1f,
  options: [
    'plat',
    'rk',
    'clientPin',
    'up',
    'uv',
    'pinUvAuthToken',
    'largeBlobs',
    'ep',
    'bioEnroll',
    'userVerificationMgmtPreview',
    'uvBioEnroll',
    'authnrCfg',
    'uvAcfg',
    'credMgmt',
    'perCredMgmtRO',
    'credentialMgmtPreview',
    'setMinPINLength',
    'makeCredUvNotRqd',
    'alwaysUv',
  ],
  extensions: [
    'credProtect',
    'credBlob',
    'largeBlobKey',
    'minPinLength',
    'pinComplexityPolicy',
    'hmac-secret',
    'hmac-secret-mc',
    'thirdPartyPayment',
    'uvm',
  ],
  configCommands: [0x01, 0x02, 0x03, 0x04, 0xff],
  certifications: { FIDO: 1 },
  pinComplexity: {
    description: 'not all characters the same',
    accepts: (pin) => new Set(pin).size > 1,
    url: 'https://example.com/pins',
    configurable: true,
  },
  fingerprints: { kind: 'touch', maxTemplates: 3, samplesToEnroll: 3, maxTemplateFriendlyName: 16 },
  preferredPlatformUvAttempts: 3,
  maxRPIDsForSetMinPINLength: 2,
  longTouchForReset: 'configurable',
  transportsForReset: ['usb'],
  enterpriseRpIds: ['enterprise.example'],
};

/** The model without some of its options. */
export function without(...names: string[]): Partial<Model> {
  return { ...complete, options: complete.options!.filter((name) => !names.includes(name)) };
}
