/** Enrolment of a security key or platform authenticator: WebAuthn Level 3 §7.1, and what policy adds. */
import type { PublicKeyCredentialCreationOptionsJSON, RegistrationResponseJSON } from '@simplewebauthn/server';
import { type AttestationObject, attestationObject } from '../../../../ctap/attestation.ts';
import { decodeAuthenticatorData } from '../../../../ctap/authenticator-data.ts';
import { decodeCbor } from '../../../../ctap/cbor.ts';
import { chainsTo } from '../../../certificates/chain.ts';
import { RefusedAnswer, type RegistrationInfo, verifier, verifyRegistration } from '../verifier.ts';
import { type AttemptContext, logged } from './attempts.ts';
import { recordActivity, recordAuthentication } from './authentication-log.ts';
import { DomainError } from './error.ts';
import { attestationRoots } from './metadata.ts';
import { type Policy, readPolicy } from './policy.ts';
import type { Tenant } from './tenant.ts';
import { getUser, type User } from './users.ts';
import { credentialsOfUser, insertCredential, type WebAuthnCredential } from './webauthn-credentials.ts';

/** What the wizard lets a person choose. */
export const DEVICE_KINDS = ['security-key', 'platform'] as const;
export type DeviceKind = (typeof DEVICE_KINDS)[number];

/** A registration that has begun: what its answer must fit. */
export interface PendingRegistration {
  readonly userId: string;
  readonly kind: DeviceKind;
  readonly challenge: string;
}

/** The kinds of devices that policy lets people enrol. */
export function allowedKinds(policy: Policy): DeviceKind[] {
  return DEVICE_KINDS.filter((kind) => (kind === 'platform' ? policy.platformAuthenticators : policy.securityKeys));
}

/** Options for `navigator.credentials.create`. @throws DomainError `refused` for a kind that policy hides */
export async function beginRegistration(
  tenant: Tenant,
  user: User,
  kind: DeviceKind,
): Promise<{ readonly options: PublicKeyCredentialCreationOptionsJSON; readonly pending: PendingRegistration }> {
  const policy = readPolicy(tenant);
  requireKind(policy, kind);
  const { profile } = tenant;
  const { generateRegistrationOptions } = await verifier();
  const options = await generateRegistrationOptions({
    rpName: tenant.rpName,
    rpID: tenant.rpId,
    userName: user.username,
    userDisplayName: user.realName || user.username,
    userID: new Uint8Array(user.handle),
    timeout: profile.timeout.value,
    supportedAlgorithmIDs: [...profile.algorithms.value],
    authenticatorSelection: {
      ...attachmentOf(tenant, kind),
      residentKey: profile.residentKey.value,
      userVerification: userVerificationOf(tenant, policy),
    },
    excludeCredentials: credentialsOfUser(tenant, user.userId).map(({ credentialId, transports }) => ({
      id: Buffer.from(credentialId).toString('base64url'),
      transports: [...transports],
    })),
    extensions: {
      credProps: true,
      ...(profile.hmacSecret.value ? { hmacCreateSecret: true } : {}),
      ...(profile.credentialProtection.value === undefined
        ? {}
        : {
            credentialProtectionPolicy: profile.credentialProtection.value,
            enforceCredentialProtectionPolicy: profile.enforceCredentialProtection.value,
          }),
    },
  });
  const attestation = profile.attestation.value === 'policy' ? policy.attestation : profile.attestation.value;
  const pending = { userId: user.userId, kind, challenge: options.challenge };
  return {
    options: { ...options, attestation, hints: kind === 'platform' ? ['client-device'] : ['security-key'] },
    pending,
  };
}

/**
 * Verifies the answer and stores the credential. `within` runs in the same write of the database, before the
 * credential is stored: a link is spent there.
 * @throws DomainError `refused`, `taken`; a refusal is in the log
 */
export async function finishRegistration(
  tenant: Tenant,
  pending: PendingRegistration,
  response: RegistrationResponseJSON,
  context: AttemptContext,
  within: () => void = () => {},
): Promise<WebAuthnCredential> {
  const user = getUser(tenant, pending.userId);
  try {
    const policy = readPolicy(tenant);
    requireKind(policy, pending.kind);
    const verified = await verify(tenant, policy, pending, response);
    requireModel(tenant, policy, verified, response);
    const { credential, aaguid, fmt, userVerified } = verified;
    return await tenant.database.write(() => {
      within();
      const stored = insertCredential(tenant, {
        userId: user.userId,
        credentialId: new Uint8Array(Buffer.from(credential.id, 'base64url')),
        publicKey: credential.publicKey,
        signCount: credential.counter,
        transports: response.response.transports ?? [],
        aaguid,
        attestationFormat: fmt,
        userVerified,
        platform: response.authenticatorAttachment === 'platform',
      });
      logEnrolment(tenant, user, context, { result: 'success', reason: 'enrolled', detail: stored.name }, stored);
      recordActivity(tenant, { actor: user.username, action: 'device_enrol', object: stored.webauthnKey });
      return stored;
    });
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    const outcome = { result: 'denied', reason: 'enrolment_refused', detail: error.message } as const;
    await tenant.database.write(() => logEnrolment(tenant, user, context, outcome));
    throw error;
  }
}

function logEnrolment(
  tenant: Tenant,
  user: User,
  context: AttemptContext,
  outcome: Pick<Parameters<typeof recordAuthentication>[1], 'result' | 'reason' | 'detail'>,
  stored?: WebAuthnCredential,
): void {
  recordAuthentication(tenant, {
    ...logged(context),
    ...outcome,
    userId: user.userId,
    username: user.username,
    factor: stored?.platform ? 'platform_authenticator' : 'security_key',
    deviceKey: stored?.webauthnKey,
    deviceName: stored?.name,
  });
}

async function verify(
  tenant: Tenant,
  policy: Policy,
  pending: PendingRegistration,
  response: RegistrationResponseJSON,
): Promise<RegistrationInfo> {
  const registrationInfo = await verifyRegistration(response, {
    ...{ challenge: pending.challenge, origin: tenant.origin, rpId: tenant.rpId },
    algorithms: tenant.profile.algorithms.value,
    userVerification: userVerificationOf(tenant, policy),
  }).catch((error) => {
    if (!(error instanceof RefusedAnswer)) throw error;
    throw refusal(error.message);
  });
  const platform = response.authenticatorAttachment === 'platform';
  if (platform !== (pending.kind === 'platform')) {
    throw refusal(`it is ${platform ? 'part of a device' : 'a security key'}, which is not what was asked for`);
  }
  return registrationInfo;
}

const ATTESTATION_NESTING = 8;
const NO_AAGUID = '00000000-0000-0000-0000-000000000000';

/** What policy and profile want of the model: lists of AAGUIDs, a trusted attestation, hmac-secret. */
function requireModel(
  tenant: Tenant,
  policy: Policy,
  { aaguid, fmt }: RegistrationInfo,
  response: RegistrationResponseJSON,
): void {
  const { allowedAaguids, deniedAaguids } = policy;
  if ((allowedAaguids.length > 0 || deniedAaguids.length > 0) && (fmt === 'none' || aaguid === NO_AAGUID)) {
    throw refusal('it did not say which model it is, and your organisation allows certain models only');
  }
  if (deniedAaguids.includes(aaguid) || (allowedAaguids.length > 0 && !allowedAaguids.includes(aaguid))) {
    throw refusal(`your organisation does not allow this model (AAGUID ${aaguid})`);
  }
  if (!policy.requireTrustedAttestation && !tenant.profile.hmacSecret.value) return;
  const { attStmt, authData } = readAttestation(response);
  if (policy.requireTrustedAttestation) {
    const x5c = attStmt.get('x5c');
    const chain = Array.isArray(x5c) ? x5c.filter((item) => item instanceof Uint8Array) : [];
    if (chain.length === 0 || !chainsTo(chain, attestationRoots(tenant, aaguid), tenant.now())) {
      throw refusal('its attestation does not lead to a maker that your organisation trusts');
    }
  }
  if (tenant.profile.hmacSecret.value) {
    const { extensions } = decodeAuthenticatorData(authData);
    if (extensions?.get('hmac-secret') !== true)
      throw refusal('it lacks the hmac-secret extension, which this site needs');
  }
}

function readAttestation({ response }: RegistrationResponseJSON): AttestationObject {
  try {
    const bytes = new Uint8Array(Buffer.from(response.attestationObject, 'base64url'));
    return attestationObject.decode(decodeCbor(bytes, ATTESTATION_NESTING), 'attestationObject');
  } catch (error) {
    throw refusal(error instanceof Error ? error.message : String(error));
  }
}

function requireKind(policy: Policy, kind: DeviceKind): void {
  if (allowedKinds(policy).includes(kind)) return;
  const name = kind === 'platform' ? 'Platform authenticators' : 'Security keys';
  throw new DomainError('refused', `${name} are switched off by your organisation.`);
}

/** What the browser is asked for, by profile or by policy. */
export function userVerificationOf(tenant: Tenant, policy: Policy): 'discouraged' | 'preferred' | 'required' {
  const { value } = tenant.profile.userVerification;
  return value === 'policy' ? policy.userVerification : value;
}

function attachmentOf(tenant: Tenant, kind: DeviceKind): { authenticatorAttachment?: AuthenticatorAttachmentName } {
  if (kind === 'platform') return { authenticatorAttachment: 'platform' };
  const { value } = tenant.profile.attachment;
  return value === undefined ? {} : { authenticatorAttachment: value };
}

type AuthenticatorAttachmentName = 'platform' | 'cross-platform';

function refusal(reason: string): DomainError {
  return new DomainError('refused', `The security key's answer was refused: ${reason.replace(/\.$/, '')}.`);
}
