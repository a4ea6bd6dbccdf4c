/** DEVICE names: which key a verb means, and how it is opened. */
import { CtapHidDevice } from '../client/ctap-hid.ts';
import type { Ctap2Client } from '../client/ctap2.ts';
import type { CtapDevice } from '../client/device.ts';
import type { PinClient } from '../client/pin.ts';
import type { HidConnection } from '../transports/connection.ts';
import { Failure } from './failure.ts';
import { findLab, LabClient } from './lab-client.ts';
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
const FORMS = 'hidraw:PATH, usb:VID:PID, udp:HOST:PORT, lab:KEY, virtual or a serial number';

/** Keys of the running lab, then those that the system knows of and the lab does not. */
export async function reachableKeys(): Promise<ReachableKey[]> {
  const inLab = await labKeys();
  const known = new Set(inLab.map((key) => key.device));
  const { discover } = await import('../transports/discovery.ts');
  const onSystem = await discover();
  return [...inLab, ...onSystem.filter((key) => !known.has(key.device))];
}

async function labKeys(): Promise<ReachableKey[]> {
  const address = findLab();
  if (address === undefined) return [];
  const keys = await new LabClient(address).keys();
  return keys.flatMap(({ id, product, serialNumber, devices }) =>
    devices.map((device) => ({ device, product, serialNumber, lab: id })),
  );
}
