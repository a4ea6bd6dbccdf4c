/** Faults of U2F: keys that register wrongly, or take what they should refuse. */
import { StatusWord, U2fInstruction } from '../../ctap/u2f/raw-messages.ts';
import type { Fault } from './fault.ts';
import { answers, fault, nameOf, type SeenU2f, says, seen, statusOf, withByte } from './u2f-messages.ts';

const { REGISTER, VERSION } = U2fInstruction;
const { NO_ERROR, CONDITIONS_NOT_SATISFIED, WRONG_LENGTH } = StatusWord;

/** Changed bytes of a registration. */
function registers(id: string, summary: string, change: (answer: Uint8Array) => Uint8Array): Fault {
  const succeeded = ({ ins }: SeenU2f, answer: Uint8Array) =>
    ins === REGISTER && statusOf(answer) === StatusWord.NO_ERROR;
  return answers(id, summary, succeeded, (answer) => change(answer.slice()));
}

export const u2fFaults: readonly Fault[] = [
  says(
    'u2f-version-needs-length',
    'refuses U2F_VERSION without Le',
    ({ ins, apdu }) => ins === VERSION && apdu.length === 4,
    NO_ERROR,
    WRONG_LENGTH,
  ),
  answers(
    'u2f-version-of-draft-to-short-le',
    'answers U2F_VERSION with a short Le with the version of a draft',
    ({ ins, apdu }) => ins === VERSION && apdu.length === 5,
    (answer) => withByte(answer.slice(), 5, () => 0x31),
  ),
  says(
    'u2f-version-takes-data',
    'takes U2F_VERSION with data',
    ({ ins, data }) => ins === VERSION && data.length > 0,
    WRONG_LENGTH,
    NO_ERROR,
  ),
  registers(
    'u2f-register-other-reserved-byte',
    'begins the answer to U2F_REGISTER with another byte than 5',
    (answer) => withByte(answer, 0, () => 6),
  ),
  registers('u2f-register-compressed-point', 'marks the public key of U2F_REGISTER as compressed', (answer) =>
    withByte(answer, 1, () => 2),
  ),
  registers('u2f-register-broken-certificate', 'has an attestation certificate that cannot be read', (answer) =>
    withByte(answer, 67 + answer[66]! + 4, (byte) => byte ^ 1),
  ),
  registers('u2f-register-bad-signature', 'signs its registrations wrongly', (answer) =>
    withByte(answer, answer.length - 3, (byte) => byte ^ 1),
  ),
  registers('u2f-register-trailing-byte', 'ends the answer to U2F_REGISTER with a byte too many', (answer) =>
    Uint8Array.of(...answer.subarray(0, -2), 0, ...answer.subarray(-2)),
  ),
  fault('u2f-register-repeats-answer', 'answers a U2F_REGISTER that it has heard before with the same again', () => {
    const answered = new Map<string, Uint8Array>();
    return {
      msg: async (apdu, next) => {
        const name = nameOf(apdu);
        const answer = answered.get(name) ?? (await next(apdu));
        if (seen(apdu).ins === REGISTER && statusOf(answer) === NO_ERROR) answered.set(name, answer);
        return answer;
      },
    };
  }),
  says(
    'u2f-register-without-touch',
    'says yes to U2F_REGISTER without a touch',
    ({ ins }) => ins === REGISTER,
    CONDITIONS_NOT_SATISFIED,
    NO_ERROR,
  ),
  says(
    'u2f-register-takes-short-data',
    'takes U2F_REGISTER with too little data',
    ({ ins, data }) => ins === REGISTER && data.length > 3 && data.length < 64,
    WRONG_LENGTH,
    NO_ERROR,
  ),
  says(
    'u2f-register-takes-long-data',
    'takes U2F_REGISTER with too much data',
    ({ ins, data }) => ins === REGISTER && data.length > 64,
    WRONG_LENGTH,
    NO_ERROR,
  ),
  says(
    'u2f-register-refuses-short-encoding',
    'refuses U2F_REGISTER in the short encoding of lengths',
    ({ ins, extended }) => ins === REGISTER && !extended,
    NO_ERROR,
    WRONG_LENGTH,
  ),
  says(
    'u2f-takes-any-class',
    'takes U2F messages of any class',
    ({ cla }) => cla !== 0,
    StatusWord.CLA_NOT_SUPPORTED,
    NO_ERROR,
  ),
  says(
    'u2f-unknown-instruction-as-other-error',
    'refuses an instruction that it does not know with 6F00',
    ({ cla }) => cla === 0,
    StatusWord.INS_NOT_SUPPORTED,
    StatusWord.NO_PRECISE_DIAGNOSIS,
  ),
  says(
    'u2f-takes-truncated-apdu',
    'takes an APDU without its whole header',
    ({ apdu }) => apdu.length > 0 && apdu.length < 4,
    WRONG_LENGTH,
    NO_ERROR,
  ),
  says(
    'u2f-takes-length-beyond-data',
    'takes an APDU that declares more data than it has',
    ({ ins, apdu, data }) => ins === REGISTER && data.length === 0 && apdu.length > 7,
    WRONG_LENGTH,
    NO_ERROR,
  ),
];
