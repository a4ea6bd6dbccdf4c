/** The messages that the bench sends: what a browser sends for a security key. */

import { decodeAuthenticatorData } from '../../../ctap/authenticator-data.ts';
import { concat, utf8 } from '../../../ctap/bytes.ts';
import { decodeCbor, encodeCbor } from '../../../ctap/cbor.ts';
import { getAssertionRequest } from '../../../ctap/commands/get-assertion.ts';
import { Command } from '../../../ctap/commands/index.ts';
import { makeCredentialRequest, makeCredentialResponse } from '../../../ctap/commands/make-credential.ts';
import { Algorithm } from '../../../ctap/crypto.ts';

/** How many different requests are sent in turn. */
const VARIETY = 64;

function clientDataHash(index: number): Uint8Array {
  return new Uint8Array(32).fill(index & 0xff);
}

export interface CredentialOptions {
  readonly rpId?: string;
  readonly rk?: boolean;
  /** COSE algorithms; default: what browsers ask for. */
  readonly algorithms?: readonly number[];
}

/** authenticatorMakeCredential as bytes: command and CBOR. */
export function makeCredential(index: number, options: CredentialOptions = {}): Uint8Array {
  const request = makeCredentialRequest.encode({
    clientDataHash: clientDataHash(index),
    rp: { id: options.rpId ?? 'example.com', name: 'Example' },
    user: { id: utf8(`user-${index}`), name: 'alice@example.com', displayName: 'Alice Example' },
    pubKeyCredParams: (options.algorithms ?? [Algorithm.ES256, Algorithm.RS256]).map((alg) => ({
      alg,
      type: 'public-key',
    })),
    options: { rk: options.rk ?? false },
  });
  return concat(Uint8Array.of(Command.authenticatorMakeCredential), encodeCbor(request));
}

/** authenticatorGetAssertion as bytes; without a credential id the key looks among its discoverable ones. */
export function getAssertion(index: number, rpId: string, credentialId?: Uint8Array): Uint8Array {
  const request = getAssertionRequest.encode({
    rpId,
    clientDataHash: clientDataHash(index),
    allowList: credentialId === undefined ? undefined : [{ id: credentialId, type: 'public-key' }],
  });
  return concat(Uint8Array.of(Command.authenticatorGetAssertion), encodeCbor(request));
}

export function variety(build: (index: number) => Uint8Array): readonly Uint8Array[] {
  return Array.from({ length: VARIETY }, (_, index) => build(index));
}

/** The id of the credential in an answer to {@link makeCredential}, status byte included. */
export function credentialIdIn(answer: Uint8Array): Uint8Array {
  const { authData } = makeCredentialResponse.decode(decodeCbor(answer.subarray(1)), makeCredentialResponse.name);
  const { attestedCredentialData } = decodeAuthenticatorData(authData);
  if (attestedCredentialData === undefined) throw new Error('expected attested credential data, got none');
  return attestedCredentialData.credentialId;
}
