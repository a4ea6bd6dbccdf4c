/** authenticatorGetInfo: CTAP 2.3 §6.4. Every member is true of the key at this moment. */
import type { CborMap } from '../../ctap/cbor.ts';
import { PUBLIC_KEY } from '../../ctap/commands/entities.ts';
import { type AuthenticatorOption, type GetInfoResponse, getInfoResponse } from '../../ctap/commands/get-info.ts';
import { CREDPROTECT } from '../../ctap/extensions/cred-protect.ts';
import { HMAC_SECRET } from '../../ctap/extensions/hmac-secret.ts';
import type { Authenticator } from './authenticator.ts';

const EXTENSIONS: ReadonlySet<string> = new Set([CREDPROTECT, HMAC_SECRET]);

export function getInfo(authenticator: Authenticator): CborMap {
  const response = getInfoResponse.encode(describe(authenticator));
  for (const key of response.keys()) {
    if (typeof key === 'number' && key > authenticator.model.lastInfoMember) response.delete(key);
  }
  return response;
}

function describe(authenticator: Authenticator): GetInfoResponse {
  const { model, pin, credentials } = authenticator;
  return {
    versions: [...model.versions],
    extensions: model.extensions.filter((extension) => EXTENSIONS.has(extension)),
    aaguid: model.aaguid,
    options: options(authenticator),
    maxMsgSize: model.maxMsgSize,
    pinUvAuthProtocols: [...model.pinUvAuthProtocols],
    maxCredentialCountInList: model.maxCredentialCountInList,
    maxCredentialIdLength: model.maxCredentialIdLength,
    transports: [...model.transports],
    algorithms: model.algorithms.map((alg) => ({ alg, type: PUBLIC_KEY })),
    forcePINChange: pin.forceChange,
    minPINLength: model.minPINLength,
    firmwareVersion: model.firmwareVersion,
    remainingDiscoverableCredentials: Math.max(0, model.maxDiscoverableCredentials - credentials.count),
    attestationFormats: [...model.attestationFormats],
  };
}

/** The model's options with the values that they have now. */
function options({ model, pin }: Authenticator): Record<string, boolean> {
  const now: Partial<Record<AuthenticatorOption, boolean>> = {
    plat: false,
    rk: true,
    up: true,
    credMgmt: true,
    credentialMgmtPreview: true,
    clientPin: pin.isSet,
    pinUvAuthToken: true,
    makeCredUvNotRqd: true,
  };
  return Object.fromEntries(model.options.flatMap((name) => (name in now ? [[name, now[name]!]] : [])));
}
