/** U2F raw messages as JSON that people read. */
import { toHex } from '../bytes.ts';
import { formatStatusWord, StatusWord } from '../iso7816/apdu.ts';
import {
  decodeU2fAuthenticateRequest,
  decodeU2fAuthenticateResponse,
  decodeU2fCommand,
  decodeU2fRegisterRequest,
  decodeU2fRegisterResponse,
  splitU2fResponse,
  U2fControl,
  U2fInstruction,
  u2fVersion,
} from '../u2f/raw-messages.ts';
import type { Json } from './entry.ts';
import type { Explained, JsonObject } from './explain.ts';

const instructions = new Map<number, string>(Object.entries(U2fInstruction).map(([name, code]) => [code, name]));
const controls = new Map<number, string>(Object.entries(U2fControl).map(([name, code]) => [code, name]));

/** What a U2F request APDU asks. */
export function explainU2fRequest(apdu: Uint8Array): { [name: string]: Json } {
  const { name, fields, problems } = explainU2fCommand(apdu);
  return { instruction: name, ...fields, ...(problems === undefined ? {} : { undecodable: problems.join('; ') }) };
}

/** What a key has answered to that request. */
export function explainU2fResponse(request: Uint8Array, response: Uint8Array): { [name: string]: Json } {
  const { status = '', fields, problems } = explainU2fAnswer(request[1], response);
  return { statusWord: status, ...fields, ...(problems === undefined ? {} : { undecodable: problems.join('; ') }) };
}

/** A request APDU, for a trace. Never throws. */
export function explainU2fCommand(apdu: Uint8Array): Explained {
  const name = nameOf(apdu[1]);
  try {
    const { ins, p1, data } = decodeU2fCommand(apdu);
    return { name, fields: requestFields(ins, p1, data) };
  } catch (error) {
    return { name, problems: [(error as Error).message] };
  }
}

/** An answer, for a trace, to the instruction that was asked, where that was seen. Never throws. */
export function explainU2fAnswer(instruction: number | undefined, response: Uint8Array): Explained {
  const name = nameOf(instruction);
  try {
    const { data, statusWord } = splitU2fResponse(response);
    const failed = statusWord !== StatusWord.NO_ERROR;
    const said = { name, status: formatStatusWord(statusWord), failed };
    try {
      return { ...said, fields: failed ? rest(data) : responseFields(instruction, data) };
    } catch (error) {
      return { ...said, fields: rest(data), problems: [(error as Error).message] };
    }
  } catch (error) {
    return { name, failed: true, problems: [(error as Error).message] };
  }
}

function nameOf(instruction: number | undefined): string {
  if (instruction === undefined) return 'U2F';
  const name = instructions.get(instruction);
  return name === undefined ? `U2F instruction 0x${instruction.toString(16).padStart(2, '0')}` : `U2F_${name}`;
}

function requestFields(instruction: number, p1: number, data: Uint8Array): JsonObject | undefined {
  switch (instruction) {
    case U2fInstruction.REGISTER: {
      const { challenge, application } = decodeU2fRegisterRequest(data);
      return { challenge: toHex(challenge), application: toHex(application) };
    }
    case U2fInstruction.AUTHENTICATE: {
      const { challenge, application, keyHandle } = decodeU2fAuthenticateRequest(data);
      const control = controls.get(p1) ?? p1;
      return { control, challenge: toHex(challenge), application: toHex(application), keyHandle: toHex(keyHandle) };
    }
    default:
      return rest(data);
  }
}

function responseFields(instruction: number | undefined, data: Uint8Array): JsonObject | undefined {
  switch (instruction) {
    case U2fInstruction.REGISTER: {
      const { publicKey, keyHandle, certificate, signature } = decodeU2fRegisterResponse(data);
      return {
        publicKey: toHex(publicKey),
        keyHandle: toHex(keyHandle),
        certificate: toHex(certificate),
        signature: toHex(signature),
      };
    }
    case U2fInstruction.AUTHENTICATE: {
      const { userPresence, counter, signature } = decodeU2fAuthenticateResponse(data);
      return { userPresence, counter, signature: toHex(signature) };
    }
    case U2fInstruction.VERSION:
      return { version: u2fVersion(data) };
    default:
      return rest(data);
  }
}

function rest(data: Uint8Array): JsonObject | undefined {
  return data.length === 0 ? undefined : { data: toHex(data) };
}
