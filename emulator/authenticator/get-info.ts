/** authenticatorGetInfo: CTAP 2.3 §6.4. Every member is true of the key at this moment. */
import { utf8 } from '../../ctap/bytes.ts';
import type { CborMap } from '../../ctap/cbor.ts';
import { AuthenticatorConfigSubcommand } from '../../ctap/commands/authenticator-config.ts';
import { PUBLIC_KEY } from '../../ctap/commands/entities.ts';
import { type AuthenticatorOption, type GetInfoResponse, getInfoResponse } from '../../ctap/commands/get-info.ts';
import { UserVerify } from '../../ctap/extensions/uvm.ts';
import type { Authenticator } from './authenticator.ts';
import { vendorCommandIds } from './vendor-config.ts';

/** Info strings of the two members that the persistent token decrypts (§6.4). */
const ENC_IDENTIFIER = 'encIdentifier';
const ENC_CRED_STORE_STATE = 'encCredStoreState';

export function getInfo(authenticator: Authenticator): CborMap {
  const response = getInfoResponse.encode({
    ...identity(authenticator),
    ...pinAndUv(authenticator),
    ...storage(authenticator),
    ...management(authenticator),
  });
  for (const key of response.keys()) {
    if (typeof key === 'number' && key > authenticator.model.lastInfoMember) response.delete(key);
  }
  return response;
}

function identity(authenticator: Authenticator): GetInfoResponse {
  const { model } = authenticator;
  // "none" is what every key can do, and so is not listed
  const formats = model.attestationFormats.filter((format) => format !== 'none');
  return {
    // §7.2.4: a key that always verifies the user speaks no U2F, which cannot
    versions: model.versions.filter((version) => version !== 'U2F_V2' || authenticator.isU2fAllowed),
    extensions: [...model.extensions],
    aaguid: model.aaguid,
    options: options(authenticator),
    maxMsgSize: authenticator.maxMsgSize,
    transports: [...model.transports],
    algorithms: model.algorithms.map((alg) => ({ alg, type: PUBLIC_KEY })),
    firmwareVersion: model.firmwareVersion,
    certifications: model.certifications && { ...model.certifications },
    attestationFormats: formats.length > 0 ? formats : undefined,
  };
}

function pinAndUv({ config, model, pin, uv }: Authenticator): Partial<GetInfoResponse> {
  const { pinComplexity, fingerprints } = model;
  return {
    pinUvAuthProtocols: [...model.pinUvAuthProtocols],
    forcePINChange: pin.forceChange,
    minPINLength: config.now.minPINLength,
    maxPINLength: model.maxPINLength,
    pinComplexityPolicy: pinComplexity && config.now.pinComplexityPolicy,
    pinComplexityPolicyURL: pinComplexity?.url === undefined ? undefined : utf8(pinComplexity.url),
    preferredPlatformUvAttempts: model.preferredPlatformUvAttempts,
    uvModality: fingerprints && UserVerify.fingerprintInternal,
    uvCountSinceLastPinEntry: fingerprints && uv.countSinceLastPinEntry,
  };
}

function storage(authenticator: Authenticator): Partial<GetInfoResponse> {
  const { credentials, model, persistentToken } = authenticator;
  return {
    maxCredentialCountInList: model.maxCredentialCountInList,
    maxCredentialIdLength: model.maxCredentialIdLength,
    maxSerializedLargeBlobArray: authenticator.supports('largeBlobs') ? model.maxSerializedLargeBlobArray : undefined,
    maxCredBlobLength: model.maxCredBlobLength || undefined,
    remainingDiscoverableCredentials: Math.max(0, model.maxDiscoverableCredentials - credentials.count),
    encIdentifier: persistentToken.seal(ENC_IDENTIFIER, () => credentials.deviceIdentifier),
    encCredStoreState: persistentToken.seal(ENC_CRED_STORE_STATE, () => credentials.storeState()),
  };
}

function management(authenticator: Authenticator): Partial<GetInfoResponse> {
  const { config, model } = authenticator;
  const commands = authenticator.supports('authnrCfg') ? model.configCommands : [];
  return {
    maxRPIDsForSetMinPINLength: authenticator.supports('setMinPINLength')
      ? model.maxRPIDsForSetMinPINLength
      : undefined,
    vendorPrototypeConfigCommands: commands.includes(AuthenticatorConfigSubcommand.vendorPrototype)
      ? [...vendorCommandIds]
      : undefined,
    longTouchForReset: model.longTouchForReset && config.now.longTouchForReset,
    transportsForReset: model.transportsForReset && [...model.transportsForReset],
    authenticatorConfigCommands: commands.length > 0 ? [...commands] : undefined,
  };
}

/** The model's options with the values that they have now. */
function options(authenticator: Authenticator): Record<string, boolean> {
  const { config, hasBuiltInUv, model, pin } = authenticator;
  const { alwaysUv, enterpriseAttestation } = config.now;
  const now: Record<AuthenticatorOption, boolean> = {
    plat: model.transports.includes('internal'),
    rk: true,
    up: true,
    uv: hasBuiltInUv,
    clientPin: pin.isSet,
    pinUvAuthToken: true,
    noMcGaPermissionsWithClientPin: true,
    largeBlobs: true,
    ep: enterpriseAttestation,
    bioEnroll: hasBuiltInUv,
    userVerificationMgmtPreview: hasBuiltInUv,
    uvBioEnroll: true,
    authnrCfg: true,
    uvAcfg: true,
    credMgmt: true,
    perCredMgmtRO: true,
    credentialMgmtPreview: true,
    setMinPINLength: true,
    makeCredUvNotRqd: !alwaysUv,
    alwaysUv,
  };
  return Object.fromEntries(model.options.map((name) => [name, now[name]]));
}
