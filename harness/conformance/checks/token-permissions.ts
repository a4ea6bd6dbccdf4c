/** Which permissions a pinUvAuthToken can be asked for: CTAP 2.3 §6.5.5.7. */
import type { AuthenticatorOption, GetInfoResponse } from '../../../ctap/commands/get-info.ts';
import { Command } from '../../../ctap/commands/index.ts';
import { Permission } from '../../../ctap/pin-uv-auth/index.ts';
import { PinUvAuthToken } from '../../client/pin-uv-auth-token.ts';
import { RP_ID } from '../ceremony.ts';
import type { Check, CheckGroup, Needs } from '../check.ts';
import { expectOk, expectStatus } from '../expect.ts';
import { sealedToken, type TokenSubcommand, tokenParameters } from '../pin-ceremony.ts';
import type { Subject } from '../subject.ts';
import { MC_GA, OTHER_RP_ID, PIN_AUTH_INVALID, SILENTLY_TAKEN, send, silently } from '../token-ceremony.ts';
import { tokenCommands, unlessMcGaByPin } from '../token-commands.ts';

const BY_PIN = 'getPinUvAuthTokenUsingPinWithPermissions';
const BY_UV = 'getPinUvAuthTokenUsingUvWithPermissions';
const section = 'CTAP 2.3 §6.5.5.7.2';
const PIN: Needs = { pin: true, options: ['pinUvAuthToken'] };
const MC_GA_BY_PIN: Needs = { ...PIN, unless: unlessMcGaByPin };
/** No version of the specification gives this bit a meaning. */
const UNDEFINED = 0x80;

/** The option without which each permission is not to be had; a finger gives some by other options. */
type OptionOf = readonly (readonly [permission: number, option: AuthenticatorOption])[];
const byPin: OptionOf = [
  [Permission.credentialManagement, 'credMgmt'],
  [Permission.bioEnrollment, 'bioEnroll'],
  [Permission.largeBlobWrite, 'largeBlobs'],
  [Permission.authenticatorConfiguration, 'authnrCfg'],
];
const byUv: OptionOf = [
  [Permission.credentialManagement, 'credMgmt'],
  [Permission.bioEnrollment, 'uvBioEnroll'],
  [Permission.largeBlobWrite, 'largeBlobs'],
  [Permission.authenticatorConfiguration, 'uvAcfg'],
];

/** bioEnroll is false where no finger is enrolled yet: that takes a token. */
function lacking({ options = {} }: GetInfoResponse, optionOf: OptionOf): number[] {
  const lacks = (option: AuthenticatorOption) =>
    option === 'bioEnroll' ? options[option] === undefined : options[option] !== true;
  return optionOf.filter(([, option]) => lacks(option)).map(([permission]) => permission);
}

const unlessLacking = (optionOf: OptionOf) => (info: GetInfoResponse) =>
  lacking(info, optionOf).length === 0 ? 'the key has the options of all permissions' : undefined;

async function ask(key: Subject, subcommand: TokenSubcommand, given: { permissions?: number; rpId?: string }) {
  const { parameters } = await tokenParameters(key, subcommand, { given });
  return key.request(Command.authenticatorClientPIN, parameters);
}

const asking: readonly Check[] = [
  {
    id: 'token.permissions.zero',
    section,
    statement: 'A token by PIN without any permission is refused as an invalid parameter.',
    needs: PIN,
    faults: ['pin-gives-tokens-without-permission'],
    async run(key) {
      expectStatus(await ask(key, BY_PIN, { permissions: 0 }), 'CTAP1_ERR_INVALID_PARAMETER');
    },
  },
  {
    id: 'token.permissions.undefined',
    section,
    statement: 'A permission without a meaning is ignored beside others.',
    needs: MC_GA_BY_PIN,
    faults: ['pin-minds-permissions-without-meaning'],
    async run(key) {
      expectOk(await ask(key, BY_PIN, { permissions: Permission.getAssertion | UNDEFINED }));
    },
  },
  {
    id: 'token.permissions.unsupported',
    section,
    statement: 'A PIN gives no permission for a command that the key has not.',
    needs: { ...PIN, unless: unlessLacking(byPin) },
    faults: ['pin-gives-permissions-for-what-is-not-there'],
    async run(key) {
      for (const permissions of lacking(await key.info(), byPin)) {
        expectStatus(await ask(key, BY_PIN, { permissions }), 'CTAP2_ERR_UNAUTHORIZED_PERMISSION');
      }
    },
  },
  {
    id: 'uv.token.permissions.unsupported',
    section: 'CTAP 2.3 §6.5.5.7.3',
    statement: 'A finger gives no permission that it has no option for.',
    needs: { finger: true, options: ['pinUvAuthToken', 'bioEnroll'], unless: unlessLacking(byUv) },
    faults: ['uv-gives-permissions-without-option'],
    async run(key) {
      for (const permissions of lacking(await key.info(), byUv)) {
        expectStatus(await ask(key, BY_UV, { permissions }), 'CTAP2_ERR_UNAUTHORIZED_PERMISSION');
      }
    },
  },
  ...(['makeCredential', 'getAssertion'] as const).map(
    (name): Check => ({
      id: `token.permissions.${name}.rpId.missing`,
      section: 'CTAP 2.3 §6.5.5.7',
      statement: `A token for ${name} without rpId is refused as one with a parameter missing.`,
      needs: MC_GA_BY_PIN,
      faults: [`pin-gives-${name === 'makeCredential' ? 'mc' : 'ga'}-without-rp-id`],
      async run(key) {
        const given = { permissions: Permission[name], rpId: undefined };
        const { parameters } = await tokenParameters(key, BY_PIN, { given });
        expectStatus(await key.request(Command.authenticatorClientPIN, parameters), 'CTAP2_ERR_MISSING_PARAMETER');
      },
    }),
  ),
];

/** A token of getPinToken, by protocol one where the key has it: platforms of CTAP 2.0 know no other. */
async function legacyToken(key: Subject): Promise<PinUvAuthToken> {
  const { pinUvAuthProtocols = [1] } = await key.info();
  const client = key.pinBy(pinUvAuthProtocols.includes(1) ? 1 : 2);
  const { token } = await sealedToken(key, 'getPinToken', { client });
  return new PinUvAuthToken(await client.protocol(), token, MC_GA);
}

const LEGACY_SECTION = 'CTAP 2.3 §6.5.5.7.1';

const legacy: readonly Check[] = [
  {
    id: 'token.getPinToken.permissions',
    section: LEGACY_SECTION,
    statement: 'getPinToken with permissions is refused as one with an invalid parameter.',
    needs: PIN,
    faults: ['get-pin-token-takes-permissions'],
    async run(key) {
      expectStatus(await ask(key, 'getPinToken', { permissions: MC_GA }), 'CTAP1_ERR_INVALID_PARAMETER');
    },
  },
  {
    id: 'token.getPinToken.rpId',
    section: LEGACY_SECTION,
    statement: 'getPinToken with an rpId is refused as one with an invalid parameter.',
    needs: PIN,
    faults: ['get-pin-token-takes-rp-id'],
    async run(key) {
      expectStatus(await ask(key, 'getPinToken', { rpId: RP_ID }), 'CTAP1_ERR_INVALID_PARAMETER');
    },
  },
  ...tokenCommands
    .filter(({ options }) => options.length === 0)
    .map(
      (target): Check => ({
        id: `token.getPinToken.${target.name}`,
        section: LEGACY_SECTION,
        statement: `A token of getPinToken is taken by ${target.name}.`,
        needs: { ...MC_GA_BY_PIN, touches: target.name === 'makeCredential' ? 1 : 0 },
        faults: [`${target.fault}-refuses-token-of-get-pin-token`],
        async run(key) {
          const token = await legacyToken(key);
          if (target.name === 'getAssertion') expectStatus(await silently(key, token), ...SILENTLY_TAKEN);
          else expectStatus(await send(key, target, token), ...target.taken);
        },
      }),
    ),
  {
    id: 'token.getPinToken.rpId.getAssertion',
    section: 'CTAP 2.3 §6.2.2',
    statement: 'A token without RP ID is bound to that of the first getAssertion, and no other RP ID is taken then.',
    needs: MC_GA_BY_PIN,
    faults: ['get-assertion-leaves-token-unbound'],
    async run(key) {
      const token = await legacyToken(key);
      await silently(key, token, OTHER_RP_ID);
      expectStatus(await silently(key, token), PIN_AUTH_INVALID);
    },
  },
  {
    id: 'token.getPinToken.rpId.makeCredential',
    section: 'CTAP 2.3 §6.1.2, §6.2.2',
    statement: 'A token that a getAssertion has bound to its RP ID is not taken by makeCredential for another.',
    needs: MC_GA_BY_PIN,
    faults: ['make-credential-takes-token-bound-by-get-assertion'],
    async run(key) {
      const token = await legacyToken(key);
      await silently(key, token, OTHER_RP_ID);
      const target = tokenCommands.find(({ name }) => name === 'makeCredential')!;
      expectStatus(await send(key, target, token), PIN_AUTH_INVALID);
    },
  },
];

export const tokenPermissionChecks: CheckGroup = {
  name: 'pinUvAuthToken permissions',
  checks: [...asking, ...legacy],
};
