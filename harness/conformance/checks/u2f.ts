/** U2F: versions, registration, and what is refused. FIDO U2F Raw Message Formats 1.2. */
import { X509Certificate } from 'node:crypto';
import { u2fAttestationBytes } from '../../../ctap/attestation.ts';
import { concat, equalBytes, utf8 } from '../../../ctap/bytes.ts';
import { Algorithm } from '../../../ctap/crypto.ts';
import { encodeU2fCommand, StatusWord, U2fInstruction } from '../../../ctap/u2f/raw-messages.ts';
import type { Check, CheckGroup, Needs } from '../check.ts';
import { CheckFailure } from '../check-failure.ts';
import { expect, expectEqual } from '../expect.ts';
import type { Subject } from '../subject.ts';
import {
  application,
  CHALLENGE,
  certificateKey,
  expectStatusWord,
  registerCommand,
  send,
  type U2fRegistration,
  u2fRegister,
} from './u2f-steps.ts';

export const U2F: Needs = { ctap2: false, u2f: true };
/** Over HID the bytes of an APDU come through as they are. */
export const U2F_HID: Needs = { ...U2F, carrier: 'hid' };
const VERSION = 'U2F Raw Message Formats 1.2 §6';
const REGISTER = 'U2F Raw Message Formats 1.2 §4';
const STATUS = 'U2F Raw Message Formats 1.2 §3.3';

function version(name: string, end: readonly number[], what: string, fault: string): Check {
  return {
    id: `u2f.version.${name}`,
    section: VERSION,
    statement: `U2F_VERSION ${what} is answered with U2F_V2.`,
    needs: U2F_HID,
    faults: [fault, 'msg-answers-without-status-word'],
    async run(key) {
      const answer = await send(key, Uint8Array.of(0, U2fInstruction.VERSION, 0, 0, ...end));
      expectStatusWord(answer, StatusWord.NO_ERROR);
      expectEqual(answer.data, utf8('U2F_V2'), 'the version');
    },
  };
}

/** What an answer to U2F_REGISTER has to be. */
function registration(
  name: string,
  statement: string,
  fault: string,
  judge: (key: Subject, registration: U2fRegistration) => void,
): Check {
  return {
    id: `u2f.register.${name}`,
    section: REGISTER,
    statement,
    needs: { ...U2F, touches: 1 },
    faults: [fault],
    async run(key) {
      judge(key, await u2fRegister(key));
    },
  };
}

function registerOfLength(length: number, fault: string): Check {
  return {
    id: `u2f.register.length.${length}`,
    section: REGISTER,
    statement: `U2F_REGISTER with ${length} bytes in place of 64 is refused as of wrong length.`,
    needs: U2F,
    faults: [fault],
    async run(key) {
      const apdu = encodeU2fCommand(U2fInstruction.REGISTER, 0, new Uint8Array(length).fill(1));
      expectStatusWord(await send(key, apdu), StatusWord.WRONG_LENGTH);
    },
  };
}

/** An APDU that no key takes. */
function refused(
  name: string,
  apdu: readonly number[],
  statement: string,
  fault: string,
  wanted: readonly number[],
): Check {
  return {
    id: `u2f.${name}`,
    section: STATUS,
    statement,
    needs: U2F_HID,
    faults: [fault],
    async run(key) {
      expectStatusWord(await send(key, Uint8Array.from(apdu)), ...wanted);
    },
  };
}

export const u2fChecks: CheckGroup = {
  name: 'U2F',
  checks: [
    version('bare', [], 'without any length', 'u2f-version-needs-length'),
    version('short', [0], 'with a short Le', 'u2f-version-of-draft-to-short-le'),
    {
      id: 'u2f.version.data',
      section: VERSION,
      statement: 'U2F_VERSION with data is refused as of wrong length.',
      severity: 'warning',
      needs: U2F,
      faults: ['u2f-version-takes-data'],
      async run(key) {
        const apdu = encodeU2fCommand(U2fInstruction.VERSION, 0, Uint8Array.of(1, 2, 3));
        expectStatusWord(await send(key, apdu), StatusWord.WRONG_LENGTH);
      },
    },
    registration(
      'reservedByte',
      'The answer to U2F_REGISTER begins with the byte 5.',
      'u2f-register-other-reserved-byte',
      (_, { data }) => expectEqual(data[0], 5, 'the first byte'),
    ),
    registration(
      'point',
      'The public key is an uncompressed point: it begins with the byte 4.',
      'u2f-register-compressed-point',
      (_, { data }) => expectEqual(data[1], 4, 'the first byte of the public key'),
    ),
    registration(
      'certificate',
      'The attestation certificate is an X.509 certificate.',
      'u2f-register-broken-certificate',
      (_, { certificate }) => {
        try {
          new X509Certificate(certificate);
        } catch (cause) {
          throw new CheckFailure('expected an X.509 certificate in the answer', { cause });
        }
      },
    ),
    registration(
      'signature',
      'The key of the attestation certificate has signed application, challenge, key handle and public key.',
      'u2f-register-bad-signature',
      (key, { keyHandle, publicKey, certificate, signature }) => {
        const signed = u2fAttestationBytes(application(key), CHALLENGE, keyHandle, publicKey);
        const good = key.bench.crypto.verify(Algorithm.ES256, certificateKey(certificate), signed, signature);
        expect(good, 'a good signature', signature);
      },
    ),
    registration(
      'end',
      'Nothing follows the signature in the answer to U2F_REGISTER.',
      'u2f-register-trailing-byte',
      (_, { rest }) => expectEqual(rest.length, 0, 'the number of bytes after the signature'),
    ),
    {
      id: 'u2f.register.fresh',
      section: REGISTER,
      statement: 'Each registration has a key of its own, though it is asked for in the same words.',
      needs: { ...U2F, touches: 2 },
      faults: ['u2f-register-repeats-answer'],
      async run(key) {
        const [first, second] = [await u2fRegister(key), await u2fRegister(key)];
        expect(!equalBytes(first.publicKey, second.publicKey), 'another public key', second.publicKey);
      },
    },
    {
      id: 'u2f.register.presence',
      section: REGISTER,
      statement: 'U2F_REGISTER asks for a touch: until there is one it is answered with 6985.',
      needs: { ...U2F, user: 'absent' },
      faults: ['u2f-register-without-touch'],
      async run(key) {
        expectStatusWord(await send(key, registerCommand(key)), StatusWord.CONDITIONS_NOT_SATISFIED);
      },
    },
    registerOfLength(63, 'u2f-register-takes-short-data'),
    registerOfLength(65, 'u2f-register-takes-long-data'),
    {
      id: 'u2f.register.short',
      section: 'U2F Raw Message Formats 1.2 §3.1',
      statement: 'U2F_REGISTER in the short encoding of lengths is answered.',
      severity: 'warning',
      needs: { ...U2F_HID, touches: 1 },
      faults: ['u2f-register-refuses-short-encoding'],
      async run(key) {
        const header = Uint8Array.of(0, U2fInstruction.REGISTER, 0, 0, 64);
        await u2fRegister(key, concat(header, CHALLENGE, application(key), Uint8Array.of(0)));
      },
    },
    refused(
      'class',
      [0x01, U2fInstruction.VERSION, 0, 0, 0, 0, 0],
      'A class other than 00 is refused with 6E00.',
      'u2f-takes-any-class',
      [StatusWord.CLA_NOT_SUPPORTED],
    ),
    refused(
      'instruction',
      [0x00, 0x10, 0, 0, 0, 0, 0],
      'An instruction that U2F does not have is refused with 6D00.',
      'u2f-unknown-instruction-as-other-error',
      [StatusWord.INS_NOT_SUPPORTED],
    ),
    refused(
      'truncated',
      [0x00, U2fInstruction.VERSION, 0],
      'An APDU of three bytes is refused with 6700.',
      'u2f-takes-truncated-apdu',
      [StatusWord.WRONG_LENGTH],
    ),
    refused(
      'lengthBeyond',
      [0x00, U2fInstruction.REGISTER, 0, 0, 0, 0, 0x40, 1, 2, 3],
      'An APDU that declares more data than it has is refused with 6700.',
      'u2f-takes-length-beyond-data',
      [StatusWord.WRONG_LENGTH],
    ),
  ],
};
