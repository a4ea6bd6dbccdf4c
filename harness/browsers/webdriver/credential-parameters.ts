/** Credentials as WebDriver writes them: WebAuthn Level 3 §11.5. Private keys are PKCS #8 in base64url. */
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { toBase64Url } from '../../../ctap/bytes.ts';
import { Algorithm } from '../../../ctap/crypto.ts';
import type { ExportedPortableCredential, PortableCredential } from '../../../emulator/portable-credentials.ts';
import { fromPkcs8, type P256KeyPair, toPkcs8 } from '../pkcs8.ts';
import type { AuthenticatorConfiguration } from './authenticator-configuration.ts';
import { expected, WebDriverError } from './error.ts';
import { Parameters } from './parameters.ts';

/** In bytes (WebAuthn Level 3 §5.4.3). */
const MAX_USER_HANDLE_LENGTH = 64;

/** The JSON of one credential. */
export interface CredentialParameters {
  readonly credentialId: string;
  readonly isResidentCredential: boolean;
  readonly rpId: string | null;
  readonly privateKey: string;
  readonly userHandle?: string;
  readonly userName?: string;
  readonly userDisplayName?: string;
  readonly signCount: number;
  readonly largeBlob?: string;
  readonly backupEligibility: boolean;
  readonly backupState: boolean;
}

/** @throws WebDriverError invalid argument */
export function parseCredentialParameters(
  value: unknown,
  configuration: AuthenticatorConfiguration,
): PortableCredential & { readonly rpId: string } {
  const parameters = new Parameters(value);
  const id = parameters.bytes('credentialId');
  const isDiscoverable = parameters.bool('isResidentCredential');
  const rpId = parameters.text('rpId');
  const keys = parsePrivateKey(parameters.bytes('privateKey'));
  if (isDiscoverable && !configuration.hasResidentKey) {
    throw expected('isResidentCredential false for an authenticator without resident keys', true);
  }
  return {
    id,
    isDiscoverable,
    rpId,
    alg: Algorithm.ES256,
    ...keys,
    ...userOf(parameters, isDiscoverable),
    signCount: parameters.count('signCount'),
    backupEligibility: parameters.bool('backupEligibility', configuration.defaultBackupEligibility),
    backupState: parameters.bool('backupState', configuration.defaultBackupState),
    largeBlob: parameters.has('largeBlob') ? largeBlobOf(parameters, isDiscoverable, configuration) : undefined,
  };
}

type User = Pick<PortableCredential, 'userHandle' | 'userName' | 'userDisplayName'>;

function userOf(parameters: Parameters, isDiscoverable: boolean): User {
  if (!isDiscoverable && !parameters.has('userHandle')) return {};
  const userHandle = parameters.bytes('userHandle');
  if (userHandle.length > MAX_USER_HANDLE_LENGTH) {
    throw expected(`userHandle to have at most ${MAX_USER_HANDLE_LENGTH} bytes`, userHandle.length);
  }
  return {
    userHandle,
    userName: parameters.has('userName') ? parameters.text('userName') : undefined,
    userDisplayName: parameters.has('userDisplayName') ? parameters.text('userDisplayName') : undefined,
  };
}

function largeBlobOf(
  parameters: Parameters,
  isDiscoverable: boolean,
  { extensions }: AuthenticatorConfiguration,
): NonNullable<PortableCredential['largeBlob']> {
  const blob = parameters.bytes('largeBlob');
  if (isDiscoverable && extensions.includes('largeBlob')) {
    return { blob: Uint8Array.from(deflateRawSync(blob)), originalSize: blob.length };
  }
  throw new WebDriverError(
    'invalid argument',
    'expected largeBlob for resident credentials of authenticators with it alone',
  );
}

function parsePrivateKey(pkcs8: Uint8Array): P256KeyPair {
  try {
    return fromPkcs8(pkcs8);
  } catch (error) {
    throw new WebDriverError('invalid argument', `privateKey: ${(error as RangeError).message}`);
  }
}

/** The credential as WebDriver's JSON. */
export function credentialParameters(credential: ExportedPortableCredential): CredentialParameters {
  const { id, isDiscoverable, rpId, userHandle, userName, userDisplayName, largeBlob } = credential;
  return {
    credentialId: toBase64Url(id),
    isResidentCredential: isDiscoverable,
    rpId: rpId ?? null,
    privateKey: toBase64Url(toPkcs8(credential)),
    ...(userHandle === undefined ? {} : { userHandle: toBase64Url(userHandle) }),
    ...(userName === undefined ? {} : { userName }),
    ...(userDisplayName === undefined ? {} : { userDisplayName }),
    signCount: credential.signCount,
    ...(largeBlob === undefined ? {} : { largeBlob: toBase64Url(inflateRawSync(largeBlob.blob)) }),
    backupEligibility: credential.backupEligibility,
    backupState: credential.backupState,
  };
}
