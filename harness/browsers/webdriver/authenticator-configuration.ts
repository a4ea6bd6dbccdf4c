/** The virtual authenticator that a client asks for: WebAuthn Level 3 §11.2, §11.3. */
import { fromHex } from '../../../ctap/bytes.ts';
import type { AuthenticatorOption } from '../../../ctap/commands/get-info.ts';
import { Algorithm } from '../../../ctap/crypto.ts';
import { labKey } from '../../../emulator/models/lab-key.ts';
import type { Model } from '../../../emulator/models/model.ts';
import { u2fOnly } from '../../../emulator/models/u2f-only.ts';
import { expected, WebDriverError } from './error.ts';
import { Parameters } from './parameters.ts';

const PROTOCOLS = ['ctap1/u2f', 'ctap2', 'ctap2_1'] as const;
const TRANSPORTS = ['usb', 'nfc', 'ble', 'smart-card', 'hybrid', 'internal'] as const;
/** Extensions that a client may ask for by name (capability `webauthn:extension:NAME`). */
export const EXTENSIONS = ['credBlob', 'largeBlob', 'minPinLength', 'prf'] as const;

const MEMBERS = [
  'protocol',
  'transport',
  'hasResidentKey',
  'hasUserVerification',
  'isUserConsenting',
  'isUserVerified',
  'extensions',
  'defaultBackupEligibility',
  'defaultBackupState',
];

export interface AuthenticatorConfiguration {
  readonly protocol: (typeof PROTOCOLS)[number];
  readonly transport: (typeof TRANSPORTS)[number];
  readonly hasResidentKey: boolean;
  readonly hasUserVerification: boolean;
  readonly isUserConsenting: boolean;
  readonly isUserVerified: boolean;
  readonly extensions: readonly string[];
  readonly defaultBackupEligibility: boolean;
  readonly defaultBackupState: boolean;
}

/** @throws WebDriverError invalid argument, unsupported operation for an extension that is not known */
export function parseAuthenticatorConfiguration(value: unknown): AuthenticatorConfiguration {
  const parameters = new Parameters(value);
  parameters.only(MEMBERS);
  const configuration = {
    protocol: parameters.word('protocol', PROTOCOLS),
    transport: parameters.word('transport', TRANSPORTS),
    hasResidentKey: parameters.bool('hasResidentKey', false),
    hasUserVerification: parameters.bool('hasUserVerification', false),
    isUserConsenting: parameters.bool('isUserConsenting', true),
    isUserVerified: parameters.bool('isUserVerified', false),
    extensions: parameters.texts('extensions'),
    defaultBackupEligibility: parameters.bool('defaultBackupEligibility', false),
    defaultBackupState: parameters.bool('defaultBackupState', false),
  };
  const unknown = configuration.extensions.find((name) => !EXTENSIONS.some((known) => known === name));
  if (unknown !== undefined) {
    const detail = `expected extensions among ${EXTENSIONS.join(', ')}, got ${JSON.stringify(unknown)}`;
    throw new WebDriverError('unsupported operation', detail);
  }
  // A key of U2F has neither, and no extension.
  const { protocol, hasResidentKey, hasUserVerification, extensions } = configuration;
  if (protocol === 'ctap1/u2f' && (hasResidentKey || hasUserVerification || extensions.length > 0)) {
    throw expected('protocol ctap2 or ctap2_1 for resident keys, user verification and extensions', protocol);
  }
  return configuration;
}

const AAGUID = fromHex('c7a91ab0000040008000000000000011');
/** What the extension is called where the key offers it. */
const OFFERED_AS: Readonly<Record<string, string[]>> = { prf: ['hmac-secret', 'hmac-secret-mc'] };

/** The model of such an authenticator: no PIN, and a sensor that never gives up where it can verify its user. */
export function modelFor(configuration: AuthenticatorConfiguration): Model {
  const { protocol, transport, hasResidentKey, hasUserVerification, extensions } = configuration;
  const { defaultBackupEligibility: backupEligibility, defaultBackupState: backupState } = configuration;
  const portableCredentials = { backupEligibility, backupState };
  if (protocol === 'ctap1/u2f')
    return { ...u2fOnly, name: 'webdriver-u2f', transports: [transport], portableCredentials };
  const options: AuthenticatorOption[] = ['plat', 'up'];
  if (hasResidentKey) options.push('rk', 'credMgmt');
  if (hasUserVerification) options.push('uv', 'makeCredUvNotRqd');
  return {
    ...labKey,
    name: `webdriver-${protocol}`,
    description: 'a virtual authenticator of WebDriver',
    serialPrefix: '00011',
    aaguid: AAGUID,
    transports: [transport],
    versions: protocol === 'ctap2' ? ['FIDO_2_0'] : ['FIDO_2_0', 'FIDO_2_1'],
    lastInfoMember: 0x15,
    options,
    extensions: ['credProtect', ...extensions.flatMap((name) => OFFERED_AS[name] ?? [name])],
    algorithms: [Algorithm.ES256, Algorithm.EdDSA],
    pinUvAuthProtocols: [2, 1],
    ...(hasUserVerification ? { fingerprints: SENSOR } : {}),
    preferredPlatformUvAttempts: 1,
    maxMsgSize: 7609,
    maxCredentialIdLength: 1023,
    maxCredentialCountInList: 64,
    maxDiscoverableCredentials: 1000,
    maxCredBlobLength: extensions.includes('credBlob') ? 32 : 0,
    // There is no command by which a client could name some.
    tellsPolicyToAll: true,
    maxRPIDsForSetMinPINLength: extensions.includes('minPinLength') ? 8 : 0,
    portableCredentials,
  };
}

const SENSOR = {
  kind: 'touch',
  maxTemplates: 1,
  samplesToEnroll: 1,
  maxTemplateFriendlyName: 64,
  unlimitedAttempts: true,
} as const;
