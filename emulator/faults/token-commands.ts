/** Faults of the commands that take a pinUvAuthToken. */
import type { CborMap } from '../../ctap/cbor.ts';
import { ClientPinSubcommand } from '../../ctap/commands/client-pin.ts';
import { Command } from '../../ctap/commands/index.ts';
import { Permission } from '../../ctap/pin-uv-auth/index.ts';
import { acceptsFault, type SeenRequest } from './ctap2-faults.ts';
import type { Fault } from './fault.ts';
import { type TokenUse, tokenFault } from './token-faults.ts';

/** `param` and `protocol`: the keys of pinUvAuthParam and pinUvAuthProtocol. */
const targets = [
  {
    name: 'make-credential',
    command: Command.authenticatorMakeCredential,
    permission: Permission.makeCredential,
    param: 0x08,
    protocol: 0x09,
  },
  {
    name: 'get-assertion',
    command: Command.authenticatorGetAssertion,
    permission: Permission.getAssertion,
    param: 0x06,
    protocol: 0x07,
  },
  {
    name: 'credential-management',
    command: Command.authenticatorCredentialManagement,
    permission: Permission.credentialManagement,
    param: 0x04,
    protocol: 0x03,
  },
  {
    name: 'bio-enrollment',
    command: Command.authenticatorBioEnrollment,
    permission: Permission.bioEnrollment,
    param: 0x05,
    protocol: 0x04,
  },
  {
    name: 'large-blobs',
    command: Command.authenticatorLargeBlobs,
    permission: Permission.largeBlobWrite,
    param: 0x05,
    protocol: 0x06,
  },
  {
    name: 'authenticator-config',
    command: Command.authenticatorConfig,
    permission: Permission.authenticatorConfiguration,
    param: 0x04,
    protocol: 0x03,
  },
] as const;

/** Where other faults are about some requests of a command, those that are left to these. */
const plain: ReadonlyMap<number, (parameters: CborMap) => boolean> = new Map([
  [Command.authenticatorLargeBlobs, (parameters: CborMap) => parameters.get(0x03) === 0],
  [Command.authenticatorCredentialManagement, (parameters: CborMap) => parameters.get(0x01) === 1],
  [Command.authenticatorConfig, (parameters: CborMap) => parameters.get(0x01) === 3],
]);

const LEGACY = ClientPinSubcommand.getPinToken;
const PROTOTYPES: readonly number[] = [
  Command.prototypeAuthenticatorBioEnrollment,
  Command.prototypeAuthenticatorCredentialManagement,
];
/** Seconds within which tokens are void for another reason than their age. */
const SOON = 30_000;

/** An older token than the last, of the same protocol, that the key would take if it were that. */
const isStale = ({ token, latest, later, length, age, powerCycled }: TokenUse) =>
  token !== undefined &&
  !latest &&
  later.at(-1)?.protocol === token.protocol &&
  length === 'whole' &&
  age < SOON &&
  !powerCycled;

export const tokenCommandFaults: readonly Fault[] = [
  tokenFault({
    id: 'stale-pin-token',
    summary: 'takes tokens of before the last one that it gave',
    commands: [...targets.map(({ command }) => command), ...PROTOTYPES],
    when: isStale,
  }),
  ...targets.flatMap(({ name, command, permission }) => [
    tokenFault({
      id: `${name}-takes-token-without-permission`,
      summary: `takes a token for ${name} that has not the permission`,
      commands: [command],
      when: ({ request, token, latest, length }) =>
        (plain.get(command)?.(request.parameters) ?? true) &&
        token?.persistent === false &&
        latest &&
        length === 'whole' &&
        token.subcommand !== LEGACY &&
        token.uses === 0 &&
        (token.permissions & permission) === 0,
    }),
    tokenFault({
      id: `${name}-takes-stale-token`,
      summary: `takes tokens for ${name} of before the last one that it gave`,
      commands: [command],
      when: isStale,
    }),
  ]),
  ...targets.slice(2).flatMap(({ name, command, param, protocol }) => {
    const isPlain = ({ parameters }: SeenRequest) => plain.get(command)?.(parameters) ?? true;
    const authenticated = ({ parameters }: SeenRequest) => parameters.get(param) instanceof Uint8Array;
    return [
      tokenFault({
        id: `${name}-refuses-tokens-of-protocol-one`,
        summary: `takes no tokens of PIN/UV auth protocol one for ${name}`,
        commands: [command],
        when: ({ protocol }) => protocol === 1,
        status: 'CTAP2_ERR_PIN_AUTH_INVALID',
        instead: command === Command.authenticatorBioEnrollment ? 'CTAP2_ERR_INVALID_OPTION' : 'CTAP2_OK',
      }),
      tokenFault({
        id: `${name}-takes-half-a-param`,
        summary: `takes the first half of a pinUvAuthParam of protocol two for ${name}`,
        commands: [command],
        when: ({ latest, length, protocol }) => latest && length === 'cut' && protocol === 2,
      }),
      tokenFault({
        id: `${name}-takes-token-of-get-pin-token`,
        summary: `takes tokens of getPinToken for ${name}`,
        commands: [command],
        when: ({ token, latest, length }) => latest && length === 'whole' && token?.subcommand === LEGACY,
      }),
      acceptsFault({
        id: `${name}-needs-no-token`,
        summary: `answers ${name} without a pinUvAuthParam where a PIN is set`,
        commands: [command],
        refusal: 'CTAP2_ERR_PUAT_REQUIRED',
        when: isPlain,
      }),
      tokenFault({
        id: `${name}-takes-any-param`,
        summary: `takes any pinUvAuthParam of the right length for ${name}`,
        commands: [command],
        when: ({ token, request, protocol: version }) =>
          token === undefined && isPlain(request) && (version === 1 || version === 2),
      }),
      acceptsFault({
        id: `${name}-takes-param-without-protocol`,
        summary: `takes a pinUvAuthParam for ${name} without pinUvAuthProtocol`,
        commands: [command],
        refusal: 'CTAP2_ERR_MISSING_PARAMETER',
        when: (request) => authenticated(request) && !request.parameters.has(protocol),
      }),
      acceptsFault({
        id: `${name}-takes-unknown-protocol`,
        summary: `takes a pinUvAuthParam for ${name} by a protocol that there is not`,
        commands: [command],
        refusal: 'CTAP1_ERR_INVALID_PARAMETER',
        when: (request) => authenticated(request) && Number(request.parameters.get(protocol)) > 2,
      }),
    ];
  }),
];
