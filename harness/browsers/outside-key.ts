/** Keys that are not in this process: on a desk, by a person's hand, or in a running lab, over its control API. */
import { toBase64Url } from '../../ctap/bytes.ts';
import type { EnrollFeedbackName } from '../../ctap/commands/bio-enrollment.ts';
import { findKeyboardLayout, readWithLayout } from '../../ctap/otp/keyboard-layouts.ts';
import { Permission } from '../../ctap/pin-uv-auth/index.ts';
import type { PendingJSON } from '../../emulator/lab/api/schemas.ts';
import type { LabAddress } from '../../emulator/lab/state-file.ts';
import { formatTouchPolicy, type TouchPolicy } from '../../emulator/lab/touch-policy.ts';
import { Ctap2Client } from '../client/ctap2.ts';
import type { CtapDevice } from '../client/device.ts';
import { PasskeysClient } from '../client/passkeys.ts';
import { pause } from '../client/pause.ts';
import { PinClient } from '../client/pin.ts';
import { LabClient, LabError, requireLab } from '../lab/lab-client.ts';
import { HeldKey, type UserPin } from './held-key.ts';
import { NamedDevice } from './named-device.ts';
import type { StoredPasskey } from './security-key.ts';

/** Milliseconds between two looks for a key that is out. */
const LOOK_INTERVAL = 200;
/** Milliseconds of one question to the lab that waits. */
const LONGEST_WAIT = 30_000;

abstract class OutsideKey extends HeldKey {
  readonly #device = new NamedDevice();

  /** Where it is plugged in; undefined while it is out. */
  protected abstract whereabouts(): Promise<string | undefined>;

  override async devices(signal: AbortSignal): Promise<readonly CtapDevice[]> {
    for (;;) {
      signal.throwIfAborted();
      const name = await this.whereabouts();
      const device = name && (await this.#device.open(name));
      if (device) return [device];
      await pause(LOOK_INTERVAL, signal);
    }
  }

  /**
   * The passkeys on the key, as credential management lists them; for a key with a PIN, which `pin` has to be.
   * @throws CtapError where the key refuses
   */
  async passkeys({ signal = new AbortController().signal } = {}): Promise<StoredPasskey[]> {
    const { pin } = this;
    if (typeof pin !== 'string') throw new TypeError(`expected the key's PIN in "pin", got ${typeof pin}`);
    const [device] = await this.devices(signal);
    const ctap2 = new Ctap2Client(device!);
    const permissions = Permission.credentialManagement;
    const client = new PasskeysClient(ctap2, await new PinClient(ctap2).getPinUvAuthToken({ pin, permissions }));
    const found: StoredPasskey[] = [];
    for (const { rp, rpIdHash } of await client.rps()) {
      for (const { user, credentialId, publicKey } of await client.credentials(rpIdHash)) {
        found.push({
          id: toBase64Url(credentialId.id),
          rpId: rp.id,
          userHandle: toBase64Url(user.id),
          userName: user.name,
          displayName: user.displayName,
          alg: publicKey.get(3) as number,
        });
      }
    }
    return found;
  }

  protected override release(): Promise<void> {
    return this.#device.close();
  }
}

export interface DeviceKeyOptions {
  /** `hidraw:/dev/hidraw0`, `udp:HOST:PORT` or `pcsc:READER`. */
  readonly device: string;
  readonly pin?: UserPin | undefined;
}

/** A key that a person touches. It is opened when a page first asks for it. */
export class DeviceKey extends OutsideKey {
  readonly #name: string;

  constructor({ device, pin }: DeviceKeyOptions) {
    super(pin);
    this.#name = device;
  }

  protected override whereabouts(): Promise<string> {
    return Promise.resolve(this.#name);
  }
}

export interface LabKeyOptions {
  /** `running`: the one of CTAPLAB_URL and CTAPLAB_TOKEN, else the one that runs. */
  readonly lab: LabAddress | 'running';
  /** The key's id in the lab. Default: its first. */
  readonly key?: string | undefined;
  readonly pin?: UserPin | undefined;
}

/** A key of a lab in another process. The token stays in this process: no page can see it. */
export class LabSecurityKey extends OutsideKey {
  /** Names the key within its lab. */
  readonly id: string;
  readonly #lab: LabClient;

  private constructor(lab: LabClient, id: string, pin: UserPin | undefined) {
    super(pin);
    this.#lab = lab;
    this.id = id;
  }

  /** @throws LabError where no lab answers, or it has no such key */
  static async open({ lab, key, pin }: LabKeyOptions): Promise<LabSecurityKey> {
    const client = lab === 'running' ? requireLab() : new LabClient(lab);
    const found = key === undefined ? (await client.keys())[0] : await client.key(key);
    if (found === undefined) throw new LabError('no-device', `the lab at ${client.url} has no key`);
    return new LabSecurityKey(client, found.id, pin);
  }

  /** How the next questions for a touch are answered. */
  async setPresence(policy: TouchPolicy): Promise<void> {
    await this.#lab.setTouchPolicy(this.id, formatTouchPolicy(policy));
  }

  /** What waits for a touch right now. */
  async pending(): Promise<readonly PendingJSON[]> {
    return this.#lab.pending(this.id, 0);
  }

  /** Resolves to what the key asks a touch for, as soon as it does. For a lab with `--touch manual`. */
  async waitForTouch({ signal }: { readonly signal?: AbortSignal } = {}): Promise<PendingJSON> {
    for (;;) {
      const [oldest] = await this.#lab.pending(this.id, LONGEST_WAIT, signal);
      if (oldest !== undefined) return oldest;
    }
  }

  /** Waits until the key asks for a touch, and touches it. */
  async touch(options: { readonly signal?: AbortSignal } = {}): Promise<PendingJSON> {
    const request = await this.waitForTouch(options);
    await this.#lab.touch(this.id);
    return request;
  }

  /** Waits until the key asks for a touch, and refuses. */
  async deny(options: { readonly signal?: AbortSignal } = {}): Promise<PendingJSON> {
    const request = await this.waitForTouch(options);
    await this.#lab.deny(this.id);
    return request;
  }

  /** Puts a finger on the sensor: for what reads it now, else for what reads it next. @throws LabError for a key without a sensor */
  async finger(name: string, feedback: EnrollFeedbackName = 'FP_GOOD'): Promise<void> {
    await this.#lab.finger(this.id, name, feedback);
  }

  async insert(): Promise<void> {
    await this.#lab.insert(this.id);
  }

  async remove(): Promise<void> {
    await this.#lab.remove(this.id);
    await this.release();
  }

  /**
   * Touches the key outside any ceremony: it types the next password of its slot.
   * @returns the characters, as a host with the layout of the United States reads them; Enter is "\n"
   * @throws LabError where nothing is set up for that
   */
  async typeOtp(press: 'short' | 'long' = 'short'): Promise<string> {
    const { typed = [] } = await this.#lab.touch(this.id, press);
    return readWithLayout(typed, findKeyboardLayout('us'));
  }

  protected override async whereabouts(): Promise<string | undefined> {
    return (await this.#lab.key(this.id)).devices[0];
  }
}
