/** Faults of the key's own user verification, and of tokens by it. */
import { Command } from '../../ctap/commands/index.ts';
import { aftermathFault, changeNumber } from './aftermath-faults.ts';
import { acceptsFault, answerFault, statusFault } from './ctap2-faults.ts';
import type { Fault, FaultContext } from './fault.ts';
import { ofSubcommand } from './pin-channel.ts';

const commands = [Command.authenticatorClientPIN];
const UV_RETRIES = 0x05;
const byFinger = ofSubcommand('getPinUvAuthTokenUsingUvWithPermissions');
const byPin = ofSubcommand('getPinToken', 'getPinUvAuthTokenUsingPinWithPermissions');
const tellsRetries = ofSubcommand('getUVRetries');
const retries = ({ authenticator }: FaultContext) => authenticator.uv.retries;
const MOST = 3;

export const builtInUvFaults: readonly Fault[] = [
  statusFault({
    id: 'uv-refuses-the-enrolled-finger',
    summary: 'gives no token for the finger that is enrolled where no retry has been spent',
    commands,
    status: 'CTAP2_ERR_UV_INVALID',
    when: byFinger,
    given: (context) => retries(context) === MOST && context.authenticator.token.inUse === undefined,
  }),
  acceptsFault({
    id: 'uv-gives-tokens-without-permission',
    summary: 'gives tokens by finger without any permission',
    commands,
    refusal: 'CTAP1_ERR_INVALID_PARAMETER',
    when: (request) => byFinger(request) && request.parameters.get(0x09) === 0,
  }),
  acceptsFault({
    id: 'uv-gives-tokens-without-fingers',
    summary: 'gives tokens by finger where none is enrolled',
    commands,
    refusal: 'CTAP2_ERR_NOT_ALLOWED',
    when: byFinger,
  }),
  acceptsFault({
    id: 'uv-takes-any-finger',
    summary: 'says yes to a finger that is not enrolled',
    commands,
    refusal: 'CTAP2_ERR_UV_INVALID',
    when: byFinger,
  }),
  answerFault({
    id: 'uv-retries-beyond-the-most',
    summary: 'says more UV retries than there may be',
    commands,
    when: tellsRetries,
    given: (context) => retries(context) > 0,
    change: (answer) => new Map([...answer, [UV_RETRIES, Number(answer.get(UV_RETRIES)) + 25] as const]),
  }),
  aftermathFault({
    id: 'uv-spends-no-retry-on-other-fingers',
    summary: 'spends no UV retry on the first finger that is not enrolled',
    commands,
    trigger: byFinger,
    status: 'CTAP2_ERR_UV_INVALID',
    aftermath: (request, context) => tellsRetries(request) && retries(context) === MOST - 1,
    change: changeNumber(UV_RETRIES, (left) => left + 1),
  }),
  aftermathFault({
    id: 'uv-gives-no-retries-back-for-a-finger',
    summary: 'gives no UV retries back for a finger that is enrolled',
    commands,
    trigger: byFinger,
    given: (context) => retries(context) < MOST,
    aftermath: tellsRetries,
    change: changeNumber(UV_RETRIES, (left) => left - 1),
  }),
  aftermathFault({
    id: 'uv-gives-retries-back-without-power',
    summary: 'gives UV retries back when it is plugged in',
    commands,
    trigger: byFinger,
    status: 'CTAP2_ERR_UV_INVALID',
    aftermath: tellsRetries,
    powerCycle: true,
    change: changeNumber(UV_RETRIES, () => MOST),
  }),
  statusFault({
    id: 'uv-blocks-without-a-word',
    summary: 'answers the finger that spends the last UV retry like those before',
    commands,
    status: 'CTAP2_ERR_UV_INVALID',
    instead: 'CTAP2_ERR_UV_BLOCKED',
    when: byFinger,
    given: (context) => retries(context) > 0,
  }),
  acceptsFault({
    id: 'uv-blocked-takes-the-enrolled-finger',
    summary: 'gives tokens by finger though the sensor is blocked',
    commands,
    refusal: 'CTAP2_ERR_UV_BLOCKED',
    when: byFinger,
    given: (context) => retries(context) === 0,
  }),
  aftermathFault({
    id: 'uv-stays-blocked-after-the-pin',
    summary: 'gives no UV retries back for a right PIN',
    commands,
    trigger: byPin,
    given: (context) => retries(context) < MOST,
    aftermath: tellsRetries,
    change: changeNumber(UV_RETRIES, (left) => left - 1),
  }),
];
