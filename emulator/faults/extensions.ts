/** Faults of extensions in general, and of credProtect. */
import type { CborMap, CborValue } from '../../ctap/cbor.ts';
import { Command } from '../../ctap/commands/index.ts';
import type { Authenticator } from '../authenticator/authenticator.ts';
import type { Credential } from '../authenticator/credentials.ts';
import { acceptsFault, authDataFault, type SeenRequest, statusFault } from './ctap2-faults.ts';
import type { Fault } from './fault.ts';
import { EACH, valuesAt } from './nested.ts';

const creation = [Command.authenticatorMakeCredential];
const assertion = [Command.authenticatorGetAssertion];
const ALLOW_LIST = 0x03;
const EXCLUDE_LIST = 0x05;
const known: readonly unknown[] = [
  'credBlob',
  'credProtect',
  'hmac-secret',
  'hmac-secret-mc',
  'largeBlob',
  'largeBlobKey',
  'minPinLength',
  'pinComplexityPolicy',
  'thirdPartyPayment',
  'uvm',
];

/** Inputs of extensions; undefined where none came. */
export function extensionInputs({ command, parameters }: SeenRequest): CborMap | undefined {
  const inputs = parameters.get(command === Command.authenticatorMakeCredential ? 0x06 : 0x04);
  return inputs instanceof Map ? inputs : undefined;
}

/** The type that each extension's input is not, and is taken for all the same. */
function wrongType(name: string, commands: readonly number[], isWrong: (value: unknown) => boolean): Fault {
  const ceremony = commands === creation ? 'make-credential' : 'get-assertion';
  const kebab = name.replace(/([a-z0-9])([A-Z])/g, '$1-$2').toLowerCase();
  return acceptsFault({
    id: `${ceremony}-accepts-wrong-${kebab}`,
    summary: `takes an input of ${name} at ${ceremony} that is of another type`,
    commands,
    when: (request) => isWrong(extensionInputs(request)?.get(name)),
  });
}

const isNumber = (value: unknown) => typeof value === 'number';
const isText = (value: unknown) => typeof value === 'string';

function isUnknown(request: SeenRequest): boolean {
  return [...(extensionInputs(request)?.keys() ?? [])].some((name) => !known.includes(name));
}

function withOutput(outputs: CborMap | undefined, name: string, value: CborValue): CborMap {
  return new Map(outputs).set(name, value);
}

/** Where the RP ID, the list of credentials and the PIN's parameter are. */
function members({ command, parameters }: SeenRequest) {
  const isCreation = command === Command.authenticatorMakeCredential;
  const [rpId] = isCreation ? valuesAt(parameters, [0x02, 'id']) : [parameters.get(0x01)];
  const ids = valuesAt(parameters, [isCreation ? EXCLUDE_LIST : ALLOW_LIST, EACH, 'id']);
  return { rpId, ids, isVerified: parameters.has(isCreation ? 0x08 : 0x06) };
}

/** The credential that a request names, or the passkey that would answer it. */
function credentialOf({ credentials }: Authenticator, request: SeenRequest): Credential | undefined {
  const { rpId, ids } = members(request);
  if (typeof rpId !== 'string') return undefined;
  const rpIdHash = credentials.rpIdHash(rpId);
  const [id] = ids;
  return id instanceof Uint8Array ? credentials.find(id, rpIdHash) : credentials.list(rpIdHash)[0];
}

interface Protected {
  readonly level: 2 | 3;
  readonly named: boolean;
  readonly verified: boolean;
}

function concerns({ level, named, verified }: Protected) {
  return {
    when: (request: SeenRequest) => {
      const { ids, isVerified } = members(request);
      return ids.length > 0 === named && isVerified === verified;
    },
    given: ({ authenticator }: { authenticator: Authenticator }, request: SeenRequest) =>
      credentialOf(authenticator, request)?.credProtect === level,
  };
}

function serves(id: string, summary: string, of: Protected): Fault {
  return acceptsFault({ id, summary, commands: assertion, refusal: 'CTAP2_ERR_NO_CREDENTIALS', ...concerns(of) });
}

function refuses(id: string, summary: string, of: Protected): Fault {
  return statusFault({ id, summary, commands: assertion, status: 'CTAP2_ERR_NO_CREDENTIALS', ...concerns(of) });
}

export const extensionFaults: readonly Fault[] = [
  wrongType('credBlob', creation, isText),
  wrongType('credProtect', creation, isText),
  wrongType('hmac-secret', creation, isNumber),
  wrongType('hmac-secret-mc', creation, (value) => typeof value === 'boolean'),
  ...['largeBlobKey', 'minPinLength', 'pinComplexityPolicy', 'thirdPartyPayment'].map((name) =>
    wrongType(name, creation, isNumber),
  ),
  wrongType('credBlob', assertion, isNumber),
  wrongType('hmac-secret', assertion, (value) => typeof value === 'boolean'),
  wrongType('largeBlobKey', assertion, isNumber),
  wrongType('thirdPartyPayment', assertion, isNumber),
  authDataFault({
    id: 'make-credential-answers-unknown-extension',
    summary: 'answers extensions of makeCredential that it does not know',
    commands: creation,
    when: isUnknown,
    change: (data) => ({ ...data, extensions: withOutput(data.extensions, 'example.unheardOf', false) }),
  }),
  authDataFault({
    id: 'get-assertion-answers-unknown-extension',
    summary: 'answers extensions of getAssertion that it does not know',
    commands: assertion,
    when: isUnknown,
    change: (data) => ({ ...data, extensions: withOutput(data.extensions, 'example.unheardOf', false) }),
  }),
  authDataFault({
    id: 'make-credential-unasked-extension',
    summary: 'says of new credentials that they have hmac-secret though nobody asked',
    commands: creation,
    when: (request) => extensionInputs(request) === undefined,
    change: (data) => ({ ...data, extensions: withOutput(data.extensions, 'hmac-secret', true) }),
  }),
  ...[1, 2, 3].map((level) =>
    authDataFault({
      id: `cred-protect-other-output-for-${level}`,
      summary: `says another level of a credential of protection ${level}`,
      commands: creation,
      when: (request) => extensionInputs(request)?.get('credProtect') === level,
      change: (data) => ({ ...data, extensions: withOutput(data.extensions, 'credProtect', (level % 3) + 1) }),
    }),
  ),
  acceptsFault({
    id: 'cred-protect-takes-unknown-level',
    summary: 'takes a level of credProtect that there is not',
    commands: creation,
    when: (request) => Number(extensionInputs(request)?.get('credProtect')) > 3,
  }),
  serves('cred-protect-3-served-by-list', 'lets a named credential of level 3 answer to anybody', {
    level: 3,
    named: true,
    verified: false,
  }),
  serves('cred-protect-3-served-unnamed', 'lets a passkey of level 3 answer to anybody', {
    level: 3,
    named: false,
    verified: false,
  }),
  serves('cred-protect-2-served-unnamed', 'lets a passkey of level 2 answer to those who do not name it', {
    level: 2,
    named: false,
    verified: false,
  }),
  refuses('cred-protect-2-refused-by-list', 'wants the user verified for a named credential of level 2', {
    level: 2,
    named: true,
    verified: false,
  }),
  refuses('cred-protect-3-refused-verified', 'does not find a passkey of level 3 though the user is verified', {
    level: 3,
    named: false,
    verified: true,
  }),
  refuses('cred-protect-2-refused-verified', 'does not find a passkey of level 2 though the user is verified', {
    level: 2,
    named: false,
    verified: true,
  }),
  statusFault({
    id: 'cred-protect-3-excluded-unverified',
    summary: 'tells anybody by the excludeList that it has a credential of level 3',
    commands: creation,
    status: 'CTAP2_ERR_CREDENTIAL_EXCLUDED',
    ...concerns({ level: 3, named: true, verified: false }),
  }),
];
