/** DEVICE names: which key a verb means, and how it is opened. */
import type { Model } from '../../emulator/models/index.ts';
import type { Ctap2Client } from '../client/ctap2.ts';
import type { CtapDevice } from '../client/device.ts';
import type { PinClient } from '../client/pin.ts';
import type { HidConnection } from '../transports/connection.ts';
import { Failure } from './failure.ts';
import { findLab, LabClient, requireLab } from './lab-client.ts';
import { PROGRAM } from './program-name.ts';

/** A key that can be opened. */
export interface ReachableKey {
  /** DEVICE name. */
  readonly device: string;
  readonly product: string;
  readonly serialNumber: string | null;
  /** Its id in the running lab, where it is one of that. */
  readonly lab?: string;
}

export interface OpenedDevice {
  /** DEVICE name that was opened. */
  readonly name: string;
  readonly device: CtapDevice;
  readonly ctap2: Ctap2Client;
  readonly pin: PinClient;
  /** True where it may be somebody's own key: destructive acts ask first. */
  readonly physical: boolean;
  close(): Promise<void>;
}

const LIST = `See what can be reached: ${PROGRAM} list`;
const FORMS = 'hidraw:PATH, usb:VID:PID, udp:HOST:PORT, lab:KEY, virtual[:MODEL] or a serial number';

/** Keys of the running lab, then those that the system knows of and the lab does not. */
export async function reachableKeys(): Promise<ReachableKey[]> {
  const inLab = await labKeys();
  const known = new Set(inLab.map((key) => key.device));
  return [...inLab, ...(await systemKeys()).filter((key) => !known.has(key.device))];
}

async function labKeys(): Promise<ReachableKey[]> {
  const address = findLab();
  if (address === undefined) return [];
  const keys = await new LabClient(address).keys();
  return keys.flatMap(({ id, product, serialNumber, devices }) =>
    devices.map((device) => ({ device, product, serialNumber, lab: id })),
  );
}

async function systemKeys(): Promise<(ReachableKey & { readonly usb: string })[]> {
  const { discover } = await import('../transports/discovery.ts');
  return (await discover()).map(({ path, product, serialNumber, vendorId, productId }) => ({
    device: `hidraw:${path}`,
    product: product ?? 'security key',
    serialNumber: serialNumber ?? null,
    usb: `usb:${hex4(vendorId)}:${hex4(productId)}`,
  }));
}

function hex4(value: number): string {
  return value.toString(16).padStart(4, '0');
}

/**
 * Opens the key of that name; without one $CTAPLAB_DEVICE, else the only key that can be reached.
 * Failures are "usage" for a name that is none and "no-device" for a key that is not there.
 */
export async function openDevice(name: string | undefined = process.env.CTAPLAB_DEVICE): Promise<OpenedDevice> {
  if (name === undefined || name === '') {
    const keys = await reachableKeys();
    return openOnly(keys, 'no key can be reached', `several keys can be reached`);
  }
  if (name === 'virtual') return openVirtual(name);
  const [kind, rest] = name.includes(':') ? [name.slice(0, name.indexOf(':')), name.slice(name.indexOf(':') + 1)] : [];
  switch (kind) {
    case 'hidraw':
      return openHidraw(rest!, !(await labKeys()).some((key) => key.device === name));
    case 'udp':
      return openUdp(name, rest!);
    case 'virtual':
      return openVirtual(name, rest);
    case 'lab': {
      const { devices } = await requireLab().key(rest!);
      if (devices[0] === undefined) throw new Failure('no-device', `key ${rest} of the lab is not plugged in`);
      return openDevice(devices[0]);
    }
    case 'usb': {
      const keys = (await systemKeys()).filter((key) => key.usb === name.toLowerCase());
      return openOnly(keys, `no key ${name} is plugged in`, `several keys are ${name}`);
    }
    case undefined: {
      if (!/^[0-9A-Za-z-]+$/.test(name)) break;
      const keys = (await reachableKeys()).filter((key) => key.serialNumber === name);
      // One key that is plugged in twice is still one key.
      return openOnly(keys.slice(0, 1), `no key has the serial number ${name}`, '');
    }
  }
  throw new Failure('usage', `expected a DEVICE (${FORMS}), got ${JSON.stringify(name)}`, LIST);
}

function openOnly(keys: readonly ReachableKey[], none: string, several: string): Promise<OpenedDevice> {
  const [first, second] = keys;
  if (first === undefined) throw new Failure('no-device', none, LIST);
  if (second !== undefined) {
    throw new Failure('usage', `${several}: ${keys.map((key) => key.device).join(', ')}`, 'Say which one you mean.');
  }
  return openDevice(first.device);
}

async function openHidraw(path: string, physical: boolean): Promise<OpenedDevice> {
  const { openHidraw: open } = await import('../transports/hidraw.ts');
  return overHid(`hidraw:${path}`, await open(path), physical);
}

async function openUdp(name: string, address: string): Promise<OpenedDevice> {
  const [, host, port] = /^(.+):(\d{1,5})$/.exec(address) ?? [];
  if (host === undefined || Number(port) > 0xffff) {
    throw new Failure('usage', `expected udp:HOST:PORT, got ${JSON.stringify(name)}`, LIST);
  }
  const { openUdp: open } = await import('../transports/udp.ts');
  return overHid(name, await open({ host, port: Number(port) }), false);
}

async function openVirtual(name: string, model?: string): Promise<OpenedDevice> {
  const [{ openVirtualKey }, { connectInProcess }, { defaultModel, findModel }] = await Promise.all([
    import('./virtual-key.ts'),
    import('../transports/in-process.ts'),
    import('../../emulator/models/index.ts'),
  ]);
  const key = await openVirtualKey(model === undefined ? defaultModel : modelNamed(findModel, model));
  const opened = await overHid(name, connectInProcess(key), false);
  return { ...opened, close: () => opened.close().finally(() => key.close()) };
}

/** A name that is none is the user's mistake, not the program's. */
function modelNamed(find: (name: string) => Model, name: string): Model {
  try {
    return find(name);
  } catch (error) {
    if (error instanceof RangeError) throw new Failure('usage', error.message);
    throw error;
  }
}

async function overHid(name: string, connection: HidConnection, physical: boolean): Promise<OpenedDevice> {
  try {
    const [{ CtapHidDevice }, { Ctap2Client }, { PinClient }] = await Promise.all([
      import('../client/ctap-hid.ts'),
      import('../client/ctap2.ts'),
      import('../client/pin.ts'),
    ]);
    const device = await CtapHidDevice.open(connection, { name: connection.product ?? name });
    const ctap2 = new Ctap2Client(device);
    return { name, device, ctap2, pin: new PinClient(ctap2), physical, close: () => device.close() };
  } catch (error) {
    await connection.close();
    throw error;
  }
}
