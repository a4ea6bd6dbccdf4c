/** Faults of the attempts at a PIN. */
import { Command } from '../../ctap/commands/index.ts';
import { Status } from '../../ctap/status.ts';
import { acceptIf, aftermathFault, changeNumber, refuseBy } from './aftermath-faults.ts';
import { acceptsFault, answerFault, type SeenRequest, statusFault } from './ctap2-faults.ts';
import type { Fault, FaultContext } from './fault.ts';
import { ofSubcommand, openPins } from './pin-channel.ts';

const commands = [Command.authenticatorClientPIN];
const PIN_RETRIES = 0x03;
const POWER_CYCLE_STATE = 0x04;

const entersPin = ofSubcommand('getPinToken', 'getPinUvAuthTokenUsingPinWithPermissions');
const changesPin = ofSubcommand('changePIN');
const tellsRetries = ofSubcommand('getPINRetries');

const isRight = (context: FaultContext, request: SeenRequest) => openPins(context, request)?.pinFits === true;
const isBlocked = ({ authenticator: { pin } }: FaultContext) => pin.isSet && pin.retries === 0;
const needsPowerCycle = (context: FaultContext) => !isBlocked(context) && context.authenticator.pin.needsPowerCycle;

const ways = [
  { name: 'get-pin-token', what: 'getPinToken', when: ofSubcommand('getPinToken') },
  {
    name: 'token-by-pin',
    what: 'getPinUvAuthTokenUsingPinWithPermissions',
    when: ofSubcommand('getPinUvAuthTokenUsingPinWithPermissions'),
  },
];

export const clientPinRetryFaults: readonly Fault[] = [
  ...ways.flatMap(({ name, what, when }) => [
    acceptsFault({
      id: `${name}-accepts-wrong-pin`,
      summary: `says yes to ${what} with a wrong PIN`,
      commands,
      refusal: 'CTAP2_ERR_PIN_INVALID',
      when,
      given: ({ authenticator }) => authenticator.pin.retries === 8 && authenticator.token.inUse === undefined,
    }),
    aftermathFault({
      id: `${name}-with-wrong-pin-is-free`,
      summary: `spends no attempt on the first wrong PIN by ${what}`,
      commands,
      trigger: when,
      given: ({ authenticator }) => authenticator.pin.retries === 8,
      status: 'CTAP2_ERR_PIN_INVALID',
      aftermath: (request, { authenticator }) => tellsRetries(request) && authenticator.pin.retries === 7,
      change: changeNumber(PIN_RETRIES, (retries) => retries + 1),
    }),
    acceptsFault({
      id: `${name}-without-a-pin`,
      summary: `says yes to ${what} where no PIN is set`,
      commands,
      refusal: 'CTAP2_ERR_PIN_NOT_SET',
      when,
    }),
  ]),
  answerFault({
    id: 'pin-retries-are-ten',
    summary: 'gives ten attempts at the PIN',
    commands,
    when: tellsRetries,
    given: ({ authenticator }) => authenticator.pin.retries > 3,
    change: (answer) => new Map([...answer, [PIN_RETRIES, Number(answer.get(PIN_RETRIES)) + 2] as const]),
  }),
  aftermathFault({
    id: 'right-pin-leaves-attempts-spent',
    summary: 'gives no attempts back for a right PIN',
    commands,
    trigger: entersPin,
    given: (context, request) => context.authenticator.pin.retries < 8 && isRight(context, request),
    aftermath: tellsRetries,
    change: changeNumber(PIN_RETRIES, (retries) => retries - 1),
  }),
  aftermathFault({
    id: 'power-cycle-gives-attempts-back',
    summary: 'gives spent attempts back when it is plugged in',
    commands,
    trigger: entersPin,
    status: 'CTAP2_ERR_PIN_INVALID',
    aftermath: tellsRetries,
    powerCycle: true,
    change: changeNumber(PIN_RETRIES, (retries) => (retries === 0 ? 0 : 8)),
  }),
  answerFault({
    id: 'power-cycle-state-true-for-nothing',
    summary: 'asks to be unplugged though the PIN can be entered',
    commands,
    when: tellsRetries,
    given: (context) => !needsPowerCycle(context),
    change: (answer) => new Map([...answer, [POWER_CYCLE_STATE, true] as const]),
  }),
  answerFault({
    id: 'power-cycle-state-stays-false',
    summary: 'does not ask to be unplugged after three wrong PINs in a row',
    commands,
    when: tellsRetries,
    given: needsPowerCycle,
    change: (answer) => new Map([...answer, [POWER_CYCLE_STATE, false] as const]),
  }),
  statusFault({
    id: 'third-wrong-pin-is-like-others',
    summary: 'answers the third wrong PIN in a row like the two before',
    commands,
    status: 'CTAP2_ERR_PIN_INVALID',
    instead: 'CTAP2_ERR_PIN_AUTH_BLOCKED',
    when: entersPin,
    given: (context) => !needsPowerCycle(context),
  }),
  acceptsFault({
    id: 'pin-auth-blocked-lets-the-right-pin-in',
    summary: 'takes the right PIN after three wrong ones in a row',
    commands,
    refusal: 'CTAP2_ERR_PIN_AUTH_BLOCKED',
    when: entersPin,
    given: (context, request) => needsPowerCycle(context) && isRight(context, request),
  }),
  acceptsFault({
    id: 'pin-auth-blocked-lets-change-pin-in',
    summary: 'changes the PIN after three wrong ones in a row',
    commands,
    refusal: 'CTAP2_ERR_PIN_AUTH_BLOCKED',
    when: changesPin,
    given: needsPowerCycle,
  }),
  aftermathFault({
    id: 'pin-auth-blocked-spends-attempts',
    summary: 'spends attempts on PINs that it does not look at after three wrong ones',
    commands,
    trigger: entersPin,
    given: needsPowerCycle,
    status: 'CTAP2_ERR_PIN_AUTH_BLOCKED',
    aftermath: tellsRetries,
    change: changeNumber(PIN_RETRIES, (retries) => retries - 1),
  }),
  aftermathFault({
    id: 'pin-auth-blocked-for-ever',
    summary: 'takes no PIN after three wrong ones in a row, plugged in again or not',
    commands,
    trigger: entersPin,
    status: 'CTAP2_ERR_PIN_AUTH_BLOCKED',
    aftermath: entersPin,
    powerCycle: true,
    change: (answer) => (answer[0] === Status.CTAP2_OK ? Uint8Array.of(Status.CTAP2_ERR_PIN_AUTH_BLOCKED) : answer),
  }),
  aftermathFault({
    id: 'right-pin-does-not-end-the-row',
    summary: 'counts wrong PINs in a row across a right one',
    commands,
    trigger: entersPin,
    given: (context, request) => context.authenticator.pin.retries === 6 && isRight(context, request),
    aftermath: (request, context) => entersPin(request) && !isRight(context, request),
    powerCycle: false,
    change: refuseBy('CTAP2_ERR_PIN_AUTH_BLOCKED'),
  }),
  statusFault({
    id: 'last-wrong-pin-is-like-others',
    summary: 'answers the wrong PIN that spends the last attempt like those before',
    commands,
    status: 'CTAP2_ERR_PIN_INVALID',
    instead: 'CTAP2_ERR_PIN_BLOCKED',
    when: entersPin,
    given: ({ authenticator }) => authenticator.pin.retries === 1,
  }),
  answerFault({
    id: 'pin-blocked-says-an-attempt-is-left',
    summary: 'says that an attempt is left at a blocked PIN',
    commands,
    when: tellsRetries,
    given: isBlocked,
    change: (answer) => new Map([...answer, [PIN_RETRIES, 1] as const]),
  }),
  aftermathFault({
    id: 'pin-blocked-lets-the-right-pin-in',
    summary: 'takes a blocked PIN where it is right, until it is unplugged',
    commands,
    trigger: entersPin,
    status: 'CTAP2_ERR_PIN_BLOCKED',
    aftermath: (request, context) => entersPin(request) && isRight(context, request),
    powerCycle: false,
    change: acceptIf('CTAP2_ERR_PIN_BLOCKED'),
  }),
  aftermathFault({
    id: 'pin-blocked-until-power-cycle',
    summary: 'takes a blocked PIN once it has been plugged in again',
    commands,
    trigger: entersPin,
    status: 'CTAP2_ERR_PIN_BLOCKED',
    aftermath: (request, context) => entersPin(request) && isRight(context, request),
    powerCycle: true,
    change: acceptIf('CTAP2_ERR_PIN_BLOCKED'),
  }),
  acceptsFault({
    id: 'pin-blocked-lets-change-pin-in',
    summary: 'changes a blocked PIN',
    commands,
    refusal: 'CTAP2_ERR_PIN_BLOCKED',
    when: changesPin,
  }),
];
