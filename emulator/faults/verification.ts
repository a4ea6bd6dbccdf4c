/** Faults of keys that verify users where they need not, or do not where they should. */
import type { CborMap } from '../../ctap/cbor.ts';
import { Command } from '../../ctap/commands/index.ts';
import { acceptsFault, type SeenRequest, statusFault } from './ctap2-faults.ts';
import type { Fault, FaultContext } from './fault.ts';
import { valuesAt } from './nested.ts';

const creation = [Command.authenticatorMakeCredential];
const assertion = [Command.authenticatorGetAssertion];
const refusal = 'CTAP2_ERR_PUAT_REQUIRED';

const isPasskey = ({ parameters }: SeenRequest) => valuesAt(parameters, [0x07, 'rk']).includes(true);
const isSilent = (parameters: CborMap) => valuesAt(parameters, [0x05, 'up']).includes(false);
const hasNoParam = ({ command, parameters }: SeenRequest) =>
  !parameters.has(command === Command.authenticatorMakeCredential ? 0x08 : 0x06);
const asksForUv = ({ command, parameters }: SeenRequest) =>
  valuesAt(parameters, [command === Command.authenticatorMakeCredential ? 0x07 : 0x05, 'uv']).includes(true);
const alwaysUv = ({ authenticator }: FaultContext) => authenticator.config.now.alwaysUv;
const sometimesUv = ({ authenticator: { config, pin } }: FaultContext) => pin.isSet && !config.now.alwaysUv;

export const verificationFaults: readonly Fault[] = [
  acceptsFault({
    id: 'make-credential-passkey-unverified',
    summary: 'makes passkeys for users whom nobody has verified though a PIN is set',
    commands: creation,
    refusal,
    when: (request) => isPasskey(request) && hasNoParam(request),
    given: sometimesUv,
  }),
  statusFault({
    id: 'make-credential-wants-unneeded-verification',
    summary: 'wants the user verified for credentials that are not discoverable, though it says makeCredUvNotRqd',
    commands: creation,
    status: refusal,
    when: (request) => !isPasskey(request) && hasNoParam(request) && !asksForUv(request),
    given: sometimesUv,
  }),
  acceptsFault({
    id: 'make-credential-unverified-in-spite-of-pin',
    summary: 'makes credentials that are not discoverable for users whom nobody has verified',
    commands: creation,
    refusal,
    when: (request) => !isPasskey(request) && hasNoParam(request),
    given: sometimesUv,
  }),
  statusFault({
    id: 'get-assertion-wants-unneeded-verification',
    summary: 'wants the user verified for each assertion that a PIN could verify',
    commands: assertion,
    status: refusal,
    when: (request) =>
      hasNoParam(request) && !asksForUv(request) && !isSilent(request.parameters) && !request.parameters.has(0x04),
    given: sometimesUv,
  }),
  acceptsFault({
    id: 'always-uv-not-at-get-assertion',
    summary: 'signs in users whom nobody has verified in spite of alwaysUv',
    commands: assertion,
    refusal,
    when: hasNoParam,
    given: alwaysUv,
  }),
  statusFault({
    id: 'always-uv-without-presence-too',
    summary: 'wants the user verified by alwaysUv for assertions without presence',
    commands: assertion,
    status: refusal,
    when: (request) => hasNoParam(request) && isSilent(request.parameters),
    given: alwaysUv,
  }),
  acceptsFault({
    id: 'make-credential-takes-too-large-request',
    summary: 'takes makeCredential requests of more than maxMsgSize bytes',
    commands: creation,
    refusal: 'CTAP2_ERR_REQUEST_TOO_LARGE',
  }),
];
