/** What a host that forgives nothing thinks of the key's answers. Hot: `expect` is for what went wrong. */
import { expect } from 'vitest';
import { decodeAuthenticatorData } from '../../../ctap/authenticator-data.ts';
import { toHex } from '../../../ctap/bytes.ts';
import { decodeCbor, encodeCbor } from '../../../ctap/cbor.ts';
import { bioEnrollmentResponse } from '../../../ctap/commands/bio-enrollment.ts';
import { clientPinResponse } from '../../../ctap/commands/client-pin.ts';
import { credentialManagementResponse } from '../../../ctap/commands/credential-management.ts';
import { getAssertionResponse } from '../../../ctap/commands/get-assertion.ts';
import { getInfoResponse } from '../../../ctap/commands/get-info.ts';
import { Command, commandName } from '../../../ctap/commands/index.ts';
import { largeBlobsResponse } from '../../../ctap/commands/large-blobs.ts';
import { makeCredentialResponse } from '../../../ctap/commands/make-credential.ts';
import type { Message } from '../../../ctap/schema.ts';
import { Status, statusName } from '../../../ctap/status.ts';
import {
  decodeU2fAuthenticateResponse,
  decodeU2fRegisterResponse,
  StatusWord,
  splitU2fResponse,
  U2fInstruction,
  u2fVersion,
} from '../../../ctap/u2f/raw-messages.ts';

interface AnswerRule {
  /** What the answer's map is; undefined where there never is one. */
  readonly table?: Message<unknown>;
  /** True where success may come without a map. */
  readonly mayBeEmpty: boolean;
}

const always = (table: Message<unknown>): AnswerRule => ({ table, mayBeEmpty: false });
const sometimes = (table: Message<unknown>): AnswerRule => ({ table, mayBeEmpty: true });
const never: AnswerRule = { mayBeEmpty: true };

const rules = new Map<number, AnswerRule>([
  [Command.authenticatorMakeCredential, always(makeCredentialResponse)],
  [Command.authenticatorGetAssertion, always(getAssertionResponse)],
  [Command.authenticatorGetNextAssertion, always(getAssertionResponse)],
  [Command.authenticatorGetInfo, always(getInfoResponse)],
  [Command.authenticatorClientPIN, sometimes(clientPinResponse)],
  [Command.authenticatorReset, never],
  [Command.authenticatorBioEnrollment, sometimes(bioEnrollmentResponse)],
  [Command.prototypeAuthenticatorBioEnrollment, sometimes(bioEnrollmentResponse)],
  [Command.authenticatorCredentialManagement, sometimes(credentialManagementResponse)],
  [Command.prototypeAuthenticatorCredentialManagement, sometimes(credentialManagementResponse)],
  [Command.authenticatorSelection, never],
  [Command.authenticatorLargeBlobs, sometimes(largeBlobsResponse)],
  [Command.authenticatorConfig, never],
]);

const knownStatuses: ReadonlySet<number> = new Set(Object.values(Status));

/** Fails unless `answer` is one that the specification allows to `request`. */
export function expectStrictCborAnswer(request: Uint8Array, answer: Uint8Array): void {
  const [command = -1] = request;
  const [status = -1] = answer;
  if (!knownStatuses.has(status) || status === Status.CTAP1_ERR_OTHER)
    expect.fail(`${commandName(command)}: expected a status with a meaning, got ${statusName(status)}`);
  if (status !== Status.CTAP2_OK) {
    if (answer.length > 1) expect.fail(`expected ${statusName(status)} alone, got ${toHex(answer)}`);
    return;
  }
  const rule = rules.get(command);
  if (!rule) expect.fail(`expected a refusal of ${commandName(command)}, got success`);
  if (answer.length === 1) {
    if (!rule.mayBeEmpty) expect.fail(`${commandName(command)}: expected a map, got nothing`);
    return;
  }
  if (!rule.table) expect.fail(`${commandName(command)} has no answer map, got ${toHex(answer.subarray(1))}`);
  expectMessage(rule.table, answer.subarray(1));
}

function expectMessage(table: Message<unknown>, body: Uint8Array): void {
  const value = decodeCbor(body);
  if (!(value instanceof Map) || value.size === 0) expect.fail(`${table.name}: expected a map, got ${toHex(body)}`);
  if (toHex(encodeCbor(value)) !== toHex(body)) expect.fail(`${table.name} is not canonical: ${toHex(body)}`);
  const known = new Set(table.members.map(({ key }) => key));
  for (const key of value.keys()) if (!known.has(key)) expect.fail(`${table.name} has no member ${key}`);
  const decoded = table.decode(value, table.name) as { authData?: Uint8Array };
  if (decoded.authData) decodeAuthenticatorData(decoded.authData);
}

const knownStatusWords: ReadonlySet<number> = new Set([
  StatusWord.NO_ERROR,
  StatusWord.WRONG_LENGTH,
  StatusWord.CONDITIONS_NOT_SATISFIED,
  StatusWord.WRONG_DATA,
  StatusWord.INS_NOT_SUPPORTED,
  StatusWord.CLA_NOT_SUPPORTED,
]);

/** Fails unless `answer` is one that U2F allows to the APDU `request`. */
export function expectStrictU2fAnswer(request: Uint8Array, answer: Uint8Array): void {
  const { data, statusWord } = splitU2fResponse(answer);
  if (!knownStatusWords.has(statusWord)) expect.fail(`U2F has no status word ${statusWord.toString(16)}`);
  if (statusWord !== StatusWord.NO_ERROR) {
    if (data.length > 0) expect.fail(`expected ${statusWord.toString(16)} alone, got ${toHex(answer)}`);
    return;
  }
  switch (request[1]) {
    case U2fInstruction.REGISTER: {
      const { certificate, signature, keyHandle } = decodeU2fRegisterResponse(data);
      expect(certificate[0]).toBe(0x30);
      expect(signature[0]).toBe(0x30);
      expect(keyHandle.length).toBeGreaterThan(0);
      return;
    }
    case U2fInstruction.AUTHENTICATE: {
      const { userPresence, signature } = decodeU2fAuthenticateResponse(data);
      expect(userPresence & ~1).toBe(0);
      expect([signature[0], signature[1]]).toEqual([0x30, signature.length - 2]);
      return;
    }
    default:
      expect([request[1], u2fVersion(data)]).toEqual([U2fInstruction.VERSION, 'U2F_V2']);
  }
}
