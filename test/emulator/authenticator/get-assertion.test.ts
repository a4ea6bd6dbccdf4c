import { beforeEach, describe, expect, it } from 'vitest';
import { decodeAuthenticatorData, signedBytes } from '../../../ctap/authenticator-data.ts';
import { concat, equalBytes, utf8 } from '../../../ctap/bytes.ts';
import type { CborValue } from '../../../ctap/cbor.ts';
import { Command } from '../../../ctap/commands/index.ts';
import { decodeCoseKey, ECDH_ES_HKDF_256, encodeCoseKey } from '../../../ctap/cose.ts';
import { hmacSecretInput } from '../../../ctap/extensions/hmac-secret.ts';
import { Flag } from '../../../ctap/flags.ts';
import { Permission } from '../../../ctap/pin-uv-auth/index.ts';
import { nodeCrypto } from '../../../emulator/crypto-node.ts';
import { denyPresence } from '../../../emulator/presence.ts';
import { memoryStore } from '../../../emulator/store/memory.ts';
import { authenticate, CLIENT_DATA_HASH, Platform, RP_ID, statusOf } from './platform.ts';

const PIN = '123456';
let platform: Platform;
beforeEach(async () => {
  platform = await Platform.open();
});

async function create(changes: Parameters<Platform['makeCredential']>[0] = {}) {
  const { authData } = await platform.makeCredential(changes);
  const { credentialId, credentialPublicKey } = decodeAuthenticatorData(authData).attestedCredentialData!;
  return {
    id: credentialId,
    publicKey: decodeCoseKey(credentialPublicKey),
    descriptor: { type: 'public-key', id: credentialId },
  };
}

const userOf = (name: string) => ({ id: utf8(name), name: `${name}@example.com`, displayName: name.toUpperCase() });

async function verified(permissions: number = Permission.getAssertion) {
  const token = await platform.getToken(PIN, { permissions, rpId: RP_ID });
  return { pinUvAuthParam: authenticate(token), pinUvAuthProtocol: 2 };
}

describe('authenticatorGetAssertion', () => {
  it.each([
    ['ES256', -7],
    ['EdDSA', -8],
  ])('signs with a non-discoverable %s credential, and counts', async (_, alg) => {
    const { descriptor, publicKey } = await create({ pubKeyCredParams: [{ alg, type: 'public-key' }] });
    const first = await platform.getAssertion({ allowList: [descriptor] });
    const second = await platform.getAssertion({ allowList: [descriptor] });
    const signed = signedBytes(first.authData, CLIENT_DATA_HASH);
    expect(nodeCrypto.verify(alg, publicKey.publicKey, signed, first.signature)).toBe(true);
    const [one, two] = [decodeAuthenticatorData(first.authData), decodeAuthenticatorData(second.authData)];
    expect(one.flags).toBe(Flag.UP);
    expect(two.signCount).toBe(one.signCount + 1);
    expect(first.user).toBeUndefined();
    expect(first.credential).toEqual({ type: 'public-key', id: descriptor.id });
  });

  it('finds the credential that is its own in a list, and none for another RP, another key, or after tampering', async () => {
    const { id, descriptor } = await create();
    const foreign = { type: 'public-key', id: new Uint8Array(id.length) };
    expect((await platform.getAssertion({ allowList: [foreign, descriptor] })).credential!.id).toEqual(id);
    const none = 'CTAP2_ERR_NO_CREDENTIALS';
    expect(await statusOf(platform.getAssertion({ allowList: [foreign] }))).toBe(none);
    expect(await statusOf(platform.getAssertion({ allowList: [descriptor], rpId: 'other.example' }))).toBe(none);
    expect(await statusOf((await Platform.open()).getAssertion({ allowList: [descriptor] }))).toBe(none);
    for (let bit = 0; bit < id.length * 8; bit += 37) {
      const tampered = id.slice();
      tampered[bit >> 3]! ^= 1 << (bit & 7);
      expect(await statusOf(platform.getAssertion({ allowList: [{ type: 'public-key', id: tampered }] }))).toBe(none);
    }
  });

  it('is silent with up false: no touch, no UP flag', async () => {
    const store = memoryStore();
    platform = await Platform.open({ store });
    const { descriptor } = await create();
    const denying = await Platform.open({ store, presence: denyPresence });
    const { authData } = await denying.getAssertion({ allowList: [descriptor], options: { up: false } });
    expect(decodeAuthenticatorData(authData).flags).toBe(0);
    expect(await statusOf(denying.getAssertion({ allowList: [descriptor] }))).toBe('CTAP2_ERR_OPERATION_DENIED');
  });

  it('refuses options by their rules, and lists that are too long', async () => {
    const { descriptor } = await create();
    const options = (values: Record<string, boolean>) =>
      statusOf(platform.getAssertion({ allowList: [descriptor], options: values }));
    expect(await options({ rk: true })).toBe('CTAP2_ERR_UNSUPPORTED_OPTION');
    expect(await options({ rk: false })).toBe('CTAP2_ERR_UNSUPPORTED_OPTION');
    expect(await options({ uv: true })).toBe('CTAP2_ERR_INVALID_OPTION');
    expect(await options({ uv: false, up: true })).toBe('CTAP2_OK');
    const long = Array.from({ length: 9 }, () => descriptor);
    expect(await statusOf(platform.getAssertion({ allowList: long }))).toBe('CTAP2_ERR_LIMIT_EXCEEDED');
  });

  describe('with discoverable credentials', () => {
    beforeEach(async () => {
      for (const name of ['ann', 'bob', 'cid']) {
        await create({ options: { rk: true }, user: userOf(name) });
        platform.clock.advance(1000);
      }
      await create({ options: { rk: true }, rp: { id: 'other.example' } });
    });

    const idOf = (user: { id: Uint8Array } | undefined) => new TextDecoder().decode(user!.id);

    it('gives them one by one, the newest first, without names', async () => {
      const first = await platform.getAssertion();
      expect(first.numberOfCredentials).toBe(3);
      const second = await platform.getNextAssertion();
      const third = await platform.getNextAssertion();
      expect([first, second, third].map(({ user }) => idOf(user))).toEqual(['cid', 'bob', 'ann']);
      expect([first, second, third].map(({ user }) => user!.name)).toEqual([undefined, undefined, undefined]);
      expect(second.numberOfCredentials).toBeUndefined();
      expect(await statusOf(platform.getNextAssertion())).toBe('CTAP2_ERR_NOT_ALLOWED');
    });

    it('gives names once the user is verified and there is a choice', async () => {
      await platform.setPin(PIN);
      const first = await platform.getAssertion(await verified());
      expect(first.user).toEqual(userOf('cid'));
      expect(decodeAuthenticatorData(first.authData).flags).toBe(Flag.UP | Flag.UV);
      const second = await platform.getNextAssertion();
      expect(second.user).toEqual(userOf('bob'));
      expect(decodeAuthenticatorData(second.authData).flags).toBe(Flag.UP | Flag.UV);
    });

    it('forgets the rest after another command, and after 30 s', async () => {
      await platform.getAssertion();
      await platform.getInfo();
      expect(await statusOf(platform.getNextAssertion())).toBe('CTAP2_ERR_NOT_ALLOWED');
      await platform.getAssertion();
      platform.clock.advance(29_999);
      expect(await statusOf(platform.getNextAssertion())).toBe('CTAP2_OK');
      platform.clock.advance(30_000);
      expect(await statusOf(platform.getNextAssertion())).toBe('CTAP2_ERR_NOT_ALLOWED');
    });

    it('hides those that credProtect hides', async () => {
      await create({ options: { rk: true }, user: userOf('list'), extensions: { credProtect: 2 } });
      const strict = await create({ options: { rk: true }, user: userOf('strict'), extensions: { credProtect: 3 } });
      expect((await platform.getAssertion()).numberOfCredentials).toBe(3);
      expect(await statusOf(platform.getAssertion({ allowList: [strict.descriptor] }))).toBe(
        'CTAP2_ERR_NO_CREDENTIALS',
      );
      await platform.setPin(PIN);
      expect((await platform.getAssertion(await verified())).numberOfCredentials).toBe(5);
    });

    it('offers a level 2 credential that is named in the allow list', async () => {
      const { descriptor } = await create({
        options: { rk: true },
        user: userOf('list'),
        extensions: { credProtect: 2 },
      });
      expect(idOf((await platform.getAssertion({ allowList: [descriptor] })).user)).toBe('list');
    });
  });

  describe('hmac-secret', () => {
    const salts = [nodeCrypto.sha256(utf8('one')), nodeCrypto.sha256(utf8('two'))] as const;

    async function input(salt: Uint8Array, version: 1 | 2, spoil = false): Promise<CborValue> {
      const { protocol, secret, publicKey } = await platform.agree(version);
      const saltEnc = platform.encrypt(protocol, secret, salt);
      const saltAuth = protocol.authenticate(secret, saltEnc);
      if (spoil) saltAuth[0]! ^= 1;
      const keyAgreement = encodeCoseKey({ alg: ECDH_ES_HKDF_256, publicKey });
      return hmacSecretInput.encode({
        keyAgreement,
        saltEnc,
        saltAuth,
        pinUvAuthProtocol: version === 1 ? undefined : version,
      });
    }

    async function secrets(descriptor: { type: string; id: Uint8Array }, salt: Uint8Array, version: 1 | 2, more = {}) {
      const extensions = { 'hmac-secret': await input(salt, version) };
      const { authData } = await platform.getAssertion({ allowList: [descriptor], extensions, ...more });
      const output = decodeAuthenticatorData(authData).extensions!.get('hmac-secret') as Uint8Array;
      const { protocol, secret } = await platform.agree(version);
      return protocol.decrypt(secret, output)!;
    }

    it.each([1, 2] as const)('gives the same secrets for the same salts, over protocol %s', async (version) => {
      const { descriptor } = await create({ extensions: { 'hmac-secret': true } });
      const both = await secrets(descriptor, concat(...salts), version);
      const one = await secrets(descriptor, salts[0], version);
      const two = await secrets(descriptor, salts[1], version);
      expect(both).toEqual(concat(one, two));
      expect(equalBytes(one, two)).toBe(false);
      const other = await create({ extensions: { 'hmac-secret': true }, user: userOf('other') });
      expect(equalBytes(await secrets(other.descriptor, salts[0], version), one)).toBe(false);
    });

    it('gives others once the user is verified', async () => {
      const { descriptor } = await create({ extensions: { 'hmac-secret': true } });
      const without = await secrets(descriptor, salts[0], 2);
      await platform.setPin(PIN);
      const more = await verified();
      expect(equalBytes(await secrets(descriptor, salts[0], 2, more), without)).toBe(false);
    });

    it('gives nothing for a credential made without it', async () => {
      const { descriptor } = await create();
      const extensions = { 'hmac-secret': await input(salts[0], 2) };
      const { authData } = await platform.getAssertion({ allowList: [descriptor], extensions });
      expect(decodeAuthenticatorData(authData).extensions).toBeUndefined();
    });

    it('refuses wrong authentication, salts of another length, and silence', async () => {
      const { descriptor } = await create({ extensions: { 'hmac-secret': true } });
      const attempt = async (value: CborValue, more = {}) =>
        statusOf(platform.getAssertion({ allowList: [descriptor], extensions: { 'hmac-secret': value }, ...more }));
      expect(await attempt(await input(salts[0], 2, true))).toBe('CTAP2_ERR_PIN_AUTH_INVALID');
      expect(await attempt(await input(new Uint8Array(16), 2))).toBe('CTAP1_ERR_INVALID_PARAMETER');
      expect(await attempt(await input(new Uint8Array(96), 1))).toBe('CTAP1_ERR_INVALID_PARAMETER');
      expect(await attempt(true)).toBe('CTAP2_ERR_CBOR_UNEXPECTED_TYPE');
      expect(await attempt(new Map())).toBe('CTAP2_ERR_MISSING_PARAMETER');
      expect(await attempt(await input(salts[0], 2), { options: { up: false } })).toBe('CTAP2_ERR_UNSUPPORTED_OPTION');
    });
  });

  it('answers each missing or mistyped parameter by its status', async () => {
    const valid = new Map<number, CborValue>([
      [1, RP_ID],
      [2, CLIENT_DATA_HASH],
    ]);
    const send = (key: number, value: CborValue | undefined) => {
      const map = new Map(valid);
      if (value === undefined) map.delete(key);
      else map.set(key, value);
      return statusOf(platform.call(Command.authenticatorGetAssertion, map));
    };
    for (const key of [1, 2]) expect(await send(key, undefined)).toBe('CTAP2_ERR_MISSING_PARAMETER');
    for (const key of [1, 2, 3, 4, 5, 6, 7]) expect(await send(key, true)).toBe('CTAP2_ERR_CBOR_UNEXPECTED_TYPE');
    expect(await send(3, [new Map([['type', 'public-key']])])).toBe('CTAP2_ERR_MISSING_PARAMETER');
  });
});
