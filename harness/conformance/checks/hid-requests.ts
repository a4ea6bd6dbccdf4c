import { BROADCAST_CHANNEL, encodeMessage, HidCommand, packetCommand } from '../../../ctap/hid/packet.ts';
import { statusName } from '../../../ctap/status.ts';
import type { CheckGroup } from '../check.ts';
import { expect, expectEqual } from '../expect.ts';
import type { HidWire } from '../wire.ts';
import {
  collected,
  expectAnswering,
  makeCredentialPackets,
  NO_DATA,
  OVER_HID,
  WAITING,
  waitingRequest,
} from './hid-steps.ts';

const CANCEL = 'CTAP 2.3 §11.2.9.1.5';
const KEEPALIVE = 'CTAP 2.3 §11.2.9.1.7';
const _ERRORS = 'CTAP 2.3 §11.2.9.1.6';

async function cancel(wire: HidWire, channel: number): Promise<void> {
  await wire.send(...encodeMessage(channel, HidCommand.CANCEL, NO_DATA));
}

export const hidRequestChecks: CheckGroup = {
  name: 'CTAPHID requests',
  checks: [
    {
      id: 'hid.recovery.cancel',
      section: CANCEL,
      statement: 'The key answers after a request that was cancelled.',
      needs: WAITING,
      faults: ['stuck-after-cancel'],
      async run(key) {
        const { wire } = key;
        const channel = await wire.open();
        await waitingRequest(key, channel);
        await cancel(wire, channel);
        await wire.message(channel);
        await expectAnswering(wire, channel);
      },
    },
    {
      id: 'hid.cancel.nothing',
      section: CANCEL,
      statement: 'CTAPHID_CANCEL has no answer where there is nothing to cancel.',
      needs: OVER_HID,
      faults: ['cancel-of-nothing-answered'],
      async run({ wire }) {
        const channel = await wire.open();
        await cancel(wire, channel);
        await wire.expectSilence(channel, 500);
      },
    },
    {
      id: 'hid.cancel.early',
      section: CANCEL,
      statement: 'CTAPHID_CANCEL does not end the request that comes after it.',
      needs: { carrier: 'hid', touches: 1 },
      faults: ['cancel-remembered'],
      async run(key) {
        const { wire } = key;
        const channel = await wire.open();
        const packets = await makeCredentialPackets(key, channel);
        await cancel(wire, channel);
        await wire.next(channel, 100);
        await wire.send(...packets);
        const { data } = await wire.message(channel, 30_000);
        expectEqual(statusName(data[0]!), 'CTAP2_OK', 'the status');
      },
    },
    {
      id: 'hid.cancel.otherChannel',
      section: CANCEL,
      statement: 'CTAPHID_CANCEL of another channel does not end a request.',
      needs: WAITING,
      faults: ['cancel-of-any-channel'],
      async run(key) {
        const { wire } = key;
        const [channel, other] = [await wire.open(), await wire.open()];
        await waitingRequest(key, channel);
        await cancel(wire, other);
        for (const packet of await collected(key, channel, 500)) {
          expectEqual(packetCommand(packet), HidCommand.KEEPALIVE, 'the command of the packet');
        }
      },
    },
    {
      id: 'hid.keepalive.interval',
      section: KEEPALIVE,
      statement: 'While the key waits for a touch it says so four times a second or more often.',
      needs: { ...WAITING, seconds: 2 },
      faults: ['slow-keepalive'],
      async run(key) {
        const channel = await key.wire.open();
        await waitingRequest(key, channel);
        const SECONDS = 2;
        const { length } = await collected(key, channel, SECONDS * 1000);
        expect(length >= 4 * SECONDS - 1, `${4 * SECONDS} keepalives in ${SECONDS} s`, length);
      },
    },
    {
      id: 'hid.keepalive.touchNeeded',
      section: KEEPALIVE,
      statement: 'While the key waits for a touch its keepalives have the status 2, user presence needed.',
      needs: WAITING,
      faults: ['keepalive-hides-touch'],
      async run(key) {
        const channel = await key.wire.open();
        await waitingRequest(key, channel);
        const packets = await collected(key, channel, 1000);
        const statuses = packets.map((packet) => packet[7]);
        expect(statuses.includes(2), 'a keepalive with status 2', statuses);
      },
    },
    {
      id: 'hid.keepalive.status',
      section: KEEPALIVE,
      statement: 'Keepalives have the status 1 or 2.',
      needs: WAITING,
      faults: ['keepalive-unknown-status'],
      async run(key) {
        const channel = await key.wire.open();
        await waitingRequest(key, channel);
        const packets = await collected(key, channel, 1000);
        const strange = packets.map((packet) => packet[7]!).filter((status) => status !== 1 && status !== 2);
        expect(strange.length === 0, 'keepalives with status 1 or 2', strange);
      },
    },
    {
      id: 'hid.keepalive.channel',
      section: KEEPALIVE,
      statement: 'Keepalives go to the channel that waits, and to no other.',
      needs: WAITING,
      faults: ['keepalive-on-broadcast-channel'],
      async run(key) {
        const channel = await key.wire.open();
        await waitingRequest(key, channel);
        key.wire.drain();
        const packets = await collected(key, BROADCAST_CHANNEL, 1000);
        const keepalives = packets.filter((packet) => packetCommand(packet) === HidCommand.KEEPALIVE);
        expectEqual(keepalives.length, 0, 'the number of keepalives on the broadcast channel');
      },
    },
    {
      id: 'hid.keepalive.ends',
      section: KEEPALIVE,
      statement: 'No keepalive comes after the answer.',
      needs: WAITING,
      faults: ['keepalive-after-answer'],
      async run(key) {
        const { wire } = key;
        const channel = await wire.open();
        await waitingRequest(key, channel);
        await cancel(wire, channel);
        await wire.message(channel);
        await wire.expectSilence(channel, 500);
      },
    },
  ],
};
