/** Sends a recording's messages to a key of the same seed, with the same answers of its user at the same times. */
import { fromHex } from '../../ctap/bytes.ts';
import type { EnrollFeedbackName } from '../../ctap/commands/bio-enrollment.ts';
import { Status } from '../../ctap/status.ts';
import { manualClock } from '../../emulator/clock.ts';
import type { FingerprintReader, UserPresence } from '../../emulator/environment.ts';
import { VirtualKey } from '../../emulator/key.ts';
import { findModel, type Model } from '../../emulator/models/index.ts';
import { memoryStore } from '../../emulator/store/memory.ts';
import { CtapHidDevice } from '../client/ctap-hid.ts';
import type { CtapDevice } from '../client/device.ts';
import { connectInProcess } from '../transports/in-process.ts';
import type { MessageStep, Recording, UserAnswer } from './format.ts';
import { Recorder } from './recorder.ts';

export interface ReplayOptions {
  /** The model, where its name is not one of this program's. */
  readonly model?: Model | undefined;
}

/**
 * Resolves to the recording of the replay, to be compared. What pages asked and got is not carried out again: the
 * messages are, to the byte.
 * @throws RangeError for an unknown model
 */
export async function replay(recording: Recording, options: ReplayOptions = {}): Promise<Recording> {
  const { seed, startedAt } = recording.key;
  const start = Date.parse(startedAt);
  const clock = manualClock(start);
  const recorder = new Recorder({ seed, clock });
  const user = new ReplayedUser();
  const model = options.model ?? findModel(recording.key.model);
  recorder.begin(model.name);
  const key = await VirtualKey.open({
    model,
    environment: {
      ...recorder.world,
      store: memoryStore(),
      presence: recorder.presence(user),
      fingerprints: model.fingerprints && recorder.fingerprints(user),
    },
  });
  let device: CtapDevice | undefined;
  const unplug = async () => {
    await device?.close();
    device = undefined;
  };
  const steps: Recording['steps'][number][] = [];
  try {
    for (const step of recording.steps) {
      clock.set(Math.max(clock.now(), start + step.at));
      if (step.type === 'plug') device = await CtapHidDevice.open(connectInProcess(key));
      if (step.type === 'unplug') await unplug();
      if (step.type !== 'message') {
        steps.push(step);
        continue;
      }
      if (device === undefined) throw new TypeError(`a message at ${step.at} ms: expected a key that is plugged in`);
      await send(step, recorder.device(device), user, unplug);
      const [sent] = recorder.take();
      steps.push({ ...sent, ...(step.ceremony === undefined ? {} : { ceremony: step.ceremony }) } as MessageStep);
    }
  } finally {
    await unplug();
    await key.close();
  }
  return { ...recording, steps };
}

async function send(
  step: MessageStep,
  device: CtapDevice,
  user: ReplayedUser,
  unplug: () => Promise<void>,
): Promise<void> {
  const call = new AbortController();
  const wasCancelled = step.response?.hex === Status.CTAP2_ERR_KEEPALIVE_CANCEL.toString(16);
  user.answerNext(step.answers, () => (wasCancelled ? call.abort() : void unplug()));
  const request = fromHex(step.request.hex);
  const exchange = { signal: call.signal };
  try {
    await (step.protocol === 'ctap2' ? device.cbor(request, exchange) : device.msg(request, exchange));
  } catch {
    // the recorder has written down what was answered, and a comparison judges it
  }
}

/** Answers as the user did who was recorded. */
class ReplayedUser implements UserPresence, FingerprintReader {
  #answers: UserAnswer[] = [];
  #cancel = () => {};

  answerNext(answers: readonly UserAnswer[], cancel: () => void): void {
    this.#answers = [...answers];
    this.#cancel = cancel;
  }

  async request(_request: unknown, abort: { readonly signal: AbortSignal }) {
    const answer = await this.#next(abort.signal);
    return typeof answer === 'string' && answer !== 'cancelled' ? answer : 'touched';
  }

  async capture(_request: unknown, abort: { readonly signal: AbortSignal }) {
    const answer = await this.#next(abort.signal);
    if (typeof answer === 'string') return 'timeout';
    return { finger: answer.finger, feedback: answer.feedback as EnrollFeedbackName };
  }

  /** A question that nobody was asked before is refused: the comparison shows it. */
  #next(signal: AbortSignal): Promise<UserAnswer> {
    const answer = this.#answers.shift() ?? 'denied';
    if (answer !== 'cancelled') return Promise.resolve(answer);
    return new Promise((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
      this.#cancel();
    });
  }
}
