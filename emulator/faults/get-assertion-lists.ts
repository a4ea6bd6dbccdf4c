/** Faults of authenticatorGetAssertion: keys that find other credentials than they should, or say too much of them. */
import { toHex } from '../../ctap/bytes.ts';
import type { CborMap, CborValue } from '../../ctap/cbor.ts';
import { encodeCbor } from '../../ctap/cbor.ts';
import { Command } from '../../ctap/commands/index.ts';
import { Status } from '../../ctap/status.ts';
import type { Authenticator } from '../authenticator/authenticator.ts';
import type { Credential } from '../authenticator/credentials.ts';
import { createdCredentialId } from './created.ts';
import { acceptsFault, answerFault, hearingFault, mapOf, type SeenRequest, seen, statusFault } from './ctap2-faults.ts';
import type { Fault } from './fault.ts';
import { EACH, valuesAt } from './nested.ts';

const commands = [Command.authenticatorGetAssertion];
const RP_ID = 0x01;
const ALLOW_LIST = 0x03;
const EXTENSIONS = 0x04;
const OPTIONS = 0x05;
const USER = 0x04;
const NUMBER_OF_CREDENTIALS = 0x05;
const refusal = 'CTAP2_ERR_NO_CREDENTIALS';

function allowed({ parameters }: SeenRequest): readonly CborValue[] {
  const list = parameters.get(ALLOW_LIST);
  return Array.isArray(list) ? list : [];
}

function allowedIds({ parameters }: SeenRequest): Uint8Array[] {
  return valuesAt(parameters, [ALLOW_LIST, EACH, 'id']).filter((id) => id instanceof Uint8Array);
}

function passkeys({ credentials }: Authenticator, { parameters }: SeenRequest): readonly Credential[] {
  const rpId = parameters.get(RP_ID);
  return typeof rpId === 'string' ? credentials.list(credentials.rpIdHash(rpId)) : [];
}

/** True where the key has a passkey of the domain above the RP ID. */
function isBelowPasskey({ credentials }: Authenticator, { parameters }: SeenRequest): boolean {
  const rpId = String(parameters.get(RP_ID));
  const above = rpId.slice(rpId.indexOf('.') + 1);
  return credentials.list(credentials.rpIdHash(above)).length > 0;
}

const isUnnamed = (request: SeenRequest) => allowed(request).length === 0;

function userFault(id: string, summary: string, change: (user: CborMap) => CborMap): Fault {
  return answerFault({
    id,
    summary,
    commands,
    when: isUnnamed,
    given: ({ authenticator }, request) => passkeys(authenticator, request).length > 1,
    change: (answer) => {
      const user = answer.get(USER);
      return user instanceof Map ? answer.set(USER, change(new Map(user))) : answer;
    },
  });
}

/** Says yes for ids that it has made, in one way or another. */
function remembering(
  id: string,
  summary: string,
  fits: (request: SeenRequest, made: ReadonlyMap<string, unknown>) => boolean,
): Fault {
  return {
    id,
    summary,
    commands: [Command.authenticatorMakeCredential, Command.authenticatorGetAssertion],
    concerns: (bytes) => bytes[0] === Command.authenticatorGetAssertion && allowedIds(seen(bytes)).length === 1,
    install: () => {
      const made = new Map<string, unknown>();
      return {
        cbor: async (bytes, next) => {
          const answer = await next(bytes);
          const request = seen(bytes);
          if (request.command === Command.authenticatorMakeCredential) {
            const created = answer[0] === Status.CTAP2_OK ? createdCredentialId(answer) : undefined;
            if (created !== undefined) made.set(toHex(created), valuesAt(request.parameters, [0x02, 'id'])[0]);
            return answer;
          }
          return answer[0] === Status[refusal] && fits(request, made) ? Uint8Array.of(Status.CTAP2_OK) : answer;
        },
      };
    },
  };
}

/** Ends the walk through the passkeys at once: the last one is the first to answer. */
const oldestFirst: Fault = {
  id: 'get-assertion-oldest-first',
  summary: 'answers with the oldest passkey where an assertion is wanted without presence',
  commands,
  concerns: (bytes) => isSilentAndUnnamed(seen(bytes)),
  install: () => ({
    cbor: async (bytes, next) => {
      let answer = await next(bytes);
      if (answer[0] !== Status.CTAP2_OK || !isSilentAndUnnamed(seen(bytes))) return answer;
      const count = mapOf(answer.subarray(1)).get(NUMBER_OF_CREDENTIALS) ?? 1;
      for (let left = Number(count); left > 1; left--) {
        answer = await next(Uint8Array.of(Command.authenticatorGetNextAssertion));
      }
      return Uint8Array.of(Status.CTAP2_OK, ...encodeCbor(mapOf(answer.subarray(1)).set(NUMBER_OF_CREDENTIALS, count)));
    },
  }),
};

function isSilentAndUnnamed(request: SeenRequest): boolean {
  return isUnnamed(request) && valuesAt(request.parameters, [OPTIONS, 'up']).includes(false);
}

/** Power has been off since the credential was made. */
const forgetsAtPowerCycle: Fault = {
  id: 'get-assertion-forgets-at-power-cycle',
  summary: 'knows credentials that are not discoverable until its power goes, and no longer',
  commands: [Command.authenticatorMakeCredential, Command.authenticatorGetAssertion],
  install: ({ authenticator }) => {
    const made = new Map<string, number>();
    return {
      cbor: async (bytes, next) => {
        const answer = await next(bytes);
        const created = bytes[0] === Command.authenticatorMakeCredential ? createdCredentialId(answer) : undefined;
        if (created !== undefined) made.set(toHex(created), authenticator.poweredUpAt);
        const isLost = (id: Uint8Array) =>
          (made.get(toHex(id)) ?? authenticator.poweredUpAt) < authenticator.poweredUpAt;
        if (bytes[0] !== Command.authenticatorGetAssertion || !allowedIds(seen(bytes)).some(isLost)) return answer;
        return Uint8Array.of(Status.CTAP2_ERR_NO_CREDENTIALS);
      },
    };
  },
};

export const getAssertionListFaults: readonly Fault[] = [
  statusFault({
    id: 'get-assertion-no-passkey-as-other-error',
    summary: 'answers with an error without meaning where it has passkeys of other RP IDs alone',
    commands,
    instead: refusal,
    status: 'CTAP1_ERR_OTHER',
    when: isUnnamed,
    given: ({ authenticator }, request) =>
      authenticator.credentials.count > 0 &&
      passkeys(authenticator, request).length === 0 &&
      !isBelowPasskey(authenticator, request),
  }),
  remembering(
    'get-assertion-takes-unknown-credential',
    'signs for credentials that it has not made',
    (request, made) => made.size === 0 && allowedIds(request).length > 0,
  ),
  remembering('get-assertion-serves-other-rp', 'signs for credentials whatever RP ID they are of', (request, made) =>
    allowedIds(request).some(
      (id) => (made.get(toHex(id)) ?? request.parameters.get(RP_ID)) !== request.parameters.get(RP_ID),
    ),
  ),
  remembering('get-assertion-takes-changed-id', 'does not look at the end of credential ids', (request, made) =>
    allowedIds(request).some((id) => {
      const hex = toHex(id);
      return [...made.keys()].some((other) => other !== hex && other.slice(0, -2) === hex.slice(0, -2));
    }),
  ),
  hearingFault({
    id: 'get-assertion-takes-any-type',
    summary: 'signs for credentials whatever type the allowList gives them',
    commands,
    when: ({ parameters }) =>
      valuesAt(parameters, [ALLOW_LIST, EACH, 'type']).some(
        (type) => typeof type === 'string' && type !== 'public-key',
      ),
    change: (parameters, request) =>
      parameters.set(
        ALLOW_LIST,
        allowed(request).map((entry) => (entry instanceof Map ? new Map(entry).set('type', 'public-key') : entry)),
      ),
  }),
  hearingFault({
    id: 'get-assertion-minds-first-allowed-alone',
    summary: 'looks at the first of two entries of the allowList alone',
    commands,
    when: (request) => allowed(request).length === 2,
    change: (parameters, request) => parameters.set(ALLOW_LIST, allowed(request).slice(0, 1)),
  }),
  statusFault({
    id: 'get-assertion-refuses-longest-allow-list',
    summary: 'refuses an allowList of as many entries as it says that it takes',
    commands,
    status: 'CTAP2_ERR_LIMIT_EXCEEDED',
    given: ({ authenticator: { model } }, request) => allowed(request).length === model.maxCredentialCountInList,
  }),
  acceptsFault({
    id: 'get-assertion-takes-longer-allow-list',
    summary: 'takes an allowList of more entries than it says',
    commands,
    refusal: 'CTAP2_ERR_LIMIT_EXCEEDED',
    when: (request) => allowed(request).length > 1,
  }),
  statusFault({
    id: 'get-assertion-refuses-empty-allow-list',
    summary: 'refuses an empty allowList',
    commands,
    status: 'CTAP1_ERR_INVALID_LENGTH',
    when: (request) => isUnnamed(request) && request.parameters.has(ALLOW_LIST),
  }),
  answerFault({
    id: 'get-assertion-does-not-say-which',
    summary: 'does not say which of two credentials of the allowList has answered',
    commands,
    when: (request) => allowed(request).length === 2,
    change: (answer) => new Map([...answer].filter(([member]) => member !== 0x01)),
  }),
  answerFault({
    id: 'get-assertion-counts-allow-list',
    summary: 'says how many credentials of the allowList it has',
    commands,
    when: (request) => allowed(request).length === 3,
    change: (answer, request) => answer.set(NUMBER_OF_CREDENTIALS, allowed(request).length),
  }),
  answerFault({
    id: 'get-assertion-miscounts-one',
    summary: 'counts two where it has one passkey',
    commands,
    when: isUnnamed,
    given: ({ authenticator }, request) => passkeys(authenticator, request).length === 1,
    change: (answer) => answer.set(NUMBER_OF_CREDENTIALS, 2),
  }),
  answerFault({
    id: 'get-assertion-miscounts-passkeys',
    summary: 'counts one passkey too many',
    commands,
    when: isUnnamed,
    given: ({ authenticator }, request) => passkeys(authenticator, request).length > 1,
    change: (answer, request) =>
      isSilentAndUnnamed(request)
        ? answer
        : answer.set(NUMBER_OF_CREDENTIALS, Number(answer.get(NUMBER_OF_CREDENTIALS)) + 1),
  }),
  userFault('get-assertion-other-user-id', 'names users by another id than it was given', (user) => {
    const id = user.get('id');
    return id instanceof Uint8Array
      ? user.set(
          'id',
          id.map((byte) => byte ^ 0xff),
        )
      : user;
  }),
  answerFault({
    id: 'get-assertion-names-unverified-user',
    summary: 'says the names of users whom nobody has verified',
    commands,
    when: (request) => isUnnamed(request) && !request.parameters.has(0x06),
    given: ({ authenticator }, request) => passkeys(authenticator, request).length > 1,
    change: (answer) => {
      const user = answer.get(USER);
      return user instanceof Map ? answer.set(USER, new Map(user).set('name', 'somebody')) : answer;
    },
  }),
  userFault('get-assertion-withholds-names', 'withholds the names of users though they are verified', (user) => {
    user.delete('name');
    user.delete('displayName');
    return user;
  }),
  answerFault({
    id: 'get-assertion-does-not-name-passkey',
    summary: 'does not say which of several passkeys has answered',
    commands,
    when: (request) => isUnnamed(request) && !isSilentAndUnnamed(request),
    given: ({ authenticator }, request) => passkeys(authenticator, request).length > 1,
    change: (answer) => new Map([...answer].filter(([member]) => member !== 0x01)),
  }),
  oldestFirst,
  statusFault({
    id: 'get-assertion-does-not-take-passkey-from-list',
    summary: 'does not find a passkey where the allowList names it alone and no extension is asked for',
    commands,
    status: refusal,
    when: (request) => allowed(request).length === 1 && !request.parameters.has(EXTENSIONS),
    given: ({ authenticator }, request) => {
      const ids = allowedIds(request).map(toHex);
      return passkeys(authenticator, request).some(
        ({ id, credProtect }) => credProtect === 1 && ids.includes(toHex(id)),
      );
    },
  }),
  acceptsFault({
    id: 'get-assertion-passkey-serves-subdomain',
    summary: 'lets a passkey answer to the domains below its RP ID',
    commands,
    refusal,
    when: isUnnamed,
    given: ({ authenticator }, request) => isBelowPasskey(authenticator, request),
  }),
  forgetsAtPowerCycle,
];
