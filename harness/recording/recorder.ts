/** Writes down what goes on between pages and a virtual key, so that it can be replayed to the byte. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { concat, fromBase64Url, fromUtf8, toHex } from '../../ctap/bytes.ts';
import { nobleCrypto } from '../../ctap/crypto-noble.ts';
import { CtapError } from '../../ctap/status.ts';
import type { Json } from '../../ctap/trace/entry.ts';
import { explainRequest, explainResponse } from '../../ctap/trace/explain.ts';
import { explainU2fRequest, explainU2fResponse } from '../../ctap/trace/explain-u2f.ts';
import { systemClock } from '../../emulator/clock.ts';
import type { Clock, Environment, FingerprintReader, UserPresence } from '../../emulator/environment.ts';
import { seededRandom } from '../../emulator/random.ts';
import type { CtapDevice, ExchangeOptions } from '../client/device.ts';
import { FORMAT, type MessageStep, type Recording, type Step, type UserAnswer, VERSION } from './format.ts';

export interface RecorderOptions {
  /** Hexadecimal. The same seed and the same requests make the same answers, to the byte. Default: a random one. */
  readonly seed?: string | undefined;
  /** The key's clock. Default: the system's. */
  readonly clock?: Clock | undefined;
}

/** A request of a page, as a recording tells it. */
export interface RecordedRequest {
  readonly type: 'create' | 'get';
  readonly origin: string;
  readonly options: object;
  readonly mediation?: string | undefined;
}

/** One recorder goes with one virtual key, from its making on. */
export class Recorder {
  /** What makes the key reproducible; OpenSSL draws nonces of its own, so signatures are the portable ones. */
  readonly world: Pick<Environment, 'clock' | 'random' | 'crypto'>;
  readonly #seed: string;
  readonly #startedAt: number;
  /** In the order of their beginnings; undefined for a message that is not answered yet. */
  readonly #steps: (Step | undefined)[] = [];
  readonly #ceremony = new AsyncLocalStorage<number>();
  #ceremonies = 0;
  #model: string | undefined;
  #answers: UserAnswer[] = [];

  /** @throws TypeError for a seed that is not hexadecimal */
  constructor({ seed = toHex(randomBytes(32)), clock = systemClock }: RecorderOptions = {}) {
    this.#seed = seed;
    this.#startedAt = clock.now();
    this.world = { clock, random: seededRandom(seed), crypto: nobleCrypto };
  }

  /** Goes with a key. @throws Error where it has one already */
  begin(model: string): void {
    if (this.#model !== undefined) throw new Error('expected a recorder of its own for each key, this one has a key');
    this.#model = model;
  }

  /** What has happened until now. */
  recording(): Recording {
    if (this.#model === undefined) throw new Error('expected a key that this recorder goes with, there is none yet');
    return {
      format: FORMAT,
      version: VERSION,
      key: { model: this.#model, seed: this.#seed, startedAt: new Date(this.#startedAt).toISOString() },
      steps: this.#steps.filter((step) => step !== undefined),
    };
  }

  /** Takes the steps out; those that come later begin anew. */
  take(): Step[] {
    return this.#steps.splice(0).filter((step) => step !== undefined);
  }

  /** Writes the recording. Who has the file has the key. */
  async save(path: string): Promise<void> {
    await writeFile(path, `${JSON.stringify(this.recording(), null, 2)}\n`);
  }

  plugged(): void {
    this.#steps.push({ at: this.#now(), type: 'plug' });
  }

  unplugged(): void {
    this.#steps.push({ at: this.#now(), type: 'unplug' });
  }

  /** Carries a request out, and writes down how it ends and what is said for it. */
  async ceremony<T extends object>(request: RecordedRequest, run: () => Promise<T>): Promise<T> {
    const ceremony = ++this.#ceremonies;
    const { type, origin, options, mediation } = request;
    this.#steps.push({
      ...{ at: this.#now(), type: 'ceremony', ceremony, request: type, origin },
      ...(mediation === undefined ? {} : { mediation }),
      options: options as Json,
    });
    const end = (outcome: object) => this.#steps.push({ at: this.#now(), type: 'outcome', ceremony, ...outcome });
    try {
      const credential = await this.#ceremony.run(ceremony, run);
      end({ clientData: clientDataOf(credential), credential });
      return credential;
    } catch (error) {
      const { name, message } = error as Error;
      end({ error: { name, message } });
      throw error;
    }
  }

  /** The same user, whose answers are written down. */
  presence(user: UserPresence): UserPresence {
    return { request: (request, abort) => this.#answered(async () => user.request(request, abort)) };
  }

  /** The same sensor. */
  fingerprints(reader: FingerprintReader): FingerprintReader {
    return { capture: (request, abort) => this.#answered(() => reader.capture(request, abort)) };
  }

  /** The same device, whose messages are written down. */
  device(device: CtapDevice): CtapDevice {
    return {
      hid: device.hid,
      name: device.name,
      ping: (data) => device.ping(data),
      wink: () => device.wink(),
      close: () => device.close(),
      cbor: (request, options) =>
        this.#message('ctap2', request, () => device.cbor(request, options), {
          request: explainRequest,
          response: (bytes) => explainResponse(request, bytes),
        }),
      msg: (request: Uint8Array, options?: ExchangeOptions) =>
        this.#message('u2f', request, () => device.msg(request, options), {
          request: explainU2fRequest,
          response: (bytes) => explainU2fResponse(request, bytes),
        }),
    };
  }

  async #message(
    protocol: MessageStep['protocol'],
    request: Uint8Array,
    send: () => Promise<Uint8Array>,
    explain: Record<'request' | 'response', (bytes: Uint8Array) => { [name: string]: Json }>,
  ): Promise<Uint8Array> {
    const at = this.#now();
    const index = this.#steps.push(undefined) - 1;
    const ceremony = this.#ceremony.getStore();
    const step = (response: Uint8Array | undefined): MessageStep => ({
      at,
      type: 'message',
      ...(ceremony === undefined ? {} : { ceremony }),
      protocol,
      milliseconds: this.#now() - at,
      request: { ...explain.request(request), hex: toHex(request) },
      answers: this.#answers.splice(0),
      response: response === undefined ? null : { ...explain.response(response), hex: toHex(response) },
    });
    try {
      const answer = await send();
      this.#steps[index] = step(protocol === 'ctap2' ? concat(Uint8Array.of(0), answer) : answer);
      return answer;
    } catch (error) {
      this.#steps[index] = step(error instanceof CtapError ? Uint8Array.of(error.status) : undefined);
      throw error;
    }
  }

  async #answered<T extends UserAnswer>(ask: () => Promise<T>): Promise<T> {
    try {
      const answer = await ask();
      this.#answers.push(answer);
      return answer;
    } catch (error) {
      this.#answers.push('cancelled');
      throw error;
    }
  }

  #now(): number {
    return this.world.clock.now() - this.#startedAt;
  }
}

function clientDataOf(credential: object): Json {
  const { response } = credential as { response: { clientDataJSON: string } };
  return JSON.parse(fromUtf8(fromBase64Url(response.clientDataJSON))) as Json;
}
