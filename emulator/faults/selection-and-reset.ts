/** Faults of authenticatorSelection and authenticatorReset. */
import { type CborMap, encodeCbor } from '../../ctap/cbor.ts';
import { ClientPinSubcommand } from '../../ctap/commands/client-pin.ts';
import { Command } from '../../ctap/commands/index.ts';
import { Status } from '../../ctap/status.ts';
import { bytesFault, mapOf, presenceFault, type SeenRequest, seen, statusFault } from './ctap2-faults.ts';
import type { Fault } from './fault.ts';
import { withOptions } from './get-info-says.ts';

const selection = [Command.authenticatorSelection];
const reset = [Command.authenticatorReset];
/** Members of messages that these faults look at. */
const OPTIONS = 0x04;
const ALLOW_LIST = 0x03;
const PIN_UV_AUTH_PARAM = 0x06;
const SUBCOMMAND = 0x02;
const PIN_RETRIES = 0x03;

/** An empty map where nothing belongs. */
const withMap = () => Uint8Array.of(0xa0);

/** What a key does wrong once it has been reset. */
function afterReset(
  id: string,
  summary: string,
  command: number,
  change: (answer: Uint8Array, request: SeenRequest) => Uint8Array,
): Fault {
  return {
    id,
    summary,
    commands: [Command.authenticatorReset, command],
    install: () => {
      let wasReset = false;
      return {
        cbor: async (bytes, next) => {
          const answer = await next(bytes);
          if (bytes[0] !== command) wasReset ||= answer[0] === Status.CTAP2_OK;
          return bytes[0] === command && wasReset ? change(answer, seen(bytes)) : answer;
        },
      };
    },
  };
}

/** Options that getInfo says after a reset. */
function optionAfterReset(id: string, summary: string, values: Parameters<typeof withOptions>[1]): Fault {
  return afterReset(id, summary, Command.authenticatorGetInfo, (answer) => {
    const said = mapOf(answer.subarray(1));
    const options = said.get(OPTIONS);
    if (!(options instanceof Map)) return answer;
    return success(said.set(OPTIONS, withOptions(options, values)));
  });
}

function success(response: CborMap): Uint8Array {
  return Uint8Array.of(Status.CTAP2_OK, ...encodeCbor(response));
}

/** A credential that is gone, found all the same: the answer is empty, but it is no refusal. */
function findsGone(id: string, summary: string, concerns: (parameters: CborMap) => boolean): Fault {
  return afterReset(id, summary, Command.authenticatorGetAssertion, (answer, { parameters }) =>
    answer[0] === Status.CTAP2_ERR_NO_CREDENTIALS && concerns(parameters) ? Uint8Array.of(Status.CTAP2_OK) : answer,
  );
}

export const selectionAndResetFaults: readonly Fault[] = [
  statusFault({
    id: 'selection-fails-though-touched',
    summary: 'answers a selection with an error without meaning where it is touched',
    commands: selection,
    status: 'CTAP1_ERR_OTHER',
  }),
  bytesFault({
    id: 'selection-answers-with-map',
    summary: 'answers a selection with an empty map',
    commands: selection,
    change: withMap,
  }),
  statusFault({
    id: 'selection-says-yes-for-no',
    summary: 'answers a selection with success where the user says no',
    commands: selection,
    instead: 'CTAP2_ERR_OPERATION_DENIED',
    status: 'CTAP2_OK',
  }),
  presenceFault({
    id: 'selection-without-touch',
    summary: 'lets itself be selected without a touch',
    commands: selection,
    asked: ({ operation }) => operation === 'selection',
  }),
  statusFault({
    id: 'selection-times-out-as-denied',
    summary: 'says that a selection was denied where nobody touched it',
    commands: selection,
    instead: 'CTAP2_ERR_USER_ACTION_TIMEOUT',
    status: 'CTAP2_ERR_OPERATION_DENIED',
  }),
  statusFault({
    id: 'selection-cancel-as-timeout',
    summary: 'says that a selection timed out where it was cancelled',
    commands: selection,
    instead: 'CTAP2_ERR_KEEPALIVE_CANCEL',
    status: 'CTAP2_ERR_USER_ACTION_TIMEOUT',
  }),
  bytesFault({
    id: 'reset-answers-with-map',
    summary: 'answers a reset with an empty map',
    commands: reset,
    change: withMap,
  }),
  statusFault({
    id: 'reset-at-any-time',
    summary: 'says yes to a reset however long it has had power',
    commands: reset,
    instead: 'CTAP2_ERR_NOT_ALLOWED',
    status: 'CTAP2_OK',
  }),
  presenceFault({
    id: 'reset-without-touch',
    summary: 'resets itself without a touch',
    commands: reset,
    asked: ({ operation }) => operation === 'reset',
  }),
  statusFault({
    id: 'reset-says-timeout-for-no',
    summary: 'says that a reset timed out where the user said no',
    commands: reset,
    instead: 'CTAP2_ERR_OPERATION_DENIED',
    status: 'CTAP2_ERR_USER_ACTION_TIMEOUT',
  }),
  statusFault({
    id: 'reset-times-out-as-denied',
    summary: 'says that a reset was denied where nobody touched it',
    commands: reset,
    instead: 'CTAP2_ERR_USER_ACTION_TIMEOUT',
    status: 'CTAP2_ERR_OPERATION_DENIED',
  }),
  findsGone('reset-keeps-credentials', 'still knows credentials of before a reset', (request) =>
    request.has(ALLOW_LIST),
  ),
  findsGone('reset-keeps-passkeys', 'still has passkeys of before a reset', (request) => !request.has(ALLOW_LIST)),
  optionAfterReset('reset-keeps-pin', 'still has a PIN after a reset', { clientPin: true }),
  afterReset(
    'reset-keeps-spent-attempts',
    'does not give the spent attempts of the PIN back at a reset',
    Command.authenticatorClientPIN,
    (answer, { parameters }) => {
      if (parameters.get(SUBCOMMAND) !== ClientPinSubcommand.getPINRetries) return answer;
      const said = mapOf(answer.subarray(1));
      const retries = said.get(PIN_RETRIES);
      return typeof retries === 'number' ? success(said.set(PIN_RETRIES, retries - 1)) : answer;
    },
  ),
  afterReset(
    'reset-leaves-token',
    'takes tokens of before a reset',
    Command.authenticatorGetAssertion,
    (answer, { parameters }) =>
      answer[0] !== Status.CTAP2_OK && parameters.has(PIN_UV_AUTH_PARAM)
        ? Uint8Array.of(Status.CTAP2_ERR_NO_CREDENTIALS)
        : answer,
  ),
  optionAfterReset('reset-keeps-always-uv', 'leaves alwaysUv on at a reset', { alwaysUv: true }),
  optionAfterReset('reset-keeps-enterprise-attestation', 'leaves enterprise attestation enabled at a reset', {
    ep: true,
  }),
  optionAfterReset('reset-keeps-fingers', 'still has fingers after a reset', { bioEnroll: true }),
  statusFault({
    id: 'reset-over-any-transport',
    summary: 'says yes to a reset over a transport that it does not take resets over',
    commands: reset,
    instead: 'CTAP2_ERR_OPERATION_DENIED',
    status: 'CTAP2_OK',
  }),
];
