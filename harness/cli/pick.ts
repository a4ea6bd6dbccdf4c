/** Of several keys the one that its user touches. */
import type { CtapDevice } from '../client/device.ts';
import type { DeviceWay, HidWay } from './device-way.ts';
import { Failure } from './failure.ts';

/**
 * Has all keys ask for a touch, and gives the way to the one that is touched first; the others stop asking. A key that
 * cannot be opened is passed over, and named on stderr.
 * @throws Failure where none can be opened; what the key says that its user has refused
 */
export async function pickByTouch(ways: readonly DeviceWay[]): Promise<DeviceWay> {
  const [{ CtapHidDevice }, { pickDevice }] = await Promise.all([
    import('../client/ctap-hid.ts'),
    import('../webauthn/pick-device.ts'),
  ]);
  const opened = new Map<CtapDevice, HidWay>();
  const failures: unknown[] = [];
  try {
    for (const way of ways) {
      if (way.kind !== 'hid') continue;
      try {
        opened.set(await CtapHidDevice.open(await way.connect(), { name: way.name }), way);
      } catch (error) {
        failures.push(error);
        process.stderr.write(`${way.name} is passed over: ${(error as Error).message}\n`);
      }
    }
    if (opened.size === 0) throw failures[0] ?? new Failure('no-device', 'there is no key to touch');
    process.stderr.write(`Touch the key that you mean: ${[...opened.values()].map(({ name }) => name).join(', ')}\n`);
    return opened.get(await pickDevice([...opened.keys()], new AbortController().signal))!;
  } finally {
    await Promise.all([...opened.keys()].map((device) => device.close()));
  }
}
