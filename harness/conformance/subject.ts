/** The key under judgement, as a check sees it. */
import { concat } from '../../ctap/bytes.ts';
import { type CborMap, encodeCbor } from '../../ctap/cbor.ts';
import type { GetInfoResponse } from '../../ctap/commands/get-info.ts';
import { BROADCAST_CHANNEL, HidCommand } from '../../ctap/hid/packet.ts';
import { decodeResponse, encodeCommand, StatusWord, StatusWordError, selectCommand } from '../../ctap/iso7816/apdu.ts';
import { CtapError, Status } from '../../ctap/status.ts';
import { OTP_AID } from '../../ctap/token2/otp-applet.ts';
import { CtapCardDevice } from '../client/ctap-card.ts';
import { CtapHidDevice } from '../client/ctap-hid.ts';
import { Ctap1Client } from '../client/ctap1.ts';
import type { Ctap2Client } from '../client/ctap2.ts';
import type { CtapDevice, ExchangeOptions } from '../client/device.ts';
import { HidLink } from '../client/hid-link.ts';
import { PinClient } from '../client/pin.ts';
import type { PinUvAuthToken } from '../client/pin-uv-auth-token.ts';
import { Token2HidCard } from '../client/token2-hid.ts';
import type { CardConnection } from '../transports/connection.ts';
import { overhearCard, overhearHid } from '../transports/overheard.ts';
import type { Answer } from './answer.ts';
import type { Bench, KeyState, UserBehaviour } from './bench.ts';
import { CheckFailure } from './check-failure.ts';
import { Hub } from './hub.ts';
import { LenientCtap2Client } from './lenient-info.ts';
import { NotApplicable } from './not-applicable.ts';
import { responseOf } from './response.ts';
import { TrafficLog } from './traffic-log.ts';
import { HidWire } from './wire.ts';

interface Carrier {
  readonly device: CtapDevice;
  send(request: Uint8Array, options?: ExchangeOptions): Promise<Uint8Array>;
  close(): Promise<void>;
}

export class Subject {
  readonly bench: Bench;
  readonly state: KeyState;
  /** All that went to and fro. */
  readonly traffic = new TrafficLog();
  #hub: Hub | undefined;
  #wire: HidWire | undefined;
  #cardConnection: CardConnection | undefined;
  #token2: Token2HidCard | undefined;
  #carrier: Carrier | undefined;
  #ctap2: Ctap2Client | undefined;
  #pin: PinClient | undefined;

  constructor(bench: Bench, state: KeyState) {
    this.bench = bench;
    this.state = state;
  }

  async connect(): Promise<void> {
    const { bench } = this;
    this.#carrier = bench.carrier === 'hid' ? await this.#overHid() : await this.#overCard();
    this.#ctap2 = new LenientCtap2Client(this.#carrier.device);
    this.#pin = new PinClient(this.#ctap2, { crypto: bench.crypto });
  }

  get ctap2(): Ctap2Client {
    return this.#open(this.#ctap2);
  }

  get pin(): PinClient {
    return this.#open(this.#pin);
  }

  /** The same key by that PIN/UV auth protocol. */
  pinBy(protocol: 1 | 2): PinClient {
    return new PinClient(this.ctap2, { crypto: this.bench.crypto, protocol });
  }

  get u2f(): Ctap1Client {
    return new Ctap1Client(this.device);
  }

  get device(): CtapDevice {
    return this.#open(this.#carrier).device;
  }

  /** Packets of CTAPHID, for checks with the carrier `hid`. */
  get wire(): HidWire {
    return this.#open(this.#wire);
  }

  /** APDUs, for checks with the carrier `card`. */
  get card(): CardConnection {
    return this.#open(this.#cardConnection);
  }

  /**
   * The OTP applet of a Token2 key, for any APDU: selected in a reader, while over HID it answers as it is.
   * @throws StatusWordError where the card has none
   */
  async token2(): Promise<CardConnection> {
    const { carrier, silence } = this.bench;
    if (carrier === 'hid') {
      this.#token2 ??= new Token2HidCard(this.#open(this.#hub).share(), { silence });
      return this.#token2;
    }
    const { statusWord } = decodeResponse(await this.card.transmit(encodeCommand(selectCommand(OTP_AID))));
    if (statusWord === StatusWord.NO_ERROR) return this.card;
    throw new StatusWordError(statusWord, 'the key has no OTP applet');
  }

  info(): Promise<GetInfoResponse> {
    return this.ctap2.getInfo({ cached: true });
  }

  /** One CTAP2 request as it is: the command byte, and its parameters as a map or as raw bytes. */
  async request(command: number, parameters?: CborMap | Uint8Array, options?: ExchangeOptions): Promise<Answer> {
    const body = parameters instanceof Map ? encodeCbor(parameters) : (parameters ?? new Uint8Array(0));
    const answer = await this.#open(this.#carrier).send(concat(Uint8Array.of(command), body), options);
    const [status] = answer;
    if (status === undefined) throw new CheckFailure('expected a status byte, got an empty answer');
    return { status, body: answer.subarray(1) };
  }

  /**
   * A request that the key takes: its response, empty where it has none.
   * @throws CheckFailure for a refusal
   */
  async accepted(command: number, parameters?: CborMap | Uint8Array): Promise<CborMap> {
    return responseOf(await this.request(command, parameters));
  }

  /** A token for the PIN that the bench has set. */
  token(permissions: number, rpId?: string): Promise<PinUvAuthToken> {
    return this.pin.getPinUvAuthToken({ pin: this.bench.pin, permissions, rpId });
  }

  user(behaviour: UserBehaviour): void {
    this.bench.user(behaviour);
  }

  wait(milliseconds: number): Promise<void> {
    return this.bench.wait(milliseconds);
  }

  /** Power off and on. */
  async replug(): Promise<void> {
    await this.close();
    await this.bench.replug();
    await this.connect();
  }

  /**
   * A card as it is after its power-up, in which nothing is selected.
   * @throws NotApplicable where the reader cannot reset it
   */
  async unselectedCard(): Promise<CardConnection> {
    await this.close();
    this.#cardConnection = overhearCard(await this.bench.connectCard(), this.traffic.add);
    if (!this.bench.virtual) await this.resetCard();
    return this.card;
  }

  /** Resets the card; the connection stays. @throws NotApplicable where the reader cannot */
  async resetCard(): Promise<void> {
    if (this.card.reset === undefined) throw new NotApplicable('the way to the card has no reset');
    await this.card.reset();
  }

  /** Ends the connection; the key stays plugged in. */
  async close(): Promise<void> {
    if (!this.bench.virtual) await this.#hub?.leave().catch(() => undefined); // of a key that is gone nothing is open
    this.#wire?.close();
    await this.#carrier?.close();
    await this.#cardConnection?.close();
    await this.#hub?.close();
    this.#carrier = undefined;
    this.#cardConnection = undefined;
    this.#hub = undefined;
    this.#wire = undefined;
    this.#token2 = undefined;
  }

  async #overHid(): Promise<Carrier> {
    const { silence } = this.bench;
    const hub = new Hub(overhearHid(await this.bench.connect(), this.traffic.add));
    this.#hub = hub;
    this.#wire = new HidWire(hub, this.bench);
    const link = new HidLink(hub.share());
    const { channel } = await link.initialize(BROADCAST_CHANNEL, silence);
    const device = await CtapHidDevice.open(hub.share(), { silence });
    const send = async (request: Uint8Array, options: ExchangeOptions = {}) => {
      const { command, data } = await link.request(channel, HidCommand.CBOR, request, { silence, ...options });
      if (command === HidCommand.ERROR) throw new CheckFailure(`expected a CTAP2 answer, got CTAPHID_ERROR ${data[0]}`);
      return data;
    };
    const close = async () => {
      await Promise.all([link.close(), device.close()]);
    };
    return { device, send, close };
  }

  async #overCard(): Promise<Carrier> {
    const connection = overhearCard(await this.bench.connectCard(), this.traffic.add);
    this.#cardConnection = connection;
    const device = await CtapCardDevice.open(connection);
    const send = async (request: Uint8Array, options?: ExchangeOptions) => {
      try {
        return concat(Uint8Array.of(Status.CTAP2_OK), await device.cbor(request, options));
      } catch (error) {
        if (error instanceof CtapError) return Uint8Array.of(error.status);
        throw error;
      }
    };
    return { device, send, close: () => device.close() };
  }

  #open<T>(part: T | undefined): T {
    if (part === undefined) throw new Error('the judge asked for a carrier that this key is not reached by');
    return part;
  }
}
