/** Plugs several keys into this kernel and prints their nodes and, when stdin ends, that they are gone. */
import { once } from 'node:events';
import { stat } from 'node:fs/promises';
import { systemClock } from '../../../emulator/clock.ts';
import type { MessageHandler } from '../../../emulator/exchange.ts';
import { CtapHidDevice } from '../../../emulator/hid-device.ts';
import { systemRandom } from '../../../emulator/random.ts';
import type { PluggableKey } from '../../../emulator/transports/attachment.ts';
import { attachUhid } from '../../../emulator/transports/uhid.ts';

/** A key whose only answer is its number. */
function numberedKey(number: number): PluggableKey {
  const handler: MessageHandler = {
    capabilities: 0x05,
    deviceVersion: [1, 2, number],
    cbor: async () => {
      // Goes through libuv's thread pool, which must have a thread left for it.
      await Promise.all(Array.from({ length: 8 }, () => stat('/')));
      return Uint8Array.of(0, number);
    },
    msg: async () => Uint8Array.of(0x6d, 0x00),
    wink: () => undefined,
  };
  return {
    identity: {
      manufacturer: 'ctaplab',
      product: `Test key ${number}`,
      serial: `serial-${number}`,
      vendorId: 0x349e,
      productId: 0x0022,
      version: 0x0100,
    },
    plugIn: (send) => new CtapHidDevice(handler, { clock: systemClock, random: systemRandom, send }),
  };
}

const count = Number(process.argv[2]);
const before = process.memoryUsage.rss();
const started = performance.now();
const attachments = await Promise.all(Array.from({ length: count }, (_, number) => attachUhid(numberedKey(number))));
const milliseconds = Math.round(performance.now() - started);
const megabytes = Math.round((process.memoryUsage.rss() - before) / 1e6);
console.log(JSON.stringify({ devices: attachments.map(({ device }) => device), milliseconds, megabytes }));
process.stdin.resume();
await once(process.stdin, 'end');
await Promise.all(attachments.map((attachment) => attachment.detach()));
console.log('detached');
