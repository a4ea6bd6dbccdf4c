/** Token2's OTP applet as a host uses it: entries, the slot that a touch types, settings. */
import { uintBytes } from '../../ctap/byte-reader.ts';
import { nobleCrypto } from '../../ctap/crypto-noble.ts';
import { type CommandFields, StatusWord, StatusWordError, selectCommand } from '../../ctap/iso7816/apdu.ts';
import { exchangeCommand } from '../../ctap/iso7816/chaining.ts';
import {
  ALL_INTERFACES,
  type ButtonSeed,
  type DeviceInfo,
  decodeDeviceInfo,
  decodeSerial,
  encodeButtonSeed,
  encodeSerialRequest,
  OTP_AID,
  OtpCommand,
  OtpStatusWord,
} from '../../ctap/token2/otp-applet.ts';
import {
  decodePage,
  decodeReading,
  encodeDeletion,
  encodeEntry,
  encodeReadRequest,
  type OtpEntryName,
  type OtpEntryReading,
  type OtpEntryWithSeed,
} from '../../ctap/token2/otp-entries.ts';
import { BUTTON_SEED_IV, ENTRY_IV, seal } from '../../ctap/token2/sealing.ts';
import type { CardConnection } from '../transports/connection.ts';
import { ProtocolError } from './protocol-error.ts';

const DEVICE_INFO_SIZE = 10;
/** The byte that release 3.1 wants before it tells its serial number. */
const PREPARE = 4;
/** A key that never ends its pages would keep a host for ever. */
const MAX_PAGES = 10_000;

export interface ButtonSettings {
  /** No Enter after the password. */
  readonly noEnter: boolean;
  /** Typed by a long touch. */
  readonly longTouch: boolean;
  /** Numeric keypad in place of the top row. */
  readonly keypad: boolean;
}

const EXPLANATIONS: Readonly<Record<number, string>> = {
  [StatusWord.WRONG_DATA]: 'there is no such entry, or the key does not take these data',
  [StatusWord.RECORD_NOT_FOUND]: 'there is no such entry',
  [StatusWord.NOT_ENOUGH_MEMORY]: 'the key is full',
  [StatusWord.CONDITIONS_NOT_SATISFIED]: 'the user declined, or the key is not in the state for it',
  [StatusWord.FILE_NOT_FOUND]: 'the key has no OTP applet',
  [StatusWord.INS_NOT_SUPPORTED]: 'the key does not have this command',
  [OtpStatusWord.HOTP_NOT_SUPPORTED]: 'this key does not type passwords',
  [OtpStatusWord.TOUCH_TIMED_OUT]: 'nobody touched the key in time',
};

export class Token2OtpClient {
  readonly #card: CardConnection;

  private constructor(card: CardConnection) {
    this.#card = card;
  }

  /**
   * @param selects true over PC/SC, where the applet has to be selected; over HID it answers as it is
   * @throws StatusWordError 6A82 where the key has no OTP applet
   */
  static async open(card: CardConnection, { selects }: { readonly selects: boolean }): Promise<Token2OtpClient> {
    const client = new Token2OtpClient(card);
    if (selects) await client.#call(selectCommand(OTP_AID));
    return client;
  }

  async deviceInfo(): Promise<DeviceInfo> {
    return decoded(decodeDeviceInfo, await this.#call({ ...OtpCommand.readDeviceInfo, le: DEVICE_INFO_SIZE }));
  }

  async serialNumber(): Promise<string> {
    const prepared = await this.#exchange({ ...OtpCommand.prepareSerial, data: Uint8Array.of(PREPARE) });
    // Releases other than 3.1 may not know it, and tell the number all the same.
    if (prepared.statusWord === StatusWord.CONDITIONS_NOT_SATISFIED) throw refusal(prepared.statusWord);
    return decoded(decodeSerial, await this.#call({ ...OtpCommand.readSerial, data: encodeSerialRequest() }));
  }

  /**
   * All entries, with codes for TOTPs that need no touch.
   * @param seconds since 1970: the key has no clock
   */
  async entries(seconds: number): Promise<readonly OtpEntryReading[]> {
    const time = BigInt(Math.floor(seconds));
    const first = await this.#exchange({ ...OtpCommand.readEntries, data: encodeReadRequest({ time }), le: 256 });
    if (first.statusWord === StatusWord.RECORD_NOT_FOUND || first.statusWord === StatusWord.WRONG_DATA) return [];
    if (first.statusWord !== StatusWord.NO_ERROR) throw refusal(first.statusWord);
    let page = decoded(decodePage, first.data);
    const entries = [...page.entries];
    for (let pages = 1; page.more; pages++) {
      if (pages >= MAX_PAGES) throw new ProtocolError(`expected at most ${MAX_PAGES} pages of entries`);
      page = decoded(decodePage, await this.#call({ ...OtpCommand.readNextPage, data: uintBytes(time, 8), le: 256 }));
      entries.push(...page.entries);
    }
    return entries;
  }

  /** One entry with its code; the key waits for a touch where the entry says so. An HOTP counts. */
  async entry(name: OtpEntryName, seconds: number): Promise<OtpEntryReading> {
    const data = encodeReadRequest({ time: BigInt(Math.floor(seconds)), one: name });
    return decoded(decodeReading, await this.#call({ ...OtpCommand.readEntries, data, le: 256 }));
  }

  /** Writes an entry, over the one of its name where there is one. @throws RangeError that names a wrong field */
  async writeEntry(entry: OtpEntryWithSeed): Promise<void> {
    await this.#callSealed(OtpCommand.writeEntry, ENTRY_IV, encodeEntry(entry));
  }

  async deleteEntry(name: OtpEntryName): Promise<void> {
    await this.#callSealed(OtpCommand.writeEntry, ENTRY_IV, encodeDeletion(name));
  }

  /** Erases all entries, after a touch. */
  async eraseEntries(): Promise<void> {
    await this.#call(OtpCommand.writeEntry);
  }

  /** Programs what a touch types, from counter 0; undefined empties the slot. */
  async writeButtonSeed(slot: ButtonSeed | undefined): Promise<void> {
    await this.#callSealed(OtpCommand.writeButtonSeed, BUTTON_SEED_IV, encodeButtonSeed(slot));
  }

  /** Changes how a touch types, without touching the seed. */
  async configureButton({ noEnter, longTouch, keypad }: Partial<ButtonSettings>): Promise<void> {
    if (noEnter !== undefined) await this.#setFlag(OtpCommand.setNoEnter, noEnter);
    if (longTouch !== undefined) await this.#setFlag(OtpCommand.setLongTouch, longTouch);
    if (keypad !== undefined) await this.#setFlag(OtpCommand.setKeypad, keypad);
  }

  async setEntriesEnabled(enabled: boolean): Promise<void> {
    await this.#setFlag(OtpCommand.setTotpEnabled, enabled);
  }

  /**
   * Switches interfaces off by a mask of DisabledInterface bits, from the next plugging in on.
   * @throws RangeError for a mask that leaves none: the key would take it, and nobody could reach it again
   */
  async setDisabledInterfaces(mask: number): Promise<void> {
    if (mask < 0 || (mask & ALL_INTERFACES) === ALL_INTERFACES || mask > ALL_INTERFACES) {
      throw new RangeError(`expected a mask that leaves the key an interface, got 0x${mask.toString(16)}`);
    }
    await this.#call({ ...OtpCommand.setDisabledInterfaces, data: Uint8Array.of(mask) });
  }

  async #setFlag(command: CommandFields, on: boolean): Promise<void> {
    await this.#call({ ...command, data: Uint8Array.of(on ? 1 : 0) });
  }

  async #callSealed(command: CommandFields, iv: Uint8Array, plain: Uint8Array): Promise<void> {
    const deviceKey = await this.#call({ ...OtpCommand.getPublicKey, le: 256 });
    const hostKey = nobleCrypto.generateEcdhKeyPair((length) =>
      globalThis.crypto.getRandomValues(new Uint8Array(length)),
    );
    let data: Uint8Array;
    try {
      data = seal(nobleCrypto, hostKey, deviceKey, iv, plain);
    } catch (error) {
      throw new ProtocolError(`expected the key's public key, got ${deviceKey.length} bytes that are none`, {
        cause: error,
      });
    }
    await this.#call({ ...command, data });
  }

  #exchange(command: CommandFields) {
    return exchangeCommand((apdu) => this.#card.transmit(apdu), command, {
      extended: (command.data?.length ?? 0) > 255,
    });
  }

  /** @throws StatusWordError for any status but 9000 */
  async #call(command: CommandFields): Promise<Uint8Array> {
    const { data, statusWord } = await this.#exchange(command);
    if (statusWord !== StatusWord.NO_ERROR) throw refusal(statusWord);
    return data;
  }
}

function refusal(statusWord: number): StatusWordError {
  return new StatusWordError(statusWord, EXPLANATIONS[statusWord] ?? 'the key refused');
}

/** What the key said, read; a ProtocolError where it makes no sense. */
function decoded<T>(read: (bytes: Uint8Array) => T, bytes: Uint8Array): T {
  try {
    return read(bytes);
  } catch (error) {
    throw new ProtocolError((error as Error).message, { cause: error });
  }
}
