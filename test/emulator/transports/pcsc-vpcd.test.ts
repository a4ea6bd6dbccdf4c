/** A card in a reader that this test is: what a reader of pcscd does rarely, it does here each time. */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import type { CardPlug } from '../../../emulator/transports/attachment.ts';
import { attachVpcd } from '../../../emulator/transports/pcsc-vpcd.ts';

const POWER_ON = Uint8Array.of(0, 1, 1);
const GET_ATR = Uint8Array.of(0, 1, 4);
const ATR = Uint8Array.of(0x3b, 0x80);

describe('a card in a virtual reader', () => {
  it('is taken out while the reader still asks', async () => {
    const server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const connection = once(server, 'connection') as Promise<[Socket]>;
    const removals: string[] = [];
    const plug: CardPlug = {
      reset: () => {},
      remove: () => removals.push('removed'),
      transmit: async (apdu) => apdu,
    };
    const attaching = attachVpcd(
      { atr: ATR, insertCard: () => plug },
      { port: (server.address() as AddressInfo).port },
    );
    const [reader] = await connection;
    reader.write(POWER_ON);
    const attachment = await attaching;
    reader.resume();
    reader.once('end', () => {
      // Sent before it learned that the card is out: the answer has no way any more.
      reader.write(GET_ATR);
      reader.end(Uint8Array.of(0, 2, 0, 0));
    });
    await expect(attachment.detach()).resolves.toBeUndefined();
    expect(removals).toEqual(['removed']);
    server.close();
  });
});
