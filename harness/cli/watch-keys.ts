/** Keys that come and go. */
import { type FSWatcher, watch } from 'node:fs';
import { type ReachableKey, reachableKeys } from './devices.ts';

export interface KeyChange {
  /** `present`: there when the watching began. */
  readonly change: 'present' | 'added' | 'removed';
  readonly key: ReachableKey;
}

/** Milliseconds between two looks where nothing tells of changes: labs, card readers, other systems than Linux. */
const INTERVAL = 1000;
/** Where Linux makes the nodes of HID devices. */
const NODES = '/dev';

/** All keys that are there, then each change, until `signal` is aborted. */
export async function* keyChanges(
  signal: AbortSignal,
  list: () => Promise<readonly ReachableKey[]> = reachableKeys,
): AsyncGenerator<KeyChange> {
  const nudge = new Nudge(signal);
  try {
    let known = new Map<string, ReachableKey>();
    for (let first = true; !signal.aborted; first = false) {
      const keys = await listed(list);
      const now = new Map([...(keys ?? known.values())].map((key) => [key.device, key]));
      for (const [device, key] of known) if (!now.has(device)) yield { change: 'removed', key };
      for (const [device, key] of now) if (!known.has(device)) yield { change: first ? 'present' : 'added', key };
      known = now;
      await nudge.wait();
    }
  } finally {
    nudge.close();
  }
}

/** Undefined where a lab ended between its being found and its being asked: the next look finds it gone. */
async function listed(list: () => Promise<readonly ReachableKey[]>): Promise<readonly ReachableKey[] | undefined> {
  try {
    return await list();
  } catch (error) {
    if (error instanceof Error && error.name === 'LabError' && 'kind' in error && error.kind === 'no-lab')
      return undefined;
    throw error;
  }
}

/** Says when to look again. */
class Nudge {
  readonly #signal: AbortSignal;
  readonly #watcher: FSWatcher | undefined;
  #nudged = false;
  #wake = () => {};

  constructor(signal: AbortSignal) {
    this.#signal = signal;
    this.#watcher = process.platform === 'linux' ? watch(NODES, (_, name) => this.#onNode(name)) : undefined;
    signal.addEventListener('abort', this.#end);
  }

  async wait(): Promise<void> {
    if (this.#nudged || this.#signal.aborted) {
      this.#nudged = false;
      return;
    }
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, INTERVAL);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#nudged = false;
  }

  close(): void {
    this.#watcher?.close();
    this.#signal.removeEventListener('abort', this.#end);
  }

  readonly #end = () => this.#wake();

  #onNode(name: string | null): void {
    if (name !== null && !name.startsWith('hidraw')) return;
    this.#nudged = true;
    this.#wake();
  }
}
