/** Every command, each of its members missing, of every other type, out of range, and with one too many. */
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { concat, fromHex, utf8 } from '../../../ctap/bytes.ts';
import { type CborKey, type CborMap, type CborValue, compareKeys, encodeCbor } from '../../../ctap/cbor.ts';
import { authenticatorConfigRequest } from '../../../ctap/commands/authenticator-config.ts';
import { bioEnrollmentRequest } from '../../../ctap/commands/bio-enrollment.ts';
import { clientPinRequest } from '../../../ctap/commands/client-pin.ts';
import { credentialManagementRequest } from '../../../ctap/commands/credential-management.ts';
import { getAssertionRequest } from '../../../ctap/commands/get-assertion.ts';
import { Command, commandName } from '../../../ctap/commands/index.ts';
import { largeBlobsRequest } from '../../../ctap/commands/large-blobs.ts';
import { makeCredentialRequest } from '../../../ctap/commands/make-credential.ts';
import { ECDH_ES_HKDF_256, encodeCoseKey } from '../../../ctap/cose.ts';
import type { Message } from '../../../ctap/schema.ts';
import { statusName } from '../../../ctap/status.ts';
import { nodeCrypto } from '../../../emulator/crypto-node.ts';
import { memoryStore } from '../../../emulator/store/memory.ts';
import { complete } from './complete-model.ts';
import { CLIENT_DATA_HASH, Platform, RP_ID } from './platform.ts';

let platform: Platform;
let commits: number;
beforeEach(async () => {
  const memory = memoryStore();
  platform = await Platform.open({
    model: complete,
    store: {
      ...memory,
      commit(changes) {
        commits++;
        return memory.commit(changes);
      },
    },
  });
  await platform.makeCredential({ options: { rk: true } });
  commits = 0;
});

/** Status of a raw request. Nothing that is answered so is a defect, or stored. */
async function statusOfBytes(request: Uint8Array): Promise<string> {
  const exchange = { signal: new AbortController().signal, keepalive: () => {} };
  const answer = await platform.key.cbor(request, exchange);
  expect(platform.defects).toEqual([]);
  return statusName(answer[0]!);
}

const send = (command: number, map: CborMap) => statusOfBytes(concat(Uint8Array.of(command), encodeCbor(sorted(map))));
const sorted = (map: CborMap): CborMap => new Map([...map].sort(([a], [b]) => compareKeys(a, b)));

const descriptor: CborMap = new Map<string, CborValue>([
  ['id', utf8('id')],
  ['type', 'public-key'],
]);
const { publicKey } = nodeCrypto.generateEcdhKeyPair((length) => nodeCrypto.sha256(new Uint8Array(length)));

interface Row {
  readonly command: number;
  readonly table: Message<unknown>;
  /** One good value of each member: what its type is. */
  readonly samples: Readonly<Record<string, CborValue>>;
  /** The members of a request without a fault in it. */
  readonly good: readonly string[];
  /** Its status where it is not CTAP2_OK. */
  readonly answer?: string;
}

const rows: Row[] = [
  {
    command: Command.authenticatorMakeCredential,
    table: makeCredentialRequest,
    samples: {
      clientDataHash: CLIENT_DATA_HASH,
      rp: new Map([['id', RP_ID]]),
      user: new Map([['id', utf8('user')]]),
      pubKeyCredParams: [
        new Map<string, CborValue>([
          ['alg', -7],
          ['type', 'public-key'],
        ]),
      ],
      excludeList: [descriptor],
      extensions: new Map(),
      options: new Map(),
      pinUvAuthParam: new Uint8Array(32),
      pinUvAuthProtocol: 2,
      enterpriseAttestation: 1,
      attestationFormatsPreference: ['packed'],
    },
    good: ['clientDataHash', 'rp', 'user', 'pubKeyCredParams', 'excludeList', 'extensions', 'options'],
  },
  {
    command: Command.authenticatorGetAssertion,
    table: getAssertionRequest,
    samples: {
      rpId: RP_ID,
      clientDataHash: CLIENT_DATA_HASH,
      allowList: [descriptor],
      extensions: new Map(),
      options: new Map(),
      pinUvAuthParam: new Uint8Array(32),
      pinUvAuthProtocol: 2,
    },
    good: ['rpId', 'clientDataHash', 'extensions', 'options'],
  },
  {
    command: Command.authenticatorClientPIN,
    table: clientPinRequest,
    samples: {
      pinUvAuthProtocol: 2,
      subCommand: 1,
      keyAgreement: encodeCoseKey({ alg: ECDH_ES_HKDF_256, publicKey }),
      pinUvAuthParam: new Uint8Array(32),
      newPinEnc: new Uint8Array(80),
      pinHashEnc: new Uint8Array(32),
      permissions: 1,
      rpId: RP_ID,
    },
    good: ['subCommand'],
  },
  {
    command: Command.authenticatorCredentialManagement,
    table: credentialManagementRequest,
    samples: { subCommand: 1, subCommandParams: new Map(), pinUvAuthProtocol: 2, pinUvAuthParam: new Uint8Array(32) },
    good: ['subCommand'],
    answer: 'CTAP2_ERR_PUAT_REQUIRED',
  },
  {
    command: Command.authenticatorConfig,
    table: authenticatorConfigRequest,
    samples: { subCommand: 1, subCommandParams: new Map(), pinUvAuthProtocol: 2, pinUvAuthParam: new Uint8Array(32) },
    good: ['subCommand', 'subCommandParams'],
  },
  {
    command: Command.authenticatorBioEnrollment,
    table: bioEnrollmentRequest,
    samples: {
      modality: 1,
      subCommand: 7,
      subCommandParams: new Map(),
      pinUvAuthProtocol: 2,
      pinUvAuthParam: new Uint8Array(32),
      getModality: true,
    },
    good: ['modality', 'subCommand', 'subCommandParams', 'getModality'],
  },
  {
    command: Command.authenticatorLargeBlobs,
    table: largeBlobsRequest,
    samples: {
      get: 0,
      set: new Uint8Array(17),
      offset: 0,
      length: 17,
      pinUvAuthParam: new Uint8Array(32),
      pinUvAuthProtocol: 2,
    },
    good: ['get', 'offset'],
  },
];

const named = rows.map((row) => [commandName(row.command), row] as const);

/** A request of these members, each with its sample. */
function request(
  { table, samples }: Row,
  members: readonly string[],
  changes: readonly [CborKey, CborValue][] = [],
): CborMap {
  const map: CborMap = new Map();
  for (const { name, key } of table.members) if (members.includes(name)) map.set(key, samples[name]!);
  for (const [key, value] of changes) map.set(key, value);
  return map;
}

/** Values of all the types there are. */
const VALUES: readonly CborValue[] = [7, -7, 1.5, true, null, 'text', utf8('bytes'), ['text'], new Map([['key', 1]])];

function typeOf(value: CborValue): string {
  if (typeof value === 'number') return Number.isInteger(value) ? (value < 0 ? 'negative' : 'unsigned') : 'float';
  if (value instanceof Uint8Array) return 'bytes';
  if (Array.isArray(value)) return 'array';
  return value instanceof Map ? 'map' : typeof value;
}

describe.each(named)('%s', (_, row) => {
  it('is answered where its request is good, with members that nobody knows too', async () => {
    const answer = row.answer ?? 'CTAP2_OK';
    expect(await send(row.command, request(row, row.good))).toBe(answer);
    const more: [CborKey, CborValue][] = [
      [0x7f, 'unknown'],
      [-1, true],
      ['text', new Map()],
    ];
    expect(await send(row.command, request(row, row.good, more))).toBe(answer);
  });

  it('wants each member that it requires', async () => {
    const all = row.table.members.map(({ name }) => name);
    for (const { name, optional } of row.table.members) {
      if (optional) continue;
      const without = request(
        row,
        all.filter((other) => other !== name),
      );
      expect([name, await send(row.command, without)]).toEqual([name, 'CTAP2_ERR_MISSING_PARAMETER']);
    }
    expect(commits).toBe(0);
  });

  it.each(row.table.members.map(({ name, key }) => [name, key] as const))(
    'takes %s of its own type alone',
    async (name, key) => {
      const sample = row.samples[name]!;
      for (const value of VALUES) {
        if (typeOf(value) === typeOf(sample)) continue;
        const status = await send(row.command, request(row, row.good, [[key, value]]));
        expect([typeOf(value), status]).toEqual([typeOf(value), 'CTAP2_ERR_CBOR_UNEXPECTED_TYPE']);
      }
      if (typeof sample === 'number') {
        const huge = await send(row.command, request(row, row.good, [[key, 2n ** 64n - 1n]]));
        expect(huge).toBe('CTAP1_ERR_INVALID_PARAMETER');
      }
      expect(commits).toBe(0);
    },
  );

  it.each<[string, string, string]>([
    ['nothing', '', 'CTAP2_ERR_INVALID_CBOR'],
    ['an array for the map', '80', 'CTAP2_ERR_CBOR_UNEXPECTED_TYPE'],
    ['an integer for the map', '00', 'CTAP2_ERR_CBOR_UNEXPECTED_TYPE'],
    ['a map that ends early', 'a101', 'CTAP2_ERR_INVALID_CBOR'],
    ['bytes behind the map', 'a000', 'CTAP2_ERR_INVALID_CBOR'],
    ['keys out of order', 'a202000100', 'CTAP2_ERR_INVALID_CBOR'],
    ['a key twice', 'a201000100', 'CTAP2_ERR_INVALID_CBOR'],
    ['a key that is not minimal', 'a1180100', 'CTAP2_ERR_INVALID_CBOR'],
    ['an indefinite map', 'bf0100ff', 'CTAP2_ERR_INVALID_CBOR'],
    ['a tag', 'c0a0', 'CTAP2_ERR_INVALID_CBOR'],
    ['nesting too deep', 'a101818181818100', 'CTAP2_ERR_INVALID_CBOR'],
    ['text that is no UTF-8', 'a10162c328', 'CTAP2_ERR_INVALID_CBOR'],
  ])('answers %s by its status', async (__, hex, status) => {
    expect(await statusOfBytes(concat(Uint8Array.of(row.command), fromHex(hex)))).toBe(status);
    expect(commits).toBe(0);
  });
});

describe('whatever comes', () => {
  it('is answered by a status of the specification, never by a defect', async () => {
    const value = fc.letrec<{ value: CborValue }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 3 },
        fc.integer(),
        fc.boolean(),
        fc.string({ maxLength: 20 }),
        fc.uint8Array({ maxLength: 80 }),
        fc.array(tie('value'), { maxLength: 3 }),
        fc
          .dictionary(fc.string({ maxLength: 12 }), tie('value'), { maxKeys: 3 })
          .map((record) => sorted(new Map(Object.entries(record)))),
      ),
    })).value;
    const anyRequest = fc.record({
      row: fc.constantFrom(...rows),
      members: fc.array(fc.nat(), { maxLength: 8 }),
      changes: fc.array(fc.tuple(fc.integer({ min: 0, max: 12 }), value), { maxLength: 3 }),
    });
    await fc.assert(
      fc.asyncProperty(anyRequest, async ({ row, members, changes }) => {
        const names = members.map((index) => row.table.members[index % row.table.members.length]!.name);
        expect(await send(row.command, request(row, names, changes))).toMatch(/^CTAP[12]_(OK|ERR_(?!OTHER))/);
      }),
      { numRuns: 400 },
    );
  });

  it.each([0x00, 0x03, 0x05, 0x0e, 0x3f, 0x42, 0xbf, 0xff])('as command 0x%i that does not exist', async (command) => {
    expect(await statusOfBytes(Uint8Array.of(command))).toBe('CTAP1_ERR_INVALID_COMMAND');
    expect(await statusOfBytes(Uint8Array.of(command, 0xa0))).toBe('CTAP1_ERR_INVALID_COMMAND');
  });

  it('is too long where it is longer than maxMsgSize', async () => {
    const { maxMsgSize } = platform.key.model;
    expect(await statusOfBytes(new Uint8Array(maxMsgSize + 1).fill(4))).toBe('CTAP2_ERR_REQUEST_TOO_LARGE');
    expect(await statusOfBytes(new Uint8Array(0))).toBe('CTAP1_ERR_INVALID_LENGTH');
  });

  it('is no credential id of this key, however long or short', async () => {
    for (const length of [0, 1, 29, 32, 64, 1500]) {
      const allowList = [
        new Map<string, CborValue>([
          ['id', new Uint8Array(length).fill(1)],
          ['type', 'public-key'],
        ]),
      ];
      const map = new Map<number, CborValue>([
        [1, RP_ID],
        [2, CLIENT_DATA_HASH],
        [3, allowList],
      ]);
      expect(await send(Command.authenticatorGetAssertion, map)).toBe('CTAP2_ERR_NO_CREDENTIALS');
    }
  });
});

describe('authenticatorMakeCredential', () => {
  const [row] = rows as [Row];
  it.each<[string, CborKey, CborValue, string]>([
    ['a client data hash of 31 bytes', 1, new Uint8Array(31), 'CTAP1_ERR_INVALID_LENGTH'],
    ['a client data hash of 33 bytes', 1, new Uint8Array(33), 'CTAP1_ERR_INVALID_LENGTH'],
    ['an RP without id', 2, new Map([['name', 'x']]), 'CTAP2_ERR_MISSING_PARAMETER'],
    [
      'an RP whose name is no text',
      2,
      new Map<string, CborValue>([
        ['id', 'x'],
        ['name', 1],
      ]),
      'CTAP2_ERR_CBOR_UNEXPECTED_TYPE',
    ],
    ['a user without id', 3, new Map([['name', 'x']]), 'CTAP2_ERR_MISSING_PARAMETER'],
    ['a user id of 65 bytes', 3, new Map([['id', new Uint8Array(65)]]), 'CTAP1_ERR_INVALID_LENGTH'],
    ['a user whose id is text', 3, new Map([['id', 'x']]), 'CTAP2_ERR_CBOR_UNEXPECTED_TYPE'],
    ['no algorithms', 4, [], 'CTAP2_ERR_UNSUPPORTED_ALGORITHM'],
    ['an algorithm without type', 4, [new Map([['alg', -7]])], 'CTAP2_ERR_INVALID_CBOR'],
    [
      'an algorithm that is text',
      4,
      [
        new Map([
          ['alg', 'x'],
          ['type', 'public-key'],
        ]),
      ],
      'CTAP2_ERR_CBOR_UNEXPECTED_TYPE',
    ],
    ['a descriptor without id', 5, [new Map([['type', 'public-key']])], 'CTAP2_ERR_MISSING_PARAMETER'],
    ['nine descriptors', 5, Array(9).fill(descriptor), 'CTAP2_ERR_LIMIT_EXCEEDED'],
    ['an extension keyed by a number', 6, new Map([[1, true]]), 'CTAP2_ERR_CBOR_UNEXPECTED_TYPE'],
    ['an option that is a number', 7, new Map([['rk', 1]]), 'CTAP2_ERR_CBOR_UNEXPECTED_TYPE'],
    ['a format that is a number', 11, [1], 'CTAP2_ERR_CBOR_UNEXPECTED_TYPE'],
  ])('refuses %s and stores nothing', async (_, key, value, status) => {
    expect(await send(row.command, request(row, row.good, [[key, value]]))).toBe(status);
    expect(commits).toBe(0);
  });
});
