/** A key that says whatever a test wants, on a bench. */
import { nodeCrypto } from '../../../emulator/crypto-node.ts';
import type { Bench, KeyState, WantedState } from '../../../harness/conformance/bench.ts';
import type { HidConnection } from '../../../harness/transports/connection.ts';

export class ScriptedBench implements Bench {
  readonly device = 'scripted';
  readonly virtual = true;
  readonly canRefuse = true;
  readonly carrier = 'hid';
  readonly crypto = nodeCrypto;
  readonly pin = '1234';
  /** Short: these keys say nothing on purpose. */
  readonly silence = 100;
  readonly #connect: () => HidConnection;
  begun = 0;

  constructor(connect: () => HidConnection) {
    this.#connect = connect;
  }

  async begin({ pin, finger }: WantedState): Promise<KeyState> {
    this.begun++;
    return { pin: pin ?? false, finger };
  }

  async connect(): Promise<HidConnection> {
    return this.#connect();
  }

  async connectCard(): Promise<never> {
    throw new Error('this key is no card');
  }

  async replug(): Promise<void> {}

  wait(milliseconds: number): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, milliseconds / 50));
  }

  user(): void {}
  finger(): void {}
  async close(): Promise<void> {}
}
