/** Faults of authenticatorMakeCredential. */
import { Command } from '../../ctap/commands/index.ts';
import { makeCredentialRequest } from '../../ctap/commands/make-credential.ts';
import { authDataFault } from './ctap2-faults.ts';
import type { Fault } from './fault.ts';
import { parameterFaults } from './parameters.ts';

const commands = [Command.authenticatorMakeCredential];

export const makeCredentialFaults: readonly Fault[] = [
  ...parameterFaults({
    name: 'make-credential',
    command: Command.authenticatorMakeCredential,
    table: makeCredentialRequest,
  }),
  authDataFault({
    id: 'make-credential-other-rp-id-hash',
    summary: 'puts the hash of another RP ID into the authenticator data of new credentials',
    commands,
    change: (data) => ({ ...data, rpIdHash: data.rpIdHash.map((byte) => byte ^ 0xff) }),
  }),
];
