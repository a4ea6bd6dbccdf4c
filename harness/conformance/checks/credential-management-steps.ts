/** What checks of authenticatorCredentialManagement ask for and do over and again. */
import { toHex } from '../../../ctap/bytes.ts';
import { Management, passkey, RP_A, RP_B, user } from '../passkey-ceremony.ts';
import type { Subject } from '../subject.ts';

export const needs = { pin: true, options: ['credMgmt', 'rk'] } as const;

/** Two of each, so that the enumeration has a second answer. */
export async function twoOfEach(key: Subject): Promise<void> {
  await passkey(key, RP_A, { user: user('first') });
  await passkey(key, RP_A, { user: user('second') });
  await passkey(key, RP_B);
}

/** One credential, as it is registered and as it is told. */
export async function told(key: Subject, given: Parameters<typeof passkey>[2] = {}) {
  const registration = await passkey(key, RP_A, given);
  const entries = await (await Management.open(key)).credentials();
  const entry = entries.find(
    ({ credentialId }) => credentialId && toHex(credentialId.id) === toHex(registration.credentialId),
  );
  return { registration, entry: entry ?? entries[0] ?? {} };
}
