/** What a key has beside its authenticator: the applets of a smart card, and the keyboard that types. */
import { decodeCommand, encodeResponse, StatusWord, StatusWordError } from '../ctap/iso7816/apdu.ts';
import { encodeAtr } from '../ctap/iso7816/atr.ts';
import { CommandAssembler } from '../ctap/iso7816/chaining.ts';
import type { Stroke } from '../ctap/otp/keyboard-usages.ts';
import { type DeviceDetails, DisabledInterface, tokenHistoricalBytes } from '../ctap/token2/otp-applet.ts';
import type { CardApplet } from './applets/applet.ts';
import { FidoApplet } from './applets/fido.ts';
import type { OathApplet } from './applets/oath.ts';
import { Token2OtpApplet } from './applets/token2-otp.ts';
import { Card } from './card.ts';
import type { Environment } from './environment.ts';
import type { Exchange, MessageHandler } from './exchange.ts';
import { Keyboard } from './keyboard.ts';
import type { Model } from './models/index.ts';
import { type OtpAbilities, otpAbilities } from './models/otp-abilities.ts';

/** The interface that was to be plugged in is switched off in the key's settings. */
export class InterfaceDisabledError extends Error {
  constructor(name: string) {
    super(`the key's settings have its ${name} interface switched off; switch it on over another one`);
    this.name = 'InterfaceDisabledError';
  }
}

export interface KeyAppletsHost {
  readonly environment: Environment;
  readonly model: Model;
  readonly serial: string;
  readonly oath: OathApplet | undefined;
  readonly fido: Pick<MessageHandler, 'cbor' | 'msg'>;
  /** Runs an action when the key's one processor is free. */
  exclusive<T>(action: () => Promise<T>): Promise<T>;
  pinState(): Pick<DeviceDetails, 'pinSet' | 'pinLocked'>;
  readonly onDefect: (error: unknown) => void;
}

export class KeyApplets {
  readonly keyboard: Keyboard;
  readonly otp: Token2OtpApplet | undefined;
  readonly #host: KeyAppletsHost;
  readonly #abilities: OtpAbilities;

  constructor(host: KeyAppletsHost) {
    const { environment, model, serial } = host;
    this.#host = host;
    this.#abilities = otpAbilities(model.serialPrefix, model.otp);
    this.keyboard = new Keyboard(environment.clock, this.#abilities.reportInterval);
    this.otp = model.applets.includes('token2-otp')
      ? new Token2OtpApplet({ environment, serial, abilities: this.#abilities, describe: () => this.#describe() })
      : undefined;
  }

  /** True where the key has that interface and its settings leave it on. */
  has(name: keyof typeof DisabledInterface): boolean {
    if (name === 'KEYBOARD' && (this.otp === undefined || !this.#abilities.buttonHotp)) return false;
    return ((this.otp?.disabledInterfaces ?? 0) & DisabledInterface[name]) === 0;
  }

  /** @throws InterfaceDisabledError where the settings have it off */
  need(name: keyof typeof DisabledInterface): void {
    if (!this.has(name)) throw new InterfaceDisabledError(name);
  }

  powerCycle(): void {
    this.otp?.powerCycle();
    this.#host.oath?.powerCycle();
  }

  /**
   * A touch while nothing asks for one: types the next password where a slot says so.
   * @returns what was typed, once it is; undefined where a touch does nothing
   */
  async touch(press: 'short' | 'long'): Promise<readonly Stroke[] | undefined> {
    const { otp, keyboard } = this;
    if (otp === undefined || !keyboard.connected || !this.has('KEYBOARD')) return undefined;
    const strokes = await this.#host.exclusive(() => otp.typedBy(press));
    if (strokes !== undefined) await keyboard.type(strokes);
    return strokes;
  }

  /** Answers an APDU that came to the OTP applet over HID, where nothing is selected first. Never rejects. */
  async carried(apdu: Uint8Array, exchange: Exchange): Promise<Uint8Array> {
    const { otp } = this;
    try {
      if (otp === undefined) throw new StatusWordError(StatusWord.INS_NOT_SUPPORTED, 'this model has no OTP applet');
      const command = new CommandAssembler().accept(decodeCommand(apdu));
      if (command === undefined) throw new StatusWordError(StatusWord.CLA_NOT_SUPPORTED, 'HID has no chaining');
      const data = await this.#host.exclusive(() => otp.process(command, exchange));
      return encodeResponse({ data, statusWord: StatusWord.NO_ERROR });
    } catch (error) {
      const known = error instanceof StatusWordError;
      if (!known && !exchange.signal.aborted) this.#host.onDefect(error);
      const statusWord = known ? error.statusWord : StatusWord.NO_PRECISE_DIAGNOSIS;
      return encodeResponse({ data: new Uint8Array(), statusWord });
    }
  }

  get atr(): Uint8Array {
    const { model, serial } = this.#host;
    return encodeAtr(tokenHistoricalBytes(model.usb.productId, serial));
  }

  /** A card in a reader. @throws InterfaceDisabledError where the settings have the CCID off */
  insertCard(onRemoved: () => void): Card {
    this.need('CCID');
    const { environment, model, serial, oath, fido, onDefect } = this.#host;
    const u2f = model.versions.includes('U2F_V2');
    const applets: CardApplet[] = [new FidoApplet({ ...bound(fido), serial, u2f, clock: environment.clock })];
    for (const applet of [this.otp, oath]) if (applet !== undefined) applets.push(this.#exclusive(applet));
    return new Card({ applets, onDefect, onRemoved });
  }

  /** The same applet, in turn with the key's other work. */
  #exclusive(applet: CardApplet): CardApplet {
    return {
      aid: applet.aid,
      ...(applet.continuation === undefined ? {} : { continuation: applet.continuation }),
      select: () => applet.select(),
      powerCycle: () => applet.powerCycle(),
      process: (command, exchange) => this.#host.exclusive(async () => applet.process(command, exchange)),
    };
  }

  #describe() {
    const { model, pinState } = this.#host;
    const { firmwareVersion: firmware } = model;
    return {
      ...pinState(),
      fingerprintSensor: model.fingerprints !== undefined,
      nfc: model.transports.includes('nfc'),
      fido21: model.versions.includes('FIDO_2_1'),
      fidoVersion: [(firmware >> 16) & 0xff, (firmware >> 8) & 0xff, firmware & 0xff] as const,
    };
  }
}

function bound(fido: Pick<MessageHandler, 'cbor' | 'msg'>): Pick<MessageHandler, 'cbor' | 'msg'> {
  return {
    cbor: (request, exchange) => fido.cbor(request, exchange),
    msg: (request, exchange) => fido.msg(request, exchange),
  };
}
