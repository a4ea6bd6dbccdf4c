/** Reading the entries of Token2's OTP applet: one with its code, or all in pages. */
import { readUint64 } from '../../ctap/byte-reader.ts';
import { StatusWord, StatusWordError } from '../../ctap/iso7816/apdu.ts';
import { hotp } from '../../ctap/otp/hotp.ts';
import { totp } from '../../ctap/otp/totp.ts';
import { OtpStatusWord } from '../../ctap/token2/otp-applet.ts';
import {
  decodeReadRequest,
  encodePage,
  encodeReading,
  isListedWithCode,
  type OtpEntry,
  type OtpEntryName,
  type OtpEntryReading,
  type OtpEntryWithSeed,
} from '../../ctap/token2/otp-entries.ts';
import type { Environment } from '../environment.ts';
import type { Exchange } from '../exchange.ts';
import { needTouch, wrongData } from './checks.ts';
import type { OtpStorage } from './otp-storage.ts';

/** Bytes of entries that a page holds at most; how real firmware cuts pages is not public. */
const PAGE_SIZE = 1024;
const MAX_SECONDS = BigInt(Number.MAX_SAFE_INTEGER);

export class OtpReading {
  readonly #environment: Environment;
  readonly #storage: OtpStorage;
  /** Entries that reading all has not told yet, by their names in the store. */
  #unread: string[] = [];

  constructor(environment: Environment, storage: OtpStorage) {
    this.#environment = environment;
    this.#storage = storage;
  }

  /** Forgets what was begun. */
  reset(): void {
    this.#unread = [];
  }

  /** Answers a read request: the entry of that name, or the first page of all. */
  async read(data: Uint8Array, exchange: Exchange): Promise<Uint8Array> {
    const { one, time } = wrongData(() => decodeReadRequest(data));
    const seconds = secondsOf(time);
    if (one !== undefined) return this.#readOne(one, seconds, exchange);
    this.#unread = this.#storage.paths();
    if (this.#unread.length === 0) throw new StatusWordError(StatusWord.RECORD_NOT_FOUND, 'there are no entries');
    return this.#page(seconds);
  }

  nextPage(data: Uint8Array): Uint8Array {
    if (data.length !== 8) {
      throw new StatusWordError(StatusWord.WRONG_LENGTH, `expected the time in 8 bytes, got ${data.length}`);
    }
    if (this.#unread.length === 0) throw new StatusWordError(StatusWord.RECORD_NOT_FOUND, 'no page is left to read');
    return this.#page(secondsOf(readUint64(data)));
  }

  #page(seconds: number): Uint8Array {
    const entries: OtpEntryReading[] = [];
    let size = 0;
    let taken = 0;
    for (const path of this.#unread) {
      const stored = this.#storage.at(path); // deleted since reading began, perhaps
      if (stored !== undefined) {
        const { entry } = stored;
        const code = isListedWithCode(entry) ? totp(entry.seed, seconds, entry) : undefined;
        const reading = { ...settingsOf(entry), code };
        size += encodeReading(reading).length;
        if (size > PAGE_SIZE && entries.length > 0) break;
        entries.push(reading);
      }
      taken += 1;
    }
    this.#unread = this.#unread.slice(taken);
    if (entries.length === 0) throw new StatusWordError(StatusWord.RECORD_NOT_FOUND, 'the entries left were deleted');
    return encodePage({ entries, more: this.#unread.length > 0 });
  }

  async #readOne(name: OtpEntryName, seconds: number, exchange: Exchange): Promise<Uint8Array> {
    const { entry } = this.#storage.need(name);
    if (entry.touch) {
      const request = { operation: 'otpCode', rpId: entry.app, userName: entry.account } as const;
      await needTouch(this.#environment, request, exchange, OtpStatusWord.TOUCH_TIMED_OUT);
    }
    if (entry.type === 'totp') return encodeReading({ ...settingsOf(entry), code: totp(entry.seed, seconds, entry) });
    const { counter } = this.#storage.need(name); // as it is after the touch
    const code = hotp(entry.seed, counter, entry);
    await this.#storage.put({ entry, counter: counter + 1n });
    return encodeReading({ ...settingsOf(entry), code });
  }
}

function settingsOf(entry: OtpEntryWithSeed): OtpEntry {
  const { seed: _, ...settings } = entry;
  return settings;
}

function secondsOf(time: bigint): number {
  if (time <= MAX_SECONDS) return Number(time);
  throw new StatusWordError(StatusWord.WRONG_DATA, `expected a time of at most ${MAX_SECONDS} seconds, got ${time}`);
}
