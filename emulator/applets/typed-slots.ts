/** The passwords that a touch types: one HOTP slot as Token2's keys have it, and a Yubico OTP beside it. */
import { ByteReader, readUint64, uintBytes } from '../../ctap/byte-reader.ts';
import { concat } from '../../ctap/bytes.ts';
import { hotp } from '../../ctap/otp/hotp.ts';
import { digitStrokes, letterStrokes, type Stroke, Usage } from '../../ctap/otp/keyboard-usages.ts';
import { formatYubicoOtp } from '../../ctap/otp/yubico-otp.ts';
import { type ButtonSeed, decodeButtonSeed, encodeButtonSeed } from '../../ctap/token2/otp-applet.ts';
import type { Environment } from '../environment.ts';

const HOTP_SLOT = 'otp/button';
const YUBICO_SLOT = 'otp/yubico';
const COUNTER_SIZE = 8;
const MAX_SESSION = 0xff;
const MAX_USE = 0x7fff;
/** The timestamp of a Yubico OTP counts eighths of a second. */
const TICKS_PER_SECOND = 8;

export interface YubicoSlot {
  /** 0 to 16 bytes, shown in clear. */
  readonly publicId: Uint8Array;
  /** 6 bytes. */
  readonly privateId: Uint8Array;
  /** AES-128, 16 bytes. */
  readonly key: Uint8Array;
}

export interface TypingSettings {
  readonly noEnter: boolean;
  readonly keypad: boolean;
}

export class TypedSlots {
  readonly #environment: Environment;
  /** Passwords typed since power-up, where the use counter of this session is stored already. */
  #session: { readonly use: number; next: number } | undefined;
  #poweredUpAt: number;

  constructor(environment: Environment) {
    this.#environment = environment;
    this.#poweredUpAt = environment.clock.now();
  }

  get hasHotp(): boolean {
    return this.#environment.store.get(HOTP_SLOT) !== undefined;
  }

  get hasYubico(): boolean {
    return this.#environment.store.get(YUBICO_SLOT) !== undefined;
  }

  /** A new seed begins at counter 0; undefined empties the slot. */
  async writeHotp(slot: ButtonSeed | undefined): Promise<void> {
    await this.#put(HOTP_SLOT, slot && concat(uintBytes(0, COUNTER_SIZE), encodeButtonSeed(slot)));
  }

  /** A new identity begins at use counter 0; undefined empties the slot. @throws RangeError for wrong lengths */
  async writeYubico(slot: YubicoSlot | undefined): Promise<void> {
    this.#session = undefined;
    await this.#put(YUBICO_SLOT, slot && encodeYubico(slot, 0));
  }

  /** The next HOTP as keys to press; its counter is stored when this resolves. Undefined for an empty slot. */
  async nextHotp({ noEnter, keypad }: TypingSettings): Promise<readonly Stroke[] | undefined> {
    const stored = this.#environment.store.get(HOTP_SLOT);
    const slot = stored && decodeButtonSeed(stored.subarray(COUNTER_SIZE));
    if (stored === undefined || slot === undefined) return undefined;
    const counter = readUint64(stored);
    const code = hotp(slot.seed, counter, { digits: slot.digits });
    await this.#put(HOTP_SLOT, concat(uintBytes(counter + 1n, COUNTER_SIZE), stored.subarray(COUNTER_SIZE)));
    const enter = { usage: keypad ? Usage.KEYPAD_ENTER : Usage.ENTER };
    return [...digitStrokes(code, { keypad }), ...(noEnter ? [] : [enter])];
  }

  /** The next Yubico OTP as keys to press; a use counter that it moves is stored when this resolves. */
  async nextYubico({ noEnter }: TypingSettings): Promise<readonly Stroke[] | undefined> {
    const stored = this.#environment.store.get(YUBICO_SLOT);
    if (stored === undefined) return undefined;
    const { clock, random } = this.#environment;
    const { slot, useCounter } = decodeYubico(stored);
    if (this.#session === undefined || this.#session.next > MAX_SESSION) {
      const use = Math.min(useCounter + 1, MAX_USE);
      await this.#put(YUBICO_SLOT, encodeYubico(slot, use));
      this.#session = { use, next: 0 };
    }
    const ticks = Math.floor(((clock.now() - this.#poweredUpAt) / 1000) * TICKS_PER_SECOND);
    const otp = formatYubicoOtp(slot.key, slot.publicId, {
      privateId: slot.privateId,
      useCounter: this.#session.use,
      timestamp: ticks & 0xffffff,
      sessionCounter: this.#session.next++,
      random: new ByteReader(random.bytes(2), 'random').uint(2, 'random'),
    });
    return [...letterStrokes(otp), ...(noEnter ? [] : [{ usage: Usage.ENTER }])];
  }

  powerCycle(): void {
    this.#session = undefined;
    this.#poweredUpAt = this.#environment.clock.now();
  }

  async #put(path: string, value: Uint8Array | undefined): Promise<void> {
    await this.#environment.store.commit([{ path, value }]);
  }
}

function encodeYubico({ publicId, privateId, key }: YubicoSlot, useCounter: number): Uint8Array {
  if (publicId.length > 16) throw new RangeError(`public id: expected at most 16 bytes, got ${publicId.length}`);
  if (privateId.length !== 6) throw new RangeError(`private id: expected 6 bytes, got ${privateId.length}`);
  if (key.length !== 16) throw new RangeError(`AES key: expected 16 bytes, got ${key.length}`);
  return concat(uintBytes(useCounter, 2), privateId, key, publicId);
}

function decodeYubico(stored: Uint8Array): { readonly slot: YubicoSlot; readonly useCounter: number } {
  const reader = new ByteReader(stored, 'Yubico OTP slot');
  const useCounter = reader.uint(2, 'use counter');
  const privateId = reader.bytes(6, 'private id');
  const key = reader.bytes(16, 'key');
  return { slot: { privateId, key, publicId: reader.bytes(reader.remaining, 'public id') }, useCounter };
}
