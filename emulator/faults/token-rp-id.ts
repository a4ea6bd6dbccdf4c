/** Faults of keys that mind the RP ID of a pinUvAuthToken where it means nothing. */
import { Command } from '../../ctap/commands/index.ts';
import type { Fault } from './fault.ts';
import { tokenFault } from './token-faults.ts';

const ignoring = [
  {
    name: 'bio-enrollment',
    command: Command.authenticatorBioEnrollment,
    taken: ['CTAP2_OK', 'CTAP2_ERR_INVALID_OPTION'],
  },
  { name: 'large-blobs', command: Command.authenticatorLargeBlobs, taken: ['CTAP2_OK'] },
  { name: 'authenticator-config', command: Command.authenticatorConfig, taken: ['CTAP2_OK'] },
] as const;

export const tokenRpIdFaults: readonly Fault[] = ignoring.map(({ name, command, taken }) =>
  tokenFault({
    id: `${name}-minds-rp-id-of-token`,
    summary: `takes no token for ${name} that has an RP ID`,
    commands: [command],
    when: ({ token }) => token?.rpId !== undefined && token.spentBy === undefined,
    status: 'CTAP2_ERR_PIN_AUTH_INVALID',
    instead: taken,
  }),
);
