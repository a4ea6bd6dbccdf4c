/** Faults of keys that are careless about the pinUvAuthParam of makeCredential and getAssertion. */
import type { CborMap, CborValue } from '../../ctap/cbor.ts';
import { Command } from '../../ctap/commands/index.ts';
import { Flag } from '../../ctap/flags.ts';
import { Permission } from '../../ctap/pin-uv-auth/index.ts';
import { Status } from '../../ctap/status.ts';
import { acceptsFault, authDataFault, seen, statusFault } from './ctap2-faults.ts';
import type { Fault } from './fault.ts';
import { valuesAt } from './nested.ts';
import { tokenFault } from './token-faults.ts';

/** Where the parameters of a command are. */
interface Ceremony {
  readonly name: string;
  readonly command: number;
  readonly permission: number;
  readonly options: number;
  readonly param: number;
  readonly protocol: number;
}

const ceremonies: readonly Ceremony[] = [
  {
    name: 'make-credential',
    command: Command.authenticatorMakeCredential,
    permission: Permission.makeCredential,
    options: 0x07,
    param: 0x08,
    protocol: 0x09,
  },
  {
    name: 'get-assertion',
    command: Command.authenticatorGetAssertion,
    permission: Permission.getAssertion,
    options: 0x05,
    param: 0x06,
    protocol: 0x07,
  },
];

function bytesOf(value: CborValue | undefined): Uint8Array | undefined {
  return value instanceof Uint8Array ? value : undefined;
}

function ofCeremony({ name, command, permission, options, param, protocol }: Ceremony): Fault[] {
  const commands = [command];
  const length = (parameters: CborMap) => bytesOf(parameters.get(param))?.length;
  const isAuthorized = (parameters: CborMap) => (length(parameters) ?? 0) > 0;
  const refusal = 'CTAP2_ERR_PIN_AUTH_INVALID';
  const noUvFlagBy = (version: 1 | 2) =>
    authDataFault({
      id: `${name}-no-uv-flag-by-protocol-${version}`,
      summary: `leaves the flag UV out of ${name} where a token by protocol ${version} vouches for the user`,
      commands,
      when: ({ parameters }) => isAuthorized(parameters) && parameters.get(protocol) === version,
      change: (data) => ({ ...data, flags: data.flags & ~Flag.UV }),
    });
  return [
    acceptsFault({
      id: `${name}-takes-param-without-protocol`,
      summary: `takes a pinUvAuthParam of ${name} without pinUvAuthProtocol`,
      commands,
      when: ({ parameters }) => isAuthorized(parameters) && !parameters.has(protocol),
    }),
    acceptsFault({
      id: `${name}-takes-unknown-protocol`,
      summary: `takes a pinUvAuthProtocol of ${name} that it does not know`,
      commands,
      when: ({ parameters }) => isAuthorized(parameters) && Number(parameters.get(protocol)) > 2,
    }),
    acceptsFault({
      id: `${name}-takes-param-of-zeros`,
      summary: `takes a pinUvAuthParam of zeros at ${name}`,
      commands,
      refusal,
      when: ({ parameters }) =>
        isAuthorized(parameters) && bytesOf(parameters.get(param))?.every((byte) => byte === 0) === true,
    }),
    acceptsFault({
      id: `${name}-takes-truncated-param`,
      summary: `compares 16 bytes of a pinUvAuthParam of ${name} by protocol 2`,
      commands,
      refusal,
      when: ({ parameters }) => length(parameters) === 16 && parameters.get(protocol) === 2,
    }),
    tokenFault({
      id: `${name}-takes-token-of-other-rp`,
      summary: `takes tokens at ${name} that were given for another RP ID`,
      commands,
      when: ({ token, latest, length, rpId }) =>
        token?.rpId !== undefined &&
        token.rpId !== rpId &&
        (token.permissions & permission) !== 0 &&
        latest &&
        length === 'whole' &&
        token.uses === 0,
    }),
    tokenFault({
      id: `${name}-takes-spent-token`,
      summary: `takes a token at ${name} that ${name} has used up`,
      commands,
      when: ({ token, latest, length }) => token?.spentBy === command && latest && length === 'whole',
    }),
    earlierParamFault(name, command, param),
    statusFault({
      id: `${name}-empty-param-as-wrong-param`,
      summary: `answers an empty pinUvAuthParam of ${name} as one that is wrong`,
      commands,
      instead: 'CTAP2_ERR_PIN_INVALID',
      status: 'CTAP2_ERR_PIN_AUTH_INVALID',
      when: ({ parameters }) => length(parameters) === 0,
    }),
    statusFault({
      id: `${name}-empty-param-as-wrong-pin`,
      summary: `answers an empty pinUvAuthParam of ${name} as a wrong PIN though none is set`,
      commands,
      instead: 'CTAP2_ERR_PIN_NOT_SET',
      status: 'CTAP2_ERR_PIN_INVALID',
      when: ({ parameters }) => length(parameters) === 0,
    }),
    {
      id: `${name}-empty-param-without-touch`,
      summary: `answers an empty pinUvAuthParam of ${name} without asking for a touch`,
      commands,
      concerns: (bytes) => length(seen(bytes).parameters) === 0,
      install: ({ authenticator: { pin } }) => ({
        cbor: async (bytes, next) => {
          if (length(seen(bytes).parameters) !== 0) return next(bytes);
          return Uint8Array.of(pin.isSet ? Status.CTAP2_ERR_PIN_INVALID : Status.CTAP2_ERR_PIN_NOT_SET);
        },
      }),
    },
    statusFault({
      id: `${name}-minds-uv-beside-param`,
      summary: `refuses the option uv of ${name} beside a pinUvAuthParam`,
      commands,
      status: 'CTAP2_ERR_INVALID_OPTION',
      when: ({ parameters }) => isAuthorized(parameters) && valuesAt(parameters, [options, 'uv']).includes(true),
    }),
    noUvFlagBy(1),
    noUvFlagBy(2),
  ];
}

/** The key remembers what it has taken, and takes it again for whatever it comes with. */
function earlierParamFault(name: string, command: number, param: number): Fault {
  const paramOf = (bytes: Uint8Array) => {
    const { parameters } = seen(bytes);
    const value = ceremonies.find((other) => other.command === bytes[0])?.param;
    return value === undefined ? undefined : bytesOf(parameters.get(value))?.join();
  };
  return {
    id: `${name}-takes-param-of-earlier-request`,
    summary: `takes a pinUvAuthParam at ${name} that authenticated an earlier request`,
    commands: [Command.authenticatorMakeCredential, Command.authenticatorGetAssertion],
    concerns: (bytes) => bytes[0] === command && seen(bytes).parameters.has(param),
    install: ({ authenticator: { token } }) => {
      const taken = new Set<string>();
      return {
        cbor: async (bytes, next) => {
          const own = paramOf(bytes);
          const usable = token.userVerified;
          const answer = await next(bytes);
          if (own === undefined) return answer;
          const isEarlier = bytes[0] === command && usable && taken.has(own);
          if (answer[0] === Status.CTAP2_OK) taken.add(own);
          return isEarlier && answer[0] === Status.CTAP2_ERR_PIN_AUTH_INVALID ? Uint8Array.of(Status.CTAP2_OK) : answer;
        },
      };
    },
  };
}

export const pinUvAuthParamFaults: readonly Fault[] = ceremonies.flatMap(ofCeremony);
