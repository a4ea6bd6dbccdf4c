/** Sign-in with a security key or platform authenticator: WebAuthn Level 3 §7.2. */
import type { AuthenticationResponseJSON, PublicKeyCredentialRequestOptionsJSON } from '@simplewebauthn/server';
import type { Decoys } from '../decoy.ts';
import { RefusedAnswer, TRANSPORTS, verifier, verifyAuthentication } from '../verifier.ts';
import { type AttemptContext, type AttemptResult, attempt, attemptUnknown, type Finding } from './attempts.ts';
import type { AuthenticationReason, Factor } from './authentication-log.ts';
import { allowedKinds, userVerificationOf } from './credential-registration.ts';
import { type Policy, readPolicy } from './policy.ts';
import type { Tenant } from './tenant.ts';
import { findUser, type User } from './users.ts';
import {
  credentialsOfUser,
  findByCredentialId,
  takeSignCount,
  type WebAuthnCredential,
} from './webauthn-credentials.ts';

/** A sign-in that has begun; the username may belong to nobody. */
export interface PendingAuthentication {
  readonly username: string;
  readonly challenge: string;
}

export const WRONG_KEY = 'This security key was not accepted for this account. Use a key that you enrolled for it.';

/** The credentials that policy lets a user sign in with. */
export function usableCredentials(tenant: Tenant, userId: string): WebAuthnCredential[] {
  const policy = readPolicy(tenant);
  return credentialsOfUser(tenant, userId).filter((credential) => isUsable(credential, policy));
}

function isUsable({ lostAt, platform }: WebAuthnCredential, policy: Policy): boolean {
  return lostAt === undefined && allowedKinds(policy).includes(platform ? 'platform' : 'security-key');
}

/** Request options with the members that Duo's have beside WebAuthn's own. */
export type RequestOptionsJSON = PublicKeyCredentialRequestOptionsJSON & {
  readonly extensions?: { readonly appid?: string };
};

/**
 * Options for `navigator.credentials.get`. A user who is not there is answered alike, with a decoy credential
 * (WebAuthn Level 3 §14.6.2).
 */
export async function beginAuthentication(
  tenant: Tenant,
  decoys: Decoys,
  username: string,
): Promise<{ readonly options: RequestOptionsJSON; readonly pending: PendingAuthentication }> {
  const user = findUser(tenant, username);
  const credentials = user === undefined ? [] : usableCredentials(tenant, user.userId);
  const known = credentials.map(({ credentialId, platform }) => ({
    id: Buffer.from(credentialId).toString('base64url'),
    transports: platform ? ['internal'] : [...TRANSPORTS],
  }));
  const allowed = known.length === 0 ? [{ id: decoys.credentialId(username), transports: [...TRANSPORTS] }] : known;
  const { profile } = tenant;
  const { generateAuthenticationOptions } = await verifier();
  const options = await generateAuthenticationOptions({
    rpID: tenant.rpId,
    timeout: profile.timeout.value,
    userVerification: userVerificationOf(tenant, readPolicy(tenant)),
    ...(profile.allowCredentials.value ? { allowCredentials: allowed } : {}),
    ...(profile.appId.value ? { extensions: { appid: tenant.origin } } : {}),
  });
  return { options, pending: { username, challenge: options.challenge } };
}

/** Verifies the answer, judges it by policy and lock-out, and logs it. */
export async function finishAuthentication(
  tenant: Tenant,
  decoys: Decoys,
  pending: PendingAuthentication,
  response: AuthenticationResponseJSON,
  context: AttemptContext,
): Promise<AttemptResult> {
  const user = findUser(tenant, pending.username);
  const found = findByCredentialId(tenant, new Uint8Array(Buffer.from(response.id, 'base64url')));
  const credential = found !== undefined && found.userId === user?.userId ? found : undefined;
  const verified = await verifyAuthentication(response, credential?.publicKey, decoys, {
    ...{ challenge: pending.challenge, origin: tenant.origin, rpId: tenant.rpId },
    userVerification: userVerificationOf(tenant, readPolicy(tenant)),
  }).catch((error) => {
    if (error instanceof RefusedAnswer) return error;
    throw error;
  });
  if (user === undefined) {
    const denied = await attemptUnknown(tenant, pending.username, 'security_key', context);
    return { ...denied, message: WRONG_KEY };
  }
  const factor: Factor = credential?.platform ? 'platform_authenticator' : 'security_key';
  return attempt(tenant, user, context, factor, (current, policy) => {
    const deny = (reason: AuthenticationReason, detail: string): Finding => ({
      ...{ accepted: false, factor, reason, detail, message: WRONG_KEY, counts: true },
      ...(credential === undefined ? {} : device(credential)),
    });
    if (found === undefined) return deny('invalid_device', 'The credential is not enrolled here.');
    if (credential === undefined) return deny('invalid_device', 'The credential belongs to another user.');
    if (!handleFits(response, current)) return deny('invalid_device', 'The user handle is not that of the account.');
    // Read anew: it may have been removed or reported lost since.
    const held = findByCredentialId(tenant, credential.credentialId);
    if (held?.userId !== current.userId || !isUsable(held, policy)) {
      return deny('factor_restricted', 'The device is removed, reported lost or not allowed by policy.');
    }
    if (verified instanceof RefusedAnswer) return deny('verification_failed', verified.message);
    if (!verified.verified) return deny('verification_failed', 'The signature does not verify.');
    const { newCounter } = verified.authenticationInfo;
    if (!takeSignCount(tenant, credential.webauthnKey, newCounter)) {
      const detail = `The signature counter did not advance: ${newCounter} after ${credential.signCount}. The key may have been copied.`;
      return { ...deny('counter_went_back', detail), message: detail } as Finding;
    }
    return { accepted: true, factor, reason: 'user_approved', ...device(credential) };
  });
}

function device({ webauthnKey, name }: WebAuthnCredential) {
  return { deviceKey: webauthnKey, deviceName: name };
}

function handleFits({ response }: AuthenticationResponseJSON, user: User): boolean {
  return response.userHandle === undefined || response.userHandle === Buffer.from(user.handle).toString('base64url');
}
