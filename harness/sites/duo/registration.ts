import { randomBytes } from 'node:crypto';
import type { PublicKeyCredentialCreationOptionsJSON, RegistrationResponseJSON } from '@simplewebauthn/server';
import type { Session } from './sessions.ts';
import { type Site, SiteError } from './site.ts';
import type { StoredKey } from './store.ts';
import { RefusedAnswer, verifier, verifyRegistration } from './verifier.ts';

/**
 * Begins the enrolment of a key: options for `navigator.credentials.create`, their challenge bound to the session.
 * A new account may be enrolled by anyone; an account that has keys only by who signed in or has just enrolled it.
 */
export async function registrationOptions(
  site: Site,
  session: Session,
  username: string,
): Promise<PublicKeyCredentialCreationOptionsJSON> {
  const user = await site.store.findUser(username);
  if (user !== undefined && session.signedInAs !== username && session.enrolment !== username) {
    throw new SiteError(
      403,
      'already_enrolled',
      `The account ${username} already has a security key. Sign in with it to add another.`,
    );
  }
  const handle = user === undefined ? randomBytes(32) : Buffer.from(user.handle, 'base64url');
  const keys = await site.store.keysOf(username);
  const { policy } = site;
  const { generateRegistrationOptions } = await verifier();
  const options = await generateRegistrationOptions({
    rpName: site.rpName,
    rpID: site.rpId,
    userName: username,
    userDisplayName: username,
    userID: new Uint8Array(handle),
    timeout: policy.timeout,
    attestationType: policy.attestation,
    supportedAlgorithmIDs: [...policy.algorithms],
    preferredAuthenticatorType: 'securityKey',
    authenticatorSelection: { residentKey: policy.residentKey, userVerification: policy.userVerification },
    excludeCredentials: keys.map((key) => ({ id: key.id, transports: [...key.transports] })),
  });
  session.beginRegistration({ challenge: options.challenge, username, handle: options.user.id });
  return options;
}

/** Ends the enrolment of a key (WebAuthn Level 3 §7.1): verifies, stores and returns it. Errors are SiteError. */
export async function finishRegistration(
  site: Site,
  session: Session,
  response: RegistrationResponseJSON,
): Promise<StoredKey> {
  const pending = session.takeRegistration();
  if (pending === undefined) {
    throw new SiteError(
      400,
      'no_challenge',
      'No enrolment is under way in this session: its challenge was used, has expired or was never asked for. Start again.',
    );
  }
  const refuse = (status: 400 | 403 | 409, code: string, message: string): SiteError => {
    const { username } = pending;
    site.report({ type: 'registration', username, accepted: false, credentialId: response.id, reason: message });
    return new SiteError(status, code, message);
  };

  const { algorithms, userVerification } = site.policy;
  const { challenge } = pending;
  const expected = { challenge, origin: site.origin, rpId: site.rpId, algorithms, userVerification };
  const { credential, aaguid, fmt, userVerified } = await verifyRegistration(response, expected).catch((error) => {
    if (!(error instanceof RefusedAnswer)) throw error;
    throw refuse(400, 'not_verified', `The security key's answer was refused: ${error.message}`);
  });
  const count = (await site.store.keysOf(pending.username)).length;
  const now = site.now();
  const key: StoredKey = {
    id: credential.id,
    username: pending.username,
    name: count === 0 ? 'Security key' : `Security key ${count + 1}`,
    publicKey: credential.publicKey,
    signCount: credential.counter,
    transports: response.response.transports ?? [],
    aaguid,
    attestationFormat: fmt,
    userVerified,
    createdAt: now,
    lastUsedAt: undefined,
  };
  const user = { username: pending.username, handle: pending.handle, createdAt: now };
  const outcome = await site.store.addKey(user, key);
  if (outcome === 'key-taken') {
    throw refuse(409, 'key_taken', 'This security key credential is already enrolled.');
  }
  if (outcome === 'user-taken') {
    throw refuse(409, 'already_enrolled', `Somebody else enrolled the account ${pending.username} meanwhile.`);
  }
  site.report({ type: 'registration', username: pending.username, accepted: true, credentialId: key.id });
  return key;
}
