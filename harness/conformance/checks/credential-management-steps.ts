/** What checks of authenticatorCredentialManagement ask for and do over and again. */
import { passkey, RP_A, RP_B, user } from '../passkey-ceremony.ts';
import type { Subject } from '../subject.ts';

export const needs = { pin: true, options: ['credMgmt', 'rk'] } as const;

/** Two of each, so that the enumeration has a second answer. */
export async function twoOfEach(key: Subject): Promise<void> {
  await passkey(key, RP_A, { user: user('first') });
  await passkey(key, RP_A, { user: user('second') });
  await passkey(key, RP_B);
}
