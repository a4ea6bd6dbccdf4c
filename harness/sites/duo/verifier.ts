/** What a key answered, against what was asked of it: WebAuthn Level 3 §7.1 and §7.2 by @simplewebauthn/server. */
import type {
  AuthenticationResponseJSON,
  RegistrationResponseJSON,
  VerifiedAuthenticationResponse,
  VerifiedRegistrationResponse,
} from '@simplewebauthn/server';
import type { Decoys } from './decoy.ts';

/** @simplewebauthn/server, loaded with the first ceremony: that takes longer than the rest of the site together. */
export function verifier(): Promise<typeof import('@simplewebauthn/server')> {
  return import('@simplewebauthn/server');
}

/**
 * What Duo's prompt sends as the transports of every credential, whatever the key reported; it also hides which
 * accounts exist.
 */
export const TRANSPORTS = ['usb', 'nfc', 'ble'] as const;

/** What an answer must fit. */
export interface Expected {
  readonly challenge: string;
  readonly origin: string;
  readonly rpId: string;
  readonly userVerification: 'discouraged' | 'preferred' | 'required';
}

export type RegistrationInfo = NonNullable<VerifiedRegistrationResponse['registrationInfo']>;

/** An answer that does not hold; the message ends a sentence, with its full stop. */
export class RefusedAnswer extends Error {
  override readonly name = 'RefusedAnswer';
}

// WebAuthn Level 3 §7.1 step 25.
const MAXIMUM_CREDENTIAL_ID_BYTES = 1023;

/** What a new credential is. @throws RefusedAnswer */
export async function verifyRegistration(
  response: RegistrationResponseJSON,
  { algorithms, ...expected }: Expected & { readonly algorithms: readonly number[] },
): Promise<RegistrationInfo> {
  const { verifyRegistrationResponse } = await verifier();
  let verified: VerifiedRegistrationResponse;
  try {
    verified = await verifyRegistrationResponse({
      ...{ response, supportedAlgorithmIDs: [...algorithms] },
      ...conditions(expected),
    });
  } catch (error) {
    throw new RefusedAnswer(sentence(error));
  }
  if (!verified.verified) throw new RefusedAnswer('its attestation does not verify.');
  const { registrationInfo } = verified;
  if (Buffer.from(registrationInfo.credential.id, 'base64url').length > MAXIMUM_CREDENTIAL_ID_BYTES) {
    throw new RefusedAnswer(`its credential id has more than ${MAXIMUM_CREDENTIAL_ID_BYTES} bytes.`);
  }
  return registrationInfo;
}

/**
 * What an assertion proves, judged against the key of a decoy where there is none, so that a missing account takes the
 * same path and time. The sign count is the caller's to judge, after the signature (§7.2 step 22).
 * @param publicKey COSE_Key
 * @throws RefusedAnswer
 */
export async function verifyAuthentication(
  response: AuthenticationResponseJSON,
  publicKey: Uint8Array | undefined,
  decoys: Decoys,
  expected: Expected,
): Promise<VerifiedAuthenticationResponse> {
  const { verifyAuthenticationResponse } = await verifier();
  try {
    return await verifyAuthenticationResponse({
      response,
      ...conditions(expected),
      // Counter zero: the verifier would judge it before the signature.
      credential: {
        id: response.id,
        publicKey: publicKey === undefined ? decoys.publicKey : new Uint8Array(publicKey),
        counter: 0,
      },
    });
  } catch (error) {
    throw new RefusedAnswer(sentence(error));
  }
}

function conditions({ challenge, origin, rpId, userVerification }: Expected) {
  return {
    expectedChallenge: challenge,
    expectedOrigin: origin,
    expectedRPID: rpId,
    requireUserVerification: userVerification === 'required',
  };
}

function sentence(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
