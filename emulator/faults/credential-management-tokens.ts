/** Faults of authenticatorCredentialManagement in what it makes of a pinUvAuthParam, subcommand by subcommand. */
import type { CborMap } from '../../ctap/cbor.ts';
import {
  credentialManagementAuthMessage,
  CredentialManagementSubcommand as Subcommand,
} from '../../ctap/commands/credential-management.ts';
import { Command } from '../../ctap/commands/index.ts';
import { Permission, pinUvAuthProtocol } from '../../ctap/pin-uv-auth/index.ts';
import { isSubcommand } from './credential-management.ts';
import { credentialIdOf } from './credential-management-delete.ts';
import { acceptsFault, type SeenRequest } from './ctap2-faults.ts';
import type { Fault, FaultContext } from './fault.ts';
import { type TokenUse, tokenFault } from './token-faults.ts';

const REAL = Command.authenticatorCredentialManagement;
const commands = [REAL];

const targets = [
  { name: 'delete', subcommand: Subcommand.deleteCredential, about: 'deleteCredential' },
  { name: 'update', subcommand: Subcommand.updateUserInformation, about: 'updateUserInformation' },
];

/** True where the pinUvAuthParam of a request is one over that message, by the token in use. */
function authenticates({ authenticator, crypto }: FaultContext, { parameters }: SeenRequest, message: Uint8Array) {
  const [version, param] = [Number(parameters.get(0x03)), parameters.get(0x04)];
  const { value } = authenticator.token;
  if (!(param instanceof Uint8Array) || value === undefined || !(version === 1 || version === 2)) return false;
  return pinUvAuthProtocol(version, crypto).verify(value, message, param);
}

const paramsOf = ({ parameters }: SeenRequest): CborMap | undefined => {
  const params = parameters.get(0x02);
  return params instanceof Map ? params : undefined;
};

/** A token with the permission that is bound to that RP ID, or to any; user presence has not taken it since. */
const isBound = ({ token, latest, length }: TokenUse) =>
  latest &&
  length === 'whole' &&
  token?.rpId !== undefined &&
  token.spentBy === undefined &&
  (token.permissions & Permission.credentialManagement) > 0;

/** The RP ID of the credential that a request is about. */
function rpIdOf({ context: { authenticator }, request }: TokenUse): string | undefined {
  const id = credentialIdOf(request);
  return id && authenticator.credentials.findDiscoverable(id)?.rp.id;
}

function targetFaults({ name, subcommand, about }: (typeof targets)[number]): Fault[] {
  const when = isSubcommand(subcommand);
  const refusal = 'CTAP2_ERR_PIN_AUTH_INVALID';
  return [
    acceptsFault({
      id: `credential-management-${name}-needs-no-token`,
      summary: `says yes to ${about} without a pinUvAuthParam`,
      commands,
      refusal: 'CTAP2_ERR_PUAT_REQUIRED',
      when,
    }),
    acceptsFault({
      id: `credential-management-${name}-takes-param-of-other-subcommand`,
      summary: `takes a pinUvAuthParam for ${about} that authenticates another subcommand`,
      commands,
      refusal,
      when,
      given: (context, request) =>
        Object.values(Subcommand).some(
          (other) =>
            other !== subcommand &&
            authenticates(context, request, credentialManagementAuthMessage(other, paramsOf(request))),
        ),
    }),
    acceptsFault({
      id: `credential-management-${name}-takes-param-without-params`,
      summary: `takes a pinUvAuthParam for ${about} that authenticates no parameters`,
      commands,
      refusal,
      when: (request) => when(request) && paramsOf(request) !== undefined,
      given: (context, request) =>
        authenticates(context, request, credentialManagementAuthMessage(subcommand, undefined)),
    }),
    tokenFault({
      id: `credential-management-${name}-takes-token-without-permission`,
      summary: `takes a token for ${about} that has not the permission`,
      commands,
      when: ({ request, token, latest, length }) =>
        when(request) &&
        latest &&
        length === 'whole' &&
        token?.persistent === false &&
        (token.permissions & Permission.credentialManagement) === 0,
    }),
    tokenFault({
      id: `credential-management-${name}-takes-token-of-other-rp`,
      summary: `takes a token for ${about} that is bound to another RP ID`,
      commands,
      when: (use) => when(use.request) && isBound(use) && use.token?.rpId !== rpIdOf(use),
    }),
    tokenFault({
      id: `credential-management-${name}-refuses-token-of-own-rp`,
      summary: `takes no token for ${about} that is bound to an RP ID`,
      commands,
      when: (use) => when(use.request) && isBound(use),
      status: refusal,
    }),
    acceptsFault({
      id: `credential-management-${name}-needs-no-credential-id`,
      summary: `says yes to ${about} without credentialId`,
      commands,
      refusal: 'CTAP2_ERR_MISSING_PARAMETER',
      when: (request) => when(request) && credentialIdOf(request) === undefined,
    }),
  ];
}

const boundFaults = (
  [
    ['metadata', Subcommand.getCredsMetadata, 'getCredsMetadata'],
    ['rps', Subcommand.enumerateRPsBegin, 'enumerateRPsBegin'],
  ] as const
).map(([name, subcommand, about]) =>
  tokenFault({
    id: `credential-management-${name}-takes-bound-token`,
    summary: `takes a token for ${about} that is bound to an RP ID`,
    commands,
    when: (use) => isSubcommand(subcommand)(use.request) && isBound(use),
  }),
);

const enumerates = isSubcommand(Subcommand.enumerateCredentialsBegin);

export const credentialManagementTokenFaults: readonly Fault[] = [
  ...targets.flatMap(targetFaults),
  ...boundFaults,
  tokenFault({
    id: 'credential-management-enumerates-by-token-of-other-rp',
    summary: 'enumerates credentials by a token that is bound to another RP ID',
    commands,
    when: (use) => enumerates(use.request) && isBound(use),
  }),
  tokenFault({
    id: 'credential-management-enumerates-by-no-bound-token',
    summary: 'enumerates credentials by no token that is bound to an RP ID',
    commands,
    when: (use) => enumerates(use.request) && isBound(use),
    status: 'CTAP2_ERR_PIN_AUTH_INVALID',
  }),
];
