/** Users, tokens and credentials as the Admin API shows them. What this service does not keep is empty or null. */
import { groupsOfUser } from '../domain/groups.ts';
import { type HardwareToken, tokensOfUser } from '../domain/hardware-tokens.ts';
import { isLockedOut } from '../domain/lockout.ts';
import { readPolicy } from '../domain/policy.ts';
import type { Tenant } from '../domain/tenant.ts';
import { findUserById, getUser, type User } from '../domain/users.ts';
import { credentialsOfUser, type WebAuthnCredential } from '../domain/webauthn-credentials.ts';

const seconds = (milliseconds: number): number => Math.floor(milliseconds / 1000);
const secondsOrNull = (milliseconds: number | undefined): number | null =>
  milliseconds === undefined ? null : seconds(milliseconds);

/** The user without devices, as tokens and credentials show it. */
function userSummary(tenant: Tenant, user: User) {
  const locked = isLockedOut(user, readPolicy(tenant), tenant.now());
  return {
    user_id: user.userId,
    username: user.username,
    realname: user.realName,
    email: user.email,
    status: locked ? 'locked out' : user.status,
    created: seconds(user.createdAt),
    last_login: secondsOrNull(user.lastLoginAt),
    notes: '',
    alias1: null,
    alias2: null,
    alias3: null,
    alias4: null,
    aliases: {},
  };
}

export function userJSON(tenant: Tenant, user: User) {
  const tokens = tokensOfUser(tenant, user.userId);
  const credentials = credentialsOfUser(tenant, user.userId);
  return {
    ...userSummary(tenant, user),
    is_enrolled: tokens.length + credentials.length > 0,
    lockout_reason: user.lockedAt === undefined ? null : 'Failed Attempts',
    groups: groupsOfUser(tenant, user.userId).map(({ groupId, name, description }) => ({
      group_id: groupId,
      name,
      desc: description,
      status: 'active',
    })),
    tokens: tokens.map(({ tokenId, type, serial, totpStep }) => ({
      token_id: tokenId,
      type,
      serial,
      totp_step: totpStep ?? null,
    })),
    webauthncredentials: credentials.map(credentialSummary),
    phones: [],
    u2ftokens: [],
    desktop_authenticators: [],
  };
}

export function tokenJSON(tenant: Tenant, token: HardwareToken) {
  const users = token.userIds.map((userId) => findUserById(tenant, userId)).filter((user) => user !== undefined);
  return {
    token_id: token.tokenId,
    type: token.type,
    serial: token.serial,
    totp_step: token.totpStep ?? null,
    users: users.map((user) => userSummary(tenant, user)),
    admins: [],
  };
}

function credentialSummary({ webauthnKey, name, platform, createdAt }: WebAuthnCredential) {
  return {
    webauthnkey: webauthnKey,
    credential_name: name,
    label: platform ? 'Platform Authenticator' : 'Security Key',
    date_added: seconds(createdAt),
  };
}

export function credentialJSON(tenant: Tenant, credential: WebAuthnCredential) {
  return { ...credentialSummary(credential), user: userSummary(tenant, getUser(tenant, credential.userId)) };
}
