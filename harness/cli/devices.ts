/** DEVICE names: which key a verb means, and how it is opened. */
import type { Model } from '../../emulator/models/index.ts';
import type { Ctap2Client } from '../client/ctap2.ts';
import type { CtapDevice } from '../client/device.ts';
import type { PinClient } from '../client/pin.ts';
import { findLab, LabClient, requireLab } from '../lab/lab-client.ts';
import type { CardConnection, HidConnection } from '../transports/connection.ts';
import type { UsbDevice } from '../transports/usb-library.ts';
import type { DeviceWay } from './device-way.ts';
import { Failure } from './failure.ts';
import { overheardWay } from './own-traffic.ts';
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
const FORMS = 'hidraw:PATH, usb:VID:PID, pcsc:READER, udp:HOST:PORT, lab:KEY, virtual[:MODEL], a serial number or pick';

/** Keys of the running lab, then those that the system knows of and the lab does not: over HID, then in card readers. */
export async function reachableKeys(): Promise<ReachableKey[]> {
  const inLab = await labKeys();
  const known = new Set(inLab.map((key) => key.device));
  const others = [...(await systemKeys()), ...(await cards())];
  return [...inLab, ...others.filter((key) => !known.has(key.device))];
}

async function cards(): Promise<ReachableKey[]> {
  const { listCards } = await import('../transports/pcsc.ts');
  return (await listCards()).map(({ name }) => ({ device: `pcsc:${name}`, product: 'smart card', serialNumber: null }));
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
export async function openDevice(name?: string): Promise<OpenedDevice> {
  const way = await findDevice(name);
  return way.kind === 'hid'
    ? overHid(way.name, await way.connect(), way.physical)
    : overCard(way.name, await way.connect(), way.physical);
}

/** Finds the way to the key of that name, as {@link openDevice} does, without opening it. */
export async function findDevice(name: string | undefined = process.env.CTAPLAB_DEVICE): Promise<DeviceWay> {
  return overheardWay(await findWay(name));
}

async function findWay(name: string | undefined): Promise<DeviceWay> {
  if (name === undefined || name === '') {
    const keys = await reachableKeys();
    // A key that is plugged in shows as a card, too.
    const hid = keys.filter((key) => !key.device.startsWith('pcsc:'));
    if (hid.length > 1 && isAnswered()) return pickAmong(hid);
    return findOnly(hid.length > 0 ? hid : keys, 'no key can be reached', `several keys can be reached`);
  }
  if (name === 'virtual') return virtualWay(name);
  if (name === 'pick') return pickAmong((await reachableKeys()).filter((key) => !key.device.startsWith('pcsc:')));
  const [kind, rest] = name.includes(':') ? [name.slice(0, name.indexOf(':')), name.slice(name.indexOf(':') + 1)] : [];
  switch (kind) {
    case 'hidraw':
      return { kind: 'hid', name, physical: !(await isInLab(name)), connect: () => connectHidraw(rest!) };
    case 'pcsc':
      return { kind: 'card', name, physical: !(await isInLab(name)), connect: () => connectCard(rest!) };
    case 'udp':
      return udpWay(name, rest!);
    case 'virtual':
      return virtualWay(name, rest);
    case 'lab': {
      const { devices } = await requireLab().key(rest!);
      if (devices[0] === undefined) throw new Failure('no-device', `key ${rest} of the lab is not plugged in`);
      return findWay(devices[0]);
    }
    case 'usb': {
      const keys = (await systemKeys()).filter((key) => key.usb === name.toLowerCase());
      return keys.length === 0 ? usbWay(name, rest!) : findOnly(keys, '', `several keys are ${name}`);
    }
    case undefined: {
      if (!/^[0-9A-Za-z-]+$/.test(name)) break;
      const keys = (await reachableKeys()).filter((key) => key.serialNumber === name);
      // One key that is plugged in twice is still one key.
      return findOnly(keys.slice(0, 1), `no key has the serial number ${name}`, '');
    }
  }
  throw new Failure('usage', `expected a DEVICE (${FORMS}), got ${JSON.stringify(name)}`, LIST);
}

function findOnly(keys: readonly ReachableKey[], none: string, several: string): Promise<DeviceWay> {
  const [first, second] = keys;
  if (first === undefined) throw new Failure('no-device', none, LIST);
  if (second !== undefined) {
    const next = 'Say which one you mean, or touch it: pick, in place of a name.';
    throw new Failure('usage', `${several}: ${keys.map((key) => key.device).join(', ')}`, next);
  }
  return findWay(first.device);
}

/** Whether somebody is there to touch a key when asked. */
function isAnswered(): boolean {
  return process.stdin.isTTY === true && process.stderr.isTTY === true;
}

/** The one of these keys that is touched. A key that is plugged in several times is asked once. */
async function pickAmong(keys: readonly ReachableKey[]): Promise<DeviceWay> {
  const known = new Set<string>();
  const once = keys.filter(({ device, lab, serialNumber }) => {
    const identity = lab ?? serialNumber ?? device;
    return !known.has(identity) && known.add(identity);
  });
  const { pickByTouch } = await import('./pick.ts');
  return pickByTouch(await Promise.all(once.map(({ device }) => findWay(device))));
}

async function isInLab(device: string): Promise<boolean> {
  return (await labKeys()).some((key) => key.device === device);
}

async function connectHidraw(path: string): Promise<HidConnection> {
  const { openHidraw } = await import('../transports/hidraw.ts');
  return openHidraw(path);
}

async function connectCard(reader: string): Promise<CardConnection> {
  const { openCard } = await import('../transports/pcsc.ts');
  return openCard(reader);
}

/** Over USB itself: the system has no HID device of it. */
async function usbWay(name: string, ids: string): Promise<DeviceWay> {
  const { openUsb } = await import('../transports/usb.ts');
  const device = await findUsb(name, ids);
  return { kind: 'hid', name, physical: true, connect: () => openUsb(device) };
}

/** The one USB device of that name. */
export async function findUsb(name: string, ids: string): Promise<UsbDevice> {
  const [, vendor, product] = /^([0-9a-f]{4}):([0-9a-f]{4})$/i.exec(ids) ?? [];
  if (vendor === undefined || product === undefined) {
    throw new Failure('usage', `expected usb:VID:PID, four hexadecimal digits each, got ${JSON.stringify(name)}`, LIST);
  }
  const { usbKeys } = await import('../transports/usb.ts');
  const id = { vendorId: Number.parseInt(vendor, 16), productId: Number.parseInt(product, 16) };
  const [device, second] = await usbKeys(id);
  if (device === undefined) throw new Failure('no-device', `no key ${name} is plugged in`, LIST);
  if (second !== undefined) throw new Failure('usage', `several keys are ${name}`, 'Unplug the others.');
  return device;
}

function udpWay(name: string, address: string): DeviceWay {
  const [, host, port] = /^(.+):(\d{1,5})$/.exec(address) ?? [];
  if (host === undefined || Number(port) > 0xffff) {
    throw new Failure('usage', `expected udp:HOST:PORT, got ${JSON.stringify(name)}`, LIST);
  }
  const connect = async () => (await import('../transports/udp.ts')).openUdp({ host, port: Number(port) });
  return { kind: 'hid', name, physical: false, connect };
}

async function virtualWay(name: string, model?: string): Promise<DeviceWay> {
  const { defaultModel, findModel } = await import('../../emulator/models/index.ts');
  const chosen = model === undefined ? defaultModel : modelNamed(findModel, model);
  const connect = async () => {
    const [{ openVirtualKey }, { connectInProcess }] = await Promise.all([
      import('./virtual-key.ts'),
      import('../transports/in-process.ts'),
    ]);
    const key = await openVirtualKey(chosen);
    const connection = connectInProcess(key);
    return { ...connection, close: () => connection.close().finally(() => key.close()) };
  };
  return { kind: 'hid', name, physical: false, connect };
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

async function overCard(name: string, connection: CardConnection, physical: boolean): Promise<OpenedDevice> {
  const [{ CtapCardDevice }, { Ctap2Client }, { PinClient }] = await Promise.all([
    import('../client/ctap-card.ts'),
    import('../client/ctap2.ts'),
    import('../client/pin.ts'),
  ]);
  try {
    const device = await CtapCardDevice.open(connection);
    const ctap2 = new Ctap2Client(device);
    return { name, device, ctap2, pin: new PinClient(ctap2), physical, close: () => device.close() };
  } catch (error) {
    await connection.close();
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
