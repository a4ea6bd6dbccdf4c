/** `ctaplab recording`: ceremonies that tests have saved, shown, sent again and compared. */
import type { Command } from 'commander';
import type { Difference } from '../recording/compare.ts';
import type { Recording, Step } from '../recording/format.ts';
import { Failure } from './failure.ts';
import { Output } from './output.ts';
import { verb } from './verb.ts';

interface RecordingOptions {
  readonly json?: boolean;
}

export function command(): Command {
  const recording = verb('recording', 'show, replay and compare the ceremonies that a Recorder has saved', [
    'recording show sign-in.json',
    'recording replay sign-in.json',
    'recording diff before.json after.json',
  ]);
  recording.addCommand(
    verb('show', 'tell what was asked and answered, and when', ['recording show sign-in.json'])
      .argument('<file>', 'what Recorder.save() wrote')
      .action(show),
  );
  recording.addCommand(
    verb('replay', 'send the messages to a key of the same seed; the exit code is 0 if all bytes are the same', [
      'recording replay sign-in.json',
    ])
      .argument('<file>', 'what Recorder.save() wrote')
      .action(replayFile),
  );
  recording.addCommand(
    verb('diff', 'tell where two recordings part, member by member; the exit code is 0 if nowhere', [
      'recording diff before.json after.json',
    ])
      .argument('<expected>', 'a recording')
      .argument('<got>', 'another')
      .action(diff),
  );
  return recording;
}

async function read(file: string): Promise<Recording> {
  const { readRecording } = await import('../recording/read.ts');
  return readRecording(file);
}

async function show(file: string, options: RecordingOptions): Promise<void> {
  const output = new Output(options);
  const recording = await read(file);
  output.document(recording);
  output.line(`${recording.key.model}, made ${recording.key.startedAt}`);
  output.table(recording.steps.map((step, index) => [`${index + 1}`, `${step.at} ms`, ...told(step)]));
}

function told(step: Step): string[] {
  switch (step.type) {
    case 'plug':
      return ['', 'plugged in', ''];
    case 'unplug':
      return ['', 'pulled out', ''];
    case 'ceremony':
      return [`#${step.ceremony}`, step.request, `by ${step.origin}`];
    case 'message': {
      const { request, response, answers, ceremony } = step;
      const name = String(request.command ?? request.instruction ?? step.protocol);
      const outcome = response === null ? 'the key was gone' : String(response.status ?? response.statusWord);
      const user = answers.map((answer) => (typeof answer === 'string' ? answer : answer.finger));
      return [ceremony === undefined ? '' : `#${ceremony}`, `  ${name}`, [outcome, ...user].join(', ')];
    }
    case 'outcome':
      return [`#${step.ceremony}`, 'outcome', step.error === undefined ? 'a credential' : step.error.name];
  }
}

async function replayFile(file: string, options: RecordingOptions): Promise<void> {
  const output = new Output(options);
  const { replay } = await import('../recording/replay.ts');
  const recording = await read(file);
  const differences = await compared(recording, await replay(recording));
  report(output, differences, `All ${messages(recording)} answers are the same, to the byte.`);
}

async function diff(expected: string, got: string, options: RecordingOptions): Promise<void> {
  const output = new Output(options);
  report(output, await compared(await read(expected), await read(got)), 'No difference but in times.');
}

async function compared(expected: Recording, got: Recording): Promise<readonly [Difference, string][]> {
  const { compareRecordings, formatDifference } = await import('../recording/compare.ts');
  return compareRecordings(expected, got).map((difference) => [difference, formatDifference(difference)]);
}

function report(output: Output, differences: readonly [Difference, string][], none: string): void {
  output.document({ differences: differences.map(([difference]) => difference) });
  for (const [, line] of differences) output.line(line);
  if (differences.length === 0) {
    output.line(none);
    return;
  }
  const count = differences.length === 1 ? 'one difference' : `${differences.length} differences`;
  throw new Failure('failed', `the recordings are not the same: ${count}`);
}

function messages({ steps }: Recording): number {
  return steps.filter(({ type }) => type === 'message').length;
}
