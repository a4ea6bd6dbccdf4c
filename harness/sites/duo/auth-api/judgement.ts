import { createEnrolmentLink } from '../domain/enrolment-links.ts';
import { tokensOfUser } from '../domain/hardware-tokens.ts';
import { isLockedOut } from '../domain/lockout.ts';
import { readPolicy } from '../domain/policy.ts';
import type { Tenant } from '../domain/tenant.ts';
import { createUser, findUser, parseUsername, type User } from '../domain/users.ts';
import { credentialsOfUser } from '../domain/webauthn-credentials.ts';
import { type DeviceJSON, deviceJSON } from './devices.ts';

/** Answer of /preauth: whether a user signs in with a second factor, without one, not at all, or must enrol first. */
export interface JudgementJSON {
  readonly result: 'auth' | 'allow' | 'deny' | 'enroll';
  readonly status_msg: string;
  readonly devices?: readonly DeviceJSON[];
  readonly enroll_portal_url?: string;
}

/** What is known of a user before the second factor. Changes nothing. */
export function judgeUser(tenant: Tenant, user: User | undefined): JudgementJSON {
  const policy = readPolicy(tenant);
  if (user === undefined) {
    return policy.newUsers === 'enrol' ? ENROLL : deny('Access denied: your account is not enrolled.');
  }
  if (user.status === 'disabled') return deny('Your account is disabled. Please contact your administrator.');
  if (isLockedOut(user, policy, tenant.now())) {
    return deny('Your account is locked out due to excessive failures. Please contact your administrator.');
  }
  if (user.status === 'bypass') return { result: 'allow', status_msg: 'Your account is set to bypass.' };
  const tokens = tokensOfUser(tenant, user.userId).filter(({ lostAt }) => lostAt === undefined);
  if (tokens.length + credentialsOfUser(tenant, user.userId).length === 0) return ENROLL;
  return { result: 'auth', status_msg: 'Account is active', devices: tokens.map(deviceJSON) };
}

const ENROLL: JudgementJSON = { result: 'enroll', status_msg: 'Enroll an authentication device to proceed' };
const deny = (status_msg: string): JudgementJSON => ({ result: 'deny', status_msg });

/**
 * The same, with a link to enrol at where that is what the user must do; an unknown user is created for it.
 * @throws DomainError `malformed` for a username that cannot be one
 */
export async function judgeAndInvite(tenant: Tenant, username: string): Promise<JudgementJSON> {
  const name = parseUsername(username);
  const user = findUser(tenant, name);
  const judgement = judgeUser(tenant, user);
  if (judgement.result !== 'enroll') return judgement;
  const { userId } = user ?? (await createUser(tenant, { username: name }));
  const { url } = await createEnrolmentLink(tenant, userId);
  return { ...judgement, enroll_portal_url: url };
}
