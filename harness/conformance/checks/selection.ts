/** authenticatorSelection: CTAP 2.3 §6.9. */
import { Command } from '../../../ctap/commands/index.ts';
import { encodeMessage, HidCommand } from '../../../ctap/hid/packet.ts';
import { statusName } from '../../../ctap/status.ts';
import type { Answer } from '../answer.ts';
import { answerWithin } from '../answer-within.ts';
import type { Check, CheckGroup, Needs } from '../check.ts';
import { expect, expectEqual, expectStatus } from '../expect.ts';
import type { Subject } from '../subject.ts';
import { NO_DATA } from './hid-steps.ts';

const SECTION = 'CTAP 2.3 §6.9';
const SELECTS: Needs = { versions: ['FIDO_2_1', 'FIDO_2_2', 'FIDO_2_3'] };
/** Longer than any key waits for a touch. */
const PATIENCE = 120;

function select(key: Subject): Promise<Answer> {
  return key.request(Command.authenticatorSelection);
}

function selection(
  name: string,
  statement: string,
  faults: readonly string[],
  needs: Needs,
  run: (key: Subject) => Promise<void>,
): Check {
  return { id: `selection.${name}`, section: SECTION, statement, needs: { ...SELECTS, ...needs }, faults, run };
}

export const selectionChecks: CheckGroup = {
  name: 'authenticatorSelection',
  checks: [
    selection(
      'touched',
      'A touch answers a selection with CTAP2_OK.',
      ['selection-fails-though-touched'],
      { touches: 1 },
      async (key) => expectStatus(await select(key), 'CTAP2_OK'),
    ),
    selection(
      'empty',
      'The answer to a selection has no data beside its status.',
      ['selection-answers-with-map'],
      { touches: 1 },
      async (key) => expectEqual((await select(key)).body.length, 0, 'the length of the response'),
    ),
    selection(
      'refused',
      'A user who says no answers a selection with CTAP2_ERR_OPERATION_DENIED.',
      ['selection-says-yes-for-no', 'selection-without-touch'],
      { user: 'refuses' },
      async (key) => expectStatus(await select(key), 'CTAP2_ERR_OPERATION_DENIED'),
    ),
    selection(
      'waits',
      'A selection is not answered before there is a touch.',
      ['selection-without-touch'],
      { user: 'absent', carrier: 'hid' },
      async (key) => {
        const { wire } = key;
        const channel = await wire.open();
        await wire.send(...encodeMessage(channel, HidCommand.CBOR, Uint8Array.of(Command.authenticatorSelection)));
        const heard = await wire.next(channel, 1000);
        const answered = heard !== undefined && heard[4] === (HidCommand.CBOR | 0x80);
        expect(!answered, 'no answer without a touch', answered ? statusName(heard[7]!) : undefined);
      },
    ),
    selection(
      'timeout',
      'A selection that nobody touches ends with CTAP2_ERR_USER_ACTION_TIMEOUT.',
      ['selection-times-out-as-denied', 'selection-without-touch'],
      { user: 'absent', seconds: PATIENCE },
      async (key) => {
        const answer = await answerWithin(key, select(key), PATIENCE);
        expect(answer !== undefined, `an answer within ${PATIENCE} s`, 'none');
        expectStatus(answer, 'CTAP2_ERR_USER_ACTION_TIMEOUT');
      },
    ),
    selection(
      'cancelled',
      'A selection that is cancelled ends with CTAP2_ERR_KEEPALIVE_CANCEL.',
      ['selection-cancel-as-timeout', 'selection-without-touch'],
      { user: 'absent', carrier: 'hid' },
      async (key) => {
        const { wire } = key;
        const channel = await wire.open();
        await wire.send(...encodeMessage(channel, HidCommand.CBOR, Uint8Array.of(Command.authenticatorSelection)));
        await wire.next(channel, 500);
        await wire.send(...encodeMessage(channel, HidCommand.CANCEL, NO_DATA));
        const { data } = await wire.message(channel);
        expectEqual(statusName(data[0]!), 'CTAP2_ERR_KEEPALIVE_CANCEL', 'the status');
      },
    ),
  ],
};
