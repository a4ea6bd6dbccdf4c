/** Faults of authenticatorConfig, and of what its settings bring about. */
import type { CborMap, CborValue } from '../../ctap/cbor.ts';
import {
  authenticatorConfigRequest,
  AuthenticatorConfigSubcommand as Subcommand,
} from '../../ctap/commands/authenticator-config.ts';
import { Command } from '../../ctap/commands/index.ts';
import type { StatusName } from '../../ctap/status.ts';
import { aftermathFault, changeMap } from './aftermath-faults.ts';
import { acceptsFault, authDataFault, type SeenRequest, statusFault } from './ctap2-faults.ts';
import type { Fault, FaultContext } from './fault.ts';
import { parameterFaults } from './parameters.ts';
import { ofSubcommand, openPins } from './pin-channel.ts';
import { tokenFault } from './token-faults.ts';

const CONFIG = Command.authenticatorConfig;
const INFO = Command.authenticatorGetInfo;
const PIN = Command.authenticatorClientPIN;
/** Members of getInfo. */
const OPTIONS = 0x04;
const FORCE_PIN_CHANGE = 0x0c;
const MIN_PIN_LENGTH = 0x0d;
const LONG_TOUCH = 0x18;
/** Members of setMinPINLength. */
const LENGTH = 0x01;
const RP_IDS = 0x02;
const FORCE = 0x03;
const MAX_LENGTH = 63;

const isSubcommand =
  (subcommand: number, holds: (params: CborMap) => boolean = () => true) =>
  ({ command, parameters }: SeenRequest): boolean => {
    const params = parameters.get(0x02);
    return (
      command === CONFIG &&
      parameters.get(0x01) === subcommand &&
      holds(params instanceof Map ? params : new Map<number, CborValue>())
    );
  };
const setsLength = (holds: (length: number) => boolean) =>
  isSubcommand(
    Subcommand.setMinPINLength,
    (params) => typeof params.get(LENGTH) === 'number' && holds(Number(params.get(LENGTH))),
  );
const forces = isSubcommand(Subcommand.setMinPINLength, (params) => params.get(FORCE) === true);
const asksInfo = ({ command }: SeenRequest) => command === INFO;
const changesPin = ofSubcommand('changePIN');

const says = (member: number, value: CborValue) => changeMap((info) => new Map([...info, [member, value] as const]));
const saysOption = (name: string, value: boolean) =>
  changeMap((info) => {
    const options = info.get(OPTIONS);
    return new Map([
      ...info,
      [OPTIONS, new Map([...(options instanceof Map ? options : []), [name, value] as const])] as const,
    ]);
  });
const alwaysUv = ({ authenticator }: FaultContext) => authenticator.config.now.alwaysUv;
const mustChange = ({ authenticator }: FaultContext) => authenticator.pin.forceChange;

interface Accepted {
  readonly id: string;
  readonly summary: string;
  readonly refusal: StatusName;
  readonly when: (request: SeenRequest) => boolean;
  readonly given?: (context: FaultContext, request: SeenRequest) => boolean;
}

const POLICY = 'CTAP2_ERR_PIN_POLICY_VIOLATION';
const rpIdsGiven = isSubcommand(Subcommand.setMinPINLength, (params) => Array.isArray(params.get(RP_IDS)));
const wrongType = (member: number) =>
  isSubcommand(Subcommand.setMinPINLength, (params) => params.get(member) instanceof Uint8Array);

const accepted: readonly Accepted[] = [
  {
    id: 'config-takes-unknown-subcommand',
    summary: 'takes subcommands of authenticatorConfig that it does not have',
    refusal: 'CTAP1_ERR_INVALID_PARAMETER',
    when: ({ parameters }) => Number(parameters.get(0x01)) > 4 && parameters.get(0x01) !== Subcommand.vendorPrototype,
  },
  {
    id: 'config-accepts-wrong-new-min-pin-length',
    summary: 'takes a byte string for newMinPINLength',
    refusal: 'CTAP2_ERR_CBOR_UNEXPECTED_TYPE',
    when: wrongType(LENGTH),
  },
  {
    id: 'config-accepts-wrong-min-pin-length-rp-ids',
    summary: 'takes a byte string for minPinLengthRPIDs',
    refusal: 'CTAP2_ERR_CBOR_UNEXPECTED_TYPE',
    when: wrongType(RP_IDS),
  },
  {
    id: 'config-accepts-wrong-force-change-pin',
    summary: 'takes a byte string for forceChangePin',
    refusal: 'CTAP2_ERR_CBOR_UNEXPECTED_TYPE',
    when: wrongType(FORCE),
  },
  {
    id: 'config-lowers-min-pin-length',
    summary: 'takes a PIN length below the one in force',
    refusal: POLICY,
    when: setsLength((length) => length <= MAX_LENGTH),
  },
  {
    id: 'config-raises-min-pin-length-above-all',
    summary: 'takes a PIN length that no PIN can have',
    refusal: POLICY,
    when: setsLength((length) => length > MAX_LENGTH),
  },
  {
    id: 'config-forces-change-of-no-pin',
    summary: 'demands that a PIN be changed where none is set',
    refusal: 'CTAP2_ERR_PIN_NOT_SET',
    when: forces,
  },
  {
    id: 'config-takes-too-many-rp-ids',
    summary: 'takes more RP IDs than it says',
    refusal: 'CTAP2_ERR_KEY_STORE_FULL',
    when: rpIdsGiven,
  },
  {
    id: 'config-takes-unknown-vendor-command',
    summary: 'takes vendor commands that it does not have',
    refusal: 'CTAP2_ERR_INVALID_SUBCOMMAND',
    when: isSubcommand(Subcommand.vendorPrototype),
  },
  {
    id: 'config-takes-no-vendor-command',
    summary: 'takes vendorPrototype without a vendorCommandId',
    refusal: 'CTAP2_ERR_MISSING_PARAMETER',
    when: isSubcommand(Subcommand.vendorPrototype),
  },
];

/** What getInfo says wrongly after a subcommand. */
const afterwards: readonly {
  readonly id: string;
  readonly summary: string;
  readonly trigger: (request: SeenRequest) => boolean;
  readonly given?: (context: FaultContext, request: SeenRequest) => boolean;
  readonly change: ReturnType<typeof changeMap>;
  readonly powerCycle?: boolean;
}[] = [
  {
    id: 'config-leaves-min-pin-length',
    summary: 'says the old minPINLength once another was set, until it is unplugged',
    trigger: setsLength((length) => length > 4),
    given: ({ authenticator }, { parameters }) =>
      Number((parameters.get(0x02) as CborMap).get(LENGTH)) > authenticator.config.now.minPINLength,
    change: says(MIN_PIN_LENGTH, 4),
    powerCycle: false,
  },
  {
    id: 'config-forgets-min-pin-length-without-power',
    summary: 'forgets the minPINLength that was set when it is without power',
    trigger: setsLength((length) => length > 4),
    change: says(MIN_PIN_LENGTH, 4),
    powerCycle: true,
  },
  {
    id: 'config-forces-change-of-a-long-pin',
    summary: 'demands that a PIN be changed that is long enough for a new minPINLength',
    trigger: setsLength((length) => length < 8),
    given: ({ authenticator }, { parameters }) =>
      Number((parameters.get(0x02) as CborMap).get(LENGTH)) > authenticator.config.now.minPINLength,
    change: says(FORCE_PIN_CHANGE, true),
  },
  {
    id: 'config-lets-a-short-pin-be',
    summary: 'does not demand that a PIN be changed that is too short for a new minPINLength',
    trigger: setsLength((length) => length > 8),
    change: says(FORCE_PIN_CHANGE, false),
  },
  {
    id: 'config-forces-no-change',
    summary: 'does not say that the PIN has to be changed once that was demanded, until it is unplugged',
    trigger: forces,
    change: says(FORCE_PIN_CHANGE, false),
    powerCycle: false,
  },
  {
    id: 'config-forgets-forced-change-without-power',
    summary: 'forgets that the PIN has to be changed when it is without power',
    trigger: forces,
    change: says(FORCE_PIN_CHANGE, false),
    powerCycle: true,
  },
  {
    id: 'config-forgets-always-uv-without-power',
    summary: 'forgets alwaysUv when it is without power',
    trigger: isSubcommand(Subcommand.toggleAlwaysUv),
    change: saysOption('alwaysUv', false),
    powerCycle: true,
  },
  {
    id: 'config-leaves-enterprise-attestation-off',
    summary: 'says that enterprise attestation is off once it has been enabled, until it is unplugged',
    trigger: isSubcommand(Subcommand.enableEnterpriseAttestation),
    change: saysOption('ep', false),
    powerCycle: false,
  },
  {
    id: 'config-forgets-enterprise-attestation-without-power',
    summary: 'forgets enterprise attestation when it is without power',
    trigger: isSubcommand(Subcommand.enableEnterpriseAttestation),
    change: saysOption('ep', false),
    powerCycle: true,
  },
  {
    id: 'config-leaves-long-touch-off',
    summary: 'says that a reset takes a short touch once a long one was asked for',
    trigger: isSubcommand(Subcommand.enableLongTouchForReset),
    change: says(LONG_TOUCH, false),
  },
];

export const authenticatorConfigFaults: readonly Fault[] = [
  ...parameterFaults({
    name: 'config',
    command: CONFIG,
    table: authenticatorConfigRequest,
    members: ['subCommand', 'subCommandParams'],
  }),
  ...accepted.map((fault) => acceptsFault({ ...fault, commands: [CONFIG] })),
  ...afterwards.map((fault) => aftermathFault({ ...fault, commands: [CONFIG, INFO], aftermath: asksInfo })),
  statusFault({
    id: 'config-needs-a-token-without-a-pin',
    summary: 'asks for a token though neither a PIN nor a finger can give one',
    commands: [CONFIG],
    status: 'CTAP2_ERR_PUAT_REQUIRED',
    given: ({ authenticator }) => !authenticator.isProtected,
  }),
  tokenFault({
    id: 'config-authenticates-no-subcommand',
    summary: 'takes a pinUvAuthParam of another subcommand for toggleAlwaysUv',
    commands: [CONFIG],
    when: ({ token, request }) => token === undefined && isSubcommand(Subcommand.toggleAlwaysUv)(request),
  }),
  statusFault({
    id: 'config-refuses-the-same-min-pin-length',
    summary: 'refuses the minPINLength that is in force beside an empty list of RP IDs',
    commands: [CONFIG],
    status: POLICY,
    when: isSubcommand(
      Subcommand.setMinPINLength,
      (params) => params.has(LENGTH) && (params.get(RP_IDS) as CborValue[] | undefined)?.length === 0,
    ),
  }),
  statusFault({
    id: 'config-refuses-the-most-rp-ids',
    summary: 'takes one RP ID less than it says',
    commands: [CONFIG],
    status: 'CTAP2_ERR_KEY_STORE_FULL',
    when: rpIdsGiven,
    given: ({ authenticator }, { parameters }) =>
      ((parameters.get(0x02) as CborMap).get(RP_IDS) as CborValue[]).length ===
      authenticator.model.maxRPIDsForSetMinPINLength,
  }),
  statusFault({
    id: 'config-enables-enterprise-attestation-only-once',
    summary: 'refuses to enable enterprise attestation where it is enabled',
    commands: [CONFIG],
    status: 'CTAP2_ERR_OPERATION_DENIED',
    when: isSubcommand(Subcommand.enableEnterpriseAttestation),
    given: ({ authenticator }) => authenticator.config.now.enterpriseAttestation,
  }),
  authDataFault({
    id: 'config-forgets-listed-rp-ids',
    summary: 'tells the minimum PIN length to no RP',
    commands: [Command.authenticatorMakeCredential],
    change: (data) => {
      const extensions = new Map(data.extensions);
      return extensions.delete('minPinLength') ? { ...data, extensions } : data;
    },
  }),
  acceptsFault({
    id: 'change-pin-forgets-the-raised-length',
    summary: 'takes a new PIN that is shorter than the minPINLength that was set',
    commands: [PIN],
    refusal: POLICY,
    when: changesPin,
    given: (context, request) =>
      (openPins(context, request)?.newPin.length ?? 0) > 4 &&
      context.authenticator.config.now.minPINLength > context.authenticator.model.minPINLength,
  }),
  acceptsFault({
    id: 'token-by-pin-that-has-to-be-changed',
    summary: 'gives a token by a PIN that has to be changed',
    commands: [PIN],
    refusal: POLICY,
    when: ofSubcommand('getPinUvAuthTokenUsingPinWithPermissions'),
    given: mustChange,
  }),
  acceptsFault({
    id: 'get-pin-token-with-pin-that-has-to-be-changed',
    summary: 'gives a token of getPinToken by a PIN that has to be changed',
    commands: [PIN],
    refusal: 'CTAP2_ERR_PIN_INVALID',
    when: ofSubcommand('getPinToken'),
    given: mustChange,
  }),
  aftermathFault({
    id: 'change-pin-leaves-force-pin-change',
    summary: 'still says that the PIN has to be changed once it has been',
    commands: [PIN, INFO],
    trigger: changesPin,
    given: mustChange,
    aftermath: asksInfo,
    change: says(FORCE_PIN_CHANGE, true),
  }),
  acceptsFault({
    id: 'change-pin-takes-the-same-one-though-forced',
    summary: 'takes the old PIN as the new one though it has to be changed',
    commands: [PIN],
    refusal: POLICY,
    when: changesPin,
    given: (context) =>
      mustChange(context) && context.authenticator.config.now.minPINLength === context.authenticator.model.minPINLength,
  }),
  aftermathFault({
    id: 'config-leaves-always-uv-off',
    summary: 'says that alwaysUv is off once it has been turned on, until it is unplugged or asked to turn it off',
    commands: [CONFIG, INFO],
    trigger: isSubcommand(Subcommand.toggleAlwaysUv),
    given: (context) => !alwaysUv(context),
    aftermath: asksInfo,
    powerCycle: false,
    change: saysOption('alwaysUv', false),
  }),
  aftermathFault({
    id: 'config-leaves-always-uv-on',
    summary: 'says that alwaysUv is on once it has been turned off',
    commands: [CONFIG, INFO],
    trigger: isSubcommand(Subcommand.toggleAlwaysUv),
    given: alwaysUv,
    aftermath: asksInfo,
    change: saysOption('alwaysUv', true),
  }),
  statusFault({
    id: 'always-uv-makes-credentials-without-uv',
    summary: 'asks for no token to make a credential while alwaysUv is on',
    commands: [Command.authenticatorMakeCredential],
    status: 'CTAP2_OK',
    instead: 'CTAP2_ERR_PUAT_REQUIRED',
    given: alwaysUv,
  }),
];
