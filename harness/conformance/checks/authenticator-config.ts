/** authenticatorConfig: CTAP 2.3 §6.11, and what its settings bring about. */
import type { CborMap } from '../../../ctap/cbor.ts';
import {
  authenticatorConfigAuthMessage,
  authenticatorConfigRequest,
  type SetMinPINLengthParams,
  AuthenticatorConfigSubcommand as Subcommand,
  setMinPINLengthParams,
} from '../../../ctap/commands/authenticator-config.ts';
import type { AuthenticatorOption, GetInfoResponse } from '../../../ctap/commands/get-info.ts';
import { Command } from '../../../ctap/commands/index.ts';
import { Permission } from '../../../ctap/pin-uv-auth/index.ts';
import type { StatusName } from '../../../ctap/status.ts';
import type { Answer } from '../answer.ts';
import { makeCredentialParameters, paramsOf, RP_ID, register, withMember } from '../ceremony.ts';
import type { Check, CheckGroup, Needs } from '../check.ts';
import { expect, expectEqual, expectOk, expectStatus } from '../expect.ts';
import { changePinParameters, enterPin, NEW_PIN, padded } from '../pin-ceremony.ts';
import type { Subject } from '../subject.ts';
import { parameterChecks } from './parameters.ts';

const command = Command.authenticatorConfig;

async function parametersOf(key: Subject, subCommand: number, subCommandParams?: CborMap): Promise<CborMap> {
  const message = authenticatorConfigAuthMessage(subCommand, subCommandParams);
  const authorization = key.state.pin ? paramsOf(await key.token(Permission.authenticatorConfiguration), message) : {};
  return authenticatorConfigRequest.encode({ subCommand, subCommandParams, ...authorization });
}

async function send(key: Subject, subCommand: number, subCommandParams?: CborMap): Promise<Answer> {
  return key.request(command, await parametersOf(key, subCommand, subCommandParams));
}

function setMinPINLength(key: Subject, params: SetMinPINLengthParams): Promise<Answer> {
  return send(key, Subcommand.setMinPINLength, setMinPINLengthParams.encode(params));
}

const info = (key: Subject) => key.ctap2.getInfo();
const least = async (key: Subject) => (await info(key)).minPINLength ?? 4;

function needing(options: readonly AuthenticatorOption[], more: Needs = {}): Needs {
  return { pin: true, options: ['authnrCfg', 'pinUvAuthToken', ...options], ...more };
}

const MIN_PIN = needing(['setMinPINLength']);
const MIN_PIN_SPOILS = needing(['setMinPINLength'], { spoils: true });
const ALWAYS_UV = needing(['alwaysUv'], { spoils: true });
const ENTERPRISE = needing(['ep'], { spoils: true });
const section = 'CTAP 2.3 §6.11.4';

/** Shorter than the PIN of the bench, longer than the length of any key that is as it was made. */
const RAISED = 7;
const NEW_LENGTH = 12;
const unlessRaisable = ({ minPINLength = 4 }: GetInfoResponse) =>
  minPINLength >= RAISED ? `minPINLength is ${minPINLength} already` : undefined;

const parameters: readonly Check[] = [
  ...parameterChecks({
    name: 'config',
    command,
    section: 'CTAP 2.3 §6.11',
    table: authenticatorConfigRequest,
    members: ['subCommand', 'subCommandParams'],
    needs: MIN_PIN,
    parameters: async (key) =>
      parametersOf(
        key,
        Subcommand.setMinPINLength,
        setMinPINLengthParams.encode({ newMinPINLength: await least(key) }),
      ),
  }),
  {
    id: 'config.subCommand.unknown',
    section: 'CTAP 2.3 §6.11',
    statement: 'A subcommand that the key lacks is refused.',
    needs: needing([]),
    faults: ['config-takes-unknown-subcommand'],
    async run(key) {
      expectStatus(await send(key, 0x3f), 'CTAP1_ERR_INVALID_PARAMETER', 'CTAP2_ERR_INVALID_SUBCOMMAND');
    },
  },
  {
    id: 'config.unprotected',
    section: 'CTAP 2.3 §6.11',
    statement: 'Without a PIN, a finger and alwaysUv no pinUvAuthParam is needed.',
    needs: { options: ['authnrCfg', 'setMinPINLength'], pin: false },
    faults: ['config-needs-a-token-without-a-pin'],
    async run(key) {
      expectOk(await setMinPINLength(key, { newMinPINLength: await least(key) }));
    },
  },
  {
    id: 'config.pinUvAuthParam.otherSubcommand',
    section: 'CTAP 2.3 §6.11',
    statement: 'A pinUvAuthParam of another subcommand is not taken.',
    needs: ALWAYS_UV,
    faults: ['config-authenticates-no-subcommand'],
    async run(key) {
      const request = await parametersOf(key, Subcommand.enableEnterpriseAttestation);
      const other = withMember(request, 0x01, Subcommand.toggleAlwaysUv);
      expectStatus(await key.request(command, other), 'CTAP2_ERR_PIN_AUTH_INVALID');
    },
  },
  ...(
    [
      ['newMinPINLength', 0x01, 'new-min-pin-length'],
      ['minPinLengthRPIDs', 0x02, 'min-pin-length-rp-ids'],
      ['forceChangePin', 0x03, 'force-change-pin'],
    ] as const
  ).map(
    ([name, member, fault]): Check => ({
      id: `config.setMinPINLength.${name}.wrongType`,
      section: 'CTAP 2.3 §8.2',
      statement: `setMinPINLength with a byte string for ${name} is refused as one of unexpected type.`,
      needs: MIN_PIN,
      faults: [`config-accepts-wrong-${fault}`],
      async run(key) {
        const answer = await send(key, Subcommand.setMinPINLength, new Map([[member, Uint8Array.of(8)]]));
        expectStatus(answer, 'CTAP2_ERR_CBOR_UNEXPECTED_TYPE');
      },
    }),
  ),
];

interface Refused {
  readonly name: string;
  readonly fault: string;
  readonly statement: string;
  readonly status: StatusName;
  readonly needs: Needs;
  readonly params: (key: Subject) => Promise<SetMinPINLengthParams>;
}

const refused: readonly Refused[] = [
  {
    name: 'lower',
    fault: 'config-lowers-min-pin-length',
    statement: 'A length below the one in force violates the policy.',
    status: 'CTAP2_ERR_PIN_POLICY_VIOLATION',
    needs: MIN_PIN,
    params: async (key) => ({ newMinPINLength: (await least(key)) - 1 }),
  },
  {
    name: 'high',
    fault: 'config-raises-min-pin-length-above-all',
    statement: 'A length that no PIN can have violates the policy.',
    status: 'CTAP2_ERR_PIN_POLICY_VIOLATION',
    needs: MIN_PIN,
    params: async () => ({ newMinPINLength: 64 }),
  },
  {
    name: 'forceChangePin.notSet',
    fault: 'config-forces-change-of-no-pin',
    statement: 'A PIN that is not set cannot be made to be changed.',
    status: 'CTAP2_ERR_PIN_NOT_SET',
    needs: { options: ['authnrCfg', 'setMinPINLength', 'clientPin'], pin: false },
    params: async () => ({ forceChangePin: true }),
  },
  {
    name: 'minPinLengthRPIDs.tooMany',
    fault: 'config-takes-too-many-rp-ids',
    statement: 'More RP IDs than maxRPIDsForSetMinPINLength do not fit.',
    status: 'CTAP2_ERR_KEY_STORE_FULL',
    needs: needing(['setMinPINLength'], { extensions: ['minPinLength'] }),
    params: async (key) => ({ minPinLengthRPIDs: rpIds(((await info(key)).maxRPIDsForSetMinPINLength ?? 0) + 1) }),
  },
];

function rpIds(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${index}.example`);
}

const refusals = refused.map(
  ({ name, fault, statement, status, needs, params }): Check => ({
    id: `config.setMinPINLength.${name}`,
    section,
    statement,
    needs,
    faults: [fault],
    async run(key) {
      expectStatus(await setMinPINLength(key, await params(key)), status);
    },
  }),
);

async function raise(key: Subject, newMinPINLength = RAISED): Promise<void> {
  expectOk(await setMinPINLength(key, { newMinPINLength }));
}

async function forceChange(key: Subject): Promise<void> {
  expectOk(await setMinPINLength(key, { forceChangePin: true }));
}

/** The extension's output of a new credential. */
async function toldLength(key: Subject): Promise<unknown> {
  const { authData } = await register(key, { extensions: { minPinLength: true } });
  return authData.extensions?.get('minPinLength');
}

const minPinLength: readonly Check[] = [
  {
    id: 'config.setMinPINLength.same',
    section,
    statement: 'The length that is in force is taken.',
    needs: MIN_PIN,
    faults: ['config-refuses-the-same-min-pin-length'],
    async run(key) {
      expectOk(await setMinPINLength(key, { newMinPINLength: await least(key), minPinLengthRPIDs: [] }));
    },
  },
  {
    id: 'config.setMinPINLength.raised',
    section,
    statement: 'getInfo tells the length that was set.',
    needs: { ...MIN_PIN_SPOILS, unless: unlessRaisable },
    faults: ['config-leaves-min-pin-length'],
    async run(key) {
      await raise(key);
      expectEqual((await info(key)).minPINLength, RAISED, 'minPINLength');
    },
  },
  {
    id: 'config.setMinPINLength.survivesPowerCycle',
    section,
    statement: 'The length that was set is kept when the key has been without power.',
    needs: { ...MIN_PIN_SPOILS, unless: unlessRaisable },
    faults: ['config-forgets-min-pin-length-without-power'],
    async run(key) {
      await raise(key);
      await key.replug();
      expectEqual((await info(key)).minPINLength, RAISED, 'minPINLength');
    },
  },
  {
    id: 'config.setMinPINLength.longPin',
    section,
    statement: 'A PIN that is long enough need not be changed.',
    needs: { ...MIN_PIN_SPOILS, unless: unlessRaisable },
    faults: ['config-forces-change-of-a-long-pin'],
    async run(key) {
      await raise(key);
      expect((await info(key)).forcePINChange !== true, 'forcePINChange that is not true', true);
    },
  },
  {
    id: 'config.setMinPINLength.shortPin',
    section,
    statement: 'A PIN that is too short now has to be changed.',
    needs: MIN_PIN_SPOILS,
    faults: ['config-lets-a-short-pin-be'],
    async run(key) {
      await raise(key, NEW_LENGTH);
      expectEqual((await info(key)).forcePINChange, true, 'forcePINChange');
    },
  },
  {
    id: 'config.setMinPINLength.newPin',
    section: `${section}, §6.5.5.6`,
    statement: 'A new PIN below the length that was set violates the policy.',
    needs: MIN_PIN_SPOILS,
    faults: ['change-pin-forgets-the-raised-length'],
    async run(key) {
      await raise(key, NEW_LENGTH);
      const request = await changePinParameters(key, padded(NEW_PIN));
      const answer = await key.request(Command.authenticatorClientPIN, request);
      expectStatus(answer, 'CTAP2_ERR_PIN_POLICY_VIOLATION');
    },
  },
  {
    id: 'config.forceChangePin.forcePINChange',
    section,
    statement: 'forceChangePin sets forcePINChange.',
    needs: MIN_PIN_SPOILS,
    faults: ['config-forces-no-change'],
    async run(key) {
      await forceChange(key);
      expectEqual((await info(key)).forcePINChange, true, 'forcePINChange');
    },
  },
  {
    id: 'config.forceChangePin.survivesPowerCycle',
    section,
    statement: 'A PIN that has to be changed still has to when the key has been without power.',
    needs: MIN_PIN_SPOILS,
    faults: ['config-forgets-forced-change-without-power'],
    async run(key) {
      await forceChange(key);
      await key.replug();
      expectEqual((await info(key)).forcePINChange, true, 'forcePINChange');
    },
  },
  {
    id: 'config.forceChangePin.token',
    section: 'CTAP 2.3 §6.5.5.7.2',
    statement: 'A PIN that has to be changed gives no token: it violates the policy.',
    needs: MIN_PIN_SPOILS,
    faults: ['token-by-pin-that-has-to-be-changed'],
    async run(key) {
      await forceChange(key);
      const answer = await enterPin(key, key.bench.pin, 'getPinUvAuthTokenUsingPinWithPermissions');
      expectStatus(answer, 'CTAP2_ERR_PIN_POLICY_VIOLATION');
    },
  },
  {
    id: 'config.forceChangePin.getPinToken',
    section: 'CTAP 2.3 §6.5.5.7.1',
    statement: 'getPinToken says of a PIN that has to be changed that it is invalid.',
    needs: MIN_PIN_SPOILS,
    faults: ['get-pin-token-with-pin-that-has-to-be-changed', 'get-pin-token-accepts-wrong-pin'],
    async run(key) {
      await forceChange(key);
      expectStatus(await enterPin(key, key.bench.pin, 'getPinToken'), 'CTAP2_ERR_PIN_INVALID');
    },
  },
  {
    id: 'config.forceChangePin.changed',
    section: 'CTAP 2.3 §6.5.5.6',
    statement: 'changePIN ends forcePINChange.',
    needs: MIN_PIN_SPOILS,
    faults: ['change-pin-leaves-force-pin-change'],
    async run(key) {
      await forceChange(key);
      expectOk(await key.request(Command.authenticatorClientPIN, await changePinParameters(key, NEW_PIN)));
      expect((await info(key)).forcePINChange !== true, 'forcePINChange that is not true', true);
    },
  },
  {
    id: 'config.forceChangePin.samePin',
    section: 'CTAP 2.3 §6.5.5.6',
    statement: 'A PIN that has to be changed cannot be set again.',
    needs: MIN_PIN_SPOILS,
    faults: ['change-pin-takes-the-same-one-though-forced'],
    async run(key) {
      await forceChange(key);
      const request = await changePinParameters(key, key.bench.pin);
      const answer = await key.request(Command.authenticatorClientPIN, request);
      expectStatus(answer, 'CTAP2_ERR_PIN_POLICY_VIOLATION');
    },
  },
  {
    id: 'config.minPinLengthRPIDs.most',
    section,
    statement: 'As many RP IDs as maxRPIDsForSetMinPINLength are taken.',
    needs: needing(['setMinPINLength'], { spoils: true, extensions: ['minPinLength'] }),
    faults: ['config-refuses-the-most-rp-ids'],
    async run(key) {
      const { maxRPIDsForSetMinPINLength: most = 0 } = await info(key);
      expectOk(await setMinPINLength(key, { minPinLengthRPIDs: rpIds(most) }));
    },
  },
  {
    id: 'config.minPinLengthRPIDs.listed',
    section: `${section}, §12.5`,
    statement: 'An RP of the list learns the length by the extension minPinLength.',
    needs: needing(['setMinPINLength'], { spoils: true, extensions: ['minPinLength'], touches: 1 }),
    faults: ['min-pin-length-wrong', 'config-forgets-listed-rp-ids'],
    async run(key) {
      expectOk(await setMinPINLength(key, { minPinLengthRPIDs: [RP_ID] }));
      expectEqual(await toldLength(key), await least(key), 'the output of minPinLength');
    },
  },
];

async function toggle(key: Subject): Promise<void> {
  expectOk(await send(key, Subcommand.toggleAlwaysUv));
}

const settings: readonly Check[] = [
  {
    id: 'config.toggleAlwaysUv.on',
    section: 'CTAP 2.3 §6.11.2',
    statement: 'toggleAlwaysUv makes a false option alwaysUv true.',
    needs: ALWAYS_UV,
    faults: ['config-leaves-always-uv-off'],
    async run(key) {
      const { options } = await info(key);
      await toggle(key);
      if (options?.alwaysUv === true) await toggle(key);
      expectEqual((await info(key)).options?.alwaysUv, true, 'the option alwaysUv');
    },
  },
  {
    id: 'config.toggleAlwaysUv.off',
    section: 'CTAP 2.3 §6.11.2',
    statement: 'toggleAlwaysUv makes a true option alwaysUv false, where the key lets it be.',
    needs: ALWAYS_UV,
    faults: ['config-leaves-always-uv-on'],
    async run(key) {
      await toggle(key);
      const { options } = await info(key);
      if (options?.alwaysUv === true) await toggle(key);
      expectEqual((await info(key)).options?.alwaysUv, false, 'the option alwaysUv');
    },
  },
  {
    id: 'config.toggleAlwaysUv.survivesPowerCycle',
    section: 'CTAP 2.3 §6.11.2',
    statement: 'alwaysUv is kept when the key has been without power.',
    needs: ALWAYS_UV,
    faults: ['config-forgets-always-uv-without-power'],
    async run(key) {
      const { options } = await info(key);
      await toggle(key);
      await key.replug();
      expectEqual((await info(key)).options?.alwaysUv, options?.alwaysUv !== true, 'the option alwaysUv');
    },
  },
  {
    id: 'config.toggleAlwaysUv.makeCredential',
    section: 'CTAP 2.3 §6.1.2, §7.2',
    statement: 'With alwaysUv makeCredential without user verification asks for a token.',
    needs: {
      ...ALWAYS_UV,
      unless: ({ options }) => (options?.uv === true ? 'the key verifies users itself' : undefined),
    },
    faults: ['always-uv-makes-credentials-without-uv'],
    async run(key) {
      const { options } = await info(key);
      if (options?.alwaysUv !== true) await toggle(key);
      const request = await makeCredentialParameters(key, { pinUvAuthParam: undefined, options: { rk: false } });
      expectStatus(await key.request(Command.authenticatorMakeCredential, request), 'CTAP2_ERR_PUAT_REQUIRED');
    },
  },
  {
    id: 'config.enterpriseAttestation.enabled',
    section: 'CTAP 2.3 §6.11.1',
    statement: 'enableEnterpriseAttestation makes the option ep true.',
    needs: ENTERPRISE,
    faults: ['config-leaves-enterprise-attestation-off'],
    async run(key) {
      expectOk(await send(key, Subcommand.enableEnterpriseAttestation));
      expectEqual((await info(key)).options?.ep, true, 'the option ep');
    },
  },
  {
    id: 'config.enterpriseAttestation.again',
    section: 'CTAP 2.3 §6.11.1',
    statement: 'enableEnterpriseAttestation succeeds where it is enabled.',
    needs: ENTERPRISE,
    faults: ['config-enables-enterprise-attestation-only-once'],
    async run(key) {
      expectOk(await send(key, Subcommand.enableEnterpriseAttestation));
      expectOk(await send(key, Subcommand.enableEnterpriseAttestation));
    },
  },
  {
    id: 'config.enterpriseAttestation.survivesPowerCycle',
    section: 'CTAP 2.3 §6.11.1',
    statement: 'Enterprise attestation stays enabled when the key has been without power.',
    needs: ENTERPRISE,
    faults: ['config-forgets-enterprise-attestation-without-power'],
    async run(key) {
      expectOk(await send(key, Subcommand.enableEnterpriseAttestation));
      await key.replug();
      expectEqual((await info(key)).options?.ep, true, 'the option ep');
    },
  },
  {
    id: 'config.longTouchForReset.enabled',
    section: 'CTAP 2.3 §6.11.5',
    statement: 'enableLongTouchForReset makes longTouchForReset true.',
    needs: needing([], {
      spoils: true,
      unless: ({ authenticatorConfigCommands = [] }) =>
        authenticatorConfigCommands.includes(Subcommand.enableLongTouchForReset)
          ? undefined
          : 'authenticatorConfigCommands has no enableLongTouchForReset',
    }),
    faults: ['config-leaves-long-touch-off'],
    async run(key) {
      expectOk(await send(key, Subcommand.enableLongTouchForReset));
      expectEqual((await info(key)).longTouchForReset, true, 'longTouchForReset');
    },
  },
  ...(
    [
      ['unknown', 'config-takes-unknown-vendor-command', new Map([[0x01, 1]]), 'a vendorCommandId that the key lacks'],
      ['missing', 'config-takes-no-vendor-command', new Map<number, number>(), 'no vendorCommandId'],
    ] as const
  ).map(
    ([name, fault, params, what]): Check => ({
      id: `config.vendorPrototype.vendorCommandId.${name}`,
      section: 'CTAP 2.3 §6.11.7',
      statement: `vendorPrototype with ${what} is refused.`,
      needs: needing([], {
        unless: ({ vendorPrototypeConfigCommands }) =>
          vendorPrototypeConfigCommands === undefined ? 'vendorPrototypeConfigCommands is absent' : undefined,
      }),
      faults: [fault],
      async run(key) {
        const answer = await send(key, Subcommand.vendorPrototype, params);
        expectStatus(
          answer,
          ...(name === 'missing'
            ? (['CTAP2_ERR_MISSING_PARAMETER'] as const)
            : (['CTAP1_ERR_INVALID_PARAMETER', 'CTAP2_ERR_INVALID_SUBCOMMAND'] as const)),
        );
      },
    }),
  ),
];

export const authenticatorConfigChecks: CheckGroup = {
  name: 'authenticatorConfig',
  checks: [...parameters, ...refusals, ...minPinLength, ...settings],
};
