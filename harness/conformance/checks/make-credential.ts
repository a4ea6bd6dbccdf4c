/** authenticatorMakeCredential: CTAP 2.3 §6.1. */
import { utf8 } from '../../../ctap/bytes.ts';
import { Command } from '../../../ctap/commands/index.ts';
import { makeCredentialRequest } from '../../../ctap/commands/make-credential.ts';
import { makeCredentialParameters, RP_ID, register } from '../ceremony.ts';
import type { CheckGroup } from '../check.ts';
import { expectEqual } from '../expect.ts';
import { parameterChecks } from './parameters.ts';

export const makeCredentialChecks: CheckGroup = {
  name: 'authenticatorMakeCredential',
  checks: [
    ...parameterChecks({
      name: 'makeCredential',
      command: Command.authenticatorMakeCredential,
      section: 'CTAP 2.3 §6.1.2',
      table: makeCredentialRequest,
      parameters: makeCredentialParameters,
    }),
    {
      id: 'makeCredential.authData.rpIdHash',
      section: 'WebAuthn Level 3 §6.1',
      statement: 'The authenticator data begin with the SHA-256 of the RP ID.',
      needs: { touches: 1 },
      faults: ['make-credential-other-rp-id-hash'],
      async run(key) {
        const { authData } = await register(key);
        expectEqual(authData.rpIdHash, key.bench.crypto.sha256(utf8(RP_ID)), 'rpIdHash');
      },
    },
  ],
};
