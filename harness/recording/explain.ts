/** CTAP messages as JSON that people read: members by the specification's names, bytes in hexadecimal. */
import { decodeAuthenticatorData } from '../../ctap/authenticator-data.ts';
import { toHex } from '../../ctap/bytes.ts';
import { type CborMap, type CborValue, decodeCbor } from '../../ctap/cbor.ts';
import { authenticatorConfigRequest, authenticatorConfigResponse } from '../../ctap/commands/authenticator-config.ts';
import { bioEnrollmentRequest, bioEnrollmentResponse } from '../../ctap/commands/bio-enrollment.ts';
import { clientPinRequest, clientPinResponse } from '../../ctap/commands/client-pin.ts';
import {
  credentialManagementRequest,
  credentialManagementResponse,
} from '../../ctap/commands/credential-management.ts';
import { getAssertionRequest, getAssertionResponse } from '../../ctap/commands/get-assertion.ts';
import { getInfoResponse } from '../../ctap/commands/get-info.ts';
import { Command, commandName } from '../../ctap/commands/index.ts';
import { largeBlobsRequest, largeBlobsResponse } from '../../ctap/commands/large-blobs.ts';
import { makeCredentialRequest, makeCredentialResponse } from '../../ctap/commands/make-credential.ts';
import { Flag } from '../../ctap/flags.ts';
import type { Message } from '../../ctap/schema.ts';
import { statusName } from '../../ctap/status.ts';
import { decodeU2fCommand, splitU2fResponse, U2fInstruction } from '../../ctap/u2f/raw-messages.ts';

export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };

type Members = Pick<Message<unknown>, 'members'>;

const TABLES: Readonly<Record<number, { readonly request?: Members; readonly response?: Members }>> = {
  [Command.authenticatorMakeCredential]: { request: makeCredentialRequest, response: makeCredentialResponse },
  [Command.authenticatorGetAssertion]: { request: getAssertionRequest, response: getAssertionResponse },
  [Command.authenticatorGetNextAssertion]: { response: getAssertionResponse },
  [Command.authenticatorGetInfo]: { response: getInfoResponse },
  [Command.authenticatorClientPIN]: { request: clientPinRequest, response: clientPinResponse },
  [Command.authenticatorBioEnrollment]: { request: bioEnrollmentRequest, response: bioEnrollmentResponse },
  [Command.prototypeAuthenticatorBioEnrollment]: { request: bioEnrollmentRequest, response: bioEnrollmentResponse },
  [Command.authenticatorCredentialManagement]: {
    request: credentialManagementRequest,
    response: credentialManagementResponse,
  },
  [Command.prototypeAuthenticatorCredentialManagement]: {
    request: credentialManagementRequest,
    response: credentialManagementResponse,
  },
  [Command.authenticatorLargeBlobs]: { request: largeBlobsRequest, response: largeBlobsResponse },
  [Command.authenticatorConfig]: { request: authenticatorConfigRequest, response: authenticatorConfigResponse },
};

/** What a CTAP2 request (command byte and CBOR) asks. */
export function explainRequest(bytes: Uint8Array): { [name: string]: Json } {
  const code = bytes[0] ?? -1;
  const parameters = explainMap(bytes.subarray(1), TABLES[code]?.request);
  return { command: commandName(code), ...(parameters === undefined ? {} : { parameters }) };
}

/** What a key has answered (status byte and CBOR) to that request. */
export function explainResponse(request: Uint8Array, bytes: Uint8Array): { [name: string]: Json } {
  const members = explainMap(bytes.subarray(1), TABLES[request[0] ?? -1]?.response);
  return { status: statusName(bytes[0] ?? 0x7f), ...(members === undefined ? {} : { members }) };
}

/** What a U2F request APDU asks. */
export function explainU2fRequest(apdu: Uint8Array): { [name: string]: Json } {
  const { ins, p1, data } = decodeU2fCommand(apdu);
  const instruction = Object.entries(U2fInstruction).find(([, code]) => code === ins)?.[0] ?? `0x${ins.toString(16)}`;
  return { instruction, control: p1, data: toHex(data) };
}

export function explainU2fResponse(response: Uint8Array): { [name: string]: Json } {
  const { data, statusWord } = splitU2fResponse(response);
  return { statusWord: statusWord.toString(16).padStart(4, '0'), data: toHex(data) };
}

function explainMap(cbor: Uint8Array, table: Members | undefined): Json | undefined {
  if (cbor.length === 0) return undefined;
  try {
    const value = decodeCbor(cbor);
    return value instanceof Map ? named(value, table) : plain(value);
  } catch (error) {
    return { undecodable: error instanceof Error ? error.message : String(error) };
  }
}

function named(map: CborMap, table: Members | undefined): Json {
  const names = new Map(table?.members.map(({ key, name }) => [key, name]));
  return Object.fromEntries(
    [...map].map(([key, value]) => {
      const name = names.get(key) ?? String(key);
      return [name, name === 'authData' && value instanceof Uint8Array ? authenticatorData(value) : plain(value)];
    }),
  );
}

function authenticatorData(bytes: Uint8Array): Json {
  const { rpIdHash, flags, signCount, attestedCredentialData: attested, extensions } = decodeAuthenticatorData(bytes);
  const names = Object.entries(Flag).filter(([, bit]) => (flags & bit) !== 0);
  return {
    rpIdHash: toHex(rpIdHash),
    flags: names.map(([name]) => name),
    signCount,
    ...(attested && {
      aaguid: toHex(attested.aaguid),
      credentialId: toHex(attested.credentialId),
      credentialPublicKey: plain(attested.credentialPublicKey),
    }),
    ...(extensions && { extensions: plain(extensions) }),
  };
}

function plain(value: CborValue): Json {
  if (value instanceof Uint8Array) return toHex(value);
  if (Array.isArray(value)) return value.map(plain);
  if (value instanceof Map) return named(value, undefined);
  if (typeof value === 'bigint') return String(value);
  return value === undefined ? null : (value as Json);
}
