/** authenticatorMakeCredential: the CBOR of requests and of the answer. CTAP 2.3 §8. */
import { concat, utf8 } from '../../../ctap/bytes.ts';
import { type CborValue, decodeCbor, encodeCbor } from '../../../ctap/cbor.ts';
import { Command } from '../../../ctap/commands/index.ts';
import type { StatusName } from '../../../ctap/status.ts';
import { makeCredentialParameters, withMember } from '../ceremony.ts';
import type { Check, CheckGroup, Severity } from '../check.ts';
import { expect, expectOk } from '../expect.ts';
import type { Subject } from '../subject.ts';
import { refusal } from './refusals.ts';

const SECTION = 'CTAP 2.3 §8';
/** A map of up to 23 entries. */
const MAP = 0xa0;

/** The encoded parameters of a request that the key takes. */
async function encoded(key: Subject): Promise<Uint8Array> {
  return encodeCbor(await makeCredentialParameters(key));
}

/** Key and value of each parameter, encoded, in order. */
async function entries(key: Subject): Promise<Uint8Array[]> {
  const parameters = await makeCredentialParameters(key);
  return [...parameters].map(([member, value]) => concat(encodeCbor(member), encodeCbor(value)));
}

function mapOf(parts: readonly Uint8Array[]): Uint8Array {
  return concat(Uint8Array.of(MAP | parts.length), ...parts);
}

/** A parameter that no version of the specification has. */
const UNKNOWN_PARAMETER = 0x17;

async function withUnknown(key: Subject, encodedValue: Uint8Array): Promise<Uint8Array> {
  return mapOf([...(await entries(key)), concat(Uint8Array.of(UNKNOWN_PARAMETER), encodedValue)]);
}

interface Flawed {
  readonly id: string;
  readonly statement: string;
  readonly fault: string;
  readonly severity?: Severity;
  readonly statuses?: readonly StatusName[];
  readonly parameters: (key: Subject) => Promise<Uint8Array>;
}

function flawed({ id, fault, ...rest }: Flawed): Check {
  return refusal(Command.authenticatorMakeCredential, {
    id: `makeCredential.cbor.${id}`,
    section: SECTION,
    faults: [fault],
    ...rest,
  });
}

/** A request that is unusual, and right. */
function borne(id: string, statement: string, fault: string, parameters: (key: Subject) => Promise<CborValue>): Check {
  return {
    id: `makeCredential.cbor.${id}`,
    section: SECTION,
    statement,
    needs: { touches: 1 },
    faults: [fault],
    async run(key) {
      expectOk(await key.request(Command.authenticatorMakeCredential, encodeCbor(await parameters(key))));
    },
  };
}

export const makeCredentialCborChecks: CheckGroup = {
  name: 'authenticatorMakeCredential: CBOR',
  checks: [
    flawed({
      id: 'unsorted',
      statement: 'A request whose parameters are out of order is refused.',
      severity: 'warning',
      fault: 'make-credential-accepts-unsorted-map',
      parameters: async (key) => mapOf((await entries(key)).reverse()),
    }),
    flawed({
      id: 'duplicate',
      statement: 'A request with two entries of one parameter is refused.',
      fault: 'make-credential-accepts-duplicate-key',
      async parameters(key) {
        const [first = new Uint8Array(0), ...others] = await entries(key);
        return mapOf([first, first, ...others]);
      },
    }),
    flawed({
      id: 'indefinite',
      statement: 'A request of indefinite length is refused.',
      severity: 'warning',
      fault: 'make-credential-accepts-indefinite-length',
      parameters: async (key) => concat(Uint8Array.of(0xbf), ...(await entries(key)), Uint8Array.of(0xff)),
    }),
    flawed({
      id: 'nonMinimal',
      statement: 'A request with a number that is longer than it needs to be is refused.',
      severity: 'warning',
      fault: 'make-credential-accepts-non-minimal-integer',
      parameters: (key) => withUnknown(key, Uint8Array.of(0x18, 0x01)),
    }),
    flawed({
      id: 'tag',
      statement: 'A request with a tag is refused.',
      severity: 'warning',
      fault: 'make-credential-accepts-tag',
      parameters: (key) => withUnknown(key, Uint8Array.of(0xc1, 0x00)),
    }),
    flawed({
      id: 'fiveLevels',
      statement: 'A request that is nested five levels deep is refused.',
      severity: 'warning',
      fault: 'make-credential-accepts-deep-nesting',
      parameters: (key) => withUnknown(key, Uint8Array.of(0x81, 0x81, 0x81, 0x81, 0x00)),
    }),
    flawed({
      id: 'trailing',
      statement: 'A request with a byte after its end is refused.',
      fault: 'make-credential-accepts-trailing-byte',
      parameters: async (key) => concat(await encoded(key), Uint8Array.of(0)),
    }),
    flawed({
      id: 'truncated',
      statement: 'A request without its last byte is refused.',
      fault: 'make-credential-accepts-truncated-request',
      parameters: async (key) => (await encoded(key)).slice(0, -1),
    }),
    flawed({
      id: 'empty',
      statement: 'A request without parameters is refused.',
      fault: 'make-credential-accepts-empty-request',
      parameters: async () => new Uint8Array(0),
    }),
    flawed({
      id: 'list',
      statement: 'A list in place of the map of parameters is refused.',
      fault: 'make-credential-accepts-list-for-parameters',
      parameters: async (key) => encodeCbor([...(await makeCredentialParameters(key)).values()]),
    }),
    borne(
      'unknownParameter',
      'A parameter that the key does not know is ignored.',
      'make-credential-refuses-unknown-parameter',
      async (key) => withMember(await makeCredentialParameters(key), UNKNOWN_PARAMETER, 'unknown'),
    ),
    borne(
      'unknownMember',
      'A member of user that the key does not know is ignored.',
      'make-credential-refuses-unknown-user-member',
      async (key) => {
        const user = new Map<string, CborValue>([
          ['id', utf8('a user')],
          ['icon', 'https://example.com/icon.png'],
          ['name', 'user@example.com'],
        ]);
        return withMember(await makeCredentialParameters(key), 0x03, user);
      },
    ),
    borne(
      'fourLevels',
      'A request that is nested four levels deep is taken.',
      'make-credential-refuses-four-levels',
      (key) =>
        makeCredentialParameters(key, {
          excludeList: [{ type: 'public-key', id: utf8('no credential of this key'), transports: ['usb'] }],
        }),
    ),
    {
      id: 'makeCredential.cbor.answer',
      section: SECTION,
      statement: 'The answer is one canonical CBOR map and nothing after it.',
      needs: { touches: 1 },
      faults: ['make-credential-trailing-byte'],
      async run(key) {
        const answer = await key.request(Command.authenticatorMakeCredential, await makeCredentialParameters(key));
        expectOk(answer);
        expect(decodeCbor(answer.body) instanceof Map, 'a CBOR map in the answer');
      },
    },
  ],
};
