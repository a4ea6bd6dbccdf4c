/** `ctaplab fingerprints`: the fingers enrolled on a key. */
import type { Command } from 'commander';
import { toHex, utf8 } from '../../ctap/bytes.ts';
import type { TemplateInfo } from '../../ctap/commands/bio-enrollment.ts';
import { Permission } from '../../ctap/pin-uv-auth/index.ts';
import { type EnrollmentSample, FingerprintsClient } from '../client/fingerprints.ts';
import { bioEnrollmentCommand } from '../client/prototypes.ts';
import type { OpenedDevice } from './devices.ts';
import { Failure } from './failure.ts';
import { findById } from './ids.ts';
import {
  called,
  consent,
  type ManagementOptions,
  managing,
  onDevice,
  requireUserToken,
  withDevice,
} from './management.ts';
import { type Output, printable } from './output.ts';
import { PROGRAM } from './program-name.ts';
import { StopRequest } from './terminal.ts';
import { verb } from './verb.ts';

interface EnrollOptions extends ManagementOptions {
  readonly name?: string;
}

const ID_HELP = 'the id of a finger in hexadecimal, or the beginning of it';
const LIST = `See the ids: ${PROGRAM} fingerprints list`;

export function command(): Command {
  const fingerprints = verb('fingerprints', 'list, enrol, rename and delete the fingers that a key knows', [
    'fingerprints list',
    'fingerprints enrol hidraw:/dev/hidraw0 --name "right thumb"',
  ]);
  fingerprints.addCommand(
    onDevice(managing('list', 'list the enrolled fingers', ['fingerprints list lab:1 --json'])).action(
      (device: string | undefined, options: ManagementOptions) => withDevice(device, options, list),
    ),
  );
  fingerprints.addCommand(
    onDevice(managing('enrol', 'enrol a finger, sample by sample', ['fingerprints enrol lab:1 --name thumb']))
      .alias('enroll')
      .option('--name <name>', 'what the finger is called')
      .action((device: string | undefined, options: EnrollOptions) => withDevice(device, options, enroll)),
  );
  const rename = managing('rename', 'give a finger another name', ['fingerprints rename 5f3a "left thumb" lab:1']);
  fingerprints.addCommand(
    onDevice(rename.argument('<id>', ID_HELP).argument('<name>', 'the new name')).action(
      (id: string, name: string, device: string | undefined, options: ManagementOptions) =>
        withDevice(device, options, (opened, _, output) => changeName(opened, id, name, options, output)),
    ),
  );
  const remove = managing('delete', 'delete a finger', ['fingerprints delete 5f3a lab:1']);
  fingerprints.addCommand(
    onDevice(remove.argument('<id>', ID_HELP)).action(
      (id: string, device: string | undefined, options: ManagementOptions) =>
        withDevice(device, options, (opened, _, output) => deleteFinger(opened, id, options, output)),
    ),
  );
  return fingerprints;
}

/** What people can do about a sample (CTAP 2.3 §6.7.2). */
const ADVICE: Readonly<Record<string, string>> = {
  FP_GOOD: 'good',
  FP_TOO_HIGH: 'too high; move the finger down',
  FP_TOO_LOW: 'too low; move the finger up',
  FP_TOO_LEFT: 'too far to the left',
  FP_TOO_RIGHT: 'too far to the right',
  FP_TOO_FAST: 'too fast; leave the finger a little longer',
  FP_TOO_SLOW: 'too slow',
  FP_POOR_QUALITY: 'unclear; wipe the finger and the sensor',
  FP_TOO_SKEWED: 'too skewed; straighten the finger',
  FP_TOO_SHORT: 'too short; leave the finger a little longer',
  FP_MERGE_FAILURE: 'it does not fit the samples before; keep to one finger',
  FP_EXISTS: 'this finger is enrolled already; take another one',
  NO_USER_ACTIVITY: 'no finger came',
  NO_USER_PRESENCE_TRANSITION: 'lift the finger and put it on again',
};

async function open(opened: OpenedDevice, options: ManagementOptions): Promise<FingerprintsClient> {
  if (bioEnrollmentCommand(await opened.ctap2.getInfo()) === undefined) {
    const next = `See what it can: ${PROGRAM} info ${opened.name}`;
    throw new Failure('failed', `${called(opened)} has no fingerprint sensor`, next);
  }
  return new FingerprintsClient(opened.ctap2, await requireUserToken(opened, options, Permission.bioEnrollment));
}

async function list(opened: OpenedDevice, options: ManagementOptions, output: Output): Promise<void> {
  const client = await open(opened, options);
  const [fingers, sensor] = [await client.list(), await client.sensorInfo()];
  output.document({
    device: opened.name,
    sensor: {
      kind: sensor.kind ?? null,
      samplesToEnroll: sensor.samplesToEnroll,
      maxNameLength: sensor.maxNameLength ?? null,
    },
    fingers: fingers.map(fingerJSON),
  });
  output.table(
    fingers.map(({ templateId, templateFriendlyName = '' }) => [toHex(templateId), printable(templateFriendlyName)]),
  );
  if (fingers.length === 0) output.line(`No finger is enrolled. Enrol one: ${PROGRAM} fingerprints enrol`);
}

function fingerJSON({ templateId, templateFriendlyName }: TemplateInfo) {
  return { id: toHex(templateId), name: templateFriendlyName ?? null };
}

async function enroll(opened: OpenedDevice, options: EnrollOptions, output: Output): Promise<void> {
  const client = await open(opened, options);
  const { name } = options;
  const { samplesToEnroll, maxNameLength } = await client.sensorInfo();
  assertName(name, maxNameLength);
  output.line(`Put a finger on ${called(opened)}, ${samplesToEnroll} times, until it is known.`);
  const samples: EnrollmentSample[] = [];
  const controller = new AbortController();
  const stop = new StopRequest();
  void stop.requested.then(() => controller.abort());
  let templateId: Uint8Array;
  try {
    templateId = await client.enroll({
      signal: controller.signal,
      onSample(sample) {
        samples.push(sample);
        const advice = ADVICE[sample.feedback] ?? sample.feedback;
        const left = sample.remaining === 0 ? 'done' : `${sample.remaining} to go`;
        output.line(`  sample ${samples.length}: ${advice} (${left})`);
      },
    });
  } finally {
    stop.close();
  }
  if (name !== undefined) await client.rename(templateId, name);
  output.document({ device: opened.name, id: toHex(templateId), name: name ?? null, samples });
  output.line(`Enrolled ${name === undefined ? 'a finger' : printable(name)}: ${toHex(templateId)}.`);
}

/** Before anybody has put a finger on a sensor in vain. */
function assertName(name: string | undefined, most: number | undefined): void {
  const length = utf8(name ?? '').length;
  if (most === undefined || length <= most) return;
  throw new Failure('usage', `expected a name of at most ${most} bytes of UTF-8, got ${length}`, 'Take a shorter one.');
}

async function findFinger(client: FingerprintsClient, id: string): Promise<TemplateInfo> {
  return findById(await client.list(), ({ templateId }) => templateId, id, { what: 'finger', next: LIST });
}

function label({ templateId, templateFriendlyName }: TemplateInfo): string {
  return templateFriendlyName ? `${printable(templateFriendlyName)} (${toHex(templateId)})` : toHex(templateId);
}

async function changeName(
  opened: OpenedDevice,
  id: string,
  name: string,
  options: ManagementOptions,
  output: Output,
): Promise<void> {
  const client = await open(opened, options);
  assertName(name, (await client.sensorInfo()).maxNameLength);
  const finger = await findFinger(client, id);
  await client.rename(finger.templateId, name);
  output.document({ device: opened.name, ...fingerJSON({ ...finger, templateFriendlyName: name }) });
  output.line(`Finger ${toHex(finger.templateId)} is now called ${printable(name)}.`);
}

async function deleteFinger(
  opened: OpenedDevice,
  id: string,
  options: ManagementOptions,
  output: Output,
): Promise<void> {
  const client = await open(opened, options);
  const finger = await findFinger(client, id);
  const what = `the finger ${label(finger)}`;
  await consent(opened, options, `Delete ${what} from ${called(opened)}?`, `${called(opened)} would forget ${what}`);
  await client.remove(finger.templateId);
  output.document({ device: opened.name, deleted: toHex(finger.templateId) });
  output.line(`Deleted ${what}.`);
}
