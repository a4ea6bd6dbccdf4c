/** What an administrator decides for the whole tenant. */
import type { Database } from '../database/database.ts';
import { DomainError } from './error.ts';
import { readSetting, writeSetting } from './settings.ts';
import type { Tenant } from './tenant.ts';

export interface Policy {
  /** Whether roaming security keys may be enrolled and used. */
  readonly securityKeys: boolean;
  /** Whether platform authenticators (Windows Hello, Touch ID) may. */
  readonly platformAuthenticators: boolean;
  /** Whether passcodes of hardware tokens sign in. */
  readonly passcodes: boolean;
  readonly userVerification: 'discouraged' | 'preferred' | 'required';
  readonly attestation: 'none' | 'direct' | 'enterprise';
  /** Whether an attestation must chain to a root that the metadata names for the model. */
  readonly requireTrustedAttestation: boolean;
  /** Models by AAGUID; an empty list allows all. Both lists need an attestation: browsers hide the AAGUID without. */
  readonly allowedAaguids: readonly string[];
  readonly deniedAaguids: readonly string[];
  /** How many unused HOTP codes a token may be ahead. */
  readonly hotpLookAhead: number;
  /** Which of three successive codes far ahead signs in; `fourth`: the third resynchronises silently. */
  readonly automaticResync: 'off' | 'third' | 'fourth';
  /** A token that is this many codes ahead or more is not resynchronised by itself. */
  readonly automaticResyncRange: number;
  /** Seconds within which the three codes must come. */
  readonly automaticResyncWindow: number;
  /** Time steps to either side of now that a TOTP may be of. The service never adapts to a clock that drifts. */
  readonly totpSteps: number;
  /** Seconds that an enrolment link is good for; 0 never expires. */
  readonly enrolmentLinkLifetime: number;
  /** Failures in a row after which an account is locked. */
  readonly lockoutAttempts: number;
  /** Seconds after which a locked account opens by itself; 0: an administrator unlocks it. */
  readonly lockoutDuration: number;
  /** Days that a browser is remembered after a sign-in; 0 offers no such thing. */
  readonly rememberedDeviceDays: number;
  /** What becomes of a user that no administrator has created: enrolled at the prompt, or denied. */
  readonly newUsers: 'enrol' | 'deny';
}

/** Duo's defaults, where they are known. */
export const DEFAULT_POLICY: Policy = {
  securityKeys: true,
  platformAuthenticators: true,
  passcodes: true,
  userVerification: 'discouraged',
  attestation: 'none',
  requireTrustedAttestation: false,
  allowedAaguids: [],
  deniedAaguids: [],
  hotpLookAhead: 20,
  automaticResync: 'third',
  automaticResyncRange: 1000,
  automaticResyncWindow: 300,
  totpSteps: 1,
  enrolmentLinkLifetime: 30 * 24 * 60 * 60,
  lockoutAttempts: 10,
  lockoutDuration: 0,
  rememberedDeviceDays: 0,
  newUsers: 'enrol',
};

const CHOICES = {
  userVerification: ['discouraged', 'preferred', 'required'],
  attestation: ['none', 'direct', 'enterprise'],
  automaticResync: ['off', 'third', 'fourth'],
  newUsers: ['enrol', 'deny'],
} as const;

/** Lowest and highest values. */
export const POLICY_RANGES = {
  hotpLookAhead: [0, 1000],
  automaticResyncRange: [1, 10_000],
  automaticResyncWindow: [1, 86_400],
  totpSteps: [0, 20],
  enrolmentLinkLifetime: [0, 366 * 24 * 60 * 60],
  lockoutAttempts: [1, 1000],
  lockoutDuration: [0, 7 * 24 * 60 * 60],
  rememberedDeviceDays: [0, 365],
} as const;

const AAGUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const SETTING = 'policy';

/** Each sign-in asks several times, so the answer is kept until somebody changes it. */
const known = new WeakMap<Database, Policy>();

export function readPolicy(tenant: Tenant): Policy {
  const kept = known.get(tenant.database);
  if (kept !== undefined) return kept;
  const policy = { ...DEFAULT_POLICY, ...(readSetting(tenant, SETTING) as Partial<Policy> | undefined) };
  known.set(tenant.database, policy);
  return policy;
}

/** Changes some members. @throws DomainError `malformed` that names the first one that is wrong */
export async function changePolicy(tenant: Tenant, change: Readonly<Record<string, unknown>>): Promise<Policy> {
  const checked = parsePolicyChange(change);
  const written = tenant.database.write(() => {
    const policy = { ...readPolicy(tenant), ...checked };
    if (policy.attestation === 'none' && needsAttestation(policy)) {
      const lists =
        'Lists of models and trusted attestation need attestation "direct": without it browsers hide models.';
      throw new DomainError('malformed', lists, 'attestation');
    }
    writeSetting(tenant, SETTING, policy);
    known.delete(tenant.database);
    return policy;
  });
  // Also where the disk refused what others have read meanwhile.
  return written.finally(() => known.delete(tenant.database));
}

function needsAttestation(policy: Policy): boolean {
  return policy.requireTrustedAttestation || policy.allowedAaguids.length > 0 || policy.deniedAaguids.length > 0;
}

/** Checks each member for itself. @throws DomainError `malformed` */
export function parsePolicyChange(change: Readonly<Record<string, unknown>>): Partial<Policy> {
  return Object.fromEntries(Object.entries(change).map(([name, value]) => [name, parseMember(name, value)]));
}

function parseMember(name: string, value: unknown): unknown {
  if (!Object.hasOwn(DEFAULT_POLICY, name)) throw new DomainError('malformed', `Policy has no ${name}.`, name);
  const initial = DEFAULT_POLICY[name as keyof Policy];
  if (name in CHOICES) return choice(name, CHOICES[name as keyof typeof CHOICES], value);
  if (name in POLICY_RANGES) return integer(name, POLICY_RANGES[name as keyof typeof POLICY_RANGES], value);
  if (typeof initial === 'boolean') {
    if (typeof value === 'boolean') return value;
    throw expected(name, 'true or false', value);
  }
  return aaguids(name, value);
}

function choice(name: string, choices: readonly string[], value: unknown): string {
  if (typeof value === 'string' && choices.includes(value)) return value;
  throw expected(name, `one of ${choices.join(', ')}`, value);
}

function integer(name: string, [low, high]: readonly [number, number], value: unknown): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= low && value <= high) return value;
  throw expected(name, `a whole number from ${low} to ${high}`, value);
}

function aaguids(name: string, value: unknown): string[] {
  if (!Array.isArray(value)) throw expected(name, 'a list of AAGUIDs', value);
  return value.map((item) => {
    const text = typeof item === 'string' ? item.trim().toLowerCase() : '';
    if (!AAGUID.test(text)) throw expected(name, 'AAGUIDs like eabb46cc-e241-80bf-ae9e-96fa6d2975cf', item);
    return text;
  });
}

function expected(name: string, what: string, value: unknown): DomainError {
  return new DomainError('malformed', `${name}: expected ${what}, got ${JSON.stringify(value)}.`, name);
}
