/** What a key's owner does before a page comes: a PIN, fingers, settings. */
import { Permission } from '../../../ctap/pin-uv-auth/index.ts';
import { ConfigClient } from '../../../harness/client/config.ts';
import { Ctap2Client } from '../../../harness/client/ctap2.ts';
import type { CtapDevice } from '../../../harness/client/device.ts';
import { FingerprintsClient } from '../../../harness/client/fingerprints.ts';
import { PinClient } from '../../../harness/client/pin.ts';

export async function setPin(device: CtapDevice, pin: string): Promise<void> {
  await new PinClient(new Ctap2Client(device)).setPin(pin);
}

/** Enrols whatever finger the sensor is given, until the key has seen enough of it. */
export async function enrollFinger(device: CtapDevice, pin: string): Promise<void> {
  const ctap2 = new Ctap2Client(device);
  const token = await new PinClient(ctap2).getPinUvAuthToken({ pin, permissions: Permission.bioEnrollment });
  await new FingerprintsClient(ctap2, token).enroll();
}

/** Changes settings of the key. */
export async function configure(
  device: CtapDevice,
  pin: string,
  change: (config: ConfigClient) => Promise<void>,
): Promise<void> {
  const ctap2 = new Ctap2Client(device);
  const permissions = Permission.authenticatorConfiguration;
  await change(new ConfigClient(ctap2, await new PinClient(ctap2).getPinUvAuthToken({ pin, permissions })));
}
