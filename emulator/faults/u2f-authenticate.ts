/** Faults of U2F: keys that sign in wrongly, or forget what the other protocol has made. */
import { equalBytes } from '../../ctap/bytes.ts';
import { Command } from '../../ctap/commands/index.ts';
import { Status } from '../../ctap/status.ts';
import { StatusWord, U2fControl, U2fInstruction, u2fResponse } from '../../ctap/u2f/raw-messages.ts';
import { mapOf } from './ctap2-faults.ts';
import type { Fault } from './fault.ts';
import {
  answers,
  CHALLENGE_AND_APPLICATION,
  fault,
  keyHandleOf,
  nameOf,
  remembering,
  says,
  seen,
  statusOf,
  withByte,
} from './u2f-messages.ts';

const { REGISTER, AUTHENTICATE } = U2fInstruction;
const { NO_ERROR, CONDITIONS_NOT_SATISFIED, WRONG_DATA, WRONG_LENGTH } = StatusWord;

/** Another control byte is heard. */
function hearsControl(id: string, summary: string, fits: (control: number) => boolean, control: number): Fault {
  return fault(id, summary, () => ({
    msg: (apdu, next) => {
      const { ins, p1 } = seen(apdu);
      if (ins !== AUTHENTICATE || !fits(p1)) return next(apdu);
      const heard = apdu.slice();
      heard[2] = control;
      return next(heard);
    },
  }));
}

/** A CTAP2 command that does not find the credentials of U2F. */
function forgets(id: string, summary: string, command: number, list: number, found: number, status: number): Fault {
  return {
    ...fault(id, summary, () => {
      const given: Uint8Array[] = [];
      return {
        msg: async (apdu, next) => {
          const answer = await next(apdu);
          if (seen(apdu).ins === REGISTER) given.push(answer.slice(67, 67 + (answer[66] ?? 0)));
          return answer;
        },
        cbor: async (bytes, next) => {
          const answer = await next(bytes);
          const entries = mapOf(bytes.subarray(1)).get(list);
          const ids = Array.isArray(entries)
            ? entries.map((entry) => (entry instanceof Map ? entry.get('id') : null))
            : [];
          const isGiven = ids.some((id) => id instanceof Uint8Array && given.some((handle) => equalBytes(handle, id)));
          return isGiven && answer[0] === found ? Uint8Array.of(status) : answer;
        },
      };
    }),
    commands: [command],
  };
}

export const u2fAuthenticateFaults: readonly Fault[] = [
  remembering(
    'u2f-check-only-succeeds',
    'answers the check of a key handle that it has given with success',
    (request, answer, given) => {
      const handle = request.p1 === U2fControl.CHECK_ONLY ? keyHandleOf(request) : undefined;
      const isGood = handle !== undefined && given.has(nameOf(handle));
      return isGood && statusOf(answer) === CONDITIONS_NOT_SATISFIED ? u2fResponse(NO_ERROR) : answer;
    },
  ),
  says(
    'u2f-check-only-knows-all-handles',
    'says of a key handle of zeros that it is good',
    (request) => keyHandleOf(request)?.every((byte) => byte === 0) === true,
    WRONG_DATA,
    CONDITIONS_NOT_SATISFIED,
  ),
  remembering(
    'u2f-ignores-end-of-handle',
    'does not look at the last byte of key handles',
    (request, answer, given) => {
      const handle = keyHandleOf(request);
      const begins = (name: string) => handle !== undefined && name.startsWith(`${nameOf(handle.subarray(0, -1))},`);
      const alike = handle !== undefined && !given.has(nameOf(handle)) && [...given.keys()].some(begins);
      return alike && statusOf(answer) === WRONG_DATA ? u2fResponse(NO_ERROR) : answer;
    },
  ),
  remembering('u2f-ignores-application', 'lets any application use a key handle', (request, answer, given) => {
    const handle = keyHandleOf(request);
    const known = handle && given.get(nameOf(handle));
    const isOther = known !== undefined && !equalBytes(known, request.data.subarray(32, 64));
    return isOther && statusOf(answer) === WRONG_DATA ? u2fResponse(NO_ERROR) : answer;
  }),
  answers(
    'u2f-authenticate-bad-signature',
    'signs wrongly when it authenticates',
    ({ ins }, answer) => ins === AUTHENTICATE && statusOf(answer) === NO_ERROR,
    (answer) => withByte(answer.slice(), answer.length - 3, (byte) => byte ^ 1),
  ),
  hearsControl(
    'u2f-authenticate-without-touch',
    'authenticates without the touch that is asked for',
    (control) => control === U2fControl.ENFORCE_USER_PRESENCE_AND_SIGN,
    U2fControl.DONT_ENFORCE_USER_PRESENCE_AND_SIGN,
  ),
  hearsControl(
    'u2f-always-enforces-touch',
    'asks for a touch though the control byte says that none is needed',
    (control) => control === U2fControl.DONT_ENFORCE_USER_PRESENCE_AND_SIGN,
    U2fControl.ENFORCE_USER_PRESENCE_AND_SIGN,
  ),
  fault('u2f-counter-stands-still', 'says the counter of its first authentication each time', () => {
    let first: Uint8Array | undefined;
    return {
      msg: async (apdu, next) => {
        const answer = await next(apdu);
        if (seen(apdu).ins !== AUTHENTICATE || statusOf(answer) !== NO_ERROR) return answer;
        first ??= answer.slice(1, 5);
        const said = answer.slice();
        said.set(first, 1);
        return said;
      },
    };
  }),
  hearsControl(
    'u2f-takes-any-control-byte',
    'takes a control byte that it does not know for the usual one',
    (control) => !Object.values(U2fControl).some((known) => known === control),
    U2fControl.ENFORCE_USER_PRESENCE_AND_SIGN,
  ),
  says(
    'u2f-reads-beyond-handle',
    'reads a key handle beyond the end of the message, and says that it is good',
    ({ ins, data }) =>
      ins === AUTHENTICATE && data.length < CHALLENGE_AND_APPLICATION + 1 + (data[CHALLENGE_AND_APPLICATION] ?? 0),
    WRONG_LENGTH,
    CONDITIONS_NOT_SATISFIED,
  ),
  says(
    'u2f-authenticate-refuses-short-encoding',
    'refuses U2F_AUTHENTICATE in the short encoding of lengths',
    ({ ins, extended }) => ins === AUTHENTICATE && !extended,
    NO_ERROR,
    WRONG_LENGTH,
  ),
  says(
    'u2f-despite-always-uv',
    'registers by U2F though it should always verify the user',
    ({ ins }) => ins === REGISTER,
    StatusWord.COMMAND_NOT_ALLOWED,
    NO_ERROR,
  ),
  forgets(
    'get-assertion-forgets-u2f-credentials',
    'does not sign in by getAssertion with what U2F has registered',
    Command.authenticatorGetAssertion,
    0x03,
    Status.CTAP2_OK,
    Status.CTAP2_ERR_NO_CREDENTIALS,
  ),
  forgets(
    'make-credential-forgets-u2f-credentials',
    'does not find what U2F has registered in an exclude list',
    Command.authenticatorMakeCredential,
    0x05,
    Status.CTAP2_ERR_CREDENTIAL_EXCLUDED,
    Status.CTAP2_OK,
  ),
  remembering(
    'u2f-knows-no-ctap2-credentials',
    'does not know the credentials of makeCredential by U2F',
    (request, answer, given) => {
      const handle = keyHandleOf(request);
      const isOther = handle !== undefined && !given.has(nameOf(handle));
      return isOther && statusOf(answer) !== WRONG_LENGTH ? u2fResponse(WRONG_DATA) : answer;
    },
  ),
  {
    ...fault('u2f-ignores-cred-protect', 'uses a credential by U2F that requires user verification', () => {
      let made: Uint8Array | undefined;
      return {
        msg: async (apdu, next) => {
          const answer = await next(apdu);
          const handle = keyHandleOf(seen(apdu));
          const isMade = handle !== undefined && made !== undefined && includes(made, handle);
          return isMade && statusOf(answer) === WRONG_DATA ? u2fResponse(CONDITIONS_NOT_SATISFIED) : answer;
        },
        cbor: async (bytes, next) => {
          const answer = await next(bytes);
          made = answer;
          return answer;
        },
      };
    }),
    commands: [Command.authenticatorMakeCredential],
  },
];

/** True where the handle stands somewhere in an answer to makeCredential. */
function includes(answer: Uint8Array, handle: Uint8Array): boolean {
  return nameOf(answer).includes(nameOf(handle));
}
