/** CTAPHID: one transaction at a time, and the lock. CTAP 2.3 §11.2.5.1 and §11.2.9.2.2. */
import { encodeMessage, HidCommand, HidError } from '../../../ctap/hid/packet.ts';
import type { CheckGroup } from '../check.ts';
import { expect, expectEqual } from '../expect.ts';
import { NotApplicable } from '../not-applicable.ts';
import type { HidWire } from '../wire.ts';
import {
  expectAnswering,
  expectEcho,
  halfSent,
  LONG,
  lock,
  NO_DATA,
  OVER_HID,
  SHORT,
  WAITING,
  waitingRequest,
} from './hid-steps.ts';

const TRANSACTIONS = 'CTAP 2.3 §11.2.5.1';
const LOCK = 'CTAP 2.3 §11.2.9.2.2';

async function expectBusy(wire: HidWire, channel: number): Promise<void> {
  await wire.send(...encodeMessage(channel, HidCommand.PING, SHORT));
  await wire.expectError(channel, 'CHANNEL_BUSY');
}

/** CTAPHID_LOCK with data that it cannot have. */
async function refusedLock(wire: HidWire, data: Uint8Array, error: keyof typeof HidError): Promise<void> {
  const channel = await wire.open();
  const { command, data: said } = await wire.transact(channel, HidCommand.LOCK, data);
  if (command === HidCommand.ERROR && said[0] === HidError.INVALID_CMD) throw new NotApplicable('no CTAPHID_LOCK');
  expectEqual(command, HidCommand.ERROR, 'the command of the answer');
  expectEqual(said[0], HidError[error], 'the error');
}

export const hidBusyChecks: CheckGroup = {
  name: 'CTAPHID transactions',
  checks: [
    {
      id: 'hid.busy.receiving',
      section: TRANSACTIONS,
      statement: 'While a message comes in, a message of another channel is refused with CHANNEL_BUSY.',
      needs: OVER_HID,
      faults: ['silent-to-others-inside-message'],
      async run({ wire }) {
        const [channel, other] = [await wire.open(), await wire.open()];
        await halfSent(wire, channel);
        await expectBusy(wire, other);
      },
    },
    {
      id: 'hid.busy.receiving.goesOn',
      section: TRANSACTIONS,
      statement: 'A message that comes in is answered though another channel was refused meanwhile.',
      needs: OVER_HID,
      faults: ['message-lost-to-other-channel'],
      async run({ wire }) {
        const [channel, other] = [await wire.open(), await wire.open()];
        const [second, third] = await halfSent(wire, channel);
        await wire.send(...encodeMessage(other, HidCommand.PING, SHORT), second, third);
        expectEcho(await wire.message(channel), LONG);
      },
    },
    {
      id: 'hid.busy.working',
      section: TRANSACTIONS,
      statement: 'While the key works on a request, a message of another channel is refused with CHANNEL_BUSY.',
      needs: WAITING,
      faults: ['silent-to-others-at-work'],
      async run(key) {
        const { wire } = key;
        const [channel, other] = [await wire.open(), await wire.open()];
        await waitingRequest(key, channel);
        await expectBusy(wire, other);
      },
    },
    {
      id: 'hid.busy.working.goesOn',
      section: TRANSACTIONS,
      statement: 'The key goes on with a request though another channel was refused meanwhile.',
      needs: WAITING,
      faults: ['request-lost-to-other-channel'],
      async run(key) {
        const { wire } = key;
        const [channel, other] = [await wire.open(), await wire.open()];
        await waitingRequest(key, channel);
        await wire.send(...encodeMessage(other, HidCommand.PING, SHORT));
        await key.wait(500);
        for (let packet = await wire.next(channel, 0); packet !== undefined; packet = await wire.next(channel, 0)) {
          expectEqual(packet[4], HidCommand.KEEPALIVE | 0x80, 'the command of the packet');
        }
      },
    },
    {
      id: 'hid.lock.holds',
      section: LOCK,
      statement: 'While a channel holds the lock, a message of another is refused with CHANNEL_BUSY.',
      needs: OVER_HID,
      faults: ['lock-does-not-hold'],
      async run({ wire }) {
        const [channel, other] = [await wire.open(), await wire.open()];
        await lock(wire, channel, 3);
        await expectBusy(wire, other);
      },
    },
    {
      id: 'hid.lock.owner',
      section: LOCK,
      statement: 'The channel that holds the lock is answered.',
      needs: OVER_HID,
      faults: ['lock-keeps-owner-out'],
      async run({ wire }) {
        const channel = await wire.open();
        await lock(wire, channel, 3);
        await expectAnswering(wire, channel);
      },
    },
    {
      id: 'hid.lock.lasts',
      section: LOCK,
      statement: 'A lock of ten seconds holds for eight.',
      needs: { ...OVER_HID, seconds: 8 },
      faults: ['lock-forgets-long-times'],
      async run(key) {
        const { wire } = key;
        const [channel, other] = [await wire.open(), await wire.open()];
        await lock(wire, channel, 10);
        await key.wait(8000);
        await expectBusy(wire, other);
      },
    },
    {
      id: 'hid.lock.expires',
      section: LOCK,
      statement: 'A lock of one second is gone after two.',
      needs: { ...OVER_HID, seconds: 2 },
      faults: ['lock-of-one-second-lasts-ten'],
      async run(key) {
        const { wire } = key;
        const [channel, other] = [await wire.open(), await wire.open()];
        await lock(wire, channel, 1);
        await key.wait(2000);
        await expectAnswering(wire, other);
      },
    },
    {
      id: 'hid.lock.released',
      section: LOCK,
      statement: 'CTAPHID_LOCK of 0 seconds gives the lock back.',
      needs: OVER_HID,
      faults: ['lock-of-zero-keeps'],
      async run({ wire }) {
        const [channel, other] = [await wire.open(), await wire.open()];
        await lock(wire, channel, 5);
        await lock(wire, channel, 0);
        await expectAnswering(wire, other);
      },
    },
    {
      id: 'hid.lock.renewed',
      section: LOCK,
      statement: 'CTAPHID_LOCK by the channel that holds the lock sets its time anew.',
      needs: { ...OVER_HID, seconds: 2 },
      faults: ['lock-renewal-lasts-a-second'],
      async run(key) {
        const { wire } = key;
        const [channel, other] = [await wire.open(), await wire.open()];
        await lock(wire, channel, 1);
        await lock(wire, channel, 6);
        await key.wait(2000);
        await expectBusy(wire, other);
      },
    },
    {
      id: 'hid.lock.tooLong',
      section: LOCK,
      statement: 'CTAPHID_LOCK of eleven seconds is refused as an invalid parameter.',
      needs: OVER_HID,
      faults: ['lock-takes-eleven-seconds'],
      run: ({ wire }) => refusedLock(wire, Uint8Array.of(11), 'INVALID_PAR'),
    },
    {
      id: 'hid.lock.noData',
      section: LOCK,
      statement: 'CTAPHID_LOCK without data is refused as one of invalid length.',
      needs: OVER_HID,
      faults: ['lock-takes-no-data'],
      run: ({ wire }) => refusedLock(wire, NO_DATA, 'INVALID_LEN'),
    },
    {
      id: 'hid.lock.twoBytes',
      section: LOCK,
      statement: 'CTAPHID_LOCK with two bytes is refused as one of invalid length.',
      needs: OVER_HID,
      faults: ['lock-takes-two-bytes'],
      run: ({ wire }) => refusedLock(wire, Uint8Array.of(0, 0), 'INVALID_LEN'),
    },
    {
      id: 'hid.lock.refusedLeaves',
      section: LOCK,
      statement: 'A CTAPHID_LOCK that was refused leaves the key open to other channels.',
      needs: OVER_HID,
      faults: ['lock-holds-though-refused'],
      async run({ wire }) {
        const [channel, other] = [await wire.open(), await wire.open()];
        const { command } = await wire.transact(channel, HidCommand.LOCK, Uint8Array.of(200));
        expect(command === HidCommand.ERROR, 'CTAPHID_ERROR', `command 0x${command.toString(16)}`);
        await expectAnswering(wire, other);
      },
    },
  ],
};
