/** What the OTP applet keeps in the key's store: entries, settings, and the slots that a touch types. */
import { readUint64, uintBytes } from '../../ctap/byte-reader.ts';
import { concat, toHex, utf8 } from '../../ctap/bytes.ts';
import { StatusWord, StatusWordError } from '../../ctap/iso7816/apdu.ts';
import { decodeEntry, encodeEntry, type OtpEntryName, type OtpEntryWithSeed } from '../../ctap/token2/otp-entries.ts';
import type { Store, StoreChange } from '../environment.ts';

const ENTRIES = 'otp/entry/';
const SETTINGS = 'otp/settings';
const COUNTER_SIZE = 8;

export interface StoredEntry {
  readonly entry: OtpEntryWithSeed;
  /** Of the next password; an HOTP's alone moves. */
  readonly counter: bigint;
}

export interface OtpSettings {
  /** DisabledInterface bits. They count from the next power-up on. */
  readonly disabledInterfaces: number;
  readonly noEnter: boolean;
  readonly longTouch: boolean;
  readonly totpEnabled: boolean;
  readonly keypad: boolean;
}

/** Entries in the order of their names. */
export class OtpStorage {
  readonly #store: Store;
  readonly #defaults: OtpSettings;

  constructor(store: Store, defaults: OtpSettings) {
    this.#store = store;
    this.#defaults = defaults;
  }

  get count(): number {
    return this.#store.count(ENTRIES);
  }

  /** The store's names of all entries. */
  paths(): string[] {
    return Array.from(this.#store.list(ENTRIES), ([path]) => path);
  }

  at(path: string): StoredEntry | undefined {
    const bytes = this.#store.get(path);
    return bytes && decodeStored(bytes, path);
  }

  find(name: OtpEntryName): StoredEntry | undefined {
    return this.at(pathOf(name));
  }

  /** @throws StatusWordError 6A83 where there is none of that name */
  need(name: OtpEntryName): StoredEntry {
    const stored = this.find(name);
    if (stored !== undefined) return stored;
    throw new StatusWordError(StatusWord.RECORD_NOT_FOUND, 'there is no such entry');
  }

  async put(stored: StoredEntry): Promise<void> {
    const value = concat(uintBytes(stored.counter, COUNTER_SIZE), encodeEntry(stored.entry));
    await this.#store.commit([{ path: pathOf(stored.entry), value }]);
  }

  async remove(name: OtpEntryName): Promise<void> {
    await this.#store.commit([{ path: pathOf(name), value: undefined }]);
  }

  async removeAll(): Promise<void> {
    await this.#store.commit(this.paths().map((path): StoreChange => ({ path, value: undefined })));
  }

  get settings(): OtpSettings {
    const bytes = this.#store.get(SETTINGS);
    if (bytes === undefined) return this.#defaults;
    const [disabledInterfaces = 0, noEnter, longTouch, totpEnabled, keypad] = bytes;
    return {
      disabledInterfaces,
      noEnter: noEnter === 1,
      longTouch: longTouch === 1,
      totpEnabled: totpEnabled === 1,
      keypad: keypad === 1,
    };
  }

  async change(changes: Partial<OtpSettings>): Promise<void> {
    const { disabledInterfaces, noEnter, longTouch, totpEnabled, keypad } = { ...this.settings, ...changes };
    const flags = [noEnter, longTouch, totpEnabled, keypad].map(Number);
    await this.#store.commit([{ path: SETTINGS, value: Uint8Array.of(disabledInterfaces, ...flags) }]);
  }
}

function pathOf({ app, account }: OtpEntryName): string {
  return `${ENTRIES}${toHex(utf8(app))}_${toHex(utf8(account))}`;
}

function decodeStored(bytes: Uint8Array, path: string): StoredEntry {
  const decoded = decodeEntry(bytes.subarray(COUNTER_SIZE));
  if (!('write' in decoded)) throw new TypeError(`the store's record ${path} is no entry with a seed`);
  return { entry: decoded.write, counter: readUint64(bytes) };
}
