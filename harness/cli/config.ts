/** `ctaplab config`: the settings of a key. */
import { Argument, type Command } from 'commander';
import type { GetInfoResponse } from '../../ctap/commands/get-info.ts';
import { Permission } from '../../ctap/pin-uv-auth/index.ts';
import { ConfigClient } from '../client/config.ts';
import type { OpenedDevice } from './devices.ts';
import { Failure } from './failure.ts';
import { integer } from './key-options.ts';
import { called, consent, type ManagementOptions, managing, onDevice, userToken, withDevice } from './management.ts';
import type { Output } from './output.ts';
import { PROGRAM } from './program-name.ts';
import { verb } from './verb.ts';

interface MinPinLengthOptions extends ManagementOptions {
  readonly rp?: readonly string[];
}

export function command(): Command {
  const config = verb('config', 'see and change the settings of a key', [
    'config show hidraw:/dev/hidraw0',
    'config always-uv on',
  ]);
  config.addCommand(
    onDevice(verb('show', 'show the settings', ['config show lab:1 --json'])).action(
      (device: string | undefined, options: ManagementOptions) => withDevice(device, options, show),
    ),
  );
  const alwaysUv = managing('always-uv', 'ask for the PIN or a finger whatever a site wants, or not', [
    'config always-uv on lab:1',
  ]);
  config.addCommand(
    onDevice(alwaysUv.addArgument(new Argument('<state>', 'on or off').choices(['on', 'off']))).action(
      (state: string, device: string | undefined, options: ManagementOptions) =>
        withDevice(device, options, (opened, _, output) => setAlwaysUv(opened, state === 'on', options, output)),
    ),
  );
  const minPinLength = managing('min-pin-length', 'raise the least length of a PIN; only a reset lowers it', [
    'config min-pin-length 6 lab:1',
    'config min-pin-length 8 --rp example.com --rp example.org',
  ]);
  config.addCommand(
    onDevice(minPinLength.argument('<length>', 'characters', integer(4, 63)))
      .option('--rp <id>', 'a relying party that may see the length; can be given again', collect)
      .action((length: number, device: string | undefined, options: MinPinLengthOptions) =>
        withDevice(device, options, (opened, _, output) => setMinPinLength(opened, length, options, output)),
      ),
  );
  config.addCommand(forcePinChange('force-pin-change', 'config force-pin-change lab:1'));
  const enterprise = managing(
    'enterprise-attestation',
    'let the relying parties of an enterprise tell this key apart',
    ['config enterprise-attestation lab:1'],
  );
  config.addCommand(
    onDevice(enterprise).action((device: string | undefined, options: ManagementOptions) =>
      withDevice(device, options, enableEnterpriseAttestation),
    ),
  );
  const longTouch = managing('long-touch-reset', 'want a long touch for a reset', ['config long-touch-reset lab:1']);
  config.addCommand(
    onDevice(longTouch).action((device: string | undefined, options: ManagementOptions) =>
      withDevice(device, options, enableLongTouchForReset),
    ),
  );
  return config;
}

/** The command under its name here, and under `pin`. */
export function forcePinChange(name: string, example: string): Command {
  const summary = 'make the PIN good for nothing but its own change';
  return onDevice(managing(name, summary, [example])).action((device: string | undefined, options: ManagementOptions) =>
    withDevice(device, options, force),
  );
}

function collect(value: string, before: readonly string[] = []): string[] {
  return [...before, value];
}

/** What getInfo says of the settings. */
function settings(info: GetInfoResponse) {
  const { options } = info;
  return {
    alwaysUv: options?.alwaysUv ?? null,
    minPinLength: info.minPINLength ?? null,
    forcePinChange: info.forcePINChange ?? null,
    enterpriseAttestation: options?.ep ?? null,
    longTouchForReset: info.longTouchForReset ?? null,
    pinComplexityPolicy: info.pinComplexityPolicy ?? null,
    maxRpIdsForMinPinLength: info.maxRPIDsForSetMinPINLength ?? null,
  };
}

const LABELS: Readonly<Record<keyof ReturnType<typeof settings>, string>> = {
  alwaysUv: 'always asks for the PIN or a finger',
  minPinLength: 'least length of a PIN',
  forcePinChange: 'the PIN has to be changed',
  enterpriseAttestation: 'enterprise attestation',
  longTouchForReset: 'a reset wants a long touch',
  pinComplexityPolicy: 'a rule for PINs beyond their length',
  maxRpIdsForMinPinLength: 'relying parties that may see the length, at most',
};

function valueText(value: boolean | number | null): string {
  if (value === null) return '-';
  return typeof value === 'number' ? String(value) : value ? 'yes' : 'no';
}

async function show({ ctap2, name }: OpenedDevice, _: ManagementOptions, output: Output): Promise<void> {
  const info = await ctap2.getInfo();
  const configurable = info.options?.authnrCfg === true;
  const now = settings(info);
  output.document({ device: name, configurable, ...now });
  const names = Object.keys(LABELS) as (keyof typeof LABELS)[];
  output.table(names.map((setting) => [LABELS[setting], valueText(now[setting])]));
  if (!configurable) output.line('This key cannot be configured.');
}

/** The client of the settings, once the owner has agreed. @throws Failure where the key has none */
async function open(
  opened: OpenedDevice,
  options: ManagementOptions,
  act: string,
): Promise<{ config: ConfigClient; info: GetInfoResponse }> {
  const info = await opened.ctap2.getInfo();
  if (info.options?.authnrCfg !== true) {
    const next = `See what it can: ${PROGRAM} info ${opened.name}`;
    throw new Failure('failed', `${called(opened)} has no settings that can be changed`, next);
  }
  await consent(opened, options, `Make ${called(opened)} ${act}?`, `${called(opened)} would ${act}`);
  const token = await userToken(opened, options, Permission.authenticatorConfiguration);
  return { config: new ConfigClient(opened.ctap2, token), info };
}

/** Tells the settings as the key says that they are now. */
async function report({ ctap2, name }: OpenedDevice, output: Output, sentence: string): Promise<void> {
  output.document({ device: name, ...settings(await ctap2.getInfo()) });
  output.line(sentence);
}

async function setAlwaysUv(
  opened: OpenedDevice,
  on: boolean,
  options: ManagementOptions,
  output: Output,
): Promise<void> {
  const act = on ? 'always ask for the PIN or a finger' : 'ask for the PIN or a finger only where a site wants it';
  const { alwaysUv } = (await opened.ctap2.getInfo()).options ?? {};
  if (alwaysUv === undefined) throw new Failure('failed', `${called(opened)} has no option alwaysUv`);
  // the key knows only how to toggle
  if (alwaysUv !== on) await (await open(opened, options, act)).config.toggleAlwaysUv();
  await report(opened, output, `${called(opened)}: always-uv is ${on ? 'on' : 'off'}.`);
}

async function setMinPinLength(
  opened: OpenedDevice,
  length: number,
  options: MinPinLengthOptions,
  output: Output,
): Promise<void> {
  const { minPINLength: least = 4 } = await opened.ctap2.getInfo();
  if (length < least) {
    const next = `Only a reset lowers it: ${PROGRAM} reset --help`;
    throw new Failure('refused', `the least length of a PIN on ${called(opened)} is ${least} already`, next);
  }
  const act = `take no PIN of less than ${length} characters until a reset`;
  const { config } = await open(opened, options, act);
  await config.setMinPINLength({
    newMinPINLength: length,
    ...(options.rp === undefined ? {} : { minPinLengthRPIDs: [...options.rp] }),
  });
  const { forcePINChange } = await opened.ctap2.getInfo();
  const now = `${called(opened)} takes no PIN of less than ${length} characters.`;
  const next = forcePINChange ? ` The one it has is shorter; change it: ${PROGRAM} pin change ${opened.name}` : '';
  await report(opened, output, `${now}${next}`);
}

async function force(opened: OpenedDevice, options: ManagementOptions, output: Output): Promise<void> {
  const info = await opened.ctap2.getInfo();
  if (info.options?.clientPin !== true) {
    throw new Failure('refused', `no PIN is set on ${called(opened)}`, `Set one: ${PROGRAM} pin set ${opened.name}`);
  }
  if (info.forcePINChange !== true) {
    const { config } = await open(opened, options, 'take its PIN for nothing but its change');
    await config.forcePINChange();
  }
  const next = `change it: ${PROGRAM} pin change ${opened.name}`;
  await report(opened, output, `The PIN of ${called(opened)} is good for nothing but its change now; ${next}`);
}

async function enableEnterpriseAttestation(
  opened: OpenedDevice,
  options: ManagementOptions,
  output: Output,
): Promise<void> {
  const act = 'show who it is to the relying parties of an enterprise until a reset';
  await (await open(opened, options, act)).config.enableEnterpriseAttestation();
  await report(opened, output, `Enterprise attestation is on for ${called(opened)}.`);
}

async function enableLongTouchForReset(
  opened: OpenedDevice,
  options: ManagementOptions,
  output: Output,
): Promise<void> {
  await (await open(opened, options, 'want a long touch for its next reset')).config.enableLongTouchForReset();
  await report(opened, output, `${called(opened)} wants a long touch for a reset.`);
}
