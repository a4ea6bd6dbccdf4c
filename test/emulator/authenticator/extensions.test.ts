import { beforeEach, describe, expect, it } from 'vitest';
import { decodeAuthenticatorData } from '../../../ctap/authenticator-data.ts';
import { concat, utf8 } from '../../../ctap/bytes.ts';
import type { CborMap, CborValue } from '../../../ctap/cbor.ts';
import { setMinPINLengthParams } from '../../../ctap/commands/authenticator-config.ts';
import type { MakeCredentialRequest } from '../../../ctap/commands/make-credential.ts';
import { ECDH_ES_HKDF_256, encodeCoseKey } from '../../../ctap/cose.ts';
import { hmacSecretInput } from '../../../ctap/extensions/hmac-secret.ts';
import { Flag } from '../../../ctap/flags.ts';
import { Permission } from '../../../ctap/pin-uv-auth/index.ts';
import { nodeCrypto } from '../../../emulator/crypto-node.ts';
import { memoryStore } from '../../../emulator/store/memory.ts';
import { complete } from './complete-model.ts';
import { authenticate, Platform, RP_ID, statusOf } from './platform.ts';

const PIN = '123456';
const RK = { options: { rk: true } };
let platform: Platform;
beforeEach(async () => {
  platform = await Platform.open({ model: complete });
});

/** Makes a credential and gives its descriptor, extension outputs and largeBlobKey. */
async function create(extensions: Record<string, CborValue>, changes: Partial<MakeCredentialRequest> = {}) {
  const { authData, largeBlobKey } = await platform.makeCredential({ extensions, ...changes });
  const data = decodeAuthenticatorData(authData);
  expect((data.flags & Flag.ED) !== 0).toBe(data.extensions !== undefined);
  const descriptor = { type: 'public-key', id: data.attestedCredentialData!.credentialId };
  return { descriptor, outputs: data.extensions, largeBlobKey };
}

type Created = Awaited<ReturnType<typeof create>>;

async function assert({ descriptor }: Created, extensions: Record<string, CborValue>, more = {}) {
  const { authData, largeBlobKey } = await platform.getAssertion({ allowList: [descriptor], extensions, ...more });
  return { outputs: decodeAuthenticatorData(authData).extensions, largeBlobKey };
}

async function verified(permissions: number) {
  const token = await platform.getToken(PIN, { permissions, rpId: RP_ID });
  return { pinUvAuthParam: authenticate(token), pinUvAuthProtocol: 2 };
}

describe('credBlob', () => {
  const blob = utf8('32 bytes that go with the key...');
  const asked = { credBlob: blob };

  it.each([
    ['discoverable', RK],
    ['non-discoverable', {}],
  ])('stores its bytes with a %s credential and gives them back', async (_, options) => {
    const created = await create(asked, options);
    expect(created.outputs).toEqual(new Map([['credBlob', true]]));
    expect((await assert(created, { credBlob: true })).outputs).toEqual(new Map([['credBlob', blob]]));
    expect((await assert(created, {})).outputs).toBeUndefined();
    expect((await assert(created, { credBlob: false })).outputs).toBeUndefined();
  });

  it('survives the process', async () => {
    const store = memoryStore();
    platform = await Platform.open({ model: complete, store });
    const created = await create(asked, RK);
    platform = await Platform.open({ model: complete, store });
    expect((await assert(created, { credBlob: true })).outputs!.get('credBlob')).toEqual(blob);
  });

  it('stores nothing that is too long, and says so', async () => {
    const { maxCredBlobLength } = await platform.getInfo();
    const created = await create({ credBlob: new Uint8Array(maxCredBlobLength! + 1) }, RK);
    expect(created.outputs!.get('credBlob')).toBe(false);
    expect((await assert(created, { credBlob: true })).outputs!.get('credBlob')).toEqual(new Uint8Array(0));
  });

  it('leaves the blob behind where the credential id would grow too long', async () => {
    platform = await Platform.open({ model: { ...complete, maxCredentialIdLength: 80 } });
    const created = await create(asked);
    expect(created.outputs!.get('credBlob')).toBe(false);
    expect(created.descriptor.id.length).toBeLessThanOrEqual(80);
    expect((await assert(created, { credBlob: true })).outputs!.get('credBlob')).toEqual(new Uint8Array(0));
  });
});

describe('largeBlobKey', () => {
  it('is a key of the credential’s own, beside the extension outputs', async () => {
    const [one, two] = [
      await create({ largeBlobKey: true }, RK),
      await create({ largeBlobKey: true }, { ...RK, user: { id: utf8('other') } }),
    ];
    expect(one.outputs).toBeUndefined();
    expect(one.largeBlobKey).toHaveLength(32);
    expect(two.largeBlobKey).not.toEqual(one.largeBlobKey);
    expect((await assert(one, { largeBlobKey: true })).largeBlobKey).toEqual(one.largeBlobKey);
    expect((await assert(two, { largeBlobKey: true })).largeBlobKey).toEqual(two.largeBlobKey);
    expect((await assert(one, {})).largeBlobKey).toBeUndefined();
  });

  it('is given with every assertion of a list', async () => {
    for (const name of ['ann', 'bob']) await create({ largeBlobKey: true }, { ...RK, user: { id: utf8(name) } });
    const first = await platform.getAssertion({ extensions: { largeBlobKey: true } });
    const second = await platform.getNextAssertion();
    expect([first.largeBlobKey?.length, second.largeBlobKey?.length]).toEqual([32, 32]);
  });

  it('is not there for a credential made without it', async () => {
    expect((await assert(await create({}, RK), { largeBlobKey: true })).largeBlobKey).toBeUndefined();
  });

  it('may be asked of discoverable credentials alone, and only as true', async () => {
    const made = (value: boolean, options = RK) => statusOf(create({ largeBlobKey: value }, options));
    expect(await made(false)).toBe('CTAP2_ERR_INVALID_OPTION');
    expect(await made(true, { options: { rk: false } })).toBe('CTAP2_ERR_INVALID_OPTION');
    const created = await create({ largeBlobKey: true }, RK);
    expect(await statusOf(assert(created, { largeBlobKey: false }))).toBe('CTAP2_ERR_INVALID_OPTION');
  });
});

describe('minPinLength and pinComplexityPolicy', () => {
  beforeEach(async () => {
    const params = setMinPINLengthParams.encode({ minPinLengthRPIDs: [RP_ID] });
    await platform.configure(0x03, params);
  });
  const asked = { minPinLength: true, pinComplexityPolicy: true };

  it('tell the policy to the RP IDs of the list, and to nobody else', async () => {
    const expected = new Map<string, CborValue>([
      ['minPinLength', 4],
      ['pinComplexityPolicy', false],
    ]);
    expect((await create(asked)).outputs).toEqual(expected);
    expect((await create(asked, { rp: { id: 'other.example' } })).outputs).toBeUndefined();
    expect((await create({ minPinLength: false, pinComplexityPolicy: false })).outputs).toBeUndefined();
  });

  it('tell the policy of this moment', async () => {
    await platform.configure(0x03, setMinPINLengthParams.encode({ newMinPINLength: 8, pinComplexityPolicy: true }));
    const { outputs } = await create(asked);
    expect([outputs!.get('minPinLength'), outputs!.get('pinComplexityPolicy')]).toEqual([8, true]);
  });
});

describe('thirdPartyPayment', () => {
  it.each([
    ['discoverable', RK],
    ['non-discoverable', {}],
  ])('is a property of a %s credential', async (_, options) => {
    const payer = await create({ thirdPartyPayment: true }, options);
    const other = await create({}, { ...options, user: { id: utf8('other') } });
    expect([payer.outputs, other.outputs]).toEqual([undefined, undefined]);
    const asked = { thirdPartyPayment: true };
    expect((await assert(payer, asked)).outputs).toEqual(new Map([['thirdPartyPayment', true]]));
    expect((await assert(other, asked)).outputs).toEqual(new Map([['thirdPartyPayment', false]]));
    expect((await assert(other, { thirdPartyPayment: false })).outputs).toBeUndefined();
  });
});

describe('uvm', () => {
  const asked = { uvm: true };
  const methodOf = (outputs: CborMap | undefined) => (outputs!.get('uvm') as number[][]).map(([method]) => method);

  it('tells how the user was verified: by presence, by PIN or by finger', async () => {
    const created = await create(asked);
    expect(created.outputs!.get('uvm')).toEqual([[0x0001, 0x000a, 0x0004]]);
    await platform.setPin(PIN);
    const byPin = await assert(created, asked, await verified(Permission.getAssertion));
    expect(methodOf(byPin.outputs)).toEqual([0x0800]);
    await enroll(platform);
    expect(methodOf((await assert(created, asked, { options: { uv: true } })).outputs)).toEqual([0x0002]);
    const token = await platform.getUvToken({ permissions: Permission.getAssertion, rpId: RP_ID });
    const byFinger = { pinUvAuthParam: authenticate(token), pinUvAuthProtocol: 2 };
    expect(methodOf((await assert(created, asked, byFinger)).outputs)).toEqual([0x0002]);
  });
});

/** Enrols a finger with three good samples. */
async function enroll(on: Platform) {
  const token = await on.getToken(PIN, { permissions: Permission.bioEnrollment });
  const { templateId } = await on.bioEnrollment(0x01, undefined, token);
  for (let sample = 0; sample < 2; sample++) await on.bioEnrollment(0x02, { templateId }, token);
}

describe('hmac-secret-mc', () => {
  const salts = concat(nodeCrypto.sha256(utf8('one')), nodeCrypto.sha256(utf8('two')));

  async function input(version: 1 | 2, salt = salts): Promise<CborValue> {
    const { protocol, secret, publicKey } = await platform.agree(version);
    const saltEnc = platform.encrypt(protocol, secret, salt);
    return hmacSecretInput.encode({
      keyAgreement: encodeCoseKey({ alg: ECDH_ES_HKDF_256, publicKey }),
      saltEnc,
      saltAuth: protocol.authenticate(secret, saltEnc),
      pinUvAuthProtocol: version,
    });
  }
  const open = async (version: 1 | 2, output: CborValue | undefined) => {
    const { protocol, secret } = await platform.agree(version);
    return protocol.decrypt(secret, output as Uint8Array);
  };

  it.each([1, 2] as const)('gives at creation what hmac-secret gives later, over protocol %s', async (version) => {
    const created = await create({ 'hmac-secret': true, 'hmac-secret-mc': await input(version) });
    expect(created.outputs!.get('hmac-secret')).toBe(true);
    const early = await open(version, created.outputs!.get('hmac-secret-mc'));
    const late = (await assert(created, { 'hmac-secret': await input(version) })).outputs!.get('hmac-secret');
    expect(early).toHaveLength(64);
    expect(await open(version, late)).toEqual(early);
  });

  it('gives the secret of a verified user where the user is verified', async () => {
    await platform.setPin(PIN);
    const more = await verified(Permission.makeCredential);
    const created = await create({ 'hmac-secret': true, 'hmac-secret-mc': await input(2) }, more);
    const withUv = await open(2, created.outputs!.get('hmac-secret-mc'));
    const bare = await assert(created, { 'hmac-secret': await input(2) });
    const same = await assert(created, { 'hmac-secret': await input(2) }, await verified(Permission.getAssertion));
    expect(await open(2, bare.outputs!.get('hmac-secret'))).not.toEqual(withUv);
    expect(await open(2, same.outputs!.get('hmac-secret'))).toEqual(withUv);
  });

  it('wants hmac-secret beside it, and an input that is right', async () => {
    const made = async (extensions: Record<string, CborValue>) => statusOf(create(extensions));
    expect(await made({ 'hmac-secret-mc': await input(2) })).toBe('CTAP2_ERR_MISSING_PARAMETER');
    expect(await made({ 'hmac-secret': false, 'hmac-secret-mc': await input(2) })).toBe('CTAP2_ERR_MISSING_PARAMETER');
    const both = (value: CborValue) => made({ 'hmac-secret': true, 'hmac-secret-mc': value });
    expect(await both(await input(2, new Uint8Array(16)))).toBe('CTAP1_ERR_INVALID_PARAMETER');
    expect(await both(new Map())).toBe('CTAP2_ERR_MISSING_PARAMETER');
    expect(await both(true)).toBe('CTAP2_ERR_CBOR_UNEXPECTED_TYPE');
  });
});

describe('extensions that a model lacks', () => {
  it('are ignored, whatever their input', async () => {
    platform = await Platform.open({ model: { extensions: ['credProtect'] } });
    const created = await create({ credBlob: 1, largeBlobKey: false, uvm: 'x', 'hmac-secret-mc': 7, made: 'up' });
    expect(created.outputs).toBeUndefined();
    const { outputs } = await assert(created, { credBlob: 1, 'hmac-secret': 'x', largeBlobKey: false });
    expect(outputs).toBeUndefined();
    expect((await platform.getInfo()).extensions).toEqual(['credProtect']);
  });
});

describe('mistyped inputs', () => {
  it.each([
    'credProtect',
    'credBlob',
    'largeBlobKey',
    'minPinLength',
    'pinComplexityPolicy',
    'hmac-secret',
    'hmac-secret-mc',
    'thirdPartyPayment',
    'uvm',
  ])('of %s are refused at creation', async (name) => {
    const before = (await platform.getInfo()).remainingDiscoverableCredentials;
    const extensions = { 'hmac-secret': true, [name]: 'text' };
    expect(await statusOf(create(extensions, RK))).toBe('CTAP2_ERR_CBOR_UNEXPECTED_TYPE');
    expect((await platform.getInfo()).remainingDiscoverableCredentials).toBe(before);
  });

  it.each(['credBlob', 'largeBlobKey', 'hmac-secret', 'thirdPartyPayment', 'uvm'])(
    'of %s are refused in an assertion',
    async (name) => {
      const created = await create({}, RK);
      expect(await statusOf(assert(created, { [name]: 'text' }))).toBe('CTAP2_ERR_CBOR_UNEXPECTED_TYPE');
    },
  );
});
