/** Faults of a key in a card reader. */
import { concat, utf8 } from '../../ctap/bytes.ts';
import {
  decodeResponse,
  encodeCommand,
  encodeResponse,
  Instruction,
  type ResponseApdu,
  StatusWord,
  selectCommand,
} from '../../ctap/iso7816/apdu.ts';
import { CHAINING } from '../../ctap/iso7816/chaining.ts';
import { FIDO_AID } from '../../ctap/iso7816/fido-applet.ts';
import { Status } from '../../ctap/status.ts';
import type { Fault, FaultHooks } from './fault.ts';

const MSG = 0x10;
const GET_RESPONSE = 0x11;
const CANCEL = 0x11;
const U2F_VERSION = 0x03;
const UPDATE = 0x9100;
const LAST_OF_CHAIN_EXPECTED = 0x6883;
const CHAINING_NOT_SUPPORTED = 0x6884;
const SELECT_FIDO = encodeCommand(selectCommand(FIDO_AID));
const { NO_ERROR, WRONG_LENGTH } = StatusWord;

interface Header {
  readonly cla: number;
  readonly ins: number;
  readonly p1: number;
  readonly apdu: Uint8Array;
}

function fault(id: string, summary: string, install: () => FaultHooks): Fault {
  return { id, summary, install };
}

function headerOf(apdu: Uint8Array): Header {
  return { cla: apdu[0] ?? 0, ins: apdu[1] ?? 0, p1: apdu[2] ?? 0, apdu };
}

/** Other answers, where they are not left as they are. */
function answers(
  id: string,
  summary: string,
  change: (answer: ResponseApdu, command: Header) => Partial<ResponseApdu> | undefined,
): Fault {
  return fault(id, summary, () => ({
    apdu: async (apdu, next) => {
      const answer = await next(apdu);
      const said = decodeResponse(answer);
      const changed = change(said, headerOf(apdu));
      return changed ? encodeResponse({ ...said, ...changed }) : answer;
    },
  }));
}

/** Another status word, without data. */
function word(id: string, summary: string, from: number, to: number, when: (command: Header) => boolean): Fault {
  return answers(id, summary, ({ statusWord }, command) =>
    statusWord === from && when(command) ? { data: new Uint8Array(0), statusWord: to } : undefined,
  );
}

/** A refusal before the command is looked at. */
function refuses(id: string, summary: string, statusWord: number, when: (command: Header) => boolean): Fault {
  return fault(id, summary, () => ({
    apdu: async (apdu, next) =>
      when(headerOf(apdu)) ? encodeResponse({ data: new Uint8Array(0), statusWord }) : next(apdu),
  }));
}

const isSelect = ({ cla, ins }: Header) => cla === 0 && ins === Instruction.SELECT;
const isMsg = ({ cla, ins }: Header) => (cla & ~CHAINING) === 0x80 && ins === MSG;
/** Le of a short command with one byte of data. */
const shortLe = ({ apdu }: Header) => (apdu.length === 7 && apdu[4] === 1 ? apdu[6]! : 0);

export const cardFaults: readonly Fault[] = [
  answers(
    'card-select-other-version',
    'answers the selection of its FIDO applet with a version of its own',
    ({ data, statusWord }, command) =>
      isSelect(command) && statusWord === NO_ERROR && data.length > 0 && data.length <= FIDO_AID.length
        ? { data: utf8('FIDO_9') }
        : undefined,
  ),
  word(
    'card-select-whole-identifier-only',
    'does not find an applet by the beginning of its identifier',
    NO_ERROR,
    StatusWord.FILE_NOT_FOUND,
    (command) => isSelect(command) && command.apdu[4] === 6,
  ),
  word(
    'card-select-unknown-as-wrong-data',
    'refuses the selection of an applet that it has not as wrong data',
    StatusWord.FILE_NOT_FOUND,
    StatusWord.WRONG_DATA,
    (command) => isSelect(command) && command.apdu[4] === 7,
  ),
  fault('card-lost-after-unknown-applet', 'finds no applet right after one that it has not was asked for', () => {
    let lost = false;
    return {
      apdu: async (apdu, next) => {
        const answer = await next(apdu);
        if (!isSelect(headerOf(apdu))) return answer;
        const wasLost = lost;
        lost = decodeResponse(answer).statusWord === StatusWord.FILE_NOT_FOUND && apdu[5] === 0xf0;
        return wasLost ? encodeResponse({ data: new Uint8Array(0), statusWord: StatusWord.FILE_NOT_FOUND }) : answer;
      },
    };
  }),
  fault(
    'card-has-applet-selected-at-power-up',
    'takes commands of CTAP before an applet was selected in a reader',
    () => {
      let fresh = false;
      return {
        cardReset: (by) => {
          fresh = by === 'power-up';
        },
        apdu: async (apdu, next) => {
          if (fresh && !isSelect(headerOf(apdu))) await next(SELECT_FIDO);
          fresh = false;
          return next(apdu);
        },
      };
    },
  ),
  fault('card-stays-selected-over-reset', 'has an applet selected still after a reset of the card', () => {
    let before: Uint8Array | undefined;
    let again: Uint8Array | undefined;
    return {
      cardReset: (by) => {
        again = by === 'reset' ? before : undefined;
        before = undefined;
      },
      apdu: async (apdu, next) => {
        if (isSelect(headerOf(apdu))) before = apdu;
        else if (again !== undefined) await next(again);
        again = undefined;
        return next(apdu);
      },
    };
  }),
  fault('card-lost-after-reset', 'finds no applet after a reset of the card', () => {
    let lost = false;
    return {
      cardReset: (by) => {
        lost = by === 'reset';
      },
      apdu: async (apdu, next) =>
        lost && isSelect(headerOf(apdu))
          ? encodeResponse({ data: new Uint8Array(0), statusWord: StatusWord.FILE_NOT_FOUND })
          : next(apdu),
    };
  }),
  fault('card-goes-on-with-chain-after-reset', 'goes on after a reset with a chain that was begun before it', () => {
    let begun: Uint8Array | undefined;
    let left: Uint8Array | undefined;
    return {
      cardReset: (by) => {
        left = by === 'reset' ? begun : undefined;
        begun = undefined;
      },
      apdu: async (apdu, next) => {
        const command = headerOf(apdu);
        begun = isMsg(command) && (command.cla & CHAINING) !== 0 ? apdu : undefined;
        if (isMsg(command) && left !== undefined) {
          await next(left);
          left = undefined;
        }
        return next(apdu);
      },
    };
  }),
  word(
    'card-unknown-class-as-other-error',
    'refuses a class that it does not know with 6F00',
    StatusWord.CLA_NOT_SUPPORTED,
    StatusWord.NO_PRECISE_DIAGNOSIS,
    () => true,
  ),
  word(
    'card-unknown-instruction-as-other-error',
    'refuses an instruction of CTAP that it does not know with 6F00',
    StatusWord.INS_NOT_SUPPORTED,
    StatusWord.NO_PRECISE_DIAGNOSIS,
    ({ cla }) => cla === 0x80,
  ),
  word(
    'card-takes-length-beyond-data',
    'takes an APDU that declares more data than it has',
    WRONG_LENGTH,
    NO_ERROR,
    ({ apdu }) => apdu.length === 6,
  ),
  word(
    'card-takes-truncated-apdu',
    'takes an APDU without its whole header',
    WRONG_LENGTH,
    NO_ERROR,
    ({ apdu }) => apdu.length < 4,
  ),
  word(
    'card-takes-empty-message',
    'takes NFCCTAP_MSG without data',
    WRONG_LENGTH,
    NO_ERROR,
    (command) => isMsg(command) && command.apdu.length === 5,
  ),
  word(
    'card-polled-without-command',
    'answers NFCCTAP_GETRESPONSE with success while nothing is at work',
    StatusWord.CONDITIONS_NOT_SATISFIED,
    NO_ERROR,
    ({ cla, ins }) => cla === 0x80 && ins === GET_RESPONSE,
  ),
  word(
    'card-response-of-nothing',
    'answers GET RESPONSE with success where no answer waits',
    StatusWord.CONDITIONS_NOT_SATISFIED,
    NO_ERROR,
    ({ cla, ins }) => cla === 0 && ins === Instruction.GET_RESPONSE,
  ),
  refuses(
    'card-refuses-unpolled-message',
    'takes NFCCTAP_MSG of hosts alone that poll',
    StatusWord.WRONG_P1_P2,
    (command) =>
      isMsg(command) && command.cla === 0x80 && command.p1 === 0 && command.apdu.length === 7 && shortLe(command) === 0,
  ),
  refuses(
    'card-refuses-extended-length',
    'refuses NFCCTAP_MSG in extended length',
    WRONG_LENGTH,
    (command) => isMsg(command) && command.apdu.length > 5 && command.apdu[4] === 0,
  ),
  fault('card-ignores-le', 'gives as much as it has, whatever Le says', () => ({
    apdu: async (apdu, next) => {
      const command = headerOf(apdu);
      if (!isMsg(command) || shortLe(command) === 0) return next(apdu);
      const first = decodeResponse(await next(apdu));
      const rest = decodeResponse(await next(Uint8Array.of(0, Instruction.GET_RESPONSE, 0, 0, 0)));
      return encodeResponse({ data: concat(first.data, rest.data), statusWord: rest.statusWord });
    },
  })),
  answers(
    'card-response-begins-anew',
    'gives wrong bytes where GET RESPONSE asks for a part of what is left',
    ({ data, statusWord }, { cla, ins, apdu }) =>
      cla === 0 && ins === Instruction.GET_RESPONSE && apdu[4] !== 0 && statusWord >> 8 === 0x61
        ? { data: data.map((byte) => byte ^ 0xff) }
        : undefined,
  ),
  refuses(
    'card-refuses-short-chains',
    'takes no chain whose parts are not full',
    CHAINING_NOT_SUPPORTED,
    ({ cla, ins, apdu }) => cla === (0x80 | CHAINING) && ins === MSG && apdu[4] === 1,
  ),
  fault('card-insists-on-chain', 'takes no other command before a chain is at its end', () => {
    let open = false;
    return {
      apdu: async (apdu, next) => {
        const command = headerOf(apdu);
        const breaks = open && !isMsg(command);
        open = isMsg(command) && (command.cla & CHAINING) !== 0;
        return breaks ? encodeResponse({ data: new Uint8Array(0), statusWord: LAST_OF_CHAIN_EXPECTED }) : next(apdu);
      },
    };
  }),
  refuses(
    'card-hides-u2f',
    'knows no U2F_VERSION in a card reader',
    StatusWord.INS_NOT_SUPPORTED,
    ({ cla, ins, apdu }) => cla === 0 && ins === U2F_VERSION && apdu.length === 5,
  ),
  answers(
    'card-update-without-status',
    'says that it is still at work without saying what it waits for',
    ({ statusWord }) => (statusWord === UPDATE ? { data: new Uint8Array(0) } : undefined),
  ),
  answers(
    'card-cancel-as-denied',
    'says that a command was denied that its host has cancelled',
    ({ data }, { cla, ins, p1 }) =>
      cla === 0x80 && ins === GET_RESPONSE && p1 === CANCEL && data[0] === Status.CTAP2_ERR_KEEPALIVE_CANCEL
        ? { data: Uint8Array.of(Status.CTAP2_ERR_OPERATION_DENIED) }
        : undefined,
  ),
];
