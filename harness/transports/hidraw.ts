/** A key that the system knows as a HID device: hidraw on Linux, IOKit on macOS, hid.dll on Windows, all by node-hid. */
import { access, constants } from 'node:fs/promises';
import type { HIDAsync } from 'node-hid';
import { DeviceGoneError, type HidConnection } from './connection.ts';

/** Written before each report: FIDO reports have no id, which hidapi spells as id 0. */
const NO_REPORT_ID = Uint8Array.of(0);

/**
 * Opens the HID device at `path` (as discovery names it; on Linux `/dev/hidraw0`).
 * @throws DeviceGoneError where there is none; an Error with code EACCES where the user may not open it
 */
export async function openHidraw(path: string): Promise<HidConnection> {
  if (process.platform === 'linux') await assertReachable(path);
  const node = await import('node-hid'); // a native library: loaded where it is needed
  let hid: HIDAsync;
  try {
    hid = await node.HIDAsync.open(path, { nonExclusive: true });
  } catch (cause) {
    throw notOpened(path, cause);
  }
  const { product } = await hid.getDeviceInfo();
  return connect(hid, path, product);
}

function connect(hid: HIDAsync, path: string, product: string | undefined): HidConnection {
  let gone: DeviceGoneError | undefined;
  let closed: Promise<void> | undefined;
  let onReport: ((report: Uint8Array) => void) | undefined;
  let onGone: ((error: Error) => void) | undefined;
  const lose = (cause: unknown): DeviceGoneError => {
    if (gone === undefined) {
      gone = new DeviceGoneError(`${path}: the key was unplugged, or failed: ${messageOf(cause)}`, { cause });
      if (closed === undefined) onGone?.(gone);
    }
    return gone;
  };
  hid.on('error', lose);
  // Reading begins with this listener, and only a read tells that the device is gone.
  hid.on('data', (report: Buffer) => {
    if (closed === undefined) onReport?.(report);
  });
  return {
    product,
    async write(report) {
      if (gone !== undefined) throw gone;
      if (closed !== undefined) throw new DeviceGoneError(`the connection to ${path} is closed`);
      try {
        await hid.write(Buffer.concat([NO_REPORT_ID, report]));
      } catch (error) {
        throw lose(error);
      }
    },
    onReport(listener) {
      onReport = listener;
    },
    onGone(listener) {
      onGone = listener;
      if (gone !== undefined) listener(gone);
    },
    close() {
      closed ??= hid.close();
      return closed;
    },
  };
}

/** Why systems other than Linux keep FIDO keys to themselves, and what is to be done. */
const HELD_BACK: Readonly<Partial<Record<NodeJS.Platform, string>>> = {
  win32:
    'Windows lets administrators alone open FIDO keys as HID devices: run this as administrator, or reach the key as a smart card (pcsc:READER)',
  darwin:
    'macOS may hold a key back for itself or for the program that has it: close browsers that wait for it, and allow this terminal Input Monitoring in the privacy settings; or reach the key as a smart card (pcsc:READER)',
};

/** What to tell where a device that is there cannot be opened. */
export function notOpened(path: string, cause: unknown, platform: NodeJS.Platform = process.platform): Error {
  const heldBack = HELD_BACK[platform];
  const message = `${path}: cannot be opened as a HID device: ${messageOf(cause)}`;
  if (heldBack === undefined) return new DeviceGoneError(message, { cause });
  return Object.assign(new Error(`${message}. ${heldBack}`, { cause }), { code: 'EACCES' });
}

/** hidapi tells no reason when it cannot open a node; the file system does. */
async function assertReachable(path: string): Promise<void> {
  try {
    await access(path, constants.R_OK | constants.W_OK);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT') throw new DeviceGoneError(`${path}: there is no such device`, { cause });
    if (code !== 'EACCES' && code !== 'EPERM') throw cause;
    const hint =
      'udev lets the user at the screen open FIDO keys by its 60-fido-id.rules; for Token2 keys, and over ssh, run "scripts/setup --udev"';
    throw Object.assign(new Error(`${path}: you may not read and write it; ${hint}`, { cause }), { code });
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
