/** What each command that takes a pinUvAuthToken does about good and bad ones: CTAP 2.3 §6.5.5.7, §6.5.6, §6.5.7. */
import { Permission } from '../../../ctap/pin-uv-auth/index.ts';
import type { PinUvAuthToken } from '../../client/pin-uv-auth-token.ts';
import type { Answer } from '../answer.ts';
import { paramsOf, RP_ID, withMember } from '../ceremony.ts';
import type { Check, CheckGroup, Needs } from '../check.ts';
import { expectStatus } from '../expect.ts';
import { sealedToken } from '../pin-ceremony.ts';
import type { Subject } from '../subject.ts';
import {
  type Authorization,
  permissionsOf,
  type TokenCommand,
  tokenCommands,
  unlessMcGaByPin,
} from '../token-commands.ts';

const PIN_AUTH_INVALID = 'CTAP2_ERR_PIN_AUTH_INVALID';
const UNKNOWN_PROTOCOL = 9;

/** The command with a token, or with what `change` makes of its authorization. */
async function send(
  key: Subject,
  { command, request }: TokenCommand,
  token: PinUvAuthToken,
  change: (authorization: Authorization) => Partial<Authorization> = (authorization) => authorization,
): Promise<Answer> {
  const { message, parameters } = await request(key);
  return key.request(command, await parameters(change(paramsOf(token, message))));
}

/** Commands bound to an RP by their token get one that is; credential management takes both. */
function rpIdFor(permissions: number): string | undefined {
  return permissions & (Permission.makeCredential | Permission.getAssertion) ? RP_ID : undefined;
}

function tokenFor(key: Subject, permissions: number, protocol?: 1 | 2): Promise<PinUvAuthToken> {
  const client = protocol === undefined ? key.pin : key.pinBy(protocol);
  return client.getPinUvAuthToken({ pin: key.bench.pin, permissions, rpId: rpIdFor(permissions) });
}

function needsOf({ options }: TokenCommand): Needs {
  return { pin: true, options: ['pinUvAuthToken', ...options], unless: unlessMcGaByPin };
}

function checksOf(target: TokenCommand): Check[] {
  const { name, fault, section } = target;
  const permission = Permission[name];
  const needs = needsOf(target);
  return [
    {
      id: `token.${name}.withoutPermission`,
      section: `${section}, §6.5.5.7`,
      statement: `A token with every permission but that of ${name} is not taken.`,
      needs,
      faults: [`${fault}-takes-token-without-permission`],
      async run(key) {
        const token = await tokenFor(key, permissionsOf(await key.info()) & ~permission);
        expectStatus(await send(key, target, token), PIN_AUTH_INVALID);
      },
    },
    {
      id: `token.${name}.stale`,
      section: `${section}, §6.5.5.7`,
      statement: `A token for ${name} is void once another has been given.`,
      needs,
      faults: ['stale-pin-token', `${fault}-takes-stale-token`],
      async run(key) {
        const old = await tokenFor(key, permission);
        await tokenFor(key, permission);
        expectStatus(await send(key, target, old), PIN_AUTH_INVALID);
      },
    },
  ];
}

/** makeCredential and getAssertion, which need no option, have checks of these in their own files. */
const managed = tokenCommands.filter(({ options }) => options.length > 0);

function managedChecksOf(target: TokenCommand): Check[] {
  const { name, fault, section, command, request, members, taken } = target;
  const permission = Permission[name];
  const needs = needsOf(target);
  return [
    {
      id: `token.${name}.protocolOne`,
      section: `${section}, §6.5.6`,
      statement: `A token of PIN/UV auth protocol one with the permission of ${name} alone is taken.`,
      needs: { ...needs, protocols: [1] },
      faults: [`${fault}-refuses-tokens-of-protocol-one`],
      async run(key) {
        expectStatus(await send(key, target, await tokenFor(key, permission, 1)), ...taken);
      },
    },
    {
      id: `token.${name}.cut`,
      section: `${section}, §6.5.7`,
      statement: `The first 16 bytes of a pinUvAuthParam of protocol two are not taken by ${name}.`,
      needs: { ...needs, protocols: [2] },
      faults: [`${fault}-takes-half-a-param`],
      async run(key) {
        const answer = await send(key, target, await tokenFor(key, permission, 2), (authorization) => ({
          ...authorization,
          pinUvAuthParam: authorization.pinUvAuthParam.subarray(0, 16),
        }));
        expectStatus(answer, PIN_AUTH_INVALID);
      },
    },
    {
      id: `token.${name}.legacy`,
      section: `${section}, §6.5.5.7.1`,
      statement: `A token of getPinToken is for makeCredential and getAssertion, and not taken by ${name}.`,
      needs,
      faults: [`${fault}-takes-token-of-get-pin-token`],
      async run(key) {
        const { token } = await sealedToken(key, 'getPinToken');
        const protocol = await key.pin.protocol();
        const { message, parameters } = await request(key);
        const authorization = {
          pinUvAuthParam: protocol.authenticate(token, message),
          pinUvAuthProtocol: protocol.version,
        };
        expectStatus(await key.request(command, await parameters(authorization)), PIN_AUTH_INVALID);
      },
    },
    {
      id: `token.${name}.pinUvAuthParam.missing`,
      section,
      statement: `Without a pinUvAuthParam ${name} asks for one, where a PIN is set.`,
      needs,
      faults: [`${fault}-needs-no-token`],
      async run(key) {
        const { parameters } = await request(key);
        expectStatus(await key.request(command, await parameters({})), 'CTAP2_ERR_PUAT_REQUIRED');
      },
    },
    {
      id: `token.${name}.pinUvAuthParam.other`,
      section,
      statement: `A pinUvAuthParam that no token has made is not taken by ${name}.`,
      needs,
      faults: [`${fault}-takes-any-param`],
      async run(key) {
        const answer = await send(key, target, await tokenFor(key, permission), (authorization) => ({
          ...authorization,
          pinUvAuthParam: authorization.pinUvAuthParam.map((byte) => byte ^ 0x55),
        }));
        expectStatus(answer, PIN_AUTH_INVALID);
      },
    },
    {
      id: `token.${name}.pinUvAuthProtocol.missing`,
      section,
      statement: `A pinUvAuthParam without pinUvAuthProtocol is refused by ${name} as one with a parameter missing.`,
      needs,
      faults: [`${fault}-takes-param-without-protocol`],
      async run(key) {
        const token = await tokenFor(key, permission);
        const { message, parameters } = await request(key);
        const bad = withMember(await parameters(paramsOf(token, message)), members.protocol, undefined);
        expectStatus(await key.request(command, bad), 'CTAP2_ERR_MISSING_PARAMETER');
      },
    },
    {
      id: `token.${name}.pinUvAuthProtocol.unsupported`,
      section,
      statement: `A pinUvAuthProtocol that the key lacks is refused by ${name} as an invalid parameter.`,
      needs,
      faults: [`${fault}-takes-unknown-protocol`],
      async run(key) {
        const answer = await send(key, target, await tokenFor(key, permission), (authorization) => ({
          ...authorization,
          pinUvAuthProtocol: UNKNOWN_PROTOCOL,
        }));
        expectStatus(answer, 'CTAP1_ERR_INVALID_PARAMETER');
      },
    },
  ];
}

export const tokenCommandChecks: CheckGroup = {
  name: 'pinUvAuthToken by command',
  checks: [...tokenCommands.flatMap(checksOf), ...managed.flatMap(managedChecksOf)],
};
