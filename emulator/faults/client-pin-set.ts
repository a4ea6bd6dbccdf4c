/** Faults of setPIN and changePIN. */
import type { CborMap } from '../../ctap/cbor.ts';
import { Command } from '../../ctap/commands/index.ts';
import type { StatusName } from '../../ctap/status.ts';
import { acceptIf, aftermathFault, changeMap, changeNumber, refuseBy } from './aftermath-faults.ts';
import { acceptsFault, type SeenRequest, statusFault } from './ctap2-faults.ts';
import type { Fault, FaultContext } from './fault.ts';
import { type OpenedPins, ofSubcommand, openPins } from './pin-channel.ts';

const commands = [Command.authenticatorClientPIN];
const PROTOCOL = 0x01;
const PIN_RETRIES = 0x03;

const sets = ofSubcommand('setPIN');
const changes = ofSubcommand('changePIN');
const tellsRetries = ofSubcommand('getPINRetries');
/** A PIN is entered for a token. */
const entersPin = ofSubcommand('getPinToken', 'getPinUvAuthTokenUsingPinWithPermissions');
const byProtocolOne = ({ parameters }: SeenRequest) => parameters.get(PROTOCOL) === 1;

const pins = (holds: (pins: OpenedPins, context: FaultContext) => boolean) => {
  return (context: FaultContext, request: SeenRequest): boolean => {
    const opened = openPins(context, request);
    return opened !== undefined && holds(opened, context);
  };
};

function codePoints(pin: Uint8Array): number {
  return [...new TextDecoder().decode(pin)].length;
}

const leastLength = ({ authenticator }: FaultContext) => authenticator.config.now.minPINLength;

interface BadPin {
  readonly name: string;
  readonly what: string;
  readonly refusal: StatusName;
  readonly holds: (pins: OpenedPins, context: FaultContext) => boolean;
}

const POLICY = 'CTAP2_ERR_PIN_POLICY_VIOLATION';
const badPins: readonly BadPin[] = [
  {
    name: 'short-pin',
    what: 'a PIN of fewer bytes than minPINLength',
    refusal: POLICY,
    holds: ({ newPin }, context) =>
      newPin.length < leastLength(context) && leastLength(context) === context.authenticator.model.minPINLength,
  },
  {
    name: 'pin-short-in-code-points',
    what: 'a PIN that has enough bytes, but too few code points',
    refusal: POLICY,
    holds: ({ newPin }, context) => newPin.length >= leastLength(context) && codePoints(newPin) < leastLength(context),
  },
  {
    name: 'pin-of-64-bytes',
    what: 'a PIN of 64 bytes',
    refusal: POLICY,
    holds: ({ newPin, padded }) => padded?.length === 64 && newPin.length === 64,
  },
  {
    name: 'pin-of-less-padding',
    what: 'a PIN padded to less than 64 bytes',
    refusal: 'CTAP1_ERR_INVALID_PARAMETER',
    holds: ({ padded }) => padded !== undefined && padded.length < 64,
  },
  {
    name: 'pin-of-more-padding',
    what: 'a PIN padded to more than 64 bytes',
    refusal: 'CTAP1_ERR_INVALID_PARAMETER',
    holds: ({ padded }) => padded !== undefined && padded.length > 64,
  },
  {
    name: 'pin-of-no-whole-blocks',
    what: 'a newPinEnc that is no whole blocks',
    refusal: 'CTAP2_ERR_PIN_AUTH_INVALID',
    holds: ({ padded, authentic }) => padded === undefined && authentic,
  },
  {
    name: 'pin-with-other-param',
    what: 'a new PIN with a pinUvAuthParam that does not fit',
    refusal: 'CTAP2_ERR_PIN_AUTH_INVALID',
    holds: ({ authentic }) => !authentic,
  },
];

const ways = [
  { name: 'set-pin', when: sets, what: 'sets' },
  { name: 'change-pin', when: changes, what: 'changes to' },
] as const;

const withoutClientPin = changeMap((info) => {
  const options: CborMap = new Map(info.get(0x04) as CborMap);
  return new Map([...info, [0x04, options.set('clientPin', false)] as const]);
});

const setPinFaults: readonly Fault[] = [
  aftermathFault({
    id: 'set-pin-leaves-client-pin-false',
    summary: 'says that no PIN is set when one has just been set',
    commands: [...commands, Command.authenticatorGetInfo],
    trigger: sets,
    aftermath: ({ command }) => command === Command.authenticatorGetInfo,
    change: withoutClientPin,
    until: ({ command }) => command === Command.authenticatorClientPIN,
  }),
  aftermathFault({
    id: 'set-pin-refuses-it-at-once',
    summary: 'refuses the PIN that was set until it has been without power',
    commands,
    trigger: sets,
    aftermath: entersPin,
    change: refuseBy('CTAP2_ERR_PIN_INVALID'),
    powerCycle: false,
  }),
  aftermathFault({
    id: 'set-pin-forgets-it-without-power',
    summary: 'forgets the PIN that was set when it is without power',
    commands,
    trigger: sets,
    aftermath: entersPin,
    change: refuseBy('CTAP2_ERR_PIN_NOT_SET'),
    powerCycle: true,
  }),
  acceptsFault({
    id: 'set-pin-takes-a-second-one',
    summary: 'takes setPIN where a PIN is set',
    commands,
    refusal: 'CTAP2_ERR_PIN_AUTH_INVALID',
    when: sets,
    given: ({ authenticator }) => authenticator.pin.isSet,
  }),
  statusFault({
    id: 'set-pin-refuses-63-bytes',
    summary: 'refuses a PIN of 63 bytes',
    commands,
    status: POLICY,
    when: sets,
    given: pins(({ newPin }) => newPin.length === 63),
  }),
  statusFault({
    id: 'set-pin-refuses-the-shortest',
    summary: 'refuses a PIN that is just as long as it has to be',
    commands,
    status: POLICY,
    when: sets,
    given: pins(({ newPin }, context) => codePoints(newPin) === leastLength(context)),
  }),
  statusFault({
    id: 'set-pin-refuses-other-scripts',
    summary: 'refuses a PIN of other characters than those of ASCII',
    commands,
    status: POLICY,
    when: sets,
    given: pins(({ newPin }) => newPin.some((byte) => byte > 0x7f)),
  }),
  statusFault({
    id: 'set-pin-fails-by-protocol-one',
    summary: 'sets no PIN by PIN/UV auth protocol one',
    commands,
    status: 'CTAP2_ERR_PIN_AUTH_INVALID',
    when: (request) => sets(request) && byProtocolOne(request),
  }),
];

const changePinFaults: readonly Fault[] = [
  acceptsFault({
    id: 'change-pin-without-a-pin',
    summary: 'takes changePIN where no PIN is set',
    commands,
    refusal: 'CTAP2_ERR_PIN_NOT_SET',
    when: changes,
  }),
  aftermathFault({
    id: 'change-pin-refuses-the-new-one',
    summary: 'refuses the new PIN after changePIN',
    commands,
    trigger: changes,
    aftermath: entersPin,
    change: refuseBy('CTAP2_ERR_PIN_INVALID'),
  }),
  aftermathFault({
    id: 'change-pin-keeps-the-old-one-too',
    summary: 'takes the old PIN too after changePIN',
    commands,
    trigger: changes,
    aftermath: entersPin,
    change: acceptIf('CTAP2_ERR_PIN_INVALID'),
    times: 2,
  }),
  statusFault({
    id: 'change-pin-fails-by-protocol-one',
    summary: 'changes no PIN by PIN/UV auth protocol one',
    commands,
    status: 'CTAP2_ERR_PIN_AUTH_INVALID',
    when: (request) => changes(request) && byProtocolOne(request),
  }),
  acceptsFault({
    id: 'change-pin-accepts-wrong-pin',
    summary: 'changes the PIN for somebody who does not know it',
    commands,
    refusal: 'CTAP2_ERR_PIN_INVALID',
    when: changes,
  }),
  aftermathFault({
    id: 'change-pin-with-wrong-pin-is-free',
    summary: 'spends no attempt on a changePIN with a wrong PIN',
    commands,
    trigger: changes,
    status: 'CTAP2_ERR_PIN_INVALID',
    aftermath: tellsRetries,
    change: changeNumber(PIN_RETRIES, (retries) => retries + 1),
  }),
  aftermathFault({
    id: 'change-pin-with-other-param-costs-an-attempt',
    summary: 'spends an attempt on a changePIN that is not authenticated',
    commands,
    trigger: changes,
    status: 'CTAP2_ERR_PIN_AUTH_INVALID',
    aftermath: tellsRetries,
    change: changeNumber(PIN_RETRIES, (retries) => retries - 1),
  }),
  aftermathFault({
    id: 'change-pin-leaves-attempts-spent',
    summary: 'gives no attempts back after changePIN',
    commands,
    trigger: changes,
    aftermath: tellsRetries,
    change: changeNumber(PIN_RETRIES, (retries) => retries - 1),
  }),
  aftermathFault({
    id: 'change-pin-violation-locks-the-old-one',
    summary: 'refuses the old PIN once a new one has violated the policy',
    commands,
    trigger: changes,
    status: POLICY,
    aftermath: entersPin,
    change: refuseBy('CTAP2_ERR_PIN_INVALID'),
  }),
];

export const clientPinSetFaults: readonly Fault[] = [
  ...setPinFaults,
  ...changePinFaults,
  ...ways.flatMap(({ name, when, what }) =>
    badPins.map(({ name: bad, what: pin, refusal, holds }) =>
      acceptsFault({
        id: `${name}-accepts-${bad}`,
        summary: `${what} ${pin}`,
        commands,
        refusal,
        when,
        given: (context, request) =>
          context.authenticator.pin.isSet === (name === 'change-pin') && pins(holds)(context, request),
      }),
    ),
  ),
];
