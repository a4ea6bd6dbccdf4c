/** `ctaplab info`: what a key says of itself. */
import type { Command } from 'commander';
import type { GetInfoResponse } from '../../ctap/commands/get-info.ts';
import { findLab, LabClient } from '../lab/lab-client.ts';
import { openDevice } from './devices.ts';
import { explainInfo, infoToJSON, markAssumed } from './explain-info.ts';
import { Output } from './output.ts';
import { verb } from './verb.ts';

export const DEVICE_HELP =
  'hidraw:/dev/hidraw0, usb:349e:0022, pcsc:READER, udp:HOST:PORT, lab:KEY, virtual[:MODEL], a serial number, or pick: the one you touch (default: $CTAPLAB_DEVICE, else the only key)';

export function command(): Command {
  return verb('info', 'show what a key says of itself', [
    'info',
    'info virtual:ctap2.3-everything',
    'info lab:1 --json',
  ])
    .argument('[device]', DEVICE_HELP)
    .action(info);
}

const CAPABILITIES = [
  [0x01, 'WINK'],
  [0x04, 'CBOR'],
  [0x08, 'NMSG'],
] as const;

async function info(name: string | undefined, options: { json?: boolean }): Promise<void> {
  const output = new Output(options);
  const opened = await openDevice(name);
  try {
    const { device, ctap2 } = opened;
    const { protocolVersion, deviceVersion } = device.hid;
    const capabilities = CAPABILITIES.filter(([bit]) => device.hid.capabilities & bit).map(([, word]) => word);
    // A key without CBOR is a U2F key: it has no getInfo, and says all it has to say at INIT.
    const model = await modelOf(opened.name);
    const said: GetInfoResponse | undefined = capabilities.includes('CBOR') ? await ctap2.getInfo() : undefined;
    output.document({
      device: opened.name,
      product: device.name,
      ...(model === undefined ? {} : { model: model.name, assumed: model.assumed }),
      hid: { protocolVersion, deviceVersion, capabilities },
      info: said === undefined ? null : infoToJSON(said),
    });
    output.line(output.colors.bold(`${device.name} (${opened.name})`));
    const rows = [
      ['CTAPHID', `version ${protocolVersion}`, capabilities.join(', ')],
      ['device version', deviceVersion.join('.'), ''],
      ...(said === undefined ? [['U2F alone', '', 'no authenticatorGetInfo']] : explainInfo(said)),
    ];
    output.table(model === undefined ? rows : markAssumed(rows, model.assumed));
    if (model === undefined) return;
    output.line();
    output.line(`model ${model.name}${model.assumed.length > 0 ? '; assumed, for the real value is not public:' : ''}`);
    if (model.assumed.length > 0) output.line(`  ${model.assumed.join(', ')}`);
  } finally {
    await opened.close();
  }
}

/** What is known of the model where the key is a virtual one. */
interface KnownModel {
  readonly name: string;
  readonly assumed: readonly string[];
}

async function modelOf(device: string): Promise<KnownModel | undefined> {
  const [, name] = /^virtual(?::(.+))?$/.exec(device) ?? [];
  if (device.startsWith('virtual')) {
    const { defaultModel, findModel } = await import('../../emulator/models/index.ts');
    return name === undefined ? defaultModel : findModel(name);
  }
  const address = findLab();
  if (address === undefined) return undefined;
  const key = (await new LabClient(address).keys()).find(({ devices }) => devices.includes(device));
  return key && { name: key.model, assumed: key.assumed };
}
