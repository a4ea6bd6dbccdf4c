/** Judges a virtual key in this process: each check gets one of its own, in the state that it asks for. */

import { utf8 } from '../../ctap/bytes.ts';
import type { EnrollFeedbackName } from '../../ctap/commands/bio-enrollment.ts';
import { Algorithm, type Crypto } from '../../ctap/crypto.ts';
import { Permission } from '../../ctap/pin-uv-auth/index.ts';
import { AttestationAuthority } from '../../emulator/attestation/authority.ts';
import { nodeCrypto } from '../../emulator/crypto-node.ts';
import type { Environment, Store, StoreChange } from '../../emulator/environment.ts';
import { PresentedFingerprints } from '../../emulator/fingerprint.ts';
import { VirtualKey } from '../../emulator/key.ts';
import { LabClock } from '../../emulator/lab/lab-clock.ts';
import { LabPresence } from '../../emulator/lab/touch-policy.ts';
import type { Model } from '../../emulator/models/index.ts';
import { systemRandom } from '../../emulator/random.ts';
import { memoryStore } from '../../emulator/store/memory.ts';
import { CtapHidDevice } from '../client/ctap-hid.ts';
import { Ctap2Client } from '../client/ctap2.ts';
import { FingerprintsClient } from '../client/fingerprints.ts';
import { PinClient } from '../client/pin.ts';
import type { CardConnection, HidConnection } from '../transports/connection.ts';
import { connectCardInProcess, connectInProcess } from '../transports/in-process.ts';
import type { Bench, KeyState, UserBehaviour, WantedState } from './bench.ts';

/** A PIN that every model's rules allow. */
const PIN = 'q7V!mK2w';
const ENROLLED_FINGER = 'right index';
const OTHER_FINGER = 'left thumb';
/** Places for passkeys of a key that is nearly full. */
const PLACES_LEFT = 2;
/** The longest leap at once, in milliseconds: what the key does meanwhile comes in its order. */
const LEAP = 100;

const policies = { touches: 'auto', refuses: 'deny', absent: 'manual' } as const;

export interface VirtualBenchOptions {
  readonly model: Model;
  readonly carrier?: 'hid' | 'card' | undefined;
  /** Deliberate misbehaviour of every key, by name. */
  readonly faults?: readonly string[] | undefined;
  readonly device?: string;
  /** Of the keys and of whoever asks them. */
  readonly crypto?: Crypto;
  /** Benches that share it, and their cryptography, make their keys once for all. */
  readonly mould?: KeyMould;
}

/** A key's world, in which waiting for half a minute takes no time: all of its timers follow the clock that is set forward. */
function worldOf(model: Model, store: Store, crypto: Crypto) {
  const clock = new LabClock({ pacing: 0 });
  const presence = new LabPresence('auto', clock);
  const fingerprints = model.fingerprints && new PresentedFingerprints(presence);
  const environment: Environment = { clock, random: systemRandom, crypto, store, presence, fingerprints };
  return { clock, presence, fingerprints, environment };
}

/** Keys as they are when a check begins, by model and state. */
export class KeyMould {
  readonly #made = new Map<string, Promise<readonly StoreChange[]>>();
  readonly #crypto: Crypto;
  #authority: Promise<AttestationAuthority> | undefined;

  constructor(crypto: Crypto = nodeCrypto) {
    this.#crypto = crypto;
  }

  /** The records of a key in that state. */
  records(model: Model, state: KeyState, nearlyFull: boolean): Promise<readonly StoreChange[]> {
    const name = `${model.name} ${state.pin} ${state.finger} ${nearlyFull}`;
    let made = this.#made.get(name);
    if (made === undefined) {
      made = this.#make(model, state, nearlyFull);
      this.#made.set(name, made);
    }
    return made;
  }

  async #make(model: Model, state: KeyState, nearlyFull: boolean): Promise<readonly StoreChange[]> {
    const store = memoryStore();
    const { environment, fingerprints } = worldOf(model, store, this.#crypto);
    this.#authority ??= AttestationAuthority.open({ ...environment, store: memoryStore() });
    const key = await VirtualKey.open({ environment, model, authority: await this.#authority });
    if (state.pin || state.finger) {
      const device = await CtapHidDevice.open(connectInProcess(key));
      const pin = new PinClient(new Ctap2Client(device), { crypto: this.#crypto });
      await pin.setPin(PIN);
      if (state.finger) await enroll(pin, fingerprints);
      await device.close();
    }
    if (nearlyFull) await fill(key, model);
    const records = [...store.list('')].map(([path, value]) => ({ path, value }));
    await key.close();
    return records;
  }
}

/** Passkeys of as many sites as leave {@link PLACES_LEFT}. */
async function fill({ inside: { passkeys } }: VirtualKey, { maxDiscoverableCredentials: most }: Model): Promise<void> {
  while (passkeys.count < most - PLACES_LEFT) {
    const name = `site-${passkeys.count}.example`;
    await passkeys.add({ rp: { id: name }, user: { id: utf8(name) }, alg: Algorithm.ES256 });
  }
}

async function enroll(pin: PinClient, fingerprints: PresentedFingerprints | undefined): Promise<void> {
  const token = await pin.getPinUvAuthToken({ pin: PIN, permissions: Permission.bioEnrollment });
  const client = new FingerprintsClient(pin.ctap2, token);
  const { samplesToEnroll } = await client.sensorInfo();
  for (let sample = 0; sample < samplesToEnroll; sample++) fingerprints?.present(ENROLLED_FINGER);
  await client.enroll();
}

export class VirtualBench implements Bench {
  readonly device: string;
  readonly virtual = true;
  readonly canRefuse = true;
  readonly carrier: 'hid' | 'card';
  readonly crypto: Crypto;
  readonly pin = PIN;
  readonly silence = 1000;
  readonly #model: Model;
  readonly #faults: readonly string[];
  readonly #mould: KeyMould;
  #world: ReturnType<typeof worldOf>;
  #key: VirtualKey | undefined;

  constructor({
    model,
    carrier = 'hid',
    faults = [],
    device = `virtual:${model.name}`,
    crypto = nodeCrypto,
    mould = new KeyMould(crypto),
  }: VirtualBenchOptions) {
    this.#model = model;
    this.carrier = carrier;
    this.#faults = faults;
    this.device = device;
    this.crypto = crypto;
    this.#mould = mould;
    this.#world = worldOf(model, memoryStore(), crypto);
  }

  async begin({ pin, finger, fills }: WantedState): Promise<KeyState> {
    await this.close();
    const state = { pin: pin ?? false, finger };
    const store = memoryStore();
    await store.commit(await this.#mould.records(this.#model, state, fills));
    this.#world = worldOf(this.#model, store, this.crypto);
    this.#key = await VirtualKey.open({ environment: this.#world.environment, model: this.#model });
    for (const fault of this.#faults) await this.#key.faults.turnOn(fault);
    return state;
  }

  async connect(): Promise<HidConnection> {
    return connectInProcess(this.#plugged());
  }

  async connectCard(): Promise<CardConnection> {
    return connectCardInProcess(this.#plugged());
  }

  async replug(): Promise<void> {} // a key that nobody holds a connection to has no power

  async wait(milliseconds: number): Promise<void> {
    for (let left = milliseconds; left > 0; left -= LEAP) {
      this.#world.clock.advance(Math.min(left, LEAP));
      await settled();
    }
  }

  user(behaviour: UserBehaviour): void {
    this.#world.presence.policy = policies[behaviour];
  }

  finger(which: 'enrolled' | 'other', feedback?: EnrollFeedbackName): void {
    this.#world.fingerprints?.present(which === 'enrolled' ? ENROLLED_FINGER : OTHER_FINGER, feedback);
  }

  async close(): Promise<void> {
    const key = this.#key;
    this.#key = undefined;
    await key?.close();
  }

  #plugged(): VirtualKey {
    if (this.#key === undefined) throw new Error('the judge asked for a key before a check began');
    return this.#key;
  }
}

/** What has been caused comes about: promises that are ready run. */
async function settled(): Promise<void> {
  for (let round = 0; round < 2; round++) await new Promise<void>((resolve) => setImmediate(resolve));
}
