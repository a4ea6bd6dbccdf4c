/** Power-up of a key, after which alone it can be reset: by the hand of whoever has it, or by the lab that it is in. */
import { toHex } from '../../ctap/bytes.ts';
import { RESET_WINDOW } from '../../ctap/commands/reset.ts';
import { pause } from '../client/pause.ts';
import { findLab, LabClient } from '../lab/lab-client.ts';
import type { DiscoveredKey } from '../transports/discovery.ts';
import { Failure } from './failure.ts';

/** Milliseconds between two looks at what is plugged in. */
const INTERVAL = 100;

/** What tells a key that comes back from others. */
export type PluggedKey = Pick<DiscoveredKey, 'path' | 'vendorId' | 'productId' | 'serialNumber'>;

export interface Watch {
  /** What is plugged in now. */
  readonly discover: () => Promise<readonly PluggedKey[]>;
  /** Told once the key is gone. */
  readonly onGone: () => void;
  /** Milliseconds to wait for each hand movement. Default: a minute. */
  readonly patience?: number;
}

/**
 * Waits until the key at `path` is unplugged and plugged in again, in whatever place.
 * @returns its path now
 * @throws Failure "no-device" where it is not there to begin with, "timed-out" where nobody moves it
 */
export async function waitForReplug(path: string, { discover, onGone, patience = 60_000 }: Watch): Promise<string> {
  const before = await discover();
  const key = before.find((candidate) => candidate.path === path);
  if (key === undefined) throw new Failure('no-device', `${path} is not plugged in`);
  const twins = new Set(before.filter((other) => other.path !== path && isSame(other, key)).map((twin) => twin.path));
  await until(patience, `nobody unplugged ${path}`, async () =>
    (await discover()).some((candidate) => candidate.path === path) ? undefined : true,
  );
  onGone();
  return until(patience, 'nobody plugged the key in again', async () => {
    const back = (await discover()).find((candidate) => isSame(candidate, key) && !twins.has(candidate.path));
    return back?.path;
  });
}

/** True for the same key, and for another one of its kind where the kind has no serial numbers. */
function isSame(a: PluggedKey, b: PluggedKey): boolean {
  return a.vendorId === b.vendorId && a.productId === b.productId && a.serialNumber === b.serialNumber;
}

async function until<T>(patience: number, failure: string, look: () => Promise<T | undefined>): Promise<T> {
  const end = performance.now() + patience;
  for (;;) {
    const seen = await look();
    if (seen !== undefined) return seen;
    if (performance.now() >= end) {
      throw new Failure('timed-out', `${failure} within ${patience / 1000} s`, 'Run it again, with the key at hand.');
    }
    await pause(INTERVAL, undefined);
  }
}

/** Pulls a lab's key out and plugs it in again; resolves to its DEVICE name then, undefined where no lab has it. */
export async function replugInLab(device: string): Promise<string | undefined> {
  const address = findLab();
  if (address === undefined) return undefined;
  const lab = new LabClient(address);
  const key = (await lab.keys()).find(({ devices }) => devices.includes(device));
  if (key === undefined) return undefined;
  const place = key.devices.indexOf(device);
  await lab.remove(key.id);
  return (await lab.insert(key.id)).devices[place];
}

/** The window in which a key takes a reset, in words. */
export const WINDOW = `${RESET_WINDOW / 1000} seconds`;

/** What names of devices in card readers begin with. */
export const CARD = 'pcsc:';

/**
 * Has whoever holds the key pull it out and put it in again.
 * @param what the key, as its owner knows it
 * @param again how a key of USB is put in again, as "Plug it in again,"
 * @returns its DEVICE name then
 */
export async function replugByHand(
  device: string,
  what: string,
  instruct: (sentence: string) => void,
  { again = 'Plug it in again' }: { readonly again?: string } = {},
): Promise<string> {
  const isCard = device.startsWith(CARD);
  const [kind, path] = [device.slice(0, device.indexOf(':')), device.slice(device.indexOf(':') + 1)];
  instruct(isCard ? `Take the card out of ${path} now.` : `Unplug ${what} now.`);
  const back = await waitForReplug(path, {
    discover: isCard ? cards : (await import('../transports/discovery.ts')).discover,
    onGone: () => instruct(`${isCard ? 'Put it back' : again} within ${WINDOW}.`),
  });
  return `${kind}:${back}`;
}

/** The cards in all readers; equal ATRs are the same card. */
async function cards(): Promise<PluggedKey[]> {
  const { listCards } = await import('../transports/pcsc.ts');
  return (await listCards()).map(({ name, atr }) => ({
    path: name,
    vendorId: 0,
    productId: 0,
    serialNumber: toHex(atr),
  }));
}

/** Opens what has just come: a node appears before its owner may open it, as udev sets that a moment later. */
export async function whenOpen<T>(open: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await open();
    } catch (error) {
      const isEarly = error instanceof Error && 'code' in error && error.code === 'EACCES';
      if (!isEarly || attempt === 20) throw error;
      await pause(100, undefined);
    }
  }
}
