/** Many keys at once, as one person has on a desk: made, plugged in and closed together. */
import { fromUtf8 } from '../../ctap/bytes.ts';
import { AttestationAuthority } from '../attestation/authority.ts';
import type { Store } from '../environment.ts';
import { PresentedFingerprints } from '../fingerprint.ts';
import { VirtualKey } from '../key.ts';
import { findModel, type Model } from '../models/index.ts';
import { chance } from './chance.ts';
import { type KeySettings, readKeySettings, writeKeySettings } from './key-settings.ts';
import { LabClock } from './lab-clock.ts';
import { LabEvents } from './lab-events.ts';
import { LabKey } from './lab-key.ts';
import { LabRecords } from './lab-records.ts';
import { numbersIn, openStateStore } from './state-folder.ts';
import { LabPresence, type TouchPolicy } from './touch-policy.ts';
import { type TransportChoice, transportOf } from './transport.ts';

export interface LabOptions {
  /** Of new keys; those of a state folder stay what they are. */
  readonly model: Model;
  /** How many keys there are at least; they are named 1, 2, ... */
  readonly keys: number;
  readonly touch: TouchPolicy;
  /** Each key is plugged in by all of them. */
  readonly transports: readonly TransportChoice[];
  /** Folder of a store that lasts; without one the keys forget all when the lab ends. */
  readonly state?: string | undefined;
  /** Hexadecimal. The same seed makes the same keys, to the byte. */
  readonly seed?: string | undefined;
  /** Deliberate misbehaviour of the keys, by id. */
  readonly faults?: readonly string[] | undefined;
}

/** What a new key has of its own; the rest it has of its lab. */
export interface NewKeyOptions {
  readonly model?: Model | undefined;
  readonly touch?: TouchPolicy | undefined;
  readonly transports?: readonly TransportChoice[] | undefined;
  /** False: it lies beside the computer at first. */
  readonly inserted?: boolean | undefined;
  /** Fills the empty store before the key is powered up, as an import does. */
  readonly fill?: (store: Store) => Promise<unknown>;
}

export class Lab {
  /** Certifies the keys: a relying party that trusts its root trusts them all. */
  readonly authority: AttestationAuthority;
  readonly clock = new LabClock();
  readonly events = new LabEvents();
  /** Where else people may go: addresses by name, as `site` and `mailbox`. */
  links: Readonly<Record<string, string>> = {};
  /** Makes an address that opens the lab's own site with pages that have the key of that id; undefined without a site. */
  siteLink: ((keyId: string) => string) | undefined;
  readonly #options: LabOptions;
  readonly #keys = new Map<string, LabKey>();
  readonly #records: LabRecords;
  readonly #closeAuthority: () => Promise<void> | void;

  private constructor(options: LabOptions, { authority, close }: OpenAuthority, records: LabRecords) {
    this.#options = options;
    this.authority = authority;
    this.#closeAuthority = close;
    this.#records = records;
  }

  /** Makes the keys and plugs them in. Where one fails, none stays. */
  static async open(options: LabOptions): Promise<Lab> {
    const authority = await openAuthority(options);
    const lab = new Lab(options, authority, new LabRecords(await openStateStore(options.state, 'lab')));
    try {
      await lab.#openKeys();
      return lab;
    } catch (error) {
      await lab.close();
      throw error;
    }
  }

  get keys(): ReadonlyMap<string, LabKey> {
    return this.#keys;
  }

  /** Makes a key and plugs it in. */
  async addKey(options: NewKeyOptions = {}): Promise<LabKey> {
    const { touch, transports, inserted = true } = options;
    const number = await this.#records.next('key', this.#keys.keys());
    const settings: KeySettings = {
      ...(touch === undefined ? {} : { touch }),
      ...(transports === undefined ? {} : { transports }),
      ...(inserted ? {} : { removed: true }),
    };
    try {
      await this.#keep(number, settings);
      return await this.#openKey(number, settings, options);
    } catch (error) {
      await this.#forget(number);
      throw error;
    }
  }

  /** Pulls a key out and forgets it altogether. False where there is none of that id. */
  async deleteKey(id: string): Promise<boolean> {
    const key = this.#keys.get(id);
    if (key === undefined) return false;
    this.#keys.delete(id);
    await key.close();
    await this.#forget(Number(id));
    this.events.emit({ type: 'key-removed', id });
    return true;
  }

  /** Pulls all keys out and closes their stores. */
  async close(): Promise<void> {
    const results = await Promise.allSettled([...this.#keys.values()].map((key) => key.close()));
    await this.#records.close();
    await this.#closeAuthority();
    const failed = results.find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  async #openKeys(): Promise<void> {
    const { keys, state } = this.#options;
    const stored = state === undefined ? [] : await numbersIn(state);
    for (const number of stored) {
      await this.#openKey(number, readKeySettings(this.#records.get('key', String(number))));
    }
    while (this.#keys.size < keys) await this.addKey();
  }

  async #openKey(number: number, settings: KeySettings, options: NewKeyOptions = {}): Promise<LabKey> {
    const { seed, state, touch, transports } = this.#options;
    const { authority, clock, events } = this;
    const id = String(number);
    const store = await openStateStore(state, number);
    try {
      await options.fill?.(store);
      const model = this.#modelOf(store, options.model);
      const presence = new LabPresence(settings.touch ?? touch, clock);
      const fingerprints = model.fingerprints && new PresentedFingerprints(presence);
      const environment = { clock, ...(await chance(seed, number - 1)), presence, fingerprints, store };
      const key = new LabKey({
        id,
        key: await VirtualKey.open({ environment, model, authority }),
        presence,
        fingerprints,
        transports: transports.map((choice) => transportOf(choice, number - 1)),
        settings,
        save: (changed) => this.#keep(number, changed),
        emit: (event) => events.emit(event),
      });
      for (const fault of this.#options.faults ?? []) key.key.faults.turnOn(fault);
      if (settings.removed !== true) await key.insert();
      this.#keys.set(id, key);
      key.changed();
      return key;
    } catch (error) {
      await store.close();
      throw error;
    }
  }

  async #keep(number: number, settings: KeySettings): Promise<void> {
    await this.#records.put('key', String(number), writeKeySettings(settings));
  }

  /** Deletes all that is stored of a key, which must be closed. */
  async #forget(number: number): Promise<void> {
    const store = await openStateStore(this.#options.state, number);
    await store.commit(Array.from(store.list(''), ([path]) => ({ path, value: undefined })));
    await store.close();
    await this.#records.put('key', String(number), undefined);
  }

  /** What the key in the store was made as, else what a new one is to be. */
  #modelOf(store: Store, wanted: Model = this.#options.model): Model {
    const stored = store.get('model');
    const name = stored && fromUtf8(stored);
    return name === undefined || name === wanted.name ? wanted : findModel(name);
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
