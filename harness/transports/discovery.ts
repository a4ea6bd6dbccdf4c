/** The keys that the system knows as HID devices. */
import { readdir } from 'node:fs/promises';
import { FIDO_USAGE_PAGE } from '../../ctap/hid/report-descriptor.ts';

export interface DiscoveredKey {
  /** What openHidraw takes. */
  readonly path: string;
  readonly vendorId: number;
  readonly productId: number;
  /** bcdDevice, as 0x0100 for 1.0. */
  readonly release: number;
  readonly manufacturer?: string | undefined;
  readonly product?: string | undefined;
  readonly serialNumber?: string | undefined;
}

/** Where Linux lists the HID devices that can be opened. */
const HIDRAW_CLASS = '/sys/class/hidraw';

/** Keys by the FIDO usage page of their report descriptors; none where the system has no HID devices. */
export async function discover(): Promise<DiscoveredKey[]> {
  if (process.platform === 'linux' && !(await hasHidraw())) return [];
  const { devicesAsync } = await import('node-hid'); // a native library: loaded where it is needed
  const keys: DiscoveredKey[] = [];
  for (const device of await devicesAsync()) {
    const { path, usagePage, vendorId, productId, release } = device;
    if (usagePage !== FIDO_USAGE_PAGE || path === undefined) continue;
    keys.push({
      path,
      vendorId,
      productId,
      release,
      manufacturer: device.manufacturer || undefined,
      product: device.product || undefined,
      serialNumber: device.serialNumber || undefined,
    });
  }
  return keys;
}

async function hasHidraw(): Promise<boolean> {
  try {
    return (await readdir(HIDRAW_CLASS)).length > 0;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}
