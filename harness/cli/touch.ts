/** `ctaplab touch`: the finger on a key of a running lab. */
import { type Command, Option } from 'commander';
import { EnrollFeedback, type EnrollFeedbackName } from '../../ctap/commands/bio-enrollment.ts';
import { type LabClient, requireLab } from '../lab/lab-client.ts';
import { Failure } from './failure.ts';
import { integer } from './key-options.ts';
import { Output } from './output.ts';
import { PROGRAM } from './program-name.ts';
import { verb } from './verb.ts';

interface TouchOptions {
  readonly json?: boolean;
  readonly deny?: boolean;
  readonly finger?: string;
  readonly feedback?: EnrollFeedbackName;
  readonly wait: number;
  readonly long?: boolean;
}

export function command(): Command {
  return verb('touch', 'touch a key of a running lab, or refuse', [
    'touch',
    'touch 2 --wait 30000',
    'touch --deny',
    'touch --finger thumb --feedback FP_TOO_LEFT',
  ])
    .argument('[key]', 'the key in the lab; can be left out where only one exists or waits')
    .option('--deny', 'refuse instead')
    .option('--long', 'a long touch; of meaning to a key that types')
    .option('--finger <name>', 'put this finger on the sensor; where the key does not read it now, it does so next')
    .addOption(new Option('--feedback <name>', 'how the sample turns out').choices(Object.keys(EnrollFeedback)))
    .option('--wait <ms>', 'wait that long for the key to ask (at most 60000)', integer(0, 60_000), 0)
    .action(touch);
}

async function touch(id: string | undefined, options: TouchOptions): Promise<void> {
  const output = new Output(options);
  const lab = requireLab();
  const key = id ?? (await onlyKey(lab));
  if (options.finger !== undefined) return presentFinger(lab, key, options.finger, options.feedback, output);
  if (options.feedback !== undefined) throw new Failure('usage', '--feedback goes with --finger');
  const [request] = await lab.pending(key, options.wait);
  if (request === undefined && options.wait > 0) {
    throw new Failure('timed-out', `key ${key} asked for no touch within ${options.wait} ms`);
  }
  // Without a question the lab refuses, and its sentence says why.
  const { typed } = await answer(lab, key, options);
  const what = [request?.operation, request?.rpId, request?.userName].filter((word) => word !== undefined).join(' ');
  const outcome = typed === undefined ? what : `it typed ${typed.length} keys`;
  output.line(`${options.deny ? 'denied' : 'touched'} key ${key}: ${outcome}`);
  output.document({
    key,
    answer: options.deny ? 'denied' : 'touched',
    request: request ?? null,
    ...(typed === undefined ? {} : { typed }),
  });
}

async function answer(lab: LabClient, key: string, { deny, long }: TouchOptions): ReturnType<LabClient['touch']> {
  if (!deny) return lab.touch(key, long ? 'long' : 'short');
  await lab.deny(key);
  return {};
}

async function presentFinger(
  lab: LabClient,
  key: string,
  finger: string,
  feedback: EnrollFeedbackName = 'FP_GOOD',
  output: Output,
): Promise<void> {
  await lab.finger(key, finger, feedback);
  output.line(`${finger} on the sensor of key ${key}: ${feedback}`);
  output.document({ key, finger, feedback });
}

export async function onlyKey(lab: LabClient): Promise<string> {
  const keys = await lab.keys();
  const waiting = keys.filter((key) => key.pending.length > 0);
  const [first, second] = waiting.length > 0 ? waiting : keys;
  if (first !== undefined && second === undefined) return first.id;
  const names = keys.map((key) => key.id).join(', ');
  throw new Failure('usage', `the lab has several keys: ${names}`, `Say which: ${PROGRAM} touch KEY`);
}
