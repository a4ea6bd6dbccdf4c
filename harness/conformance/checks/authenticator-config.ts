/** authenticatorConfig: CTAP 2.3 §6.11, and what its settings bring about. */
import {
  authenticatorConfigRequest,
  type SetMinPINLengthParams,
  AuthenticatorConfigSubcommand as Subcommand,
  setMinPINLengthParams,
} from '../../../ctap/commands/authenticator-config.ts';
import { Command } from '../../../ctap/commands/index.ts';
import type { StatusName } from '../../../ctap/status.ts';
import { makeCredentialParameters, withMember } from '../ceremony.ts';
import type { Check, CheckGroup, Needs } from '../check.ts';
import { expectEqual, expectOk, expectStatus } from '../expect.ts';
import type { Subject } from '../subject.ts';
import {
  command,
  info,
  least,
  MIN_PIN,
  needing,
  parametersOf,
  rpIds,
  section,
  send,
  setMinPINLength,
} from './config-steps.ts';
import { minPinLength } from './min-pin-length.ts';
import { parameterChecks } from './parameters.ts';

const ALWAYS_UV = needing(['alwaysUv'], { spoils: true });

const ENTERPRISE = needing(['ep'], { spoils: true });

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
