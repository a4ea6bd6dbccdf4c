import { describe, expect, it } from 'vitest';
import { decodeAuthenticatorData } from '../../../ctap/authenticator-data.ts';
import { fromBase64Url, toBase64Url, utf8 } from '../../../ctap/bytes.ts';
import { Command } from '../../../ctap/commands/index.ts';
import { Flag } from '../../../ctap/flags.ts';
import { findModel } from '../../../emulator/models/index.ts';
import { Ctap2Client } from '../../../harness/client/ctap2.ts';
import { LargeBlobsClient } from '../../../harness/client/large-blobs.ts';
import type { LargeBlobInputsJSON, WebAuthnClient, WebAuthnUi } from '../../../harness/webauthn/index.ts';
import { setPin } from './management.ts';
import { creation, descriptor, domException, openPage, register, request, signIn, wrap } from './page.ts';

const PIN = '735917';
const everything = { model: findModel('ctap2.3-everything') };
/** A key that keeps blobs itself (CTAP 2.3 §12.4). */
const keeper = { model: findModel('ctap2.3-large-blob') };
const TEXT = toBase64Url(utf8('a certificate, say'));
const BOB = toBase64Url(utf8('bob'));
const discoverable = { residentKey: 'required' };

/** Creates a discoverable credential with room for a blob; resolves to its ID. */
async function createWithBlob(client: WebAuthnClient): Promise<string> {
  const options = creation({
    authenticatorSelection: discoverable,
    extensions: { largeBlob: { support: 'required' } },
  });
  const { id, clientExtensionResults } = await client.create(options);
  expect(clientExtensionResults.largeBlob).toEqual({ supported: true });
  return id;
}

/** What get() says of largeBlob. */
async function blobOf(client: WebAuthnClient, id: string, largeBlob: LargeBlobInputsJSON) {
  const options = request({ allowCredentials: [descriptor(id)], extensions: { largeBlob } });
  return (await client.get(options)).clientExtensionResults.largeBlob;
}

describe('largeBlob', () => {
  it.each([
    ['under largeBlobKey', everything],
    ['by the key itself', keeper],
  ])('is written and read %s', async (_, key) => {
    const { client } = await openPage({ key });
    const id = await createWithBlob(client);
    expect(await blobOf(client, id, { read: true })).toEqual({});
    expect(await blobOf(client, id, { write: TEXT })).toEqual({ written: true });
    expect(await blobOf(client, id, { read: true })).toEqual({ blob: TEXT });
  });

  it('belongs to one credential, and is read of the account that is chosen', async () => {
    const choose: WebAuthnUi = {
      selectCredential: (choices) => choices.find(({ user }) => toBase64Url(user.id) === BOB),
    };
    const { client } = await openPage({ key: everything, ui: choose });
    const alice = await createWithBlob(client);
    const user = { id: BOB, name: 'bob', displayName: 'Bob' };
    const extensions = { largeBlob: {} };
    const bob = await client.create(creation({ user, authenticatorSelection: discoverable, extensions }));
    expect(bob.clientExtensionResults.largeBlob).toEqual({ supported: true });
    await blobOf(client, alice, { write: TEXT });
    expect(await blobOf(client, bob.id, { read: true })).toEqual({});
    const other = toBase64Url(utf8('of Bob'));
    await blobOf(client, bob.id, { write: other });
    const chosen = await client.get(request({ extensions: { largeBlob: { read: true } } }));
    expect(chosen.clientExtensionResults.largeBlob).toEqual({ blob: other });
    expect(await blobOf(client, alice, { read: true })).toEqual({ blob: TEXT });
  });

  it('is written with the PIN, whatever verification the server wants, and read without', async () => {
    let asked = 0;
    const ui: WebAuthnUi = {
      pin() {
        asked++;
        return PIN;
      },
    };
    const { client, device } = await openPage({ key: everything, ui });
    await setPin(device, PIN);
    const id = await createWithBlob(client);
    asked = 0;
    const options = { allowCredentials: [descriptor(id)], userVerification: 'discouraged' };
    const written = await client.get(request({ ...options, extensions: { largeBlob: { write: TEXT } } }));
    expect(written.clientExtensionResults.largeBlob).toEqual({ written: true });
    expect(fromBase64Url(written.response.authenticatorData)[32]! & Flag.UV).toBe(Flag.UV);
    expect(asked).toBe(1);
    const read = await client.get(request({ ...options, extensions: { largeBlob: { read: true } } }));
    expect(read.clientExtensionResults.largeBlob).toEqual({ blob: TEXT });
    expect(asked).toBe(1);
  });

  it('is kept by the key itself with a credential of any kind, and with no more verification', async () => {
    let asked = 0;
    const ui: WebAuthnUi = {
      pin() {
        asked++;
        return PIN;
      },
    };
    const { client, device } = await openPage({ key: keeper, ui });
    await setPin(device, PIN);
    const made = creation({ authenticatorSelection: { residentKey: 'discouraged', userVerification: 'discouraged' } });
    const { id, clientExtensionResults } = await client.create({
      ...made,
      extensions: { largeBlob: { support: 'required' } },
    });
    expect([clientExtensionResults.largeBlob, asked]).toEqual([{ supported: true }, 0]);
    const get = { allowCredentials: [descriptor(id)], userVerification: 'discouraged' };
    const { clientExtensionResults: results } = await client.get(
      request({ ...get, extensions: { largeBlob: { write: TEXT } } }),
    );
    expect([results.largeBlob, asked]).toEqual([{ written: true }, 0]);
    expect(await blobOf(client, id, { read: true })).toEqual({ blob: TEXT });
  });

  it.each([
    ['under largeBlobKey', everything],
    ['by the key itself', keeper],
  ])('comes with a sign-in that a server verifies, %s', async (_, key) => {
    const { client } = await openPage({ key });
    const registered = await register(client, { authenticatorSelection: { residentKey: 'required' } });
    const { json } = await signIn(client, registered, { extensions: { largeBlob: { read: true } } as object });
    expect(json.clientExtensionResults.largeBlob).toEqual({}); // was registered without
  });

  it('that the key has no room for is not written', async () => {
    const { client } = await openPage({ key: everything });
    const id = await createWithBlob(client);
    const noise = globalThis.crypto.getRandomValues(new Uint8Array(17_000));
    expect(await blobOf(client, id, { write: toBase64Url(noise) })).toEqual({ written: false });
    expect(await blobOf(client, id, { write: TEXT })).toEqual({ written: true });
  });

  it('is not there where the array is damaged, and the sign-in holds', async () => {
    let damaged = false;
    const { client } = await openPage({
      key: everything,
      between: (device) =>
        wrap(device, {
          async cbor(sent, options) {
            const answer = await device.cbor(sent, options);
            if (damaged && sent[0] === Command.authenticatorLargeBlobs) answer[answer.length - 1]! ^= 1;
            return answer;
          },
        }),
    });
    const id = await createWithBlob(client);
    await blobOf(client, id, { write: TEXT });
    damaged = true;
    expect(await blobOf(client, id, { read: true })).toEqual({});
  });

  it('of a credential that is gone is left to the garbage collection', async () => {
    const { client, device } = await openPage({ key: everything });
    await blobOf(client, await createWithBlob(client), { write: TEXT });
    const blobs = new LargeBlobsClient(new Ctap2Client(device));
    await createWithBlob(client); // takes the place of the user's earlier credential
    expect((await blobs.readArray()).elements).toHaveLength(1);
    expect(await blobs.collectGarbage([])).toBe(1);
  });

  it.each([
    ['a key without large blobs', { model: findModel('ctap2.0') }, discoverable],
    ['a U2F key', { model: findModel('u2f-only') }, {}],
    ['a credential that is not discoverable', everything, { residentKey: 'discouraged' }],
  ])('is not supported by %s', async (_, key, authenticatorSelection) => {
    const { client } = await openPage({ key });
    const create = (support: string) =>
      client.create(creation({ authenticatorSelection, extensions: { largeBlob: { support } } }));
    const { id, clientExtensionResults } = await create('preferred');
    expect(clientExtensionResults.largeBlob).toEqual({ supported: false });
    expect(await blobOf(client, id, { read: true })).toEqual({});
    expect(await blobOf(client, id, { write: TEXT })).toEqual({ written: false });
    await expect(create('required')).rejects.toEqual(domException('NotAllowedError', /largeBlob/));
  });

  it.each<[string, LargeBlobInputsJSON]>([
    ['read', { read: true }],
    ['write', { write: TEXT }],
  ])('takes no %s in create()', async (_, largeBlob) => {
    const { client } = await openPage({ key: everything });
    await expect(client.create(creation({ extensions: { largeBlob } }))).rejects.toEqual(
      domException('NotSupportedError', /create/),
    );
  });

  it.each<[string, LargeBlobInputsJSON, string[] | undefined]>([
    ['support', { support: 'required' }, ['AQ']],
    ['read and write at once', { read: true, write: TEXT }, ['AQ']],
    ['a write to any credential', { write: TEXT }, undefined],
    ['a write to one of two', { write: TEXT }, ['AQ', 'Ag']],
  ])('takes no %s in get()', async (_, largeBlob, allowed) => {
    const { client } = await openPage({ key: everything });
    const allowCredentials = allowed?.map(descriptor);
    await expect(client.get(request({ allowCredentials, extensions: { largeBlob } }))).rejects.toEqual(
      domException('NotSupportedError', /largeBlob/),
    );
  });

  it('of the wrong type is told', async () => {
    const { client } = await openPage();
    const get = (largeBlob: unknown) => client.get(request({ extensions: { largeBlob } }));
    await expect(get({ read: 'yes' })).rejects.toThrow(/largeBlob\.read: expected true or false/);
    await expect(get({ write: '!' })).rejects.toEqual(domException('EncodingError'));
  });
});

describe('credBlob', () => {
  it('travels with the credential', async () => {
    const { client } = await openPage({ key: everything });
    const { id, clientExtensionResults } = await client.create(
      creation({ authenticatorSelection: discoverable, extensions: { credBlob: TEXT } }),
    );
    expect(clientExtensionResults.credBlob).toBe(true);
    const get = request({ allowCredentials: [descriptor(id)], extensions: { getCredBlob: true } });
    const { response, clientExtensionResults: results } = await client.get(get);
    expect(results.getCredBlob).toBe(TEXT);
    const { extensions } = decodeAuthenticatorData(fromBase64Url(response.authenticatorData));
    expect(extensions?.get('credBlob')).toEqual(utf8('a certificate, say'));
  });

  it('is empty where the credential has none', async () => {
    const { client } = await openPage({ key: everything });
    const { id } = await client.create(creation({ authenticatorSelection: discoverable }));
    const get = request({ allowCredentials: [descriptor(id)], extensions: { getCredBlob: true } });
    expect((await client.get(get)).clientExtensionResults).toEqual({ getCredBlob: '' });
  });

  it.each([
    ['longer than the key keeps', everything, 65],
    ['on a key that keeps none', { model: findModel('ctap2.0') }, 1],
    ['on a U2F key', { model: findModel('u2f-only') }, 1],
  ])('is refused %s, and the credential made', async (_, key, length) => {
    const { client } = await openPage({ key });
    const credBlob = toBase64Url(new Uint8Array(length));
    const { id, clientExtensionResults } = await client.create(creation({ extensions: { credBlob } }));
    expect(clientExtensionResults.credBlob).toBe(false);
    const get = request({ allowCredentials: [descriptor(id)], extensions: { getCredBlob: true } });
    expect((await client.get(get)).id).toBe(id);
  });
});
