/** Judges a key that lasts: what is on it is somebody's, and hands touch it and pull it out. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { EnrollFeedbackName } from '../../ctap/commands/bio-enrollment.ts';
import type { GetInfoResponse } from '../../ctap/commands/get-info.ts';
import { RESET_WINDOW } from '../../ctap/commands/reset.ts';
import type { Crypto } from '../../ctap/crypto.ts';
import { Permission } from '../../ctap/pin-uv-auth/index.ts';
import { nodeCrypto } from '../../emulator/crypto-node.ts';
import { CtapCardDevice } from '../client/ctap-card.ts';
import { CtapHidDevice } from '../client/ctap-hid.ts';
import type { CtapDevice } from '../client/device.ts';
import { FingerprintsClient } from '../client/fingerprints.ts';
import { PinClient } from '../client/pin.ts';
import { Token2HidCard } from '../client/token2-hid.ts';
import type { CardConnection, HidConnection } from '../transports/connection.ts';
import { type Bench, type KeyState, NotReady, type UserBehaviour, type WantedState } from './bench.ts';
import { watchBlinking, watchCard } from './blinking.ts';
import { RP_ID } from './ceremony.ts';
import type { Hand } from './hand.ts';
import { Hub } from './hub.ts';
import { Leftovers } from './leftovers.ts';
import { LenientCtap2Client } from './lenient-info.ts';
import { ALL_ATTEMPTS, LAST_ATTEMPTS } from './needs.ts';
import { removeOtpLeftovers } from './otp-leftovers.ts';

/** The PIN that keys get which had none; one that every vendor's rules allow. */
const PIN = 'q7V!mK2w';

/** Samples after which a finger that is still not enrolled never will be. */
const MOST_SAMPLES = 40;

export interface PhysicalBenchOptions {
  readonly carrier: 'hid' | 'card';
  readonly hand: Hand;
  /** All that is on the key may be deleted, again and again. */
  readonly allowReset: boolean;
}

/** A key that is open, with its clients. */
interface Opened {
  readonly device: CtapDevice;
  readonly pin: PinClient;
  readonly info: GetInfoResponse;
}

export class PhysicalBench implements Bench {
  readonly virtual = false;
  readonly carrier: 'hid' | 'card';
  readonly crypto: Crypto = nodeCrypto;
  readonly silence = 3000;
  readonly #hand: Hand;
  readonly #allowReset: boolean;
  #pin = PIN;
  #hub: Hub | undefined;
  #leftovers: Leftovers | undefined;
  #wasReset = false;
  #poweredAt = Number.NEGATIVE_INFINITY;
  /** The check before has entered wrong PINs. */
  #spent = false;
  /** A finger may be on the sensor unread, or a question still wait for a touch. */
  #unsettled = false;
  /** What the user does next is on its way to the hand. */
  #settled: Promise<void> = Promise.resolve();

  constructor({ carrier, hand, allowReset }: PhysicalBenchOptions) {
    this.carrier = carrier;
    this.#hand = hand;
    this.#allowReset = allowReset;
  }

  get device(): string {
    return this.#hand.device;
  }

  get canRefuse(): boolean {
    return this.#hand.canRefuse;
  }

  get pin(): string {
    return this.#pin;
  }

  /**
   * Takes the owner's PIN, tries it, and remembers what is on the key, so that it can be as it was afterwards.
   * @throws CtapError CTAP2_ERR_PIN_INVALID and its like
   */
  async owner(pin: string): Promise<void> {
    await this.#open(async ({ pin: client, info }) => {
      await prove(client, info, pin);
      this.#pin = pin;
      this.#leftovers = await Leftovers.begin(client, pin);
    });
  }

  async begin({ pin, finger, spoiled, attempts, powerUp }: WantedState): Promise<KeyState> {
    await this.#act('touches');
    if (this.#unsettled) await this.#hand.clear();
    this.#unsettled = false;
    let state = await this.#open(async ({ info }) => stateOf(info)).catch((error: unknown) => {
      if (pin === undefined && !finger && !spoiled && attempts === 0) return { pin: false, finger: false }; // the check will tell
      throw error;
    });
    if (spoiled || (pin === false && state.pin)) {
      await this.#reset();
      state = { pin: false, finger: false };
    }
    if (pin && !state.pin) await this.#setPin();
    if (finger && !state.finger) await this.#enrol();
    await this.#saveAttempts(attempts, pin ?? state.pin);
    if (powerUp && performance.now() - this.#poweredAt > RESET_WINDOW / 2) await this.replug();
    return { pin: pin ?? state.pin, finger: finger || state.finger };
  }

  async connect(): Promise<HidConnection> {
    return watchBlinking(await this.#shared(), this.#asked, this.#ready);
  }

  /** All checks share one connection: a system may take a twentieth of a second to close one. */
  async #shared(): Promise<HidConnection> {
    this.#hub ??= this.#keep(await this.#hand.connect());
    return this.#hub.share();
  }

  #keep(connection: HidConnection): Hub {
    const hub = new Hub(connection);
    hub.share().onGone(() => {
      if (this.#hub === hub) this.#hub = undefined;
      hub.close().catch(() => undefined); // of a key that is gone
    });
    return hub;
  }

  async #leave(): Promise<void> {
    const hub = this.#hub;
    this.#hub = undefined;
    await hub?.close();
  }

  async connectCard(): Promise<CardConnection> {
    return watchCard(await this.#hand.connectCard(), this.#asked, this.#ready);
  }

  readonly #asked = () => this.#hand.asked();
  readonly #ready = () => this.#settled;

  async replug(): Promise<void> {
    await this.#leave();
    await this.#hand.replug();
    this.#poweredAt = performance.now();
  }

  async wait(milliseconds: number): Promise<void> {
    await sleep(milliseconds);
  }

  user(behaviour: UserBehaviour): void {
    this.#unsettled ||= behaviour === 'absent';
    this.#next(() => this.#hand.user(behaviour));
  }

  finger(which: 'enrolled' | 'other', feedback?: EnrollFeedbackName): void {
    this.#unsettled = true;
    this.#next(() => this.#hand.finger(which, feedback));
  }

  async finish({ otpEntries }: { readonly otpEntries: boolean }): Promise<readonly string[]> {
    await this.#act('touches');
    const notes = otpEntries ? told(await this.#removeOtpEntries(), 'entries for one-time passwords') : [];
    if (this.#wasReset) {
      await this.#reset();
      return [...notes, 'The key was reset, and is as it was made: what was on it before is gone.'];
    }
    const leftovers = this.#leftovers;
    if (leftovers === undefined) return notes;
    const deleted = await this.#open(({ pin }) => leftovers.remove(pin, this.#pin));
    return [...notes, ...told(deleted, 'passkeys')];
  }

  /** A reset of FIDO leaves them. */
  async #removeOtpEntries(): Promise<number> {
    const { carrier, silence } = this;
    const card = carrier === 'card' ? await this.connectCard() : new Token2HidCard(await this.connect(), { silence });
    try {
      return await removeOtpLeftovers(card, carrier === 'card');
    } finally {
      await card.close();
    }
  }

  async close(): Promise<void> {
    await this.#leave();
    await this.#hand.close();
  }

  /** Opens the key for one act, beside any check. */
  async #open<T>(act: (opened: Opened) => Promise<T>): Promise<T> {
    const device = await this.#device();
    try {
      const ctap2 = new LenientCtap2Client(device);
      return await act({ device, pin: new PinClient(ctap2, { crypto: this.crypto }), info: await ctap2.getInfo() });
    } finally {
      await device.close();
    }
  }

  async #device(): Promise<CtapDevice> {
    const { silence } = this;
    const connection = this.carrier === 'hid' ? await this.connect() : await this.connectCard();
    try {
      return 'transmit' in connection
        ? await CtapCardDevice.open(connection)
        : await CtapHidDevice.open(connection, { silence });
    } catch (error) {
      await connection.close();
      throw error;
    }
  }

  async #reset(): Promise<void> {
    if (!this.#allowReset) throw new NotReady('it needs a reset, which was not allowed (--allow-reset)');
    await this.replug();
    await this.#open(async ({ pin }) => {
      await pin.ctap2.reset();
    });
    this.#wasReset = true;
    this.#leftovers = undefined; // gone with all else
    this.#pin = PIN;
  }

  async #setPin(): Promise<void> {
    if (!this.#allowReset) throw new NotReady('it needs a PIN, which only a reset would take away again');
    await this.#open(({ pin }) => pin.setPin(PIN));
    this.#pin = PIN;
    this.#wasReset = true; // the PIN goes with the last reset
  }

  async #enrol(): Promise<void> {
    if (!this.#allowReset) throw new NotReady('it needs a finger, and none is enrolled');
    await this.#open(async ({ pin }) => {
      const token = await pin.getPinUvAuthToken({ pin: this.#pin, permissions: Permission.bioEnrollment });
      const client = new FingerprintsClient(pin.ctap2, token);
      const enough = new AbortController();
      let samples = 0;
      await this.#hand.finger('enrolled');
      await client.enroll({
        signal: enough.signal,
        onSample: ({ remaining }) => {
          samples += 1;
          if (samples === MOST_SAMPLES) enough.abort();
          else if (remaining > 0) this.finger('enrolled');
        },
      });
    });
  }

  /** Gives back what the check before has spent; leaves this one what it spends, and the last ones to the owner. */
  async #saveAttempts(attempts: number, hasPin: boolean): Promise<void> {
    const before = this.#spent;
    this.#spent = attempts > 0;
    if (!hasPin || !(before || this.#spent)) return;
    let { retries, powerCycleNeeded } = await this.#open(({ pin }) => pin.getPinRetries());
    if (powerCycleNeeded) await this.replug();
    if (retries < ALL_ATTEMPTS && retries > LAST_ATTEMPTS) {
      // the right PIN gives all of them back
      retries = await this.#open(async ({ pin, info }) => {
        await prove(pin, info, this.#pin);
        return (await pin.getPinRetries()).retries;
      });
    }
    if (attempts === 0 || retries - attempts >= LAST_ATTEMPTS) return;
    throw new NotReady(`it spends ${attempts} attempts of the PIN, and ${retries} are left: the last three are kept`);
  }

  async #act(behaviour: UserBehaviour): Promise<void> {
    this.user(behaviour);
    await this.#settled;
  }

  /** What comes after has it as its cause: reports wait for it, and it fails with them. */
  #next(act: () => Promise<void>): void {
    const before = this.#settled.catch(() => undefined); // whoever sent a report then has that failure
    this.#settled = before.then(act);
    this.#settled.catch(() => undefined); // it is told with the next report
  }
}

function told(deleted: number, what: string): readonly string[] {
  return deleted === 0 ? [] : [`${deleted} ${what} that checks had made were deleted again.`];
}

function stateOf({ options = {} }: GetInfoResponse): KeyState {
  return { pin: options.clientPin === true, finger: options.bioEnroll === true };
}

/** Tries the PIN, by a token that asks for little. */
async function prove(client: PinClient, { options = {} }: GetInfoResponse, pin: string): Promise<void> {
  const { credentialManagement, getAssertion } = Permission;
  const wanted = options.credMgmt ? { permissions: credentialManagement } : { permissions: getAssertion, rpId: RP_ID };
  await client.getPinUvAuthToken({ pin, ...wanted });
}
