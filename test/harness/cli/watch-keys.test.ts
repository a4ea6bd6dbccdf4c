import { describe, expect, it } from 'vitest';
import type { ReachableKey } from '../../../harness/cli/devices.ts';
import { keyChanges } from '../../../harness/cli/watch-keys.ts';
import { LabError } from '../../../harness/lab/lab-client.ts';

const key = (device: string): ReachableKey => ({ device, product: 'key', serialNumber: null });
const [a, b] = [key('hidraw:/dev/a'), key('hidraw:/dev/b')];

/** What is told while the lists come in their order; it ends with the last. */
async function changes(...lists: readonly (readonly ReachableKey[] | Error)[]): Promise<string[]> {
  const control = new AbortController();
  const told: string[] = [];
  let round = 0;
  const next = async () => {
    const list = lists[round++]!;
    if (round === lists.length) control.abort();
    if (list instanceof Error) throw list;
    return list;
  };
  for await (const { change, key } of keyChanges(control.signal, next)) told.push(`${change} ${key.device}`);
  return told;
}

describe('watching keys', () => {
  it('tells which are there, and which come and go', async () => {
    expect(await changes([a], [a, b], [b], [])).toEqual([
      'present hidraw:/dev/a',
      'added hidraw:/dev/b',
      'removed hidraw:/dev/a',
      'removed hidraw:/dev/b',
    ]);
  });

  it('takes a lab that ends while it is asked for one that is still to be looked at', async () => {
    expect(await changes([a], new LabError('no-lab', 'gone'), [])).toEqual([
      'present hidraw:/dev/a',
      'removed hidraw:/dev/a',
    ]);
  });

  it('ends with any other failure', async () => {
    await expect(changes([a], new Error('no access'))).rejects.toThrow('no access');
  });
});
