/** The commands that take a pinUvAuthToken, each with a request that changes nothing. */
import type { CborMap } from '../../ctap/cbor.ts';
import {
  AuthenticatorConfigSubcommand,
  authenticatorConfigAuthMessage,
  authenticatorConfigRequest,
  setMinPINLengthParams,
} from '../../ctap/commands/authenticator-config.ts';
import {
  BioEnrollmentSubcommand,
  bioEnrollmentAuthMessage,
  bioEnrollmentRequest,
  FINGERPRINT_MODALITY,
} from '../../ctap/commands/bio-enrollment.ts';
import {
  CredentialManagementSubcommand,
  credentialManagementAuthMessage,
  credentialManagementRequest,
} from '../../ctap/commands/credential-management.ts';
import type { AuthenticatorOption, GetInfoResponse } from '../../ctap/commands/get-info.ts';
import { Command } from '../../ctap/commands/index.ts';
import { INITIAL_LARGE_BLOB_ARRAY, largeBlobsAuthMessage, largeBlobsRequest } from '../../ctap/commands/large-blobs.ts';
import { Permission, type PermissionName } from '../../ctap/pin-uv-auth/index.ts';
import type { StatusName } from '../../ctap/status.ts';
import { CLIENT_DATA_HASH, getAssertionParameters, makeCredentialParameters } from './ceremony.ts';
import type { Subject } from './subject.ts';

/** What a command is authorized by. */
export interface Authorization {
  readonly pinUvAuthParam: Uint8Array;
  readonly pinUvAuthProtocol: number;
}

/** A request before it is authorized: what is authenticated of it, and how it looks then. */
export interface TokenRequest {
  readonly message: Uint8Array;
  readonly parameters: (authorization: Partial<Authorization>) => CborMap | Promise<CborMap>;
}

export interface TokenCommand {
  /** Of the ids, as `makeCredential`. */
  readonly name: PermissionName;
  /** Of faults. */
  readonly fault: string;
  readonly command: number;
  readonly section: string;
  readonly options: readonly AuthenticatorOption[];
  /** Keys of pinUvAuthParam and pinUvAuthProtocol. */
  readonly members: { readonly param: number; readonly protocol: number };
  /** What a key answers that has taken the token. */
  readonly taken: readonly StatusName[];
  readonly request: (key: Subject) => TokenRequest | Promise<TokenRequest>;
}

/** The length that is in force set again. */
async function sameMinPINLength(key: Subject): Promise<TokenRequest> {
  const { minPINLength = 4 } = await key.info();
  const subCommand = AuthenticatorConfigSubcommand.setMinPINLength;
  const subCommandParams = setMinPINLengthParams.encode({ newMinPINLength: minPINLength });
  return {
    message: authenticatorConfigAuthMessage(subCommand, subCommandParams),
    parameters: (authorization) =>
      authenticatorConfigRequest.encode({ subCommand, subCommandParams, ...authorization }),
  };
}

/** The beginning of an array, which is written only once its end has come. */
function beginArray(key: Subject): TokenRequest {
  const set = INITIAL_LARGE_BLOB_ARRAY.subarray(0, 8);
  return {
    message: largeBlobsAuthMessage(0, key.bench.crypto.sha256(set)),
    parameters: (authorization) =>
      largeBlobsRequest.encode({ set, offset: 0, length: INITIAL_LARGE_BLOB_ARRAY.length, ...authorization }),
  };
}

function metadata(): TokenRequest {
  const subCommand = CredentialManagementSubcommand.getCredsMetadata;
  return {
    message: credentialManagementAuthMessage(subCommand, undefined),
    parameters: (authorization) => credentialManagementRequest.encode({ subCommand, ...authorization }),
  };
}

function enrolments(): TokenRequest {
  const [modality, subCommand] = [FINGERPRINT_MODALITY, BioEnrollmentSubcommand.enumerateEnrollments];
  return {
    message: bioEnrollmentAuthMessage(modality, subCommand, undefined),
    parameters: (authorization) => bioEnrollmentRequest.encode({ modality, subCommand, ...authorization }),
  };
}

export const tokenCommands: readonly TokenCommand[] = [
  {
    name: 'makeCredential',
    fault: 'make-credential',
    command: Command.authenticatorMakeCredential,
    section: 'CTAP 2.3 §6.1.2',
    options: [],
    members: { param: 0x08, protocol: 0x09 },
    taken: ['CTAP2_OK'],
    request: (key) => ({
      message: CLIENT_DATA_HASH,
      parameters: (authorization) => makeCredentialParameters(key, { pinUvAuthParam: undefined, ...authorization }),
    }),
  },
  {
    name: 'getAssertion',
    fault: 'get-assertion',
    command: Command.authenticatorGetAssertion,
    section: 'CTAP 2.3 §6.2.2',
    options: [],
    members: { param: 0x06, protocol: 0x07 },
    taken: ['CTAP2_OK', 'CTAP2_ERR_NO_CREDENTIALS'],
    request: (key) => ({
      message: CLIENT_DATA_HASH,
      parameters: (authorization) => getAssertionParameters(key, { pinUvAuthParam: undefined, ...authorization }),
    }),
  },
  {
    name: 'credentialManagement',
    fault: 'credential-management',
    command: Command.authenticatorCredentialManagement,
    section: 'CTAP 2.3 §6.8.2',
    options: ['credMgmt'],
    members: { param: 0x04, protocol: 0x03 },
    taken: ['CTAP2_OK'],
    request: metadata,
  },
  {
    name: 'bioEnrollment',
    fault: 'bio-enrollment',
    command: Command.authenticatorBioEnrollment,
    section: 'CTAP 2.3 §6.7.6',
    options: ['bioEnroll'],
    members: { param: 0x05, protocol: 0x04 },
    taken: ['CTAP2_OK', 'CTAP2_ERR_INVALID_OPTION'],
    request: enrolments,
  },
  {
    name: 'largeBlobWrite',
    fault: 'large-blobs',
    command: Command.authenticatorLargeBlobs,
    section: 'CTAP 2.3 §6.10.2',
    options: ['largeBlobs'],
    members: { param: 0x05, protocol: 0x06 },
    taken: ['CTAP2_OK'],
    request: beginArray,
  },
  {
    name: 'authenticatorConfiguration',
    fault: 'authenticator-config',
    command: Command.authenticatorConfig,
    section: 'CTAP 2.3 §6.11',
    options: ['authnrCfg', 'setMinPINLength'],
    members: { param: 0x04, protocol: 0x03 },
    taken: ['CTAP2_OK'],
    request: sameMinPINLength,
  },
];

const optionOf: ReadonlyMap<number, AuthenticatorOption> = new Map<number, AuthenticatorOption>([
  [Permission.credentialManagement, 'credMgmt'],
  [Permission.bioEnrollment, 'bioEnroll'],
  [Permission.largeBlobWrite, 'largeBlobs'],
  [Permission.authenticatorConfiguration, 'authnrCfg'],
]);

/** The permissions that a PIN can get of this key, those of the persistent token left out. */
export function permissionsOf({ options = {} }: GetInfoResponse): number {
  let permissions: number = Permission.makeCredential | Permission.getAssertion;
  for (const [permission, option] of optionOf) if (options[option] !== undefined) permissions |= permission;
  return permissions;
}

/** Why a PIN gets no token for makeCredential and getAssertion of this key. */
export function unlessMcGaByPin({ options }: GetInfoResponse): string | undefined {
  return options?.noMcGaPermissionsWithClientPin === true ? 'noMcGaPermissionsWithClientPin is true' : undefined;
}
