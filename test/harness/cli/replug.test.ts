import { describe, expect, it } from 'vitest';
import { waitForReplug } from '../../../harness/cli/replug.ts';
import type { DiscoveredKey } from '../../../harness/transports/discovery.ts';

const key = (path: string, serialNumber?: string): DiscoveredKey => ({
  path,
  vendorId: 0x349e,
  productId: 0x0022,
  release: 0x0100,
  serialNumber,
});

/** Shows one state of the plugs after the other, the last for ever. */
function scenes(...states: DiscoveredKey[][]): () => Promise<DiscoveredKey[]> {
  return async () => (states.length > 1 ? states.shift()! : states[0]!);
}

async function replug(patience: number, ...states: DiscoveredKey[][]): Promise<{ path: string; told: number }> {
  let told = 0;
  const path = await waitForReplug('/dev/hidraw0', { discover: scenes(...states), onGone: () => told++, patience });
  return { path, told };
}

describe('a key that is plugged in again', () => {
  it.each([
    ['in the same place', '/dev/hidraw0'],
    ['in another', '/dev/hidraw3'],
  ])('is found %s', async (_, place) => {
    const other = key('/dev/hidraw1', 'other');
    const states = [[key('/dev/hidraw0', 'mine'), other], [other], [other, key(place, 'mine')]];
    expect(await replug(10_000, ...states)).toEqual({ path: place, told: 1 });
  });

  it('is not taken for a twin without a serial number', async () => {
    const twin = key('/dev/hidraw1');
    const states = [[key('/dev/hidraw0'), twin], [twin], [twin], [twin, key('/dev/hidraw2')]];
    expect((await replug(10_000, ...states)).path).toBe('/dev/hidraw2');
  });

  it('is not another key that comes meanwhile', async () => {
    const states = [[key('/dev/hidraw0', 'mine')], [], [key('/dev/hidraw0', 'other')]];
    await expect(replug(0, ...states)).rejects.toMatchObject({
      kind: 'timed-out',
      message: expect.stringMatching(/again/),
    });
  });

  it('is waited for only so long', async () => {
    await expect(replug(0, [key('/dev/hidraw0')])).rejects.toMatchObject({
      kind: 'timed-out',
      message: expect.stringMatching(/nobody unplugged/),
    });
    await expect(replug(0, [key('/dev/hidraw7')])).rejects.toMatchObject({ kind: 'no-device' });
  });
});
