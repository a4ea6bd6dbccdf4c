/** Faults of authenticatorGetAssertion: parameters, options and the authenticator data. */
import { encodeCbor } from '../../ctap/cbor.ts';
import { getAssertionRequest } from '../../ctap/commands/get-assertion.ts';
import { Command } from '../../ctap/commands/index.ts';
import { Flag } from '../../ctap/flags.ts';
import { acceptsFault, authDataFault, bytesFault, mapOf, type SeenRequest, statusFault } from './ctap2-faults.ts';
import type { Fault } from './fault.ts';
import { EACH, nestedFaults, valuesAt } from './nested.ts';
import { parameterFaults } from './parameters.ts';

const commands = [Command.authenticatorGetAssertion];
const OPTIONS = 0x05;
const USER = 0x04;
const KNOWN: readonly unknown[] = ['rk', 'up', 'uv'];
const WITHOUT_AAGUID = new Uint8Array(16);

function has(option: string, value: boolean): (request: SeenRequest) => boolean {
  return ({ parameters }) => valuesAt(parameters, [OPTIONS, option]).includes(value);
}

function hashLength({ parameters }: SeenRequest): number {
  const hash = parameters.get(0x02);
  return hash instanceof Uint8Array ? hash.length : 32;
}

function flagsFault(id: string, summary: string, change: (flags: number) => number): Fault {
  return authDataFault({ id, summary, commands, change: (data) => ({ ...data, flags: change(data.flags) }) });
}

function refusesFault(id: string, summary: string, when: (request: SeenRequest) => boolean): Fault {
  return statusFault({ id, summary, commands, when, status: 'CTAP2_ERR_UNSUPPORTED_OPTION' });
}

/** True for an answer that ends with the user. */
function endsWithUser(answer: Uint8Array): boolean {
  return [...mapOf(answer).keys()].at(-1) === USER;
}

export const getAssertionFaults: readonly Fault[] = [
  ...parameterFaults({ name: 'get-assertion', command: Command.authenticatorGetAssertion, table: getAssertionRequest }),
  ...nestedFaults('get-assertion', Command.authenticatorGetAssertion, [
    { name: 'allowList.element', path: [0x03, EACH], required: false },
    { name: 'allowList.id', path: [0x03, EACH, 'id'], required: true },
    { name: 'allowList.type', path: [0x03, EACH, 'type'], required: true },
  ]),
  acceptsFault({
    id: 'get-assertion-accepts-number-for-option',
    summary: 'takes the number 1 for an option of getAssertion',
    commands,
    when: ({ parameters }) => valuesAt(parameters, [OPTIONS, 'up']).includes(1),
  }),
  acceptsFault({
    id: 'get-assertion-accepts-short-client-data-hash',
    summary: 'takes a clientDataHash of less than 32 bytes at getAssertion',
    commands,
    when: (request) => hashLength(request) < 32,
  }),
  acceptsFault({
    id: 'get-assertion-accepts-long-client-data-hash',
    summary: 'takes a clientDataHash of more than 32 bytes at getAssertion',
    commands,
    when: (request) => hashLength(request) > 32,
  }),
  acceptsFault({
    id: 'get-assertion-accepts-rk',
    summary: 'takes the option rk at getAssertion',
    commands,
    when: has('rk', true),
  }),
  acceptsFault({
    id: 'get-assertion-accepts-uv-without-sensor',
    summary: 'takes the option uv of getAssertion though nothing built in can verify the user',
    commands,
    refusal: 'CTAP2_ERR_INVALID_OPTION',
    when: has('uv', true),
  }),
  refusesFault('get-assertion-refuses-up-true', 'refuses getAssertion with up true', has('up', true)),
  refusesFault('get-assertion-refuses-uv-false', 'refuses getAssertion with uv false', has('uv', false)),
  refusesFault(
    'get-assertion-refuses-unknown-option',
    'refuses getAssertion with an option that it does not know',
    ({ parameters }) => {
      const options = parameters.get(OPTIONS);
      return options instanceof Map && [...options.keys()].some((name) => !KNOWN.includes(name));
    },
  ),
  authDataFault({
    id: 'get-assertion-no-uv-flag-after-finger',
    summary: 'leaves the flag UV out of assertions though its sensor verified the user',
    commands,
    when: (request) => has('uv', true)(request) && !request.parameters.has(0x06),
    change: (data) => ({ ...data, flags: data.flags & ~Flag.UV }),
  }),
  authDataFault({
    id: 'get-assertion-other-rp-id-hash',
    summary: 'puts the hash of another RP ID into assertions',
    commands,
    change: (data) => ({ ...data, rpIdHash: data.rpIdHash.map((byte) => byte ^ 0xff) }),
  }),
  flagsFault('get-assertion-no-up-flag', 'leaves the flag UP out of assertions', (flags) => flags & ~Flag.UP),
  flagsFault(
    'get-assertion-uv-flag-unverified',
    'sets the flag UV in assertions though nobody verified the user',
    (flags) => flags | Flag.UV,
  ),
  flagsFault('get-assertion-reserved-flag', 'sets a flag without a meaning in assertions', (flags) => flags | 0x20),
  authDataFault({
    id: 'get-assertion-attested-credential-data',
    summary: 'puts attested credential data into assertions',
    commands,
    change: (data) => ({
      ...data,
      attestedCredentialData: {
        aaguid: WITHOUT_AAGUID,
        credentialId: new Uint8Array(16),
        credentialPublicKey: new Map(),
      },
    }),
  }),
  authDataFault({
    id: 'get-assertion-unasked-extension',
    summary: 'puts extension data into assertions that no extension was asked for',
    commands,
    when: ({ parameters }) => !parameters.has(0x04),
    change: (data) => ({ ...data, extensions: new Map([['unasked', true]]) }),
  }),
  authDataFault({
    id: 'wrong-sign-count',
    summary: 'counts its signatures backwards',
    commands: [...commands, Command.authenticatorGetNextAssertion],
    change: (data) => ({ ...data, signCount: 0xffff - data.signCount }),
  }),
  bytesFault({
    id: 'get-assertion-trailing-byte',
    summary: 'ends the answer to getAssertion, where it names no user, with a byte too many',
    commands,
    change: (answer) => (mapOf(answer).has(USER) ? answer : Uint8Array.of(...answer, 0)),
  }),
  bytesFault({
    id: 'truncated-cbor',
    summary: 'cuts the last byte off the answers to getAssertion that end with the user',
    commands,
    change: (answer) => (endsWithUser(answer) ? encodeCbor(mapOf(answer)).subarray(0, -1) : answer),
  }),
];
