/** Requests that are right: what is thrown at the key begins with these, so that it gets past the first checks. */
import { utf8 } from '../../../ctap/bytes.ts';
import { type CborMap, encodeCbor } from '../../../ctap/cbor.ts';
import {
  authenticatorConfigAuthMessage,
  authenticatorConfigRequest,
  setMinPINLengthParams,
} from '../../../ctap/commands/authenticator-config.ts';
import {
  BioEnrollmentSubcommand,
  bioEnrollmentAuthMessage,
  bioEnrollmentRequest,
  FINGERPRINT_MODALITY,
} from '../../../ctap/commands/bio-enrollment.ts';
import { ClientPinSubcommand, clientPinRequest } from '../../../ctap/commands/client-pin.ts';
import {
  type CredentialManagementParams,
  CredentialManagementSubcommand,
  credentialManagementAuthMessage,
  credentialManagementParams,
  credentialManagementRequest,
} from '../../../ctap/commands/credential-management.ts';
import { PUBLIC_KEY } from '../../../ctap/commands/entities.ts';
import { type GetAssertionRequest, getAssertionRequest } from '../../../ctap/commands/get-assertion.ts';
import { Command } from '../../../ctap/commands/index.ts';
import {
  INITIAL_LARGE_BLOB_ARRAY,
  largeBlobsAuthMessage,
  largeBlobsRequest,
} from '../../../ctap/commands/large-blobs.ts';
import { type MakeCredentialRequest, makeCredentialRequest } from '../../../ctap/commands/make-credential.ts';
import { ECDH_ES_HKDF_256, encodeCoseKey } from '../../../ctap/cose.ts';
import { hmacSecretInput } from '../../../ctap/extensions/hmac-secret.ts';
import { Permission } from '../../../ctap/pin-uv-auth/index.ts';
import { CtapError } from '../../../ctap/status.ts';
import { nodeCrypto } from '../../../emulator/crypto-node.ts';
import {
  authenticate,
  CLIENT_DATA_HASH,
  type Platform,
  padPin,
  pinHash,
  RP_ID,
  statusOf,
} from '../authenticator/platform.ts';
import { PIN, type Prepared } from './subject.ts';

export interface Request {
  readonly command: number;
  readonly parameters?: CborMap;
}

type Builder = (platform: Platform, prepared: Prepared) => Promise<Request> | Request;

const { authenticatorClientPIN, authenticatorCredentialManagement } = Command;

async function authorized(platform: Platform, permissions: number, message: Uint8Array, rpId?: string) {
  platform.forgetSharedSecret(); // a wrong PIN that came before has renewed the key's
  try {
    const token = await platform.getToken(PIN, rpId === undefined ? { permissions } : { permissions, rpId });
    return { pinUvAuthParam: authenticate(token, message), pinUvAuthProtocol: 2 };
  } catch (error) {
    // a reset or a changed PIN that came before, or a permission that the model does not have
    if (!(error instanceof CtapError)) throw error;
    return { pinUvAuthParam: new Uint8Array(32), pinUvAuthProtocol: 2 };
  }
}

/** Waits for a request that prepares another; what came before may have left the key unable to answer it. */
async function tried(answer: Promise<unknown>): Promise<void> {
  await statusOf(answer);
}

const verified = (platform: Platform, permission: number) => authorized(platform, permission, CLIENT_DATA_HASH, RP_ID);

const make = (changes: Partial<MakeCredentialRequest>): Request => ({
  command: Command.authenticatorMakeCredential,
  parameters: makeCredentialRequest.encode({
    clientDataHash: CLIENT_DATA_HASH,
    rp: { id: RP_ID, name: 'Example' },
    user: { id: utf8('user'), name: 'user@example.com', displayName: 'User' },
    pubKeyCredParams: [
      { alg: -8, type: PUBLIC_KEY },
      { alg: -7, type: PUBLIC_KEY },
    ],
    ...changes,
  }),
});

const assert = (changes: Partial<GetAssertionRequest>): Request => ({
  command: Command.authenticatorGetAssertion,
  parameters: getAssertionRequest.encode({ rpId: RP_ID, clientDataHash: CLIENT_DATA_HASH, ...changes }),
});

const pin = (request: Parameters<typeof clientPinRequest.encode>[0]): Request => ({
  command: authenticatorClientPIN,
  parameters: clientPinRequest.encode(request),
});

async function agreed(platform: Platform) {
  platform.forgetSharedSecret();
  const { protocol, secret, publicKey } = await platform.agree();
  return {
    protocol,
    secret,
    pinUvAuthProtocol: 2,
    keyAgreement: encodeCoseKey({ alg: ECDH_ES_HKDF_256, publicKey }),
    encrypt: (data: Uint8Array) => platform.encrypt(protocol, secret, data),
  };
}

function manage(subCommand: number, params?: CredentialManagementParams): Builder {
  return async (platform) => {
    const subCommandParams = params && credentialManagementParams.encode(params);
    const message = credentialManagementAuthMessage(subCommand, subCommandParams);
    const authorization = await authorized(platform, Permission.credentialManagement, message);
    return {
      command: authenticatorCredentialManagement,
      parameters: credentialManagementRequest.encode({ subCommand, subCommandParams, ...authorization }),
    };
  };
}

/** The same request under the command byte of FIDO_2_1_PRE. */
function prototype(builder: Builder, command: number): Builder {
  return async (platform, prepared) => ({ ...(await builder(platform, prepared)), command });
}

const getCredsMetadata = manage(CredentialManagementSubcommand.getCredsMetadata);
const enumerateEnrollments: Builder = async (platform) => {
  const authorization = await authorized(platform, Permission.bioEnrollment, bioEnrollmentAuthMessage(1, 4, undefined));
  return {
    command: Command.authenticatorBioEnrollment,
    parameters: bioEnrollmentRequest.encode({ modality: 1, subCommand: 4, ...authorization }),
  };
};

/** What a sensor answers without a finger that it knows. */
const getFingerprintSensorInfo: Builder = () => ({
  command: Command.authenticatorBioEnrollment,
  parameters: bioEnrollmentRequest.encode({
    modality: FINGERPRINT_MODALITY,
    subCommand: BioEnrollmentSubcommand.getFingerprintSensorInfo,
  }),
});

const rpIDHash = nodeCrypto.sha256(utf8(RP_ID));
const enumerateCredentials = manage(CredentialManagementSubcommand.enumerateCredentialsBegin, { rpIDHash });
const descriptor = (id: Uint8Array) => ({ type: PUBLIC_KEY, id });

export const builders = {
  getInfo: () => ({ command: Command.authenticatorGetInfo }),
  selection: () => ({ command: Command.authenticatorSelection }),
  reset: () => ({ command: Command.authenticatorReset }),
  getNextAssertion: async (platform) => {
    await tried(platform.getAssertion()); // of three credentials
    return { command: Command.authenticatorGetNextAssertion };
  },
  makeCredential: () => make({}),
  makeCredentialExcluding: (_, { sealedId }) => make({ excludeList: [descriptor(sealedId)] }),
  makeCredentialWithExtensions: () =>
    make({ extensions: { credProtect: 2, 'hmac-secret': true, credBlob: utf8('blob'), minPinLength: true } }),
  makeDiscoverableCredential: async (platform) =>
    make({ options: { rk: true }, ...(await verified(platform, Permission.makeCredential)) }),
  getAssertion: (_, { sealedId, discoverableId }) =>
    assert({ allowList: [descriptor(sealedId), descriptor(discoverableId)], options: { up: true } }),
  getAssertionWithoutTouch: (_, { sealedId }) => assert({ allowList: [descriptor(sealedId)], options: { up: false } }),
  getDiscoverableAssertion: () => assert({}),
  getVerifiedAssertion: async (platform) => assert(await verified(platform, Permission.getAssertion)),
  getAssertionWithHmacSecret: async (platform, { discoverableId }) => {
    const { keyAgreement, protocol, secret, encrypt } = await agreed(platform);
    const saltEnc = encrypt(new Uint8Array(32).fill(7));
    const input = { keyAgreement, saltEnc, saltAuth: protocol.authenticate(secret, saltEnc), pinUvAuthProtocol: 2 };
    return assert({
      allowList: [descriptor(discoverableId)],
      extensions: { 'hmac-secret': hmacSecretInput.encode(input), credBlob: true },
    });
  },
  getPINRetries: () => pin({ subCommand: ClientPinSubcommand.getPINRetries }),
  getUVRetries: () => pin({ subCommand: ClientPinSubcommand.getUVRetries }),
  getKeyAgreement: () => pin({ subCommand: ClientPinSubcommand.getKeyAgreement, pinUvAuthProtocol: 1 }),
  setPIN: async (platform) => {
    const { encrypt, protocol, secret, ...agreement } = await agreed(platform);
    const newPinEnc = encrypt(padPin('87654321'));
    const pinUvAuthParam = protocol.authenticate(secret, newPinEnc);
    return pin({ subCommand: ClientPinSubcommand.setPIN, newPinEnc, pinUvAuthParam, ...agreement });
  },
  changePIN: async (platform) => {
    const { encrypt, protocol, secret, ...agreement } = await agreed(platform);
    const [newPinEnc, pinHashEnc] = [encrypt(padPin(PIN)), encrypt(pinHash(PIN))];
    const pinUvAuthParam = protocol.authenticate(secret, Buffer.concat([newPinEnc, pinHashEnc]));
    return pin({ subCommand: ClientPinSubcommand.changePIN, newPinEnc, pinHashEnc, pinUvAuthParam, ...agreement });
  },
  getPinToken: async (platform) => {
    const { encrypt, protocol, secret, ...agreement } = await agreed(platform);
    return pin({ subCommand: ClientPinSubcommand.getPinToken, pinHashEnc: encrypt(pinHash(PIN)), ...agreement });
  },
  getPinUvAuthToken: async (platform) => {
    const { encrypt, protocol, secret, ...agreement } = await agreed(platform);
    return pin({
      subCommand: ClientPinSubcommand.getPinUvAuthTokenUsingPinWithPermissions,
      pinHashEnc: encrypt(pinHash(PIN)),
      permissions: Permission.makeCredential,
      rpId: RP_ID,
      ...agreement,
    });
  },
  getCredsMetadata,
  enumerateRPs: manage(CredentialManagementSubcommand.enumerateRPsBegin),
  enumerateCredentials,
  enumerateNextCredential: async (platform, prepared) => {
    const { command, parameters } = await enumerateCredentials(platform, prepared);
    await tried(platform.call(command, parameters));
    const subCommand = CredentialManagementSubcommand.enumerateCredentialsGetNextCredential;
    return { command, parameters: credentialManagementRequest.encode({ subCommand }) };
  },
  deleteCredential: (platform, prepared) =>
    manage(CredentialManagementSubcommand.deleteCredential, { credentialId: descriptor(prepared.discoverableId) })(
      platform,
      prepared,
    ),
  updateUserInformation: (platform, prepared) =>
    manage(CredentialManagementSubcommand.updateUserInformation, {
      credentialId: descriptor(prepared.discoverableId),
      user: { id: utf8('ann'), name: 'anna' },
    })(platform, prepared),
  readLargeBlobs: () => ({
    command: Command.authenticatorLargeBlobs,
    parameters: largeBlobsRequest.encode({ get: 100, offset: 0 }),
  }),
  writeLargeBlobs: async (platform) => {
    const set = INITIAL_LARGE_BLOB_ARRAY;
    const message = largeBlobsAuthMessage(0, nodeCrypto.sha256(set));
    const authorization = await authorized(platform, Permission.largeBlobWrite, message);
    return {
      command: Command.authenticatorLargeBlobs,
      parameters: largeBlobsRequest.encode({ set, offset: 0, length: set.length, ...authorization }),
    };
  },
  setMinPINLength: async (platform) => {
    const subCommandParams = setMinPINLengthParams.encode({ newMinPINLength: 6, minPinLengthRPIDs: [RP_ID] });
    const message = authenticatorConfigAuthMessage(3, subCommandParams);
    const authorization = await authorized(platform, Permission.authenticatorConfiguration, message);
    return {
      command: Command.authenticatorConfig,
      parameters: authenticatorConfigRequest.encode({ subCommand: 3, subCommandParams, ...authorization }),
    };
  },
  enumerateEnrollments,
  getFingerprintSensorInfo,
  prototypeGetCredsMetadata: prototype(getCredsMetadata, Command.prototypeAuthenticatorCredentialManagement),
  prototypeEnumerateEnrollments: prototype(enumerateEnrollments, Command.prototypeAuthenticatorBioEnrollment),
  prototypeGetFingerprintSensorInfo: prototype(getFingerprintSensorInfo, Command.prototypeAuthenticatorBioEnrollment),
} satisfies Record<string, Builder>;

export type RequestName = keyof typeof builders;
export const requestNames = Object.keys(builders) as RequestName[];

/** The bytes of a request. */
export function requestBytes({ command, parameters }: Request): Uint8Array {
  return Uint8Array.of(command, ...(parameters ? encodeCbor(parameters) : []));
}
