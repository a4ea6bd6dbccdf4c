/** What came of an option set, without what is random or bound to the challenge: two stacks agree where it is equal. */
import { attestationObject } from '../../../../ctap/attestation.ts';
import { decodeAuthenticatorData } from '../../../../ctap/authenticator-data.ts';
import { fromBase64Url, toHex } from '../../../../ctap/bytes.ts';
import { type CborValue, decodeCbor } from '../../../../ctap/cbor.ts';
import type { AuthenticationResponseJSON, RegistrationResponseJSON } from '../../../../harness/webauthn/json.ts';

export type Answer = RegistrationResponseJSON | AuthenticationResponseJSON;

/** An answer taken apart. Values of bytes are told by their length. */
export interface Taken {
  readonly authenticatorData: { readonly flags: number; readonly extensions?: readonly (readonly unknown[])[] };
  readonly outputs: Readonly<Record<string, unknown>>;
  readonly userHandle?: string | undefined;
  readonly [member: string]: unknown;
}

/** A rejection by the name of its DOMException, or an answer. */
export type Outcome = { readonly error: string } | { readonly answer: Taken };

export function outcomeOf(reply: { readonly error: string } | { readonly answer: Answer }): Outcome {
  return 'error' in reply ? { error: reply.error } : { answer: takeApart(reply.answer) };
}

function takeApart(answer: Answer): Taken {
  const { id, rawId, response, type, authenticatorAttachment, clientExtensionResults } = answer;
  const common = {
    type,
    authenticatorAttachment,
    idIsRawId: id === rawId,
    idLength: fromBase64Url(id).length,
    clientData: clientDataOf(response.clientDataJSON),
    outputs: withoutSecrets(clientExtensionResults),
    members: Object.keys(response).sort(),
  };
  if (!('attestationObject' in response)) {
    const authenticatorData = authenticatorDataOf(fromBase64Url(response.authenticatorData));
    const { userHandle } = response;
    return { ...common, authenticatorData, userHandle };
  }
  const { fmt, attStmt, authData } = attestationObject.decode(
    decodeCbor(fromBase64Url(response.attestationObject)),
    'attestationObject',
  );
  return {
    ...common,
    fmt,
    statement: [...attStmt].map(([name, value]) => [name, kindOf(value)]),
    authenticatorData: authenticatorDataOf(authData),
    sameAuthenticatorData: toHex(authData) === toHex(fromBase64Url(response.authenticatorData)),
    transports: response.transports,
    publicKeyAlgorithm: response.publicKeyAlgorithm,
    publicKeyLength: response.publicKey === undefined ? undefined : fromBase64Url(response.publicKey).length,
  };
}

/** The members in their order, for verifiers that compare bytes. */
function clientDataOf(json: string): unknown {
  const text = new TextDecoder().decode(fromBase64Url(json));
  // Chromium adds a member now and then, so that nobody relies on there being none (WebAuthn Level 3 §5.8.1).
  const { other_keys_can_be_added_here: _, ...members } = JSON.parse(text) as Record<string, unknown>;
  return Object.entries(members);
}

function authenticatorDataOf(bytes: Uint8Array): Taken['authenticatorData'] & Record<string, unknown> {
  const { rpIdHash, flags, attestedCredentialData, extensions } = decodeAuthenticatorData(bytes);
  return {
    rpIdHash: toHex(rpIdHash),
    flags,
    aaguid: attestedCredentialData && toHex(attestedCredentialData.aaguid),
    credentialIdLength: attestedCredentialData?.credentialId.length,
    publicKey:
      attestedCredentialData &&
      [...attestedCredentialData.credentialPublicKey].map(([label, value]) => [label, kindOf(value)]),
    ...(extensions && { extensions: [...extensions].map(([name, value]) => [name, kindOf(value)]) }),
  };
}

/** Byte strings by their length, all else as it is. */
function kindOf(value: CborValue | undefined): unknown {
  if (value instanceof Uint8Array) return `${value.length > 64 ? 'many' : value.length} bytes`;
  if (Array.isArray(value)) return value.map(kindOf);
  return value;
}

/** The results of a PRF are the credential's secret: their lengths are compared. */
function withoutSecrets(outputs: Answer['clientExtensionResults']): Taken['outputs'] {
  const results = outputs.prf?.results;
  if (!results) return { ...outputs };
  const lengths = Object.entries(results).map(([name, value]) => [name, fromBase64Url(value as string).length]);
  return { ...outputs, prf: { ...outputs.prf, results: Object.fromEntries(lengths) } };
}
