/** authenticatorMakeCredential: what is inside rp, user and the lists. CTAP 2.3 §6.1. */
import { utf8 } from '../../../ctap/bytes.ts';
import type { CborMap, CborValue } from '../../../ctap/cbor.ts';
import { Command } from '../../../ctap/commands/index.ts';
import { CLIENT_DATA_HASH, ES256, makeCredentialParameters, withMember } from '../ceremony.ts';
import type { Check, CheckGroup } from '../check.ts';
import type { Subject } from '../subject.ts';
import { nestedChecks } from './nested.ts';
import { type Refusal, refusal } from './refusals.ts';

const SECTION = 'CTAP 2.3 §6.1.2';
/** An algorithm for private use (RFC 9053 §11): no key has it. */
const UNKNOWN_ALGORITHM = -65_537;

/** A request with something in each list. */
function fullParameters(key: Subject): Promise<CborMap> {
  return makeCredentialParameters(key, {
    excludeList: [{ type: 'public-key', id: utf8('no credential of this key') }],
    attestationFormatsPreference: ['packed'],
  });
}

/** A request with that list of algorithms, in whatever form. */
async function offering(key: Subject, ...list: CborValue[]): Promise<CborMap> {
  return withMember(await makeCredentialParameters(key), 0x04, list);
}

function element(alg: CborValue, type: CborValue = 'public-key'): CborMap {
  return new Map([
    ['alg', alg],
    ['type', type],
  ]);
}

function refused(rest: Omit<Refusal, 'section' | 'faults'> & { fault: string; section?: string }): Check {
  const { fault, section = SECTION, ...given } = rest;
  return refusal(Command.authenticatorMakeCredential, { section, faults: [fault], ...given });
}

export const makeCredentialEntityChecks: CheckGroup = {
  name: 'authenticatorMakeCredential: entities',
  checks: [
    ...nestedChecks({
      name: 'makeCredential',
      command: Command.authenticatorMakeCredential,
      section: SECTION,
      parameters: fullParameters,
      members: [
        { name: 'rp.id', path: [0x02, 'id'], required: true },
        { name: 'rp.name', path: [0x02, 'name'], required: false },
        { name: 'user.id', path: [0x03, 'id'], required: true },
        { name: 'user.name', path: [0x03, 'name'], required: false },
        { name: 'user.displayName', path: [0x03, 'displayName'], required: false },
        { name: 'pubKeyCredParams.element', path: [0x04, 0], required: false },
        { name: 'pubKeyCredParams.alg', path: [0x04, 0, 'alg'], required: true },
        { name: 'pubKeyCredParams.type', path: [0x04, 0, 'type'], required: true },
        { name: 'excludeList.element', path: [0x05, 0], required: false },
        { name: 'excludeList.id', path: [0x05, 0, 'id'], required: true },
        { name: 'excludeList.type', path: [0x05, 0, 'type'], required: true },
        { name: 'attestationFormatsPreference.element', path: [0x0b, 0], required: false },
      ],
    }).map(preferenceSince23),
    refused({
      id: 'makeCredential.options.number',
      section: 'CTAP 2.3 §8.2',
      statement: 'A request with a number for the option rk is refused.',
      fault: 'make-credential-accepts-number-for-option',
      parameters: async (key) => withMember(await makeCredentialParameters(key), 0x07, new Map([['rk', 1]])),
    }),
    refused({
      id: 'makeCredential.user.id.tooLong',
      section: 'WebAuthn Level 3 §5.4.3',
      statement: 'A user.id of 65 bytes is refused.',
      severity: 'warning',
      fault: 'make-credential-accepts-long-user-id',
      parameters: (key) => makeCredentialParameters(key, { user: { id: new Uint8Array(65).fill(7), name: 'long' } }),
    }),
    refused({
      id: 'makeCredential.clientDataHash.short',
      statement: 'A clientDataHash of 31 bytes is refused.',
      fault: 'make-credential-accepts-short-client-data-hash',
      parameters: async (key) => withMember(await makeCredentialParameters(key), 0x01, CLIENT_DATA_HASH.slice(1)),
    }),
    refused({
      id: 'makeCredential.clientDataHash.long',
      statement: 'A clientDataHash of 33 bytes is refused.',
      fault: 'make-credential-accepts-long-client-data-hash',
      parameters: async (key) => withMember(await makeCredentialParameters(key), 0x01, new Uint8Array(33)),
    }),
    refused({
      id: 'makeCredential.pubKeyCredParams.unknownAlgorithm',
      statement: 'A request that offers no algorithm of the key is refused as one of unsupported algorithm.',
      fault: 'make-credential-accepts-unknown-algorithm',
      statuses: ['CTAP2_ERR_UNSUPPORTED_ALGORITHM'],
      parameters: (key) => offering(key, element(UNKNOWN_ALGORITHM)),
    }),
    refused({
      id: 'makeCredential.pubKeyCredParams.unknownType',
      statement:
        'A request that offers a type of credential that there is not is refused as one of unsupported algorithm.',
      fault: 'make-credential-accepts-unknown-type',
      statuses: ['CTAP2_ERR_UNSUPPORTED_ALGORITHM'],
      parameters: (key) => offering(key, element(ES256.alg, 'private-key')),
    }),
    refused({
      id: 'makeCredential.pubKeyCredParams.empty',
      statement: 'A request with an empty list of algorithms is refused.',
      fault: 'make-credential-accepts-empty-pub-key-cred-params',
      parameters: (key) => offering(key),
    }),
    refused({
      id: 'makeCredential.pubKeyCredParams.allAreLookedAt',
      statement: 'A list of algorithms is refused for its last element though the first would do.',
      fault: 'make-credential-stops-at-first-algorithm',
      parameters: (key) => offering(key, element(ES256.alg), element('ES256')),
    }),
  ],
};

/** Keys before CTAP 2.3 do not know attestationFormatsPreference, and ignore it. */
function preferenceSince23(check: Check): Check {
  if (!check.id.includes('attestationFormatsPreference')) return check;
  return { ...check, needs: { versions: ['FIDO_2_2', 'FIDO_2_3'] } };
}
