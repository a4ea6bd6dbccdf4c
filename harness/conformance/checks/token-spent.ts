/** What user presence leaves of a pinUvAuthToken: CTAP 2.3 §6.1.2 step 14, §6.2.2 step 9, §6.5.3.2. */
import {
  credentialManagementAuthMessage,
  credentialManagementParams,
  credentialManagementRequest,
  CredentialManagementSubcommand as Subcommand,
} from '../../../ctap/commands/credential-management.ts';
import { Command } from '../../../ctap/commands/index.ts';
import { Permission } from '../../../ctap/pin-uv-auth/index.ts';
import {
  CLIENT_DATA_HASH,
  descriptor,
  getAssertionParameters,
  makeCredentialParameters,
  paramsOf,
  RP_ID,
  register,
} from '../ceremony.ts';
import type { Check, CheckGroup, Needs } from '../check.ts';
import { expectOk, expectStatus } from '../expect.ts';
import { rpIdHash } from '../passkey-ceremony.ts';
import { MC_GA, PIN_AUTH_INVALID, send, silently, spend } from '../token-ceremony.ts';
import { type TokenCommand, tokenCommands, unlessMcGaByPin } from '../token-commands.ts';

const needsOf = ({ options }: Pick<TokenCommand, 'options'>, touches = 1): Needs => ({
  pin: true,
  options: ['pinUvAuthToken', ...options],
  unless: unlessMcGaByPin,
  touches,
});

/** The credentials of the RP that the token is bound to: the metadata are refused to it in any case. */
const ownCredentials: TokenCommand['request'] = (key) => {
  const subCommand = Subcommand.enumerateCredentialsBegin;
  const subCommandParams = credentialManagementParams.encode({ rpIDHash: rpIdHash(key, RP_ID) });
  return {
    message: credentialManagementAuthMessage(subCommand, subCommandParams),
    parameters: (authorization) =>
      credentialManagementRequest.encode({ subCommand, subCommandParams, ...authorization }),
  };
};

const managed = tokenCommands
  .filter(({ options }) => options.length > 0)
  .map((target) => (target.name === 'credentialManagement' ? { ...target, request: ownCredentials } : target));

const lost = managed
  .filter(({ name }) => name !== 'largeBlobWrite')
  .map(
    (target): Check => ({
      id: `token.spent.${target.name}`,
      section: 'CTAP 2.3 §6.1.2, §6.5.3.2',
      statement: `A makeCredential with user presence takes the permission of ${target.name} from its token.`,
      needs: needsOf(target),
      faults: [`${target.fault}-takes-spent-token`],
      async run(key) {
        const token = await key.token(Permission.makeCredential | Permission[target.name], RP_ID);
        await spend(key, token);
        expectStatus(await send(key, target, token), PIN_AUTH_INVALID);
      },
    }),
  );

const kept = managed
  .filter(({ name }) => name === 'largeBlobWrite')
  .map(
    (target): Check => ({
      id: `token.spent.${target.name}`,
      section: 'CTAP 2.3 §6.1.2, §6.5.3.2',
      statement: `A makeCredential with user presence leaves its token the permission of ${target.name}.`,
      needs: needsOf(target),
      faults: [`${target.fault}-refuses-spent-token`],
      async run(key) {
        const token = await key.token(Permission.makeCredential | Permission[target.name], RP_ID);
        await spend(key, token);
        expectStatus(await send(key, target, token), ...target.taken);
      },
    }),
  );

export const tokenSpentChecks: CheckGroup = {
  name: 'pinUvAuthToken after user presence',
  checks: [
    {
      id: 'token.spent.getAssertion',
      section: 'CTAP 2.3 §6.1.2, §6.5.3.2',
      statement: 'A makeCredential with user presence takes the permission of getAssertion from its token.',
      needs: needsOf({ options: [] }),
      faults: ['get-assertion-takes-token-spent-by-make-credential'],
      async run(key) {
        const token = await key.token(MC_GA, RP_ID);
        await spend(key, token);
        expectStatus(await silently(key, token), PIN_AUTH_INVALID);
      },
    },
    {
      id: 'token.spent.makeCredential',
      section: 'CTAP 2.3 §6.2.2, §6.5.3.2',
      statement: 'A getAssertion with user presence takes the permission of makeCredential from its token.',
      needs: needsOf({ options: [] }, 2),
      faults: ['make-credential-takes-token-spent-by-get-assertion'],
      async run(key) {
        const allowList = [descriptor(await register(key))];
        const authorization = paramsOf(await key.token(MC_GA, RP_ID), CLIENT_DATA_HASH);
        const signIn = await getAssertionParameters(key, { allowList, ...authorization });
        expectOk(await key.request(Command.authenticatorGetAssertion, signIn));
        const another = await makeCredentialParameters(key, authorization);
        expectStatus(await key.request(Command.authenticatorMakeCredential, another), PIN_AUTH_INVALID);
      },
    },
    ...lost,
    ...kept,
  ],
};
