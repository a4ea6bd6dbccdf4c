/** Who certifies the keys of a lab. */
import { AttestationAuthority } from '../attestation/authority.ts';
import { chance } from './chance.ts';
import { openStateStore } from './state-folder.ts';

/** An authority and how to give back the store that it lies in. */
export interface OpenAuthority {
  readonly authority: AttestationAuthority;
  close(): Promise<void> | void;
}

/** The authority of a lab: of its state folder, else of its seed, else a new one. */
export async function openAuthority({
  state,
  seed,
}: {
  readonly state?: string | undefined;
  readonly seed?: string | undefined;
}): Promise<OpenAuthority> {
  const { random, crypto } = await chance(seed, 'authority');
  const store = await openStateStore(state, 'authority');
  try {
    const authority = await AttestationAuthority.open({ random, crypto, store });
    return { authority, close: () => store.close() };
  } catch (error) {
    await store.close();
    throw error;
  }
}
