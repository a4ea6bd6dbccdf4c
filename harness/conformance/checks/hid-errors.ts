/** CTAPHID: what a key refuses, and that it answers afterwards. CTAP 2.3 §11.2.9.1.6. */
import { encodeMessage, HidCommand, HidError } from '../../../ctap/hid/packet.ts';
import { Status } from '../../../ctap/status.ts';
import type { Check, CheckGroup } from '../check.ts';
import { expect, expectEqual } from '../expect.ts';
import type { HidWire } from '../wire.ts';
import { expectAnswering, halfSent, NO_DATA, OVER_HID, SHORT } from './hid-steps.ts';

const ERRORS = 'CTAP 2.3 §11.2.9.1.6';

/** A mistake, after which the channel has to be answered. */
function recovery(
  name: string,
  after: string,
  fault: string,
  provoke: (wire: HidWire, channel: number) => Promise<void>,
): Check {
  return {
    id: `hid.recovery.${name}`,
    section: ERRORS,
    statement: `The key answers after ${after}.`,
    needs: { ...OVER_HID, ...(name === 'timeout' ? { seconds: 10 } : {}) },
    faults: [fault],
    async run({ wire }) {
      const channel = await wire.open();
      await provoke(wire, channel);
      wire.drain();
      await expectAnswering(wire, channel);
    },
  };
}

/** Commands that a host cannot send. */
function unknownCommand(name: string, command: number, statement: string, fault: string): Check {
  return {
    id: `hid.command.${name}`,
    section: ERRORS,
    statement,
    needs: OVER_HID,
    faults: [fault],
    async run({ wire }) {
      const channel = await wire.open();
      await wire.send(...encodeMessage(channel, command, SHORT));
      await wire.expectError(channel, 'INVALID_CMD');
    },
  };
}

/** A request without any data: CTAPHID or the layer above refuses it. */
function emptyRequest(name: 'CBOR' | 'MSG', fault: string): Check {
  return {
    id: `hid.${name.toLowerCase()}.empty`,
    section: 'CTAP 2.3 §11.2.9.1',
    statement: `CTAPHID_${name} without data is refused, by CTAPHID or by what it carries.`,
    needs: name === 'CBOR' ? { carrier: 'hid' } : { ...OVER_HID, u2f: true },
    faults: [fault],
    async run({ wire }) {
      const { command, data } = await wire.transact(await wire.open(), HidCommand[name], NO_DATA);
      const good = name === 'CBOR' ? data[0] === Status.CTAP2_OK : data.at(-2) === 0x90 || data.length < 2;
      expect(command === HidCommand.ERROR || !good, 'a refusal', data);
    },
  };
}

export const hidErrorChecks: CheckGroup = {
  name: 'CTAPHID errors',
  checks: [
    unknownCommand(
      'unknown',
      0x20,
      'A command that CTAPHID does not have is refused as invalid.',
      'silent-to-unknown-command',
    ),
    unknownCommand(
      'keepalive',
      HidCommand.KEEPALIVE,
      'CTAPHID_KEEPALIVE from a host is refused as invalid.',
      'echoes-keepalive',
    ),
    unknownCommand('error', HidCommand.ERROR, 'CTAPHID_ERROR from a host is refused as invalid.', 'silent-to-error'),
    emptyRequest('CBOR', 'empty-cbor-taken-for-get-info'),
    emptyRequest('MSG', 'empty-msg-taken-for-version'),
    recovery(
      'invalidCommand',
      'a command that it does not know',
      'stuck-after-invalid-command',
      async (wire, channel) => {
        await wire.send(...encodeMessage(channel, 0x20, SHORT));
        await wire.next(channel);
      },
    ),
    recovery('invalidLength', 'a message of invalid length', 'stuck-after-invalid-length', async (wire, channel) => {
      await wire.send(...encodeMessage(channel, HidCommand.INIT, NO_DATA));
      await wire.next(channel);
    }),
    recovery('invalidSequence', 'a packet out of sequence', 'stuck-after-invalid-sequence', async (wire, channel) => {
      const [second] = await halfSent(wire, channel);
      await wire.send(second, second);
      await wire.next(channel);
    }),
    recovery('channelBusy', 'having been busy', 'stuck-after-channel-busy', async (wire, channel) => {
      const other = await wire.open();
      const rest = await halfSent(wire, other);
      await wire.send(...encodeMessage(channel, HidCommand.PING, SHORT));
      await wire.next(channel);
      await wire.send(...rest);
      await wire.next(other);
    }),
    recovery('timeout', 'a message that stopped half-way', 'stuck-after-message-timeout', async (wire, channel) => {
      await halfSent(wire, channel);
      await wire.next(channel, 10_000);
    }),
    recovery('invalidChannel', 'a message on an invalid channel', 'stuck-after-invalid-channel', async (wire) => {
      await wire.send(...encodeMessage(0, HidCommand.PING, SHORT));
      await wire.next(0);
    }),
    {
      id: 'hid.error.length',
      section: ERRORS,
      statement: 'CTAPHID_ERROR has one byte.',
      needs: OVER_HID,
      faults: ['error-of-two-bytes'],
      async run({ wire }) {
        const { command, data } = await wire.transact(await wire.open(), 0x21, SHORT);
        expectEqual(command, HidCommand.ERROR, 'the command of the answer');
        expectEqual(data.length, 1, 'the length of the error');
        expect(
          Object.values(HidError).some((code) => code === data[0]),
          'an error that CTAPHID has',
          data[0],
        );
      },
    },
  ],
};
