/** authenticatorGetInfo: CTAP 2.3 §6.4. Every member is true of the key at this moment. */
import type { CborMap } from '../../ctap/cbor.ts';
import { PUBLIC_KEY } from '../../ctap/commands/entities.ts';
import { type GetInfoResponse, getInfoResponse } from '../../ctap/commands/get-info.ts';
import { CREDPROTECT } from '../../ctap/extensions/cred-protect.ts';
import { HMAC_SECRET } from '../../ctap/extensions/hmac-secret.ts';
import type { Authenticator } from './authenticator.ts';

export function getInfo(authenticator: Authenticator): CborMap {
  return getInfoResponse.encode(describe(authenticator));
}

function describe({ model, pin, credentials }: Authenticator): GetInfoResponse {
  return {
    versions: [...model.versions],
    extensions: [CREDPROTECT, HMAC_SECRET],
    aaguid: model.aaguid,
    options: {
      plat: false,
      rk: true,
      up: true,
      credMgmt: true,
      clientPin: pin.isSet,
      pinUvAuthToken: true,
      ...(model.versions.includes('FIDO_2_1_PRE') ? { credentialMgmtPreview: true } : {}),
      makeCredUvNotRqd: model.makeCredUvNotRqd,
    },
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
    attestationFormats: model.attestation === 'none' ? ['none'] : ['packed'],
  };
}
