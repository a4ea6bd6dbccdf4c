/** CTAPHID: channels and CTAPHID_INIT. CTAP 2.3 §11.2.4 and §11.2.9.1.3. */
import { utf8 } from '../../../ctap/bytes.ts';
import { Command } from '../../../ctap/commands/index.ts';
import { BROADCAST_CHANNEL, encodeMessage, HidCapability, HidCommand } from '../../../ctap/hid/packet.ts';
import type { Check, CheckGroup } from '../check.ts';
import { expect, expectEqual } from '../expect.ts';
import { expectAnswering, expectEcho, halfSent, LONG, OVER_HID, waitingRequest } from './hid-steps.ts';

const INIT = 'CTAP 2.3 §11.2.9.1.3';
const NONCE = utf8('a nonce!');

/** Messages on a channel that they cannot be sent on. */
function refusedOn(
  name: string,
  channel: number | undefined,
  command: number,
  statement: string,
  fault: string,
): Check {
  return {
    id: `hid.channel.${name}`,
    section: 'CTAP 2.3 §11.2.4',
    statement,
    needs: OVER_HID,
    faults: [fault],
    async run({ wire }) {
      const used = channel ?? ((await wire.open()) ^ 0x00550055) >>> 0;
      wire.drain(); // everybody hears the broadcast channel
      await wire.send(...encodeMessage(used, command, Uint8Array.of(Command.authenticatorGetInfo)));
      await wire.expectError(used, 'INVALID_CHANNEL');
    },
  };
}

function initOfLength(length: number, fault: string): Check {
  return {
    id: `hid.init.length.${length}`,
    section: INIT,
    statement: `CTAPHID_INIT with ${length} bytes in place of the 8 of a nonce is refused as one of invalid length.`,
    needs: OVER_HID,
    faults: [fault],
    async run({ wire }) {
      const channel = await wire.open();
      await wire.send(...encodeMessage(channel, HidCommand.INIT, new Uint8Array(length).fill(0x77)));
      await wire.expectError(channel, 'INVALID_LEN');
    },
  };
}

function nonce(name: string, bytes: Uint8Array<ArrayBuffer>, fault: string): Check {
  return {
    id: `hid.init.nonce.${name}`,
    section: INIT,
    statement: `CTAPHID_INIT gives a nonce of ${name} back.`,
    needs: OVER_HID,
    faults: [fault],
    async run({ wire }) {
      await wire.init(BROADCAST_CHANNEL, bytes);
    },
  };
}

export const hidChannelChecks: CheckGroup = {
  name: 'CTAPHID channels',
  checks: [
    refusedOn(
      'broadcast.ping',
      BROADCAST_CHANNEL,
      HidCommand.PING,
      'CTAPHID_PING on the broadcast channel is refused as on an invalid channel.',
      'silent-on-broadcast-ping',
    ),
    refusedOn(
      'broadcast.cbor',
      BROADCAST_CHANNEL,
      HidCommand.CBOR,
      'CTAPHID_CBOR on the broadcast channel is refused as on an invalid channel.',
      'wrong-error-on-broadcast-cbor',
    ),
    refusedOn(
      'zero',
      0,
      HidCommand.PING,
      'A message on the reserved channel 0 is refused as on an invalid channel.',
      'silent-on-channel-zero',
    ),
    refusedOn(
      'unknown',
      undefined,
      HidCommand.PING,
      'A message on a channel that the key has not given is refused as on an invalid channel.',
      'wrong-error-on-unknown-channel',
    ),
    {
      id: 'hid.init.distinct',
      section: INIT,
      statement: 'CTAPHID_INIT on the broadcast channel gives another channel each time.',
      needs: OVER_HID,
      faults: ['init-gives-channel-twice'],
      async run({ wire }) {
        const channels: number[] = [];
        for (let count = 0; count < 4; count++) channels.push(await wire.open());
        expect(new Set(channels).size === channels.length, 'different channels', channels);
      },
    },
    {
      id: 'hid.init.reserved',
      section: INIT,
      statement: 'CTAPHID_INIT gives neither channel 0 nor the broadcast channel.',
      needs: OVER_HID,
      faults: ['init-gives-channel-zero'],
      async run({ wire }) {
        for (let count = 0; count < 8; count++) {
          const channel = await wire.open();
          expect(channel !== 0 && channel !== BROADCAST_CHANNEL, 'a channel of its own', channel);
        }
      },
    },
    nonce('zeros', new Uint8Array(8), 'init-silent-to-zero-nonce'),
    nonce('ones', new Uint8Array(8).fill(0xff), 'init-strips-sign-of-nonce'),
    initOfLength(7, 'init-accepts-short-nonce'),
    initOfLength(9, 'init-accepts-long-nonce'),
    {
      id: 'hid.init.answerLength',
      section: INIT,
      statement: 'The answer to CTAPHID_INIT has 17 bytes.',
      needs: OVER_HID,
      faults: ['init-answer-too-long'],
      async run({ wire }) {
        const channel = await wire.open();
        const { data } = await wire.transact(channel, HidCommand.INIT, NONCE);
        expectEqual(data.length, 17, 'the length of the answer');
      },
    },
    {
      id: 'hid.init.protocolVersion',
      section: INIT,
      statement: 'CTAPHID_INIT tells protocol version 2.',
      needs: OVER_HID,
      faults: ['init-protocol-version-one'],
      async run({ wire }) {
        expectEqual((await wire.init(await wire.open())).protocolVersion, 2, 'the protocol version');
      },
    },
    {
      id: 'hid.init.reservedCapabilities',
      section: INIT,
      statement: 'CTAPHID_INIT tells no capability but WINK, CBOR and NMSG.',
      severity: 'warning',
      needs: OVER_HID,
      faults: ['init-unknown-capability'],
      async run({ wire }) {
        const { capabilities } = await wire.init(await wire.open());
        const { WINK, CBOR, NMSG } = HidCapability;
        expectEqual(capabilities & ~(WINK | CBOR | NMSG), 0, 'the reserved bits of the capabilities');
      },
    },
    {
      id: 'hid.init.ownChannel',
      section: INIT,
      statement: 'CTAPHID_INIT on a channel gives that channel again.',
      needs: OVER_HID,
      faults: ['init-moves-live-channel'],
      async run({ wire }) {
        const channel = await wire.open();
        expectEqual((await wire.init(channel)).channel, channel, 'the channel');
      },
    },
    {
      id: 'hid.init.abortsMessage',
      section: 'CTAP 2.3 §11.2.5.3',
      statement: 'CTAPHID_INIT on a channel ends the message that comes in on it, and the next one is answered.',
      needs: OVER_HID,
      faults: ['init-keeps-half-message'],
      async run({ wire }) {
        const channel = await wire.open();
        await halfSent(wire, channel);
        await wire.init(channel);
        await expectAnswering(wire, channel);
      },
    },
    {
      id: 'hid.init.abortsRequest',
      section: 'CTAP 2.3 §11.2.5.3',
      statement:
        'CTAPHID_INIT on a channel ends the request that the key works on there, and the next one is answered.',
      needs: { carrier: 'hid', user: 'absent' },
      faults: ['init-keeps-request'],
      async run(key) {
        const { wire } = key;
        const channel = await wire.open();
        await waitingRequest(key, channel);
        await wire.send(...encodeMessage(channel, HidCommand.INIT, NONCE));
        await wire.next(channel, 500);
        await key.wait(100);
        wire.drain();
        await expectAnswering(wire, channel);
      },
    },
    {
      id: 'hid.init.whileReceiving',
      section: INIT,
      statement: 'CTAPHID_INIT on the broadcast channel is answered while a message of another channel comes in.',
      severity: 'warning',
      needs: OVER_HID,
      faults: ['init-unanswered-inside-message'],
      async run({ wire }) {
        await halfSent(wire, await wire.open());
        await wire.open();
      },
    },
    {
      id: 'hid.init.leavesOthers',
      section: INIT,
      statement: 'CTAPHID_INIT on the broadcast channel does not end the message of another channel.',
      needs: OVER_HID,
      faults: ['init-ends-message-of-others'],
      async run({ wire }) {
        const channel = await wire.open();
        const [second, third] = await halfSent(wire, channel);
        await wire.send(...encodeMessage(BROADCAST_CHANNEL, HidCommand.INIT, NONCE), second, third);
        expectEcho(await wire.message(channel), LONG);
      },
    },
  ],
};
