/** Finds the hidraw node that the kernel made for a uhid device. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';

const UHID_DEVICES = '/sys/devices/virtual/misc/uhid';
/** Bus, vendor, product and instance; the folder has other things too. */
const HID_DEVICE = /^[\dA-F]{4}:[\dA-F]{4}:[\dA-F]{4}\.[\dA-F]+$/;
const POLL_INTERVAL = 5;
/** Milliseconds until the kernel must have bound a driver; a slow emulated machine loads its module meanwhile. */
const PATIENCE = 10_000;
/** Milliseconds for the node itself, which follows at once, but only where this /dev is the kernel's own. */
const NODE_PATIENCE = 250;

/**
 * Waits for the node of the device whose `phys` this is, as `/dev/hidraw0`.
 * @throws Error where none appears
 */
export async function findHidraw(phys: string): Promise<string> {
  const name = await poll(() => hidrawName(phys), PATIENCE);
  if (name === undefined) {
    throw new Error(
      `expected the kernel to make a hidraw node for ${phys} within ${PATIENCE / 1000} s, there is none below ${UHID_DEVICES}; ` +
        'is the module hid-generic loaded ("sudo modprobe hid-generic") and CONFIG_HIDRAW set?',
    );
  }
  const node = `/dev/${name}`;
  await poll(() => existsSync(node) || undefined, NODE_PATIENCE);
  return node;
}

/** The device's node where it has one by now. */
function hidrawName(phys: string): string | undefined {
  for (const device of list(UHID_DEVICES).filter((name) => HID_DEVICE.test(name))) {
    const folder = join(UHID_DEVICES, device);
    if (read(join(folder, 'uevent')).split('\n').includes(`HID_PHYS=${phys}`)) return list(join(folder, 'hidraw'))[0];
  }
  return undefined;
}

async function poll<T>(look: () => T | undefined, patience: number): Promise<T | undefined> {
  const deadline = performance.now() + patience;
  for (;;) {
    const found = look();
    if (found !== undefined || performance.now() > deadline) return found;
    await setTimeout(POLL_INTERVAL);
  }
}

// Devices come and go while we look: what has gone has nothing in it.

function list(folder: string): string[] {
  return orWhenGone(() => readdirSync(folder), []);
}

function read(file: string): string {
  return orWhenGone(() => readFileSync(file, 'utf8'), '');
}

function orWhenGone<T>(look: () => T, gone: T): T {
  try {
    return look();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENODEV') return gone;
    throw error;
  }
}
