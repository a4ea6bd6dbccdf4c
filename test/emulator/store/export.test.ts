import { describe, expect, it } from 'vitest';
import { decodeAuthenticatorData, signedBytes } from '../../../ctap/authenticator-data.ts';
import { fromBase64Url, toBase64Url, utf8 } from '../../../ctap/bytes.ts';
import { decodeCbor } from '../../../ctap/cbor.ts';
import { decodeCoseKey } from '../../../ctap/cose.ts';
import { Permission } from '../../../ctap/pin-uv-auth/index.ts';
import { nodeCrypto } from '../../../emulator/crypto-node.ts';
import { exportKey, importKey, type KeyExport } from '../../../emulator/store/export.ts';
import { memoryStore } from '../../../emulator/store/memory.ts';
import { authenticate, CLIENT_DATA_HASH, Platform, RP_ID, START, statusOf } from '../authenticator/platform.ts';

const PIN = '194726';

/** A key with a PIN, a discoverable credential and one that travels in its id. */
async function usedKey() {
  const store = memoryStore();
  const platform = await Platform.open({ store });
  const sealed = decodeAuthenticatorData((await platform.makeCredential()).authData).attestedCredentialData!;
  await platform.setPin(PIN);
  const token = await platform.getToken(PIN, { permissions: Permission.makeCredential, rpId: RP_ID });
  const verified = { pinUvAuthParam: authenticate(token), pinUvAuthProtocol: 2 };
  const made = await platform.makeCredential({ options: { rk: true }, ...verified });
  const discoverable = decodeAuthenticatorData(made.authData).attestedCredentialData!;
  return { store, platform, sealed, discoverable };
}

const full = (store: Parameters<typeof exportKey>[0]) => exportKey(store, { privateKeys: true, now: START });
/** As a file has it. */
const parsed = (file: KeyExport) => JSON.parse(JSON.stringify(file)) as Record<string, unknown>;

describe('an exported key', () => {
  it('tells people what it is, without a secret unless they ask for it', async () => {
    const { store, platform, discoverable } = await usedKey();
    const file = exportKey(store, { privateKeys: false, now: START });
    expect(file).toEqual({
      format: 'ctaplab-key',
      version: 1,
      exportedAt: '2026-01-01T00:00:00.000Z',
      model: 'token2-r3',
      serialNumber: platform.key.identity.serial,
      signCount: 2,
      pin: { isSet: true, retries: 8 },
      credentials: [
        {
          credentialId: toBase64Url(discoverable.credentialId),
          rp: { id: RP_ID, name: 'Example' },
          user: { id: toBase64Url(utf8('user')), name: 'user@example.com', displayName: 'User' },
          algorithm: -7,
          publicKey: expect.any(String),
          credProtect: 1,
          hmacSecret: false,
        },
      ],
    });
    const key = decodeCbor(fromBase64Url(file.credentials[0]!.publicKey));
    expect(key).toEqual(discoverable.credentialPublicKey);
    const text = JSON.stringify(file);
    for (const [, value] of store.list('')) {
      if (value.length >= 16) expect(text).not.toContain(toBase64Url(value));
    }
  });

  it('is the same key in another store: serial number, certificates, PIN, counter, both kinds of credentials', async () => {
    const { store, platform, sealed, discoverable } = await usedKey();
    const copy = memoryStore();
    expect(await importKey(copy, parsed(full(store)))).toBe('token2-r3');
    const other = await Platform.open({ store: copy });
    expect(other.key.identity).toEqual(platform.key.identity);
    expect(other.key.attestationRoot).toEqual(platform.key.attestationRoot);
    expect(await statusOf(other.getToken('000000', { permissions: 2, rpId: RP_ID }))).toBe('CTAP2_ERR_PIN_INVALID');
    for (const { credentialId, credentialPublicKey } of [sealed, discoverable]) {
      const assertion = await other.getAssertion({ allowList: [{ id: credentialId, type: 'public-key' }] });
      const { alg, publicKey } = decodeCoseKey(credentialPublicKey);
      const signed = signedBytes(assertion.authData, CLIENT_DATA_HASH);
      expect(nodeCrypto.verify(alg, publicKey, signed, assertion.signature)).toBe(true);
    }
    const last = await other.getAssertion({ allowList: [{ id: sealed.credentialId, type: 'public-key' }] });
    expect(decodeAuthenticatorData(last.authData).signCount).toBe(5);
    expect(full(copy)).toMatchObject({ pin: { isSet: true, retries: 7 }, signCount: 5 });
  });

  it('comes in as a whole or not at all', async () => {
    const { store } = await usedKey();
    const used = memoryStore();
    await used.commit([{ path: 'pin', value: Uint8Array.of(1) }]);
    await expect(importKey(used, parsed(full(store)))).rejects.toThrow('expected an empty store, got one with "pin"');
    expect([...used.list('')].length).toBe(1);
  });

  it('cannot be made of a store without a key', () => {
    expect(() => full(memoryStore())).toThrow(/expected the store of a key/);
  });
});

describe('a file that is no exported key', async () => {
  const { store } = await usedKey();
  const file = parsed(full(store));
  const records = file.records as Record<string, string>;

  it.each<[string, unknown, string]>([
    ['null', null, 'expected a JSON object, got null'],
    ['an array', [], 'expected a JSON object, got an array'],
    ['text', 'key', 'expected a JSON object, got a string'],
    ['another format', { ...file, format: 'pem' }, 'format: expected "ctaplab-key", got "pem"'],
    ['no format', { ...file, format: undefined }, 'format: expected "ctaplab-key", got none'],
    ['another version', { ...file, version: 2 }, 'version: expected 1, got 2'],
    ['no private keys', { ...file, records: undefined }, 'the file has no private keys'],
    ['a wrong schema', { ...file, schema: '1' }, 'schema: expected a positive integer, got "1"'],
    ['a newer schema', { ...file, schema: 99 }, 'got version 99: it is from a newer ctaplab'],
    ['records of another kind', { ...file, records: [] }, 'records: expected an object, got an array'],
    ['a path that leaves', { ...file, records: { ...records, '../x': '' } }, 'records: expected a path'],
    ['a record that is no text', { ...file, records: { ...records, pin: 7 } }, 'records.pin: expected base64url text'],
    ['a record that is no base64url', { ...file, records: { ...records, pin: '$$$' } }, 'records.pin: expected base64'],
    ['a record that cannot be read', { ...file, records: { ...records, pin: 'AAAA' } }, 'records: '],
    ['no serial number', { ...file, records: { ...records, serial: undefined } }, 'records.serial: expected base64url'],
    ['no secret', parsed({ ...full(store), records: { model: 'YQ', serial: 'YQ' } }), 'expected "secret" among them'],
  ])('%s is refused, and the store stays empty', async (_, wrong, message) => {
    const target = memoryStore();
    await expect(importKey(target, wrong)).rejects.toThrow(message);
    expect([...target.list('')]).toEqual([]);
  });
});
