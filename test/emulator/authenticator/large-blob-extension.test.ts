/** largeBlob as an extension of the key (CTAP 2.3 §12.4), which excludes largeBlobKey and authenticatorLargeBlobs. */
import { beforeEach, describe, expect, it } from 'vitest';
import { decodeAuthenticatorData } from '../../../ctap/authenticator-data.ts';
import { utf8 } from '../../../ctap/bytes.ts';
import type { CborMap, CborValue } from '../../../ctap/cbor.ts';
import {
  credentialManagementAuthMessage,
  credentialManagementParams,
} from '../../../ctap/commands/credential-management.ts';
import { Command } from '../../../ctap/commands/index.ts';
import type { MakeCredentialRequest } from '../../../ctap/commands/make-credential.ts';
import { Permission } from '../../../ctap/pin-uv-auth/index.ts';
import { findModel } from '../../../emulator/models/index.ts';
import { memoryStore } from '../../../emulator/store/memory.ts';
import { authenticate, Platform, RP_ID, statusOf } from './platform.ts';

const model = findModel('ctap2.3-large-blob');
const RK = { options: { rk: true } };
const BLOB = utf8('compressed, says the platform');
const ask = (members: Record<string, CborValue>): { largeBlob: CborMap } => ({
  largeBlob: new Map(Object.entries(members)),
});
const WRITE = ask({ write: BLOB, originalSize: 99 });
const READ = ask({ read: true });
const written = (done: boolean) => ({ largeBlob: new Map([['written', done]]) });
const FOUND = {
  largeBlob: new Map<string, CborValue>([
    ['blob', BLOB],
    ['originalSize', 99],
  ]),
};

let platform: Platform;
beforeEach(async () => {
  platform = await Platform.open({ model });
});

/** Makes a credential with a blob; resolves to its descriptor. */
async function create(changes: Partial<MakeCredentialRequest> = RK, extensions = ask({ support: 'required' })) {
  const { authData, unsignedExtensionOutputs } = await platform.makeCredential({ ...changes, extensions });
  const { attestedCredentialData, extensions: signed } = decodeAuthenticatorData(authData);
  expect([unsignedExtensionOutputs, signed]).toEqual([{ largeBlob: new Map([['supported', true]]) }, undefined]);
  return { type: 'public-key', id: attestedCredentialData!.credentialId };
}
type Descriptor = Awaited<ReturnType<typeof create>>;

async function assert(descriptor: Descriptor, extensions: { largeBlob: CborMap }, more = {}) {
  const answer = await platform.getAssertion({ allowList: [descriptor], extensions, ...more });
  expect(decodeAuthenticatorData(answer.authData).extensions).toBeUndefined();
  return answer.unsignedExtensionOutputs;
}

it('is told by getInfo in the place of what it excludes', async () => {
  const { extensions, options, maxSerializedLargeBlobArray } = await platform.getInfo();
  expect([extensions!.includes('largeBlob'), extensions!.includes('largeBlobKey')]).toEqual([true, false]);
  expect([options!.largeBlobs, maxSerializedLargeBlobArray]).toEqual([undefined, undefined]);
  expect(await statusOf(platform.largeBlobs({ get: 1, offset: 0 }))).toBe('CTAP1_ERR_INVALID_COMMAND');
});

describe.each([
  ['discoverable', RK],
  ['non-discoverable', {}],
])('a blob of a %s credential', (_, options) => {
  it('is written, read and written again', async () => {
    const descriptor = await create(options, ask({ support: 'preferred' }));
    expect(await assert(descriptor, READ)).toBeUndefined();
    expect(await assert(descriptor, WRITE)).toEqual(written(true));
    expect(await assert(descriptor, READ)).toEqual(FOUND);
    expect(await assert(descriptor, ask({ write: new Uint8Array(0), originalSize: 0 }))).toEqual(written(true));
    const empty = new Map<string, CborValue>([
      ['blob', new Uint8Array(0)],
      ['originalSize', 0],
    ]);
    expect(await assert(descriptor, READ)).toEqual({ largeBlob: empty });
  });

  it('survives the process, and no reset', async () => {
    const store = memoryStore();
    platform = await Platform.open({ model, store });
    const descriptor = await create(options);
    await assert(descriptor, WRITE);
    platform = await Platform.open({ model, store });
    expect(await assert(descriptor, READ)).toEqual(FOUND);
    await platform.call(Command.authenticatorReset);
    expect([...store.list('blob/')]).toEqual([]);
  });
});

it('belongs to one credential, and is read with every assertion of a list', async () => {
  const ann = await create({ ...RK, user: { id: utf8('ann') } });
  await create({ ...RK, user: { id: utf8('bob') } });
  await assert(ann, WRITE);
  const bob = await platform.getAssertion({ extensions: READ });
  expect(bob.unsignedExtensionOutputs).toBeUndefined();
  expect((await platform.getNextAssertion()).unsignedExtensionOutputs).toEqual(FOUND);
});

it('is written to a named credential alone, with its user present', async () => {
  const descriptor = await create();
  const unnamed = await platform.getAssertion({ extensions: WRITE });
  expect(unnamed.unsignedExtensionOutputs).toEqual(written(false));
  expect(await assert(descriptor, WRITE, { options: { up: false } })).toEqual(written(false));
  expect(await assert(descriptor, READ)).toBeUndefined();
});

it('is not written to a credential that was made without', async () => {
  const { authData, unsignedExtensionOutputs } = await platform.makeCredential(RK);
  expect(unsignedExtensionOutputs).toBeUndefined();
  const { credentialId: id } = decodeAuthenticatorData(authData).attestedCredentialData!;
  expect(await assert({ type: 'public-key', id }, WRITE)).toEqual(written(false));
});

it('is not written where there is no room, but over the one before', async () => {
  platform = await Platform.open({ model: { ...model, maxDiscoverableCredentials: 1 } });
  const [first, second] = [await create({}), await create({})];
  expect(await assert(first, WRITE)).toEqual(written(true));
  expect(await assert(second, WRITE)).toEqual(written(false));
  expect(await assert(first, ask({ write: utf8('new'), originalSize: 3 }))).toEqual(written(true));
});

it('goes with its credential: deleted, or replaced by another of the same user', async () => {
  const { store } = platform.key.environment;
  const replaced = await create();
  await assert(replaced, WRITE);
  const kept = await create();
  expect(store.count('blob/')).toBe(0);
  await assert(kept, WRITE);
  await platform.setPin('194726');
  const token = await platform.getToken('194726', { permissions: Permission.credentialManagement });
  const params = credentialManagementParams.encode({ credentialId: kept });
  const pinUvAuthParam = authenticate(token, credentialManagementAuthMessage(0x06, params));
  const deletion = new Map<number, CborValue>([
    [1, 0x06],
    [2, params],
    [3, 2],
    [4, pinUvAuthParam],
  ]);
  await platform.call(Command.authenticatorCredentialManagement, deletion);
  expect(store.count('blob/')).toBe(0);
});

const malformed: [string, CborValue][] = [
  ['no map', true],
  ['nothing known', new Map([['wrong', '123']])],
  ['nothing', new Map()],
];

it.each([...malformed, ['another support', new Map([['support', 'maybe']])]] as typeof malformed)(
  'is not made of %s',
  async (_, largeBlob) => {
    expect(await statusOf(platform.makeCredential({ ...RK, extensions: { largeBlob } }))).toBe(
      'CTAP2_ERR_INVALID_CBOR',
    );
    expect(platform.key.environment.store.count('credential/')).toBe(0);
  },
);

it.each([
  ...malformed,
  [
    'read and write',
    new Map<string, CborValue>([
      ['read', true],
      ['write', BLOB],
      ['originalSize', 99],
    ]),
  ],
  ['read as text', new Map([['read', 'true']])],
  ['read: false', new Map([['read', false]])],
  [
    'write as text',
    new Map([
      ['write', '123'],
      ['originalSize', '123'],
    ]),
  ],
  ['write without size', new Map([['write', BLOB]])],
] as typeof malformed)('is not asked for by %s', async (_, largeBlob) => {
  const descriptor = await create();
  const counter = platform.key.environment.store.get('signCount');
  const request = platform.getAssertion({ rpId: RP_ID, allowList: [descriptor], extensions: { largeBlob } });
  expect(await statusOf(request)).toBe('CTAP2_ERR_INVALID_CBOR');
  expect(platform.key.environment.store.get('signCount')).toEqual(counter);
});
