/** `ctaplab info`: what a key says of itself. */
import type { Command } from 'commander';
import type { GetInfoResponse } from '../../ctap/commands/get-info.ts';
import { openDevice } from './devices.ts';
import { explainInfo, infoToJSON } from './explain-info.ts';
import { Output } from './output.ts';
import { verb } from './verb.ts';

export const DEVICE_HELP =
  'hidraw:/dev/hidraw0, usb:349e:0022, udp:HOST:PORT, lab:KEY, virtual or a serial number (default: $CTAPLAB_DEVICE, else the only key)';

export function command(): Command {
  return verb('info', 'show what a key says of itself', ['info', 'info virtual', 'info udp:127.0.0.1:7112 --json'])
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
    const said: GetInfoResponse | undefined = capabilities.includes('CBOR') ? await ctap2.getInfo() : undefined;
    output.document({
      device: opened.name,
      product: device.name,
      hid: { protocolVersion, deviceVersion, capabilities },
      info: said === undefined ? null : infoToJSON(said),
    });
    output.line(output.colors.bold(`${device.name} (${opened.name})`));
    output.table([
      ['CTAPHID', `version ${protocolVersion}`, capabilities.join(', ')],
      ['device version', deviceVersion.join('.'), ''],
      ...(said === undefined ? [['U2F alone', '', 'no authenticatorGetInfo']] : explainInfo(said)),
    ]);
  } finally {
    await opened.close();
  }
}
