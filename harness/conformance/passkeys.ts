/**
 * Discoverable credentials of the checks. Each RP ID always has the same users, whose credentials the next check
 * replaces: what one check leaves behind is in no other's way, and takes few places.
 */
import { utf8 } from '../../ctap/bytes.ts';
import type { MakeCredentialRequest } from '../../ctap/commands/make-credential.ts';
import { type Registration, register } from './ceremony.ts';
import type { Subject } from './subject.ts';

/** An RP ID with one user. */
export const ONE_USER = 'one.conformance.ctaplab.example';
/** An RP ID with the three users of {@link USERS}. */
export const THREE_USERS = 'three.conformance.ctaplab.example';
/** An RP ID that nobody ever gets a discoverable credential for. */
export const NO_USER = 'none.conformance.ctaplab.example';

export const USERS: readonly MakeCredentialRequest['user'][] = ['first', 'second', 'third'].map((name) => ({
  id: utf8(`user ${name}`),
  name: `${name}@example.com`,
  displayName: `The ${name} user`,
}));

/** Makes the discoverable credential of the only user at {@link ONE_USER}. */
export function registerPasskey(key: Subject, given: Partial<MakeCredentialRequest> = {}): Promise<Registration> {
  return register(key, { rp: { id: ONE_USER }, options: { rk: true }, ...given });
}

/** Makes one for each user at {@link THREE_USERS}, the first user first. */
export async function registerThree(key: Subject): Promise<Registration[]> {
  const made: Registration[] = [];
  for (const user of USERS) made.push(await register(key, { rp: { id: THREE_USERS }, user, options: { rk: true } }));
  return made;
}
