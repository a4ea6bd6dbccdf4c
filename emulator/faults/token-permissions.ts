/** Faults of keys that give permissions which they should not, or mind tokens of getPinToken and RP IDs wrongly. */
import { Command } from '../../ctap/commands/index.ts';
import { Permission } from '../../ctap/pin-uv-auth/index.ts';
import { acceptsFault, type SeenRequest, statusFault } from './ctap2-faults.ts';
import type { Fault } from './fault.ts';
import { ofSubcommand } from './pin-channel.ts';
import { type TokenUse, tokenFault } from './token-faults.ts';

const PIN = [Command.authenticatorClientPIN];
const MAKE = Command.authenticatorMakeCredential;
const GET = Command.authenticatorGetAssertion;
const PERMISSIONS = 0x09;
const RP_ID = 0x0a;
const UNDEFINED = 0x80;
const PIN_AUTH_INVALID = 'CTAP2_ERR_PIN_AUTH_INVALID';

const byPin = ofSubcommand('getPinUvAuthTokenUsingPinWithPermissions');
const byUv = ofSubcommand('getPinUvAuthTokenUsingUvWithPermissions');
const byLegacy = ofSubcommand('getPinToken');
const LEGACY = 0x05;
const permissions = ({ parameters }: SeenRequest) => Number(parameters.get(PERMISSIONS) ?? 0);
/** A token that the command would take but for what a fault is about. */
const isGood = ({ token, latest, length }: TokenUse) => token !== undefined && latest && length === 'whole';

const asking: readonly Fault[] = [
  acceptsFault({
    id: 'pin-gives-tokens-without-permission',
    summary: 'gives tokens by PIN without any permission',
    commands: PIN,
    refusal: 'CTAP1_ERR_INVALID_PARAMETER',
    when: (request) => byPin(request) && request.parameters.get(PERMISSIONS) === 0,
  }),
  statusFault({
    id: 'pin-minds-permissions-without-meaning',
    summary: 'refuses a token that is asked for with a permission without a meaning',
    commands: PIN,
    status: 'CTAP2_ERR_UNAUTHORIZED_PERMISSION',
    when: (request) => byPin(request) && (permissions(request) & UNDEFINED) !== 0,
  }),
  acceptsFault({
    id: 'pin-gives-permissions-for-what-is-not-there',
    summary: 'says yes to a PIN that asks for permissions of commands that it has not',
    commands: PIN,
    refusal: 'CTAP2_ERR_UNAUTHORIZED_PERMISSION',
    when: (request) =>
      byPin(request) && (permissions(request) & Permission.persistentCredentialManagementReadOnly) === 0,
  }),
  acceptsFault({
    id: 'uv-gives-permissions-without-option',
    summary: 'says yes to a finger that asks for permissions which it has no option for',
    commands: PIN,
    refusal: 'CTAP2_ERR_UNAUTHORIZED_PERMISSION',
    when: byUv,
  }),
  ...(['makeCredential', 'getAssertion'] as const).map((name) =>
    acceptsFault({
      id: `pin-gives-${name === 'makeCredential' ? 'mc' : 'ga'}-without-rp-id`,
      summary: `gives tokens for ${name} without an rpId`,
      commands: PIN,
      refusal: 'CTAP2_ERR_MISSING_PARAMETER',
      when: (request) => byPin(request) && permissions(request) === Permission[name] && !request.parameters.has(RP_ID),
    }),
  ),
];

const legacy: readonly Fault[] = [
  acceptsFault({
    id: 'get-pin-token-takes-permissions',
    summary: 'takes permissions at getPinToken',
    commands: PIN,
    refusal: 'CTAP1_ERR_INVALID_PARAMETER',
    when: (request) => byLegacy(request) && request.parameters.has(PERMISSIONS),
  }),
  acceptsFault({
    id: 'get-pin-token-takes-rp-id',
    summary: 'takes an rpId at getPinToken',
    commands: PIN,
    refusal: 'CTAP1_ERR_INVALID_PARAMETER',
    when: (request) => byLegacy(request) && request.parameters.has(RP_ID),
  }),
  tokenFault({
    id: 'make-credential-refuses-token-of-get-pin-token',
    summary: 'takes no tokens of getPinToken for makeCredential',
    commands: [MAKE],
    when: ({ token }) => token?.subcommand === LEGACY,
    status: PIN_AUTH_INVALID,
  }),
  tokenFault({
    id: 'get-assertion-refuses-token-of-get-pin-token',
    summary: 'takes no tokens of getPinToken for getAssertion',
    commands: [GET],
    when: ({ token }) => token?.subcommand === LEGACY,
    status: PIN_AUTH_INVALID,
    instead: ['CTAP2_OK', 'CTAP2_ERR_NO_CREDENTIALS'],
  }),
  tokenFault({
    id: 'get-assertion-leaves-token-unbound',
    summary: 'takes a token for getAssertion of several RP IDs where it was given for none',
    commands: [GET],
    when: (use) => isGood(use) && isBoundToAnother(use),
  }),
  tokenFault({
    id: 'make-credential-takes-token-bound-by-get-assertion',
    summary: 'takes a token for makeCredential that getAssertion has used for another RP ID',
    commands: [MAKE],
    when: (use) => isGood(use) && isBoundToAnother(use),
  }),
];

function isBoundToAnother({ token, rpId }: TokenUse): boolean {
  return token?.subcommand === LEGACY && token.firstRpId !== undefined && token.firstRpId !== rpId;
}

/** The commands other than makeCredential and getAssertion, which presence takes their permission from. */
const managed = [
  { name: 'credential-management', command: Command.authenticatorCredentialManagement },
  { name: 'bio-enrollment', command: Command.authenticatorBioEnrollment },
  { name: 'authenticator-config', command: Command.authenticatorConfig },
] as const;

const spent: readonly Fault[] = [
  tokenFault({
    id: 'get-assertion-takes-token-spent-by-make-credential',
    summary: 'takes a token for getAssertion that makeCredential has used up',
    commands: [GET],
    when: (use) => isGood(use) && use.token?.spentBy === MAKE,
  }),
  tokenFault({
    id: 'make-credential-takes-token-spent-by-get-assertion',
    summary: 'takes a token for makeCredential that getAssertion has used up',
    commands: [MAKE],
    when: (use) => isGood(use) && use.token?.spentBy === GET,
  }),
  ...managed.map(({ name, command }) =>
    tokenFault({
      id: `${name}-takes-spent-token`,
      summary: `takes a token for ${name} after a command with user presence`,
      commands: [command],
      when: (use) => isGood(use) && use.token?.spentBy !== undefined,
    }),
  ),
  tokenFault({
    id: 'large-blobs-refuses-spent-token',
    summary: 'takes no token for large blobs after a command with user presence',
    commands: [Command.authenticatorLargeBlobs],
    when: ({ token }) => token?.spentBy !== undefined,
    status: PIN_AUTH_INVALID,
  }),
];

export const tokenPermissionFaults: readonly Fault[] = [...asking, ...legacy, ...spent];
