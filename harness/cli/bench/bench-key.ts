/** The keys that the bench measures: fresh ones in memory, touched at once. */
import { CtapError } from '../../../ctap/status.ts';
import { systemClock } from '../../../emulator/clock.ts';
import { nodeCrypto } from '../../../emulator/crypto-node.ts';
import type { Store } from '../../../emulator/environment.ts';
import type { Exchange } from '../../../emulator/exchange.ts';
import { VirtualKey } from '../../../emulator/key.ts';
import { defaultModel, type Model } from '../../../emulator/models/index.ts';
import { autoPresence } from '../../../emulator/presence.ts';
import { systemRandom } from '../../../emulator/random.ts';
import { memoryStore } from '../../../emulator/store/memory.ts';
import { CtapHidDevice } from '../../client/ctap-hid.ts';
import { Ctap2Client } from '../../client/ctap2.ts';
import { PinClient } from '../../client/pin.ts';
import type { PinUvAuthToken } from '../../client/pin-uv-auth-token.ts';
import { connectInProcess } from '../../transports/in-process.ts';
import { makeCredential } from './messages.ts';
import type { Operation } from './rounds.ts';

const PIN = '194726';

export function freshKey(changes: Partial<Model> = {}, store: Store = memoryStore()): Promise<VirtualKey> {
  return VirtualKey.open({
    environment: { clock: systemClock, random: systemRandom, crypto: nodeCrypto, store, presence: autoPresence },
    model: { ...defaultModel, ...changes },
  });
}

export function rpOf(index: number): string {
  return `site-${index}.example`;
}

/** A key with that many discoverable credentials, each at a site of its own. */
export async function keyWith(credentials: number, store?: Store): Promise<VirtualKey> {
  const key = await freshKey({ maxDiscoverableCredentials: credentials }, store);
  for (let index = 0; index < credentials; index++) {
    await answer(key, makeCredential(index, { rpId: rpOf(index), rk: true }));
  }
  return key;
}

const exchange: Exchange = { signal: new AbortController().signal, keepalive() {} };

/** The key's answer; anything but success ends the bench, for it would measure refusals. */
export async function answer(key: VirtualKey, request: Uint8Array): Promise<Uint8Array> {
  const response = await key.cbor(request, exchange);
  const status = response[0] ?? 0x7f;
  if (status !== 0) throw new CtapError(status, `the key refused the bench's command ${request[0]}`);
  return response;
}

export function repeat(key: VirtualKey, requests: readonly Uint8Array[]): Operation {
  return async (count) => {
    for (let i = 0; i < count; i++) await answer(key, requests[i % requests.length]!);
  };
}

/** Sets a PIN and gets a token for it. */
export async function tokenOf(key: VirtualKey, permissions: number): Promise<PinUvAuthToken> {
  const device = await CtapHidDevice.open(connectInProcess(key));
  try {
    const pin = new PinClient(new Ctap2Client(device), { crypto: nodeCrypto });
    await pin.setPin(PIN);
    return await pin.getPinUvAuthToken({ pin: PIN, permissions });
  } finally {
    await device.close();
  }
}
