/** Many keys at once, as one person has on a desk: made, plugged in and closed together. */
import { fromUtf8 } from '../../ctap/bytes.ts';
import { findProgrammableToken } from '../../ctap/token2/models.ts';
import type { AttestationAuthority } from '../attestation/authority.ts';
import type { Store } from '../environment.ts';
import { PresentedFingerprints } from '../fingerprint.ts';
import { VirtualKey } from '../key.ts';
import { findModel, type Model } from '../models/index.ts';
import { type OpenAuthority, openAuthority } from './authority.ts';
import { chance } from './chance.ts';
import { type KeySettings, readKeySettings, writeKeySettings } from './key-settings.ts';
import { LabClock } from './lab-clock.ts';
import { changesOf, type LabContents, type Records, writeContents } from './lab-contents.ts';
import { LabEvents } from './lab-events.ts';
import { LabKey } from './lab-key.ts';
import { LabRecords, type Numbered } from './lab-records.ts';
import { LabToken, readTokenSettings, type TokenSettings } from './lab-token.ts';
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
  readonly #tokens = new Map<string, LabToken>();
  readonly #records: LabRecords;
  readonly #closeAuthority: () => Promise<void> | void;
  #last: Promise<unknown> = Promise.resolve();

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

  /** Programmable tokens. */
  get tokens(): ReadonlyMap<string, LabToken> {
    return this.#tokens;
  }

  /** Makes a programmable token. */
  addToken(settings: TokenSettings): Promise<LabToken> {
    return this.#inTurn(async () => {
      const number = await this.#records.next('token', this.#tokens.keys());
      try {
        await this.#records.put('token', String(number), settings);
        return await this.#openToken(number, settings);
      } catch (error) {
        await this.#forget('token', number);
        throw error;
      }
    });
  }

  /** Forgets a programmable token. False where there is none of that id. */
  deleteToken(id: string): Promise<boolean> {
    return this.#inTurn(async () => {
      const token = this.#tokens.get(id);
      if (token === undefined) return false;
      await this.#closeToken(token);
      await this.#forget('token', Number(id));
      return true;
    });
  }

  /** Makes a key and plugs it in. */
  addKey(options: NewKeyOptions = {}): Promise<LabKey> {
    return this.#inTurn(() => this.#addKey(options));
  }

  /** Pulls a key out and forgets it altogether. False where there is none of that id. */
  deleteKey(id: string): Promise<boolean> {
    return this.#inTurn(async () => {
      const key = this.#keys.get(id);
      if (key === undefined) return false;
      await this.#closeKey(key);
      await this.#forget('key', Number(id));
      return true;
    });
  }

  /** All that its keys and tokens keep. */
  get contents(): LabContents {
    return {
      keys: Array.from(this.#keys.values(), ({ id, key, settings }) => ({
        number: Number(id),
        settings,
        records: new Map(key.environment.store.list('')),
        faults: key.faults.active,
      })),
      tokens: Array.from(this.#tokens.values(), ({ id, settings, records }) => ({
        number: Number(id),
        settings,
        records,
      })),
    };
  }

  /** Puts other keys and tokens into the place of all that there are; where that fails, it is as it was before. */
  restore(contents: LabContents): Promise<void> {
    return this.#inTurn(async () => {
      const before = this.contents;
      try {
        await this.#replace(before, contents);
      } catch (error) {
        await this.#replace(contents, before);
        throw error;
      }
    });
  }

  /** Pulls all keys out and closes their stores. */
  async close(): Promise<void> {
    const results = await Promise.allSettled(
      [...this.#keys.values(), ...this.#tokens.values()].map((device) => device.close()),
    );
    await this.#records.close();
    await this.#closeAuthority();
    const failed = results.find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  async #addKey({ touch, transports, inserted = true, ...options }: NewKeyOptions): Promise<LabKey> {
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
      await this.#forget('key', number);
      throw error;
    }
  }

  async #replace(before: LabContents, after: LabContents): Promise<void> {
    for (const key of [...this.#keys.values()]) await this.#closeKey(key);
    for (const token of [...this.#tokens.values()]) await this.#closeToken(token);
    const { state } = this.#options;
    if (state !== undefined) await writeContents(state, this.#records, before, after);
    // Without a folder the records have nowhere to lie but in the stores of the keys themselves.
    const fill = (records: Records) =>
      state === undefined ? { fill: async (store: Store) => store.commit(changesOf(records)) } : {};
    for (const { number, settings, records, faults } of after.keys) {
      const { key } = await this.#openKey(number, settings, fill(records));
      for (const fault of faults) await key.faults.turnOn(fault);
    }
    for (const { number, settings, records } of after.tokens)
      await this.#openToken(number, settings, fill(records).fill);
  }

  async #closeKey(key: LabKey): Promise<void> {
    this.#keys.delete(key.id);
    await key.close();
    this.events.emit({ type: 'key-removed', id: key.id });
  }

  async #closeToken(token: LabToken): Promise<void> {
    this.#tokens.delete(token.id);
    await token.close();
    this.events.emit({ type: 'token-removed', id: token.id });
  }

  /** What changes which keys and tokens there are is done one after the other. */
  #inTurn<T>(action: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(action);
    this.#last = turn.catch(() => undefined); // the caller has the failure; the next turn does not care
    return turn;
  }

  async #openKeys(): Promise<void> {
    const { keys, state } = this.#options;
    const stored = state === undefined ? [] : await numbersIn(state);
    for (const number of stored) {
      await this.#openKey(number, readKeySettings(this.#records.get('key', String(number))));
    }
    while (this.#keys.size < keys) await this.addKey();
    for (const number of state === undefined ? [] : await numbersIn(state, 'token')) {
      await this.#openToken(number, readTokenSettings(this.#records.get('token', String(number))));
    }
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
      for (const fault of this.#options.faults ?? []) await key.key.faults.turnOn(fault);
      if (settings.removed !== true) await key.insert();
      this.#keys.set(id, key);
      key.changed();
      return key;
    } catch (error) {
      await store.close();
      throw error;
    }
  }

  async #openToken(number: number, settings: TokenSettings, fill?: NewKeyOptions['fill']): Promise<LabToken> {
    const { seed, state } = this.#options;
    const { clock, events } = this;
    const id = String(number);
    const store = await openStateStore(state, `token-${number}`);
    try {
      await fill?.(store);
      const { random } = await chance(seed, `token-${number}`);
      const { nodeSm4 } = await import('../sm4-node.ts');
      const token = await LabToken.open({
        id,
        model: findProgrammableToken(settings.model),
        environment: { clock, random, store },
        sm4: nodeSm4(),
        settings,
        save: (changed) => this.#records.put('token', id, changed),
        changed: () => events.emit({ type: 'token', id }),
      });
      this.#tokens.set(id, token);
      token.changed();
      return token;
    } catch (error) {
      await store.close();
      throw error;
    }
  }

  async #keep(number: number, settings: KeySettings): Promise<void> {
    await this.#records.put('key', String(number), writeKeySettings(settings));
  }

  /** Deletes all that is stored of a key or token, which must be closed. */
  async #forget(kind: Numbered, number: number): Promise<void> {
    const store = await openStateStore(this.#options.state, kind === 'key' ? number : `token-${number}`);
    await store.commit(Array.from(store.list(''), ([path]) => ({ path, value: undefined })));
    await store.close();
    await this.#records.put(kind, String(number), undefined);
  }

  /** What the key in the store was made as, else what a new one is to be. */
  #modelOf(store: Store, wanted: Model = this.#options.model): Model {
    const stored = store.get('model');
    const name = stored && fromUtf8(stored);
    return name === undefined || name === wanted.name ? wanted : findModel(name);
  }
}
