/** What checks of U2F have in common: raw messages, and answers that are read though parts of them are wrong. */
import { concat, equalBytes, fromHex, utf8 } from '../../../ctap/bytes.ts';
import { Algorithm } from '../../../ctap/crypto.ts';
import { formatStatusWord } from '../../../ctap/iso7816/apdu.ts';
import {
  encodeU2fCommand,
  StatusWord,
  splitU2fResponse,
  U2fControl,
  U2fInstruction,
  u2fAuthenticationBytes,
} from '../../../ctap/u2f/raw-messages.ts';
import { RP_ID } from '../ceremony.ts';
import { CheckFailure } from '../check-failure.ts';
import { expect } from '../expect.ts';
import type { Subject } from '../subject.ts';

export const CHALLENGE: Uint8Array = new Uint8Array(32).fill(0xc1);
const POLL = 250;
const POLLS = 120;

/** The application parameter of the checks' relying party. */
export function application(key: Subject): Uint8Array {
  return key.bench.crypto.sha256(utf8(RP_ID));
}

export interface U2fAnswer {
  readonly data: Uint8Array;
  readonly statusWord: number;
}

/** One message as it is. */
export async function send(key: Subject, apdu: Uint8Array): Promise<U2fAnswer> {
  const answer = await key.device.msg(apdu);
  if (answer.length < 2) throw new CheckFailure(`expected a status word, got ${answer.length} bytes`);
  return splitU2fResponse(answer);
}

/** A message that asks for a touch: sent again until there was one. */
export async function touched(key: Subject, apdu: Uint8Array): Promise<U2fAnswer> {
  let answer = await send(key, apdu);
  for (let poll = 0; poll < POLLS && answer.statusWord === StatusWord.CONDITIONS_NOT_SATISFIED; poll++) {
    await key.wait(POLL);
    answer = await send(key, apdu);
  }
  return answer;
}

export function expectStatusWord({ statusWord }: U2fAnswer, ...wanted: readonly number[]): void {
  expect(wanted.includes(statusWord), wanted.map(formatStatusWord).join(' or '), formatStatusWord(statusWord));
}

export interface U2fRegistration {
  /** The whole answer without its status word. */
  readonly data: Uint8Array;
  /** X and Y. */
  readonly publicKey: Uint8Array;
  readonly keyHandle: Uint8Array;
  readonly certificate: Uint8Array;
  readonly signature: Uint8Array;
  /** What comes after the signature. */
  readonly rest: Uint8Array;
}

export function registerCommand(key: Subject): Uint8Array {
  return encodeU2fCommand(U2fInstruction.REGISTER, 0, concat(CHALLENGE, application(key)));
}

/** Registers. @throws CheckFailure where the key refuses, or its answer falls apart */
export async function u2fRegister(key: Subject, apdu = registerCommand(key)): Promise<U2fRegistration> {
  const answer = await touched(key, apdu);
  expectStatusWord(answer, StatusWord.NO_ERROR);
  return registrationOf(answer.data);
}

/** Takes an answer apart; the bytes that are always the same have checks of their own. */
function registrationOf(data: Uint8Array): U2fRegistration {
  const handleEnd = 67 + (data[66] ?? 0);
  const certificateEnd = handleEnd + sequenceLength(data, handleEnd);
  const signatureEnd = certificateEnd + sequenceLength(data, certificateEnd);
  expect(signatureEnd <= data.length, 'a registration response message', data);
  return {
    data,
    publicKey: data.subarray(2, 66),
    keyHandle: data.subarray(67, handleEnd),
    certificate: data.subarray(handleEnd, certificateEnd),
    signature: data.subarray(certificateEnd, signatureEnd),
    rest: data.subarray(signatureEnd),
  };
}

/** Whole length of the DER sequence at an offset. */
function sequenceLength(data: Uint8Array, offset: number): number {
  const first = data[offset + 1] ?? 0;
  expect(data[offset] === 0x30, `a DER sequence at byte ${offset}`, data[offset]);
  if (first < 0x80) return 2 + first;
  const width = first & 0x7f;
  const length = data.subarray(offset + 2, offset + 2 + width).reduce((sum, byte) => sum * 256 + byte, 0);
  return 2 + width + length;
}

/** SubjectPublicKeyInfo of P-256, up to X and Y. */
const P256_KEY = fromHex('3059301306072a8648ce3d020106082a8648ce3d03010703420004');

/** The P-256 key of a certificate, X and Y, by its place in the bytes. */
export function certificateKey(certificate: Uint8Array): Uint8Array {
  for (let at = 0; at + P256_KEY.length + 64 <= certificate.length; at++) {
    const end = at + P256_KEY.length;
    if (equalBytes(certificate.subarray(at, end), P256_KEY)) return certificate.slice(end, end + 64);
  }
  throw new CheckFailure('expected a P-256 key in the attestation certificate, found none');
}

export interface AuthenticateOptions {
  readonly control?: number;
  readonly application?: Uint8Array;
}

export function authenticateCommand(
  key: Subject,
  keyHandle: Uint8Array,
  options: AuthenticateOptions = {},
): Uint8Array {
  const { control = U2fControl.ENFORCE_USER_PRESENCE_AND_SIGN, application: app = application(key) } = options;
  const data = concat(CHALLENGE, app, Uint8Array.of(keyHandle.length), keyHandle);
  return encodeU2fCommand(U2fInstruction.AUTHENTICATE, control, data);
}

export interface U2fAssertion {
  readonly userPresence: number;
  readonly counter: number;
  readonly signature: Uint8Array;
}

/** Signs in. @throws CheckFailure where the key refuses */
export async function u2fAuthenticate(
  key: Subject,
  keyHandle: Uint8Array,
  apdu = authenticateCommand(key, keyHandle),
): Promise<U2fAssertion> {
  const answer = await touched(key, apdu);
  expectStatusWord(answer, StatusWord.NO_ERROR);
  return assertionOf(answer);
}

export function assertionOf({ data }: U2fAnswer): U2fAssertion {
  expect(data.length > 5, 'an authentication response message', data);
  const counter = new DataView(data.buffer, data.byteOffset).getUint32(1);
  return { userPresence: data[0]!, counter, signature: data.subarray(5) };
}

export function isU2fSigned(key: Subject, { publicKey }: U2fRegistration, assertion: U2fAssertion): boolean {
  const { userPresence, counter, signature } = assertion;
  const signed = u2fAuthenticationBytes(application(key), userPresence, counter, CHALLENGE);
  return key.bench.crypto.verify(Algorithm.ES256, publicKey, signed, signature);
}
