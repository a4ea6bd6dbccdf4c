/** CTAPHID: CTAP 2.3 §11.2. */
import { utf8 } from '../../../ctap/bytes.ts';
import { HidCommand } from '../../../ctap/hid/packet.ts';
import type { CheckGroup } from '../check.ts';
import { expectEqual } from '../expect.ts';

export const hidChecks: CheckGroup = {
  name: 'CTAPHID',
  checks: [
    {
      id: 'hid.ping.echo',
      section: 'CTAP 2.3 §11.2.9.1.4',
      statement: 'CTAPHID_PING gives the same bytes back.',
      needs: { carrier: 'hid', ctap2: false },
      faults: ['ping-other-bytes'],
      async run({ wire }) {
        const data = utf8('a message of a single packet');
        const answer = await wire.transact(await wire.open(), HidCommand.PING, data);
        expectEqual(answer.command, HidCommand.PING, 'the command of the answer');
        expectEqual(answer.data, data, 'the bytes of the answer');
      },
    },
  ],
};
