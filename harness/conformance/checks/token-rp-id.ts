/** The commands to which the RP ID of a pinUvAuthToken means nothing: CTAP 2.3 §6.5.5.7. */
import { Permission } from '../../../ctap/pin-uv-auth/index.ts';
import { RP_ID } from '../ceremony.ts';
import type { Check, CheckGroup } from '../check.ts';
import { expectStatus } from '../expect.ts';
import { send } from '../token-ceremony.ts';
import { tokenCommands } from '../token-commands.ts';

const ignoring = tokenCommands.filter(({ name }) =>
  ['bioEnrollment', 'largeBlobWrite', 'authenticatorConfiguration'].includes(name),
);

export const tokenRpIdChecks: CheckGroup = {
  name: 'pinUvAuthToken RP ID',
  checks: ignoring.map(
    (target): Check => ({
      id: `token.rpId.${target.name}`,
      section: `${target.section}, §6.5.5.7`,
      statement: `The RP ID of a token means nothing to ${target.name}.`,
      needs: { pin: true, options: ['pinUvAuthToken', ...target.options] },
      faults: [`${target.fault}-minds-rp-id-of-token`],
      async run(key) {
        const token = await key.token(Permission[target.name], RP_ID);
        expectStatus(await send(key, target, token), ...target.taken);
      },
    }),
  ),
};
