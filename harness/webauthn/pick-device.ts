/** Which of several keys is meant: the one that is touched (CTAP 2.3 §6.9, and what came before it). */
import type { CtapDevice } from '../client/device.ts';
import { openAuthenticator } from './authenticator.ts';
import { firstOf } from './race.ts';
import { touchU2f } from './u2f.ts';

/**
 * All devices ask for a touch: keys from FIDO 2.1 on by authenticatorSelection, older ones by an empty pinUvAuthParam,
 * U2F keys by a registration that nobody keeps. The first to be touched is it; the others are told to stop.
 * @throws DOMException where none can be waited for any more; the signal's reason
 */
export function pickDevice(devices: readonly CtapDevice[], signal: AbortSignal): Promise<CtapDevice> {
  return firstOf(devices, signal, async (device, turn) => {
    const authenticator = await openAuthenticator(device, turn);
    if (authenticator.protocol === 'ctap2') await authenticator.touch();
    else await touchU2f(authenticator.client, turn.signal);
    turn.choose();
    return device;
  });
}
