/** Token2's OTP applet: entries that are read, a slot that a touch types, and the settings of both. */
import type { EcdhKeyPair } from '../../ctap/crypto.ts';
import { type CommandApdu, StatusWord, StatusWordError } from '../../ctap/iso7816/apdu.ts';
import type { Stroke } from '../../ctap/otp/keyboard-usages.ts';
import {
  ALL_INTERFACES,
  type DeviceDetails,
  decodeButtonSeed,
  encodeDeviceInfo,
  encodeSerial,
  OTP_AID,
  OtpStatusWord,
  otpCommandName,
} from '../../ctap/token2/otp-applet.ts';
import { decodeEntry, type OtpEntryName, type OtpEntryWithSeed } from '../../ctap/token2/otp-entries.ts';
import { BUTTON_SEED_IV, ENTRY_IV, unseal } from '../../ctap/token2/sealing.ts';
import type { Environment } from '../environment.ts';
import type { Exchange } from '../exchange.ts';
import type { OtpAbilities } from '../models/otp-abilities.ts';
import type { CardApplet } from './applet.ts';
import { needTouch, oneByte, wrongData } from './checks.ts';
import { OtpReading } from './otp-reading.ts';
import { type OtpSettings, OtpStorage, type StoredEntry } from './otp-storage.ts';
import { TypedSlots } from './typed-slots.ts';

const DEVICE_INFO_SIZE = 10;
const NOTHING = new Uint8Array();

/** What the applet is told of the rest of its key. */
export interface OtpHost {
  readonly environment: Environment;
  readonly abilities: OtpAbilities;
  readonly serial: string;
  /** Members of the device info that are not the applet's. */
  describe(): Pick<DeviceDetails, 'pinSet' | 'pinLocked' | 'fingerprintSensor' | 'nfc' | 'fido21' | 'fidoVersion'>;
}

export class Token2OtpApplet implements CardApplet {
  readonly aid = OTP_AID;
  readonly slots: TypedSlots;
  readonly #host: OtpHost;
  readonly #storage: OtpStorage;
  readonly #reading: OtpReading;
  #sealingKey: EcdhKeyPair | undefined;

  constructor(host: OtpHost) {
    this.#host = host;
    this.slots = new TypedSlots(host.environment);
    this.#storage = new OtpStorage(host.environment.store, {
      disabledInterfaces: host.abilities.disabledInterfaces,
      noEnter: false,
      longTouch: false,
      totpEnabled: true,
      keypad: false,
    });
    this.#reading = new OtpReading(host.environment, this.#storage);
  }

  /** DisabledInterface bits as they were last written. */
  get disabledInterfaces(): number {
    return this.#storage.settings.disabledInterfaces;
  }

  get settings(): OtpSettings {
    return this.#storage.settings;
  }

  /** How many entries it holds at most. */
  get maxEntries(): number {
    return this.#host.abilities.maxEntries;
  }

  /** All entries with their seeds, in the order of their names: what no host is told. */
  entries(): StoredEntry[] {
    return this.#storage.paths().flatMap((path) => this.#storage.at(path) ?? []);
  }

  /** Puts an entry into the key without sealing; one of the same name is replaced. @throws StatusWordError where it is full */
  async putEntry(entry: OtpEntryWithSeed): Promise<void> {
    const { maxEntries } = this;
    if (this.#storage.count >= maxEntries && this.#storage.find(entry) === undefined) {
      throw new StatusWordError(StatusWord.NOT_ENOUGH_MEMORY, `the key holds ${maxEntries} entries, and has them`);
    }
    await this.#storage.put({ entry, counter: 0n });
  }

  /** @returns false where there is none of that name */
  async removeEntry(name: OtpEntryName): Promise<boolean> {
    if (this.#storage.find(name) === undefined) return false;
    await this.#storage.remove(name);
    return true;
  }

  select(): Uint8Array {
    this.#reading.reset();
    return NOTHING;
  }

  powerCycle(): void {
    this.#reading.reset();
    this.#sealingKey = undefined;
    this.slots.powerCycle();
  }

  /** What a touch types while nothing asks for one; the counter is stored when this resolves. Undefined for nothing. */
  async typedBy(press: 'short' | 'long'): Promise<readonly Stroke[] | undefined> {
    const settings = this.#storage.settings;
    if (this.slots.hasHotp && (press === 'long') === settings.longTouch) return this.slots.nextHotp(settings);
    return this.slots.nextYubico(settings);
  }

  async process(command: CommandApdu, exchange: Exchange): Promise<Uint8Array> {
    const { data } = command;
    switch (otpCommandName(command)) {
      case 'getPublicKey':
        return this.#getPublicKey();
      case 'readDeviceInfo':
        return this.#readDeviceInfo(command);
      case 'setDisabledInterfaces':
        return this.#setDisabledInterfaces(data);
      case 'setNoEnter':
        return this.#setFlag('noEnter', data);
      case 'setLongTouch':
        return this.#setFlag('longTouch', data);
      case 'setKeypad':
        return this.#setFlag('keypad', data);
      case 'setTotpEnabled':
        return this.#setFlag('totpEnabled', data);
      case 'writeButtonSeed':
        return this.#writeButtonSeed(data);
      case 'readEntries':
        this.#needEntries();
        return this.#reading.read(data, exchange);
      case 'readNextPage':
        this.#needEntries();
        return this.#reading.nextPage(data);
      case 'writeEntry':
        this.#needEntries();
        return data.length === 0 ? this.#erase(exchange) : this.#writeEntry(data);
      case 'prepareSerial':
        return NOTHING;
      case 'readSerial':
        return encodeSerial(this.#host.serial);
      case undefined:
        throw unknownCommand(command);
    }
  }

  #getPublicKey(): Uint8Array {
    const { crypto, random } = this.#host.environment;
    this.#sealingKey = crypto.generateEcdhKeyPair((length) => random.bytes(length));
    return this.#sealingKey.publicKey;
  }

  /** Opens a sealed body with the key that was got last. */
  #unseal(iv: Uint8Array, sealed: Uint8Array): Uint8Array {
    const key = this.#sealingKey;
    if (key === undefined) {
      throw new StatusWordError(StatusWord.CONDITIONS_NOT_SATISFIED, 'the public key has to be got first');
    }
    return wrongData(() => unseal(this.#host.environment.crypto, key.privateKey, iv, sealed));
  }

  #readDeviceInfo({ data, le }: CommandApdu): Uint8Array {
    const wanted = data.length > 0 ? data.length : Math.min(le ?? DEVICE_INFO_SIZE, DEVICE_INFO_SIZE);
    const settings = this.#storage.settings;
    const { buttonHotp, appearance } = this.#host.abilities;
    const info = encodeDeviceInfo({
      disabledInterfaces: settings.disabledInterfaces,
      details: {
        ...this.#host.describe(),
        noEnter: settings.noEnter,
        longTouch: settings.longTouch,
        keypad: settings.keypad,
        hotpSupported: true,
        buttonSeedPresent: this.slots.hasHotp,
        totpSupported: settings.totpEnabled,
        ccidSupported: true,
        buttonHotpNotSupported: !buttonHotp,
        appearance,
      },
    });
    return info.subarray(0, wanted);
  }

  /** Real firmware takes a mask that leaves no way in; hosts are the ones who must not send it. */
  async #setDisabledInterfaces(data: Uint8Array): Promise<Uint8Array> {
    const mask = oneByte(data);
    if ((mask & ~ALL_INTERFACES) !== 0) {
      throw new StatusWordError(StatusWord.WRONG_DATA, `there are no interfaces 0x${mask.toString(16)}`);
    }
    await this.#storage.change({ disabledInterfaces: mask });
    return NOTHING;
  }

  async #setFlag(name: 'noEnter' | 'longTouch' | 'keypad' | 'totpEnabled', data: Uint8Array): Promise<Uint8Array> {
    if (name !== 'totpEnabled') this.#needButton();
    const value = oneByte(data);
    if (value > 1) throw new StatusWordError(StatusWord.WRONG_DATA, `${name}: expected 0 or 1, got ${value}`);
    await this.#storage.change({ [name]: value === 1 });
    return NOTHING;
  }

  #needEntries(): void {
    if (this.#storage.settings.totpEnabled) return;
    throw new StatusWordError(StatusWord.CONDITIONS_NOT_SATISFIED, 'entries are switched off');
  }

  #needButton(): void {
    if (this.#host.abilities.buttonHotp) return;
    throw new StatusWordError(OtpStatusWord.HOTP_NOT_SUPPORTED, 'this key does not type');
  }

  async #writeButtonSeed(sealed: Uint8Array): Promise<Uint8Array> {
    this.#needButton();
    const plain = this.#unseal(BUTTON_SEED_IV, sealed);
    await this.slots.writeHotp(wrongData(() => decodeButtonSeed(plain)));
    return NOTHING;
  }

  async #writeEntry(sealed: Uint8Array): Promise<Uint8Array> {
    const plain = this.#unseal(ENTRY_IV, sealed);
    const decoded = wrongData(() => decodeEntry(plain));
    if ('remove' in decoded) {
      this.#storage.need(decoded.remove);
      await this.#storage.remove(decoded.remove);
      return NOTHING;
    }
    await this.putEntry(decoded.write);
    return NOTHING;
  }

  async #erase(exchange: Exchange): Promise<Uint8Array> {
    const { environment } = this.#host;
    await needTouch(environment, { operation: 'otpErase' }, exchange, OtpStatusWord.TOUCH_TIMED_OUT);
    await this.#storage.removeAll();
    this.#reading.reset();
    return NOTHING;
  }
}

function unknownCommand({ cla, ins, p1, p2 }: CommandApdu): StatusWordError {
  if (cla !== 0x80) return new StatusWordError(StatusWord.CLA_NOT_SUPPORTED, `there is no class ${cla}`);
  if (ins === 0xc5) return new StatusWordError(StatusWord.WRONG_P1_P2, `there is no command C5 ${p1} ${p2}`);
  return new StatusWordError(StatusWord.INS_NOT_SUPPORTED, `there is no instruction ${ins}`);
}
