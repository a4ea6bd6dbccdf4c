/** The whole device: what a transport plugs into. */
import { fromUtf8, utf8 } from '../ctap/bytes.ts';
import type { Stroke } from '../ctap/otp/keyboard-usages.ts';
import { CtapError } from '../ctap/status.ts';
import { isCarrierReport } from '../ctap/token2/hid-carrier.ts';
import { ATR_COMMAND } from '../ctap/token2/otp-applet.ts';
import { StatusWord, U2fError, u2fResponse } from '../ctap/u2f/raw-messages.ts';
import { OathApplet } from './applets/oath.ts';
import type { Token2OtpApplet } from './applets/token2-otp.ts';
import type { YubicoSlot } from './applets/typed-slots.ts';
import { U2fApplet } from './applets/u2f.ts';
import { AttestationAuthority } from './attestation/authority.ts';
import { openAttestationIdentity } from './attestation/identity.ts';
import { Authenticator } from './authenticator/authenticator.ts';
import { handleCommand, successBytes } from './authenticator/commands.ts';
import type { Environment } from './environment.ts';
import type { Exchange, HidPlug, MessageHandler } from './exchange.ts';
import { FaultSet } from './faults/fault-set.ts';
import type { VendorCommands } from './hid/refusal.ts';
import { Token2Carrier } from './hid/token2-carrier.ts';
import { CtapHidDevice } from './hid-device.ts';
import { KeyInside } from './inside/inside.ts';
import { KeyApplets } from './key-applets.ts';
import { defaultModel, type Model, speaksCtap2 } from './models/index.ts';
import { drawSerialNumber } from './models/serial-number.ts';
import { TOKEN2_USB } from './models/token2.ts';
import { PortableCredentials } from './portable-credentials.ts';
import { StoreError } from './store/store-error.ts';
import { type TrafficListener, TrafficTap } from './traffic.ts';
import type {
  CardPlug,
  CarrierLimits,
  KeyIdentity,
  PluggableCard,
  PluggableKey,
  PluggableKeyboard,
} from './transports/attachment.ts';

const SERIAL_PATH = 'serial';
const MODEL_PATH = 'model';
const CAPABILITY_WINK = 0x01;
const CAPABILITY_CBOR = 0x04;
const CAPABILITY_NMSG = 0x08;

export interface VirtualKeyOptions {
  readonly environment: Environment;
  readonly model?: Model | undefined;
  /** Who certifies the key where its store has no attestation yet. Default: an authority of the key's own. */
  readonly authority?: AttestationAuthority | undefined;
  /** Told of errors that are no CtapError: defects, answered as CTAP1_ERR_OTHER. Default: written to stderr. */
  readonly onDefect?: ((error: unknown) => void) | undefined;
  /** Told when a host winks the key. */
  readonly onWink?: (() => void) | undefined;
}

export class VirtualKey implements PluggableKey, PluggableCard, MessageHandler {
  readonly model: Model;
  readonly environment: Environment;
  readonly identity: KeyIdentity;
  readonly capabilities: number;
  readonly deviceVersion: readonly [number, number, number];
  /** What it does wrong on purpose; nothing at first, and again once it is opened anew. */
  readonly faults: FaultSet;
  readonly #authenticator: Authenticator;
  readonly #u2f: U2fApplet | undefined;
  /** Its credentials, to be taken out and put in; undefined where the model lets nobody do that. */
  readonly portable: PortableCredentials | undefined;
  /** Facts and secrets that it tells no host. */
  readonly inside: KeyInside;
  readonly #onDefect: (error: unknown) => void;
  readonly #onWink: () => void;
  readonly #plugs = new Set<{ unplug(): void; readonly maxMessageSize?: number }>();
  readonly #applets: KeyApplets;
  readonly #traffic: TrafficTap;
  readonly #activityListeners = new Set<() => void>();
  #busy: Promise<unknown> | undefined;

  private constructor(
    options: VirtualKeyOptions,
    authenticator: Authenticator,
    serial: string,
    oath: OathApplet | undefined,
    faults: FaultSet,
  ) {
    const { environment, onDefect, onWink } = options;
    const { model } = authenticator;
    this.model = model;
    this.environment = environment;
    this.faults = faults;
    this.#authenticator = authenticator;
    authenticator.beforeSigning = (data, command) => (faults.none ? data : faults.authData(data, command));
    this.#u2f = model.versions.includes('U2F_V2') ? new U2fApplet(authenticator) : undefined;
    this.#onDefect = onDefect ?? ((error) => console.error('ctaplab: defect in the virtual key:', error));
    this.#onWink = onWink ?? (() => {});
    this.portable = model.portableCredentials
      ? new PortableCredentials(authenticator, (action) => this.#oneAtATime(action))
      : undefined;
    this.inside = new KeyInside(authenticator, (action) => this.#oneAtATime(action));
    this.#traffic = new TrafficTap({ clock: environment.clock, onDefect: this.#onDefect });
    this.identity = { ...model.usb, serial };
    const { pin } = authenticator;
    this.#applets = new KeyApplets({
      environment: { ...environment, presence: faults.presence },
      model,
      serial,
      oath,
      fido: this,
      exclusive: (action) => this.#oneAtATime(action),
      pinState: () => ({ pinSet: pin.isSet, pinLocked: pin.isSet && pin.retries === 0 }),
      onDefect: this.#onDefect,
    });
    this.capabilities =
      CAPABILITY_WINK | (speaksCtap2(model) ? CAPABILITY_CBOR : 0) | (this.#u2f ? 0 : CAPABILITY_NMSG);
    const { firmwareVersion: firmware } = model;
    this.deviceVersion = [(firmware >> 16) & 0xff, (firmware >> 8) & 0xff, firmware & 0xff];
  }

  /** Powers a key up over its store. The store must be this key's alone. */
  static async open(options: VirtualKeyOptions): Promise<VirtualKey> {
    const { environment, model = defaultModel, authority } = options;
    await environment.crypto.load(model.algorithms);
    await openModel(environment, model);
    const serial = await openSerial(environment, model);
    const attestation = await openAttestationIdentity(
      environment,
      model,
      serial,
      async () => authority ?? AttestationAuthority.open(environment),
    );
    const faults = new FaultSet(environment);
    const { clock, presence } = faults;
    const authenticator = await Authenticator.open({ ...environment, clock, presence }, model, attestation);
    faults.belongTo(authenticator);
    const oath = model.applets.includes('oath') ? await OathApplet.open(environment) : undefined;
    return new VirtualKey(options, authenticator, serial, oath, faults);
  }

  /** Plugs the key into something that carries 64-byte reports; `send` takes those that the key sends. */
  plugIn(send: (report: Uint8Array) => void, limits: CarrierLimits = {}): HidPlug {
    this.#applets.need('FIDO');
    if (this.#plugs.size === 0) this.powerCycle();
    const { faults } = this;
    const { clock, random } = this.environment;
    const overhear = this.#traffic.reports();
    const toHost = (report: Uint8Array) => {
      overhear('out', report);
      send(report);
    };
    const answer = (report: Uint8Array) => (faults.none ? toHost(report) : faults.sent(report, toHost));
    const device = new CtapHidDevice(this, { clock, random, send: answer, vendor: this.#vendorCommands() });
    const carrier = new Token2Carrier({
      clock,
      send: answer,
      process: (apdu, exchange) => faults.apdu(apdu, (command) => this.#applets.carried(command, exchange)),
    });
    const hear = (report: Uint8Array) => (isCarrierReport(report) ? carrier : device).receive(report);
    const plug = {
      ...limits,
      receive: (report: Uint8Array) => {
        overhear('in', report);
        if (faults.none) hear(report);
        else faults.received(report, hear);
      },
      setFeature: (report: Uint8Array) => {
        overhear('in', report);
        return carrier.setFeature(report);
      },
      getFeature: () => {
        const report = carrier.getFeature();
        if (report !== undefined) overhear('out', report);
        return report;
      },
      unplug: () => {
        carrier.unplug();
        device.unplug();
        this.#plugs.delete(plug);
        this.#keepToCarriers();
      },
    };
    this.#plugs.add(plug);
    this.#keepToCarriers();
    return plug;
  }

  #vendorCommands(): VendorCommands | undefined {
    if (this.model.usb.vendorId !== TOKEN2_USB.vendorId) return undefined;
    return new Map([[ATR_COMMAND, () => this.atr]]);
  }

  /** The boot keyboard beside it; undefined where the model has none or the settings have it off. */
  get keyboard(): PluggableKeyboard | undefined {
    return this.#applets.has('KEYBOARD') ? this.#applets.keyboard : undefined;
  }

  /** The answer to reset as a smart card. */
  get atr(): Uint8Array {
    return this.#applets.atr;
  }

  /** Puts the key into a card reader. @throws InterfaceDisabledError where the settings have the CCID interface off */
  insertCard(): CardPlug {
    const card = this.#applets.insertCard(() => this.#plugs.delete(plug));
    const plug = { unplug: () => card.remove() };
    if (this.#plugs.size === 0) this.powerCycle();
    this.#plugs.add(plug);
    const { faults } = this;
    const transmit = (apdu: Uint8Array) => faults.apdu(apdu, (command) => card.transmit(command));
    const reset = () => {
      card.reset();
      faults.cardReset('reset');
    };
    faults.cardReset('power-up');
    return this.#traffic.card({ reset, remove: () => card.remove(), transmit });
  }

  /**
   * Tells of every report of its HID plugs and of every APDU of its cards, both ways, at the time of the key's clock.
   * @returns ends it
   */
  onTraffic(listener: TrafficListener): () => void {
    return this.#traffic.listen(listener);
  }

  /** True while it works on something, a question to its user included. */
  get busy(): boolean {
    return this.#busy !== undefined;
  }

  /** Calls `listener` when the key has begun to work and when it is done. @returns ends it */
  onActivity(listener: () => void): () => void {
    const own = () => listener(); // the same function may listen twice
    this.#activityListeners.add(own);
    return () => void this.#activityListeners.delete(own);
  }

  /**
   * A finger on the key while nothing asks for one: types the next password where a slot says so.
   * @returns what was typed, once it is; undefined where a touch does nothing
   * @throws KeyboardGoneError where the key was unplugged meanwhile; the password is used up then
   */
  touch(press: 'short' | 'long' = 'short'): Promise<readonly Stroke[] | undefined> {
    return this.#applets.touch(press);
  }

  /** Runs `action` with its applet for one-time passwords while no command does; undefined where the model has none. */
  withOtp<T>(action: (otp: Token2OtpApplet) => Promise<T>): Promise<T> | undefined {
    const { otp } = this.#applets;
    return otp && this.#oneAtATime(() => action(otp));
  }

  /** True where its model has slots for passwords that a touch types. */
  get typesPasswords(): boolean {
    return this.#applets.otp !== undefined;
  }

  /** Gives the key a Yubico OTP to type, on the press that its HOTP leaves free; undefined takes it away. */
  async writeYubicoSlot(slot: YubicoSlot | undefined): Promise<void> {
    if (this.#applets.otp === undefined) throw new Error(`the model ${this.model.name} types no passwords`);
    await this.#applets.otp.slots.writeYubico(slot);
  }

  /** Loses what a key without power loses: tokens, pending touches, the lock of three wrong PINs. */
  powerCycle(): void {
    this.#authenticator.powerCycle();
    this.#u2f?.powerCycle();
    this.#applets.powerCycle();
  }

  /** The root certificate, DER, that a relying party trusts to accept this key's attestation. */
  get attestationRoot(): Uint8Array {
    return this.#authenticator.attestation.root;
  }

  cbor(request: Uint8Array, exchange: Exchange): Promise<Uint8Array> {
    const { faults } = this;
    if (faults.none) return this.#cbor(request, exchange);
    return faults.cbor(request, (heard) => this.#cbor(heard, exchange));
  }

  msg(request: Uint8Array, exchange: Exchange): Promise<Uint8Array> {
    const { faults } = this;
    if (faults.none) return this.#msg(request, exchange);
    return faults.msg(request, (heard) => this.#msg(heard, exchange));
  }

  #cbor(request: Uint8Array, exchange: Exchange): Promise<Uint8Array> {
    return this.#oneAtATime(async () => {
      try {
        if (!(this.capabilities & CAPABILITY_CBOR))
          throw new CtapError('CTAP1_ERR_INVALID_COMMAND', 'this model has no CTAP2');
        return successBytes(await handleCommand(this.#authenticator, request, exchange));
      } catch (error) {
        return Uint8Array.of(this.#statusOf(error, exchange));
      }
    });
  }

  #msg(request: Uint8Array, exchange: Exchange): Promise<Uint8Array> {
    return this.#oneAtATime(async () => {
      try {
        if (!this.#u2f) throw new U2fError(StatusWord.INS_NOT_SUPPORTED, 'this model has no U2F');
        return u2fResponse(StatusWord.NO_ERROR, await this.#u2f.handle(request, exchange));
      } catch (error) {
        if (error instanceof U2fError) return u2fResponse(error.statusWord);
        this.#statusOf(error, exchange);
        return u2fResponse(0x6f00); // ISO 7816-4: no precise diagnosis
      }
    });
  }

  wink(): void {
    this.#onWink();
  }

  /** Unplugs the key everywhere and closes its store. */
  async close(): Promise<void> {
    for (const plug of this.#plugs) plug.unplug();
    await this.#busy;
    await this.environment.store.close();
  }

  #statusOf(error: unknown, exchange: Exchange): number {
    if (exchange.signal.aborted) return new CtapError('CTAP2_ERR_KEEPALIVE_CANCEL').status;
    if (error instanceof CtapError) return error.status;
    this.#onDefect(error);
    return new CtapError('CTAP1_ERR_OTHER').status;
  }

  /** A platform that has asked through one plug may go on through another: the key keeps to what all can carry. */
  #keepToCarriers(): void {
    const sizes = [...this.#plugs].map(({ maxMessageSize = Number.POSITIVE_INFINITY }) => maxMessageSize);
    this.#authenticator.carrierLimit = Math.min(...sizes);
  }

  /** A key has one processor: commands from several plugs wait for each other. */
  #oneAtATime<T>(action: () => Promise<T>): Promise<T> {
    const running = this.#busy ? this.#busy.then(action) : action();
    const done = () => {
      if (this.#busy === turn) this.#busy = undefined;
      for (const listener of this.#activityListeners) listener();
    };
    const turn: Promise<void> = running.then(done, done); // a failure is its asker's; the next turn comes all the same
    this.#busy = turn;
    for (const listener of this.#activityListeners) listener();
    return running;
  }
}

/** A key stays what it was made as: its credentials and certificates are of that model. */
async function openModel({ store }: Environment, { name }: Model): Promise<void> {
  const stored = store.get(MODEL_PATH);
  if (!stored) return store.commit([{ path: MODEL_PATH, value: utf8(name) }]);
  const made = fromUtf8(stored);
  if (made !== name) throw new StoreError(`the key in this store was made as ${made}, so it cannot be a ${name}`);
}

/** The serial number, drawn once. */
async function openSerial({ store, random }: Environment, model: Model): Promise<string> {
  const stored = store.get(SERIAL_PATH);
  if (stored) return fromUtf8(stored);
  const serial = drawSerialNumber(model, random);
  await store.commit([{ path: SERIAL_PATH, value: utf8(serial) }]);
  return serial;
}
