import { beforeEach, describe, expect, it } from 'vitest';
import { utf8 } from '../../../ctap/bytes.ts';
import { Command } from '../../../ctap/commands/index.ts';
import { Permission } from '../../../ctap/pin-uv-auth/index.ts';
import { nodeCrypto } from '../../../emulator/crypto-node.ts';
import { defaultModel } from '../../../emulator/models/index.ts';
import { Ctap2Client } from '../../../harness/client/ctap2.ts';
import { PasskeysClient } from '../../../harness/client/passkeys.ts';
import { PinClient } from '../../../harness/client/pin.ts';
import { openKey, plugIn, type TestKeyOptions } from './keys.ts';

const PIN = '1234';
const hashOf = (rpId: string) => Uint8Array.from(nodeCrypto.sha256(utf8(rpId)));

let ctap2: Ctap2Client;
/** Command bytes that were sent. */
let sent: number[];

async function open(options: TestKeyOptions = {}): Promise<void> {
  const device = await plugIn(await openKey(options));
  sent = [];
  const { cbor } = device;
  device.cbor = (request, exchange) => {
    sent.push(request[0]!);
    return cbor.call(device, request, exchange);
  };
  ctap2 = new Ctap2Client(device);
  await new PinClient(ctap2).setPin(PIN);
}

async function token(permissions: number, rpId?: string) {
  return new PinClient(ctap2).getPinUvAuthToken({ pin: PIN, permissions, rpId });
}

async function create(rpId: string, user: string): Promise<void> {
  const clientDataHash = new Uint8Array(32);
  const right = await token(Permission.makeCredential, rpId);
  await ctap2.makeCredential({
    clientDataHash,
    rp: { id: rpId, name: `Site ${rpId}` },
    user: { id: utf8(user), name: `${user}@${rpId}`, displayName: user },
    pubKeyCredParams: [{ alg: -7, type: 'public-key' }],
    options: { rk: true },
    pinUvAuthParam: right.authenticate(clientDataHash),
    pinUvAuthProtocol: right.protocol.version,
  });
}

async function passkeys(permissions: number = Permission.credentialManagement, rpId?: string): Promise<PasskeysClient> {
  return new PasskeysClient(ctap2, await token(permissions, rpId));
}

beforeEach(() => open());

describe('passkeys', () => {
  it('are none on a fresh key', async () => {
    const client = await passkeys();
    expect(await client.metadata()).toEqual({ existing: 0, remaining: defaultModel.maxDiscoverableCredentials });
    expect(await client.rps()).toEqual([]);
    expect(await client.credentials(hashOf('one.example'))).toEqual([]);
  });

  it('are listed by RP, deleted, and renamed', async () => {
    for (const user of ['alice', 'bob', 'carol']) await create('one.example', user);
    await create('two.example', 'dave');
    const client = await passkeys();
    expect((await client.metadata()).existing).toBe(4);

    const rps = await client.rps();
    expect(rps.map(({ rp }) => rp.id).sort()).toEqual(['one.example', 'two.example']);
    for (const { rp, rpIdHash } of rps) expect(rpIdHash).toEqual(hashOf(rp.id));

    const listed = await client.credentials(hashOf('one.example'));
    expect(listed.map(({ user }) => user.displayName).sort()).toEqual(['alice', 'bob', 'carol']);
    expect(listed[0]!.publicKey.get(3)).toBe(-7);

    const bob = listed.find(({ user }) => user.displayName === 'bob')!;
    await client.updateUser(bob.credentialId, { ...bob.user, displayName: 'Robert' });
    const carol = listed.find(({ user }) => user.displayName === 'carol')!;
    await client.delete(carol.credentialId);
    const left = (await client.credentials(hashOf('one.example'))).map(({ user }) => user.displayName);
    expect(left.sort()).toEqual(['Robert', 'alice']);
    await expect(client.delete(carol.credentialId)).rejects.toMatchObject({ statusName: 'CTAP2_ERR_NO_CREDENTIALS' });
    expect(sent).not.toContain(Command.prototypeAuthenticatorCredentialManagement);
  });

  it('need the permission, and the RP that the token is bound to', async () => {
    await create('one.example', 'alice');
    const stranger = await passkeys(Permission.getAssertion, 'one.example');
    await expect(stranger.metadata()).rejects.toMatchObject({ statusName: 'CTAP2_ERR_PIN_AUTH_INVALID' });
    const bound = await passkeys(Permission.credentialManagement, 'one.example');
    expect(await bound.credentials(hashOf('one.example'))).toHaveLength(1);
    await expect(bound.credentials(hashOf('two.example'))).rejects.toMatchObject({
      statusName: 'CTAP2_ERR_PIN_AUTH_INVALID',
    });
  });

  it('are managed by the prototype command where the key has no other', async () => {
    // As keys of FIDO_2_1_PRE are: their tokens have no permissions either.
    const options = defaultModel.options.filter((name) => name !== 'credMgmt' && name !== 'pinUvAuthToken');
    await open({ model: { options } });
    await create('one.example', 'alice');
    const client = await passkeys();
    expect((await client.rps()).map(({ rp }) => rp.id)).toEqual(['one.example']);
    const [alice] = await client.credentials(hashOf('one.example'));
    await expect(client.updateUser(alice!.credentialId, alice!.user)).rejects.toThrow(/updates no user/);
    await client.delete(alice!.credentialId);
    expect((await client.metadata()).existing).toBe(0);
    expect(sent).toContain(Command.prototypeAuthenticatorCredentialManagement);
    expect(sent).not.toContain(Command.authenticatorCredentialManagement);
  });

  it('are not managed on a key that cannot', async () => {
    const options = defaultModel.options.filter((name) => name !== 'credMgmt' && name !== 'credentialMgmtPreview');
    await open({ model: { options } });
    const client = new PasskeysClient(ctap2, await token(Permission.makeCredential, 'one.example'));
    await expect(client.rps()).rejects.toThrow('this key offers no credential management');
  });
});
