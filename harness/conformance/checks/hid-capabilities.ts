/** CTAPHID: capabilities, and the commands that they tell of. CTAP 2.3 §11.2.9. */
import { toHex, utf8 } from '../../../ctap/bytes.ts';
import { Command } from '../../../ctap/commands/index.ts';
import { BROADCAST_CHANNEL, encodeMessage, HidCapability, HidCommand, HidError } from '../../../ctap/hid/packet.ts';
import { encodeU2fCommand, U2fInstruction } from '../../../ctap/u2f/raw-messages.ts';
import type { CheckGroup } from '../check.ts';
import { expectEqual } from '../expect.ts';
import { NotApplicable } from '../not-applicable.ts';
import { NO_DATA, OVER_HID, SHORT } from './hid-steps.ts';

const INIT = 'CTAP 2.3 §11.2.9.1.3';

export const hidCapabilityChecks: CheckGroup = {
  name: 'CTAPHID capabilities',
  checks: [
    {
      id: 'hid.capabilities.wink',
      section: 'CTAP 2.3 §11.2.9.2.1',
      statement:
        'CTAPHID_WINK is answered, without data, by a key that tells the capability WINK, and refused by another.',
      needs: OVER_HID,
      faults: ['wink-refused'],
      async run({ wire }) {
        const { channel, capabilities } = await wire.init(BROADCAST_CHANNEL);
        await wire.send(...encodeMessage(channel, HidCommand.WINK, NO_DATA));
        if ((capabilities & HidCapability.WINK) === 0) return wire.expectError(channel, 'INVALID_CMD');
        const { command, data } = await wire.message(channel);
        expectEqual(command, HidCommand.WINK, 'the command of the answer');
        expectEqual(data.length, 0, 'the length of the answer');
      },
    },
    {
      id: 'hid.capabilities.cbor',
      section: INIT,
      statement: 'The capability CBOR is told just where CTAPHID_CBOR is known.',
      needs: OVER_HID,
      faults: ['init-hides-cbor'],
      async run({ wire }) {
        const { channel, capabilities } = await wire.init(BROADCAST_CHANNEL);
        const { command } = await wire.transact(
          channel,
          HidCommand.CBOR,
          Uint8Array.of(Command.authenticatorGetInfo),
          3000,
        );
        const told = (capabilities & HidCapability.CBOR) !== 0;
        expectEqual(command === HidCommand.CBOR, told, 'CTAPHID_CBOR');
      },
    },
    {
      id: 'hid.capabilities.nmsg',
      section: INIT,
      statement: 'The capability NMSG is told just where CTAPHID_MSG is not known.',
      needs: OVER_HID,
      faults: ['init-hides-msg'],
      async run({ wire }) {
        const { channel, capabilities } = await wire.init(BROADCAST_CHANNEL);
        const apdu = encodeU2fCommand(U2fInstruction.VERSION, 0, NO_DATA);
        const { command, data } = await wire.transact(channel, HidCommand.MSG, apdu);
        const told = (capabilities & HidCapability.NMSG) !== 0;
        expectEqual(command === HidCommand.ERROR, told, 'a refusal of CTAPHID_MSG');
        if (told) expectEqual(data[0], HidError.INVALID_CMD, 'the error');
      },
    },
    {
      id: 'hid.wink.data',
      section: 'CTAP 2.3 §11.2.9.2.1',
      statement: 'CTAPHID_WINK with data is refused as one of invalid length.',
      needs: OVER_HID,
      faults: ['wink-takes-data'],
      async run({ wire }) {
        const { channel, capabilities } = await wire.init(BROADCAST_CHANNEL);
        if ((capabilities & HidCapability.WINK) === 0) throw new NotApplicable('the key has no CTAPHID_WINK');
        await wire.send(...encodeMessage(channel, HidCommand.WINK, SHORT));
        await wire.expectError(channel, 'INVALID_LEN');
      },
    },
    {
      id: 'hid.msg.version',
      section: 'CTAP 2.3 §11.2.9.1.1',
      statement: 'CTAPHID_MSG carries U2F messages.',
      needs: { ...OVER_HID, u2f: true },
      faults: ['msg-answers-without-status-word'],
      async run({ wire }) {
        const apdu = encodeU2fCommand(U2fInstruction.VERSION, 0, NO_DATA);
        const { command, data } = await wire.transact(await wire.open(), HidCommand.MSG, apdu);
        expectEqual(command, HidCommand.MSG, 'the command of the answer');
        expectEqual(toHex(data), `${toHex(utf8('U2F_V2'))}9000`, 'the answer to U2F_VERSION');
      },
    },
  ],
};
