/** Faults of authenticatorMakeCredential: options, and the authenticator data of new credentials. */
import type { AttestedCredentialData, AuthenticatorData } from '../../ctap/authenticator-data.ts';
import { concat } from '../../ctap/bytes.ts';
import { Command } from '../../ctap/commands/index.ts';
import { Flag } from '../../ctap/flags.ts';
import { acceptsFault, authDataFault, hearingFault, type SeenRequest, statusFault } from './ctap2-faults.ts';
import type { Fault } from './fault.ts';
import { valuesAt } from './nested.ts';

const commands = [Command.authenticatorMakeCredential];
const OPTIONS = 0x07;
const KNOWN: readonly unknown[] = ['rk', 'up', 'uv'];

/** Requests that have the option, with that value. */
function has(option: string, value: boolean): (request: SeenRequest) => boolean {
  return ({ parameters }) => valuesAt(parameters, [OPTIONS, option]).includes(value);
}

function userIdLength({ parameters }: SeenRequest): number | undefined {
  const [id] = valuesAt(parameters, [0x03, 'id']);
  return id instanceof Uint8Array ? id.length : undefined;
}

/** The new credential is said to have another id, or another AAGUID. */
function withAttested(
  data: AuthenticatorData,
  change: (attested: AttestedCredentialData) => Partial<AttestedCredentialData>,
): AuthenticatorData {
  const { attestedCredentialData: attested } = data;
  return attested === undefined ? data : { ...data, attestedCredentialData: { ...attested, ...change(attested) } };
}

function flagsFault(id: string, summary: string, change: (flags: number) => number): Fault {
  return authDataFault({ id, summary, commands, change: (data) => ({ ...data, flags: change(data.flags) }) });
}

function refusesFault(id: string, summary: string, when: (request: SeenRequest) => boolean): Fault {
  return statusFault({ id, summary, commands, when, status: 'CTAP2_ERR_UNSUPPORTED_OPTION' });
}

export const makeCredentialOptionFaults: readonly Fault[] = [
  acceptsFault({
    id: 'make-credential-accepts-up-false',
    summary: 'makes credentials without presence where the platform wants them so',
    commands,
    when: has('up', false),
  }),
  acceptsFault({
    id: 'make-credential-accepts-uv-without-sensor',
    summary: 'takes the option uv of makeCredential though nothing built in can verify the user',
    commands,
    refusal: 'CTAP2_ERR_INVALID_OPTION',
    when: has('uv', true),
  }),
  refusesFault('make-credential-refuses-up-true', 'refuses makeCredential with the option up', has('up', true)),
  refusesFault('make-credential-refuses-rk-false', 'refuses makeCredential with rk false', has('rk', false)),
  refusesFault('make-credential-refuses-uv-false', 'refuses makeCredential with uv false', has('uv', false)),
  refusesFault(
    'make-credential-refuses-unknown-option',
    'refuses makeCredential with an option that it does not know',
    ({ parameters }) => {
      const options = parameters.get(OPTIONS);
      return options instanceof Map && [...options.keys()].some((name) => !KNOWN.includes(name));
    },
  ),
  hearingFault({
    id: 'make-credential-discoverable-unasked',
    summary: 'makes credentials discoverable though the platform says rk false',
    commands,
    when: has('rk', false),
    change: (parameters) => parameters.set(OPTIONS, new Map([['rk', true]])),
  }),
  hearingFault({
    id: 'make-credential-not-discoverable-without-name',
    summary: 'makes no discoverable credentials for users without a name',
    commands,
    when: (request) =>
      has('rk', true)(request) && valuesAt(request.parameters, [0x03, 'name']).every((name) => name === undefined),
    change: (parameters) => parameters.set(OPTIONS, new Map([['rk', false]])),
  }),
  authDataFault({
    id: 'make-credential-no-uv-flag-after-finger',
    summary: 'leaves the flag UV out of new credentials though its sensor verified the user',
    commands,
    when: has('uv', true),
    change: (data) => ({ ...data, flags: data.flags & ~Flag.UV }),
  }),
  flagsFault('make-credential-no-up-flag', 'leaves the flag UP out of new credentials', (flags) => flags & ~Flag.UP),
  authDataFault({
    id: 'make-credential-uv-flag-unverified',
    summary: 'sets the flag UV in new credentials though nobody verified the user',
    commands,
    change: (data) => ({ ...data, flags: data.flags | Flag.UV }),
  }),
  flagsFault('make-credential-reserved-flag', 'sets a flag without a meaning', (flags) => flags | 0x02),
  flagsFault(
    'make-credential-backed-up-uneligible',
    'says that new credentials are backed up though they cannot be',
    (flags) => (flags & ~Flag.BE) | Flag.BS,
  ),
  authDataFault({
    id: 'make-credential-other-aaguid',
    summary: 'puts an AAGUID into new credentials that is not its own',
    commands,
    change: (data) => withAttested(data, ({ aaguid }) => ({ aaguid: aaguid.map((byte) => byte ^ 0xff) })),
  }),
  authDataFault({
    id: 'make-credential-long-credential-id',
    summary: 'makes credential ids longer than it says for users with long ids',
    commands,
    when: (request) => (userIdLength(request) ?? 0) === 64,
    change: (data) =>
      withAttested(data, ({ credentialId }) => ({ credentialId: concat(credentialId, new Uint8Array(512)) })),
  }),
  authDataFault({
    id: 'make-credential-short-credential-id',
    summary: 'cuts credential ids to eight bytes for users with ids of a byte',
    commands,
    when: (request) => userIdLength(request) === 1,
    change: (data) => withAttested(data, ({ credentialId }) => ({ credentialId: credentialId.subarray(0, 8) })),
  }),
];
