/** Faults of authenticatorMakeCredential: excludeList, what a new passkey replaces, and names. */
import { concat, toHex } from '../../ctap/bytes.ts';
import type { CborMap, CborValue } from '../../ctap/cbor.ts';
import { Command } from '../../ctap/commands/index.ts';
import { Status } from '../../ctap/status.ts';
import type { Authenticator } from '../authenticator/authenticator.ts';
import type { Credential } from '../authenticator/credentials.ts';
import { createdCredentialId } from './created.ts';
import { acceptsFault, hearingFault, presenceFault, type SeenRequest, seen, statusFault } from './ctap2-faults.ts';
import type { Fault } from './fault.ts';
import { EACH, valuesAt } from './nested.ts';

const commands = [Command.authenticatorMakeCredential];
const RP = 0x02;
const USER = 0x03;
const EXCLUDE_LIST = 0x05;
const OPTIONS = 0x07;
const LONG_NAME = 64;

function excluded({ parameters }: SeenRequest): readonly CborValue[] {
  const list = parameters.get(EXCLUDE_LIST);
  return Array.isArray(list) ? list : [];
}

function rpIdHashOf({ credentials }: Authenticator, { parameters }: SeenRequest): Uint8Array | undefined {
  const [rpId] = valuesAt(parameters, [RP, 'id']);
  return typeof rpId === 'string' ? credentials.rpIdHash(rpId) : undefined;
}

/** The only credential in the excludeList, where there is one, and it is this key's. */
function onlyExcluded(authenticator: Authenticator, request: SeenRequest): Credential | undefined {
  const [id, ...others] = valuesAt(request.parameters, [EXCLUDE_LIST, EACH, 'id']);
  const rpIdHash = rpIdHashOf(authenticator, request);
  if (!(id instanceof Uint8Array) || rpIdHash === undefined || others.length > 0) return undefined;
  return authenticator.credentials.find(id, rpIdHash);
}

function without(parameters: CborMap, member: number): CborMap {
  parameters.delete(member);
  return parameters;
}

/** The passkey that the new one replaces. */
function predecessor(authenticator: Authenticator, request: SeenRequest): Credential | undefined {
  const rpIdHash = rpIdHashOf(authenticator, request);
  const [userId] = valuesAt(request.parameters, [USER, 'id']);
  if (rpIdHash === undefined || !(userId instanceof Uint8Array)) return undefined;
  const passkeys = authenticator.credentials.list(rpIdHash);
  return passkeys.find(({ discoverable }) => discoverable && toHex(discoverable.user.id) === toHex(userId));
}

const isPasskey = ({ parameters }: SeenRequest) => valuesAt(parameters, [OPTIONS, 'rk']).includes(true);

function refusesLong(name: string, path: readonly [number, string]): Fault {
  return statusFault({
    id: `make-credential-refuses-long-${name}`,
    summary: `refuses a ${name.replace('-', '.')} of 64 bytes`,
    commands,
    status: 'CTAP1_ERR_INVALID_LENGTH',
    when: ({ parameters }) =>
      valuesAt(parameters, path).some((text) => typeof text === 'string' && text.length >= LONG_NAME),
  });
}

/** Remembers what the key has made, for whichever RP ID, and excludes it for all of them. */
const excludesForOtherRp: Fault = {
  id: 'make-credential-excludes-for-other-rp',
  summary: 'excludes credentials whatever RP ID they are of',
  commands,
  install: () => {
    const made = new Map<string, unknown>();
    return {
      cbor: async (bytes, next) => {
        const answer = await next(bytes);
        const request = seen(bytes);
        const [rpId] = valuesAt(request.parameters, [RP, 'id']);
        if (answer[0] !== Status.CTAP2_OK) return answer;
        const listed = valuesAt(request.parameters, [EXCLUDE_LIST, EACH, 'id']);
        const isOfOther = (id: unknown) => id instanceof Uint8Array && (made.get(toHex(id)) ?? rpId) !== rpId;
        if (listed.some(isOfOther)) return Uint8Array.of(Status.CTAP2_ERR_CREDENTIAL_EXCLUDED);
        const id = createdCredentialId(answer);
        if (id !== undefined) made.set(toHex(id), rpId);
        return answer;
      },
    };
  },
};

/** The passkey of the same user goes, though the new credential is none. */
const serverSideReplacesPasskey: Fault = {
  id: 'make-credential-server-side-replaces-passkey',
  summary: 'drops the passkey of a user who gets a credential that is not discoverable',
  commands,
  concerns: (bytes) => !isPasskey(seen(bytes)),
  install: ({ authenticator }) => ({
    cbor: async (bytes, next) => {
      const request = seen(bytes);
      const dropped = isPasskey(request) ? undefined : predecessor(authenticator, request);
      const answer = await next(bytes);
      if (answer[0] === Status.CTAP2_OK && dropped?.discoverable) {
        await authenticator.environment.store.commit([authenticator.credentials.remove(dropped.discoverable)]);
      }
      return answer;
    },
  }),
};

export const makeCredentialListFaults: readonly Fault[] = [
  hearingFault({
    id: 'make-credential-ignores-exclude-list',
    summary: 'makes a credential though the excludeList names one that it has made',
    commands,
    when: (request) => excluded(request).length === 1,
    given: ({ authenticator }, request) => {
      const credential = onlyExcluded(authenticator, request);
      return credential !== undefined && credential.discoverable === undefined;
    },
    change: (parameters) => without(parameters, EXCLUDE_LIST),
  }),
  hearingFault({
    id: 'make-credential-minds-first-excluded-alone',
    summary: 'looks at the first entry of the excludeList alone',
    commands,
    when: (request) => excluded(request).length > 1,
    given: ({ authenticator: { model } }, request) => excluded(request).length <= model.maxCredentialCountInList,
    change: (parameters, request) => parameters.set(EXCLUDE_LIST, excluded(request).slice(0, 1)),
  }),
  hearingFault({
    id: 'make-credential-does-not-exclude-passkeys',
    summary: 'makes a credential though the excludeList names a passkey that it has',
    commands,
    when: (request) => excluded(request).length === 1,
    given: ({ authenticator }, request) => onlyExcluded(authenticator, request)?.discoverable !== undefined,
    change: (parameters) => without(parameters, EXCLUDE_LIST),
  }),
  excludesForOtherRp,
  statusFault({
    id: 'make-credential-excludes-unknown-credential',
    summary: 'excludes credentials that are not its own',
    commands,
    status: 'CTAP2_ERR_CREDENTIAL_EXCLUDED',
    when: (request) => excluded(request).length === 2,
  }),
  hearingFault({
    id: 'make-credential-excludes-by-any-type',
    summary: 'excludes credentials whatever type the excludeList gives them',
    commands,
    when: ({ parameters }) =>
      valuesAt(parameters, [EXCLUDE_LIST, EACH, 'type']).some(
        (type) => typeof type === 'string' && type !== 'public-key',
      ),
    change: (parameters, request) => {
      const list = excluded(request).map((entry) =>
        entry instanceof Map ? new Map(entry).set('type', 'public-key') : entry,
      );
      return parameters.set(EXCLUDE_LIST, list);
    },
  }),
  statusFault({
    id: 'make-credential-refuses-longest-exclude-list',
    summary: 'refuses an excludeList of as many entries as it says that it takes',
    commands,
    status: 'CTAP2_ERR_LIMIT_EXCEEDED',
    given: ({ authenticator: { model } }, request) => excluded(request).length === model.maxCredentialCountInList,
  }),
  acceptsFault({
    id: 'make-credential-takes-longer-exclude-list',
    summary: 'takes an excludeList of more entries than it says',
    commands,
    refusal: 'CTAP2_ERR_LIMIT_EXCEEDED',
    when: (request) => excluded(request).length > 1,
  }),
  presenceFault({
    id: 'make-credential-excludes-without-touch',
    summary: 'says that a credential is excluded without asking for a touch',
    commands,
    asked: ({ operation }) => operation === 'excluded',
  }),
  hearingFault({
    id: 'make-credential-keeps-replaced-passkey',
    summary: 'keeps the passkey that a new one of the same user should replace, where there is room for both',
    commands,
    when: isPasskey,
    given: ({ authenticator }, request) =>
      authenticator.credentials.count < authenticator.model.maxDiscoverableCredentials &&
      predecessor(authenticator, request) !== undefined,
    change: (parameters) => {
      const user = parameters.get(USER);
      if (!(user instanceof Map)) return parameters;
      const id = user.get('id');
      return parameters.set(USER, new Map(user).set('id', concat(id as Uint8Array, Uint8Array.of(0))));
    },
  }),
  serverSideReplacesPasskey,
  refusesLong('rp-name', [RP, 'name']),
  refusesLong('user-name', [USER, 'name']),
  refusesLong('user-display-name', [USER, 'displayName']),
];
