/** What @simplewebauthn/server gets from a browser, made of a key's own answers. */
import { createHash } from 'node:crypto';
import { encodeAttestationObject, noneStatement } from '../../../ctap/attestation.ts';
import { decodeAuthenticatorData } from '../../../ctap/authenticator-data.ts';
import { toBase64Url, utf8 } from '../../../ctap/bytes.ts';
import type { GetAssertionResponse } from '../../../ctap/commands/get-assertion.ts';
import type { MakeCredentialResponse } from '../../../ctap/commands/make-credential.ts';
import { RP_ID } from './platform.ts';

export const ORIGIN = `https://${RP_ID}`;
export const CHALLENGE = toBase64Url(utf8('a challenge of the relying party'));

export const expected = {
  expectedChallenge: CHALLENGE,
  expectedOrigin: ORIGIN,
  expectedRPID: RP_ID,
  requireUserVerification: false,
};

export function clientData(type: 'webauthn.create' | 'webauthn.get'): { json: Uint8Array; hash: Uint8Array } {
  const json = utf8(JSON.stringify({ type, challenge: CHALLENGE, origin: ORIGIN, crossOrigin: false }));
  return { json, hash: createHash('sha256').update(json).digest() };
}

/** RegistrationResponseJSON of an answer that was made for {@link clientData} of webauthn.create. */
export function registrationJSON({ fmt, authData, attStmt }: MakeCredentialResponse) {
  const id = toBase64Url(decodeAuthenticatorData(authData).attestedCredentialData!.credentialId);
  return {
    id,
    rawId: id,
    type: 'public-key' as const,
    clientExtensionResults: {},
    response: {
      clientDataJSON: toBase64Url(clientData('webauthn.create').json),
      attestationObject: toBase64Url(encodeAttestationObject(fmt, attStmt ?? noneStatement(), authData)),
    },
  };
}

/** AuthenticationResponseJSON of an answer that was made for {@link clientData} of webauthn.get. */
export function authenticationJSON({ credential, authData, signature }: GetAssertionResponse) {
  const id = toBase64Url(credential!.id);
  return {
    id,
    rawId: id,
    type: 'public-key' as const,
    clientExtensionResults: {},
    response: {
      clientDataJSON: toBase64Url(clientData('webauthn.get').json),
      authenticatorData: toBase64Url(authData),
      signature: toBase64Url(signature),
    },
  };
}
