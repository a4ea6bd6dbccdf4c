/** An authenticator of somebody else's, judged in this process: its CTAP2 behind this project's CTAPHID. */

import { nodeCrypto } from '../../../emulator/crypto-node.ts';
import type { MessageHandler } from '../../../emulator/exchange.ts';
import { CtapHidDevice } from '../../../emulator/hid-device.ts';
import { LabClock } from '../../../emulator/lab/lab-clock.ts';
import { systemRandom } from '../../../emulator/random.ts';
import { type Bench, type KeyState, NotReady, type WantedState } from '../../../harness/conformance/bench.ts';
import type { CardConnection, HidConnection } from '../../../harness/transports/connection.ts';

const CAPABILITY_CBOR = 0x04;
const CAPABILITY_NMSG = 0x08;

/** A CTAP2 request (command byte, CBOR) to its answer (status byte, CBOR). */
export type Answering = (request: Uint8Array) => Promise<Uint8Array>;

/** Each check begins with a fresh authenticator, which has no PIN and no sensor, and is touched at once. */
export class ForeignBench implements Bench {
  readonly device: string;
  readonly virtual = true;
  readonly canRefuse = false;
  readonly carrier = 'hid';
  readonly crypto = nodeCrypto;
  readonly pin = '';
  readonly silence = 1000;
  readonly #make: () => Answering;
  #clock = new LabClock({ pacing: 0 });
  #answer: Answering;

  constructor(device: string, make: () => Answering) {
    this.device = device;
    this.#make = make;
    this.#answer = make();
  }

  async begin({ pin, finger, fills }: WantedState): Promise<KeyState> {
    if (pin || finger) throw new NotReady('this authenticator has neither PIN nor sensor');
    if (fills) throw new NotReady('nobody knows for how many passkeys this authenticator has room');
    this.#clock = new LabClock({ pacing: 0 });
    this.#answer = this.#make();
    return { pin: false, finger: false };
  }

  async connect(): Promise<HidConnection> {
    let listener: ((report: Uint8Array) => void) | undefined;
    const answer = this.#answer;
    const handler: MessageHandler = {
      capabilities: CAPABILITY_CBOR | CAPABILITY_NMSG,
      deviceVersion: [0, 0, 0],
      cbor: answer,
      msg: () => Promise.reject(new Error('NMSG is set')),
      wink: () => {},
    };
    const send = (report: Uint8Array) => queueMicrotask(() => listener?.(report));
    const plug = new CtapHidDevice(handler, { clock: this.#clock, random: systemRandom, send });
    return {
      product: this.device,
      write: async (report) => plug.receive(report),
      onReport: (next) => {
        listener = next;
      },
      onGone: () => {},
      close: async () => plug.unplug(),
    };
  }

  connectCard(): Promise<CardConnection> {
    return Promise.reject(new Error('this authenticator is no card'));
  }

  async replug(): Promise<void> {}

  async wait(milliseconds: number): Promise<void> {
    this.#clock.advance(milliseconds);
    await new Promise<void>((resolve) => setImmediate(resolve));
  }

  user(): void {}

  finger(): void {}

  async close(): Promise<void> {}
}
