/** Many keys at once, as one person has on a desk: made, plugged in and closed together. */
import { fromHex, toHex, utf8 } from '../../ctap/bytes.ts';
import { AttestationAuthority } from '../attestation/authority.ts';
import { systemClock } from '../clock.ts';
import type { Crypto, Random } from '../environment.ts';
import { PresentedFingerprints } from '../fingerprint.ts';
import { VirtualKey } from '../key.ts';
import type { Model } from '../models/index.ts';
import { seededRandom, systemRandom } from '../random.ts';
import { LabKey } from './lab-key.ts';
import { openStateStore } from './state-folder.ts';
import { LabPresence, type TouchPolicy } from './touch-policy.ts';
import { type TransportChoice, transportOf } from './transport.ts';

export interface LabOptions {
  readonly model: Model;
  /** How many keys; they are named 1, 2, ... */
  readonly keys: number;
  readonly touch: TouchPolicy;
  /** Each key is plugged in by all of them. */
  readonly transports: readonly TransportChoice[];
  /** Folder of a store that lasts; without one the keys forget all when the lab ends. */
  readonly state?: string | undefined;
  /** Hexadecimal. The same seed makes the same keys, to the byte. */
  readonly seed?: string | undefined;
}

export class Lab {
  readonly keys: ReadonlyMap<string, LabKey>;
  /** Certifies the keys: a relying party that trusts its root trusts them all. */
  readonly authority: AttestationAuthority;
  readonly #closeAuthority: () => Promise<void> | void;

  private constructor(keys: ReadonlyMap<string, LabKey>, { authority, close }: OpenAuthority) {
    this.keys = keys;
    this.authority = authority;
    this.#closeAuthority = close;
  }

  /** Makes the keys and plugs them in. Where one fails, none stays. */
  static async open(options: LabOptions): Promise<Lab> {
    const keys = new Map<string, LabKey>();
    const lab = new Lab(keys, await openAuthority(options));
    try {
      for (let index = 0; index < options.keys; index++) {
        const key = await createKey(options, index, lab.authority);
        keys.set(key.id, key);
        await key.insert();
      }
      return lab;
    } catch (error) {
      await lab.close();
      throw error;
    }
  }

  /** Pulls all keys out and closes their stores. */
  async close(): Promise<void> {
    const results = await Promise.allSettled([...this.keys.values()].map((key) => key.close()));
    await this.#closeAuthority();
    const failed = results.find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }
}

/** An authority and how to give back the store that it lies in. */
export interface OpenAuthority {
  readonly authority: AttestationAuthority;
  close(): Promise<void> | void;
}

/** The authority of a lab: of its state folder, else of its seed, else a new one. */
export async function openAuthority({ state, seed }: Pick<LabOptions, 'state' | 'seed'>): Promise<OpenAuthority> {
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

async function createKey(options: LabOptions, index: number, authority: AttestationAuthority): Promise<LabKey> {
  const id = String(index + 1);
  const clock = systemClock;
  const presence = new LabPresence(options.touch, clock);
  const { random, crypto } = await chance(options.seed, index);
  const store = await openStateStore(options.state, index + 1);
  const fingerprints = options.model.fingerprints && new PresentedFingerprints(presence);
  const environment = { clock, random, crypto, presence, fingerprints, store };
  const key = await VirtualKey.open({ environment, model: options.model, authority }).catch(async (error: unknown) => {
    await store.close();
    throw error;
  });
  const transports = options.transports.map((choice) => transportOf(choice, index));
  return new LabKey({ id, key, presence, fingerprints, clock, transports });
}

/** OpenSSL draws its own nonces, so a seeded key signs with the portable, deterministic signatures. */
async function chance(
  seed: string | undefined,
  whose: number | 'authority',
): Promise<{ random: Random; crypto: Crypto }> {
  if (seed === undefined) {
    const { nodeCrypto } = await import('../crypto-node.ts');
    return { random: systemRandom, crypto: nodeCrypto };
  }
  const { nobleCrypto } = await import('../../ctap/crypto-noble.ts');
  const purpose = whose === 'authority' ? utf8(whose) : Uint8Array.of(whose >> 8, whose & 0xff);
  const own = nobleCrypto.sha256(fromHex(seed), purpose);
  return { random: seededRandom(toHex(own)), crypto: nobleCrypto };
}
