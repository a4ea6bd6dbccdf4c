/** The two kinds of hands that hold a key while it is judged. */
import type { EnrollFeedbackName } from '../../ctap/commands/bio-enrollment.ts';
import type { UserBehaviour } from '../conformance/bench.ts';
import type { Hand } from '../conformance/hand.ts';
import type { LabClient } from '../lab/lab-client.ts';
import type { CardConnection, HidConnection } from '../transports/connection.ts';
import type { ProgressLine } from './conformance-progress.ts';
import type { DeviceWay } from './device-way.ts';
import { findDevice } from './devices.ts';
import { Failure } from './failure.ts';
import { replugByHand, replugInLab, whenOpen } from './replug.ts';

/** How the ways to a key are opened, one after the other. */
class Way {
  #way: DeviceWay;

  constructor(way: DeviceWay) {
    this.#way = way;
  }

  get device(): string {
    return this.#way.name;
  }

  async connect(): Promise<HidConnection> {
    const way = this.#way;
    if (way.kind !== 'hid') throw new Failure('usage', `${way.name} is not reached over HID`);
    return whenOpen(() => way.connect());
  }

  async connectCard(): Promise<CardConnection> {
    const way = this.#way;
    if (way.kind !== 'card') throw new Failure('usage', `${way.name} is not a card`);
    return whenOpen(() => way.connect());
  }

  async moveTo(device: string): Promise<void> {
    this.#way = await findDevice(device);
  }
}

/** A person, told what to do on the terminal. */
export class PersonsHand extends Way implements Hand {
  readonly canRefuse = false;
  readonly #progress: ProgressLine;
  #behaviour: UserBehaviour = 'touches';

  constructor(way: DeviceWay, progress: ProgressLine) {
    super(way);
    this.#progress = progress;
    progress.hands = true;
  }

  async user(behaviour: UserBehaviour): Promise<void> {
    if (behaviour === 'absent' && this.#behaviour !== 'absent') {
      this.#progress.instruct('Do not touch the key until you are asked again.');
    }
    this.#behaviour = behaviour;
  }

  asked(): void {
    if (this.#behaviour === 'touches') this.#progress.instruct('Touch the key.');
  }

  async replug(): Promise<void> {
    await this.moveTo(await replugByHand(this.device, 'the key', (sentence) => this.#progress.instruct(sentence)));
  }

  async finger(which: 'enrolled' | 'other'): Promise<void> {
    this.#progress.instruct(
      which === 'enrolled'
        ? 'Put your right index finger on the sensor when the key blinks.'
        : 'Put another finger on the sensor when the key blinks.',
    );
  }

  async clear(): Promise<void> {} // a person waits for the key to ask, and what nobody touches times out

  async close(): Promise<void> {}
}

const policies = { touches: 'auto', refuses: 'deny', absent: 'manual' } as const;

/** A running lab, which touches its key and pulls it out by itself. */
export class LabsHand extends Way implements Hand {
  readonly canRefuse = true;
  readonly #lab: LabClient;
  readonly #id: string;
  readonly #policyBefore: string;
  /** A finger was put on it: it has a sensor. */
  #sensor = false;
  #policy: string;

  constructor(way: DeviceWay, lab: LabClient, { id, touch }: { readonly id: string; readonly touch: string }) {
    super(way);
    this.#lab = lab;
    this.#id = id;
    this.#policyBefore = touch;
    this.#policy = touch;
  }

  user(behaviour: UserBehaviour): Promise<void> {
    return this.#follow(policies[behaviour]);
  }

  asked(): void {} // it follows its policy

  async replug(): Promise<void> {
    const device = await replugInLab(this.device);
    if (device === undefined) throw new Failure('no-device', `the lab has no key ${this.device} any more`);
    await this.moveTo(device);
  }

  finger(which: 'enrolled' | 'other', feedback: EnrollFeedbackName = 'FP_GOOD'): Promise<void> {
    this.#sensor = true;
    return this.#lab.finger(this.#id, which === 'enrolled' ? 'right index' : 'left thumb', feedback);
  }

  async clear(): Promise<void> {
    for (const _ of await this.#lab.pending(this.#id, 0)) await this.#lab.deny(this.#id);
    if (this.#sensor) await this.#lab.liftFingers(this.#id);
  }

  close(): Promise<void> {
    return this.#follow(this.#policyBefore);
  }

  async #follow(policy: string): Promise<void> {
    if (policy === this.#policy) return;
    await this.#lab.setTouchPolicy(this.#id, policy);
    this.#policy = policy;
  }
}
