import { describe, expect, it } from 'vitest';
import { clientPinResponse } from '../../../ctap/commands/client-pin.ts';
import { Command } from '../../../ctap/commands/index.ts';
import { systemClock } from '../../../emulator/clock.ts';
import { denyPresence, ManualPresence } from '../../../emulator/presence.ts';
import { Ctap2Client } from '../../../harness/client/ctap2.ts';
import type { CtapDevice } from '../../../harness/client/device.ts';
import { openKey, plugIn, type TestKeyOptions } from './keys.ts';

const CLIENT_DATA_HASH = new Uint8Array(32).fill(7);
const RP_ID = 'example.com';

async function client(options?: TestKeyOptions): Promise<Ctap2Client> {
  return new Ctap2Client(await plugIn(await openKey(options)));
}

function create(ctap2: Ctap2Client, user: number) {
  return ctap2.makeCredential({
    clientDataHash: CLIENT_DATA_HASH,
    rp: { id: RP_ID },
    user: { id: Uint8Array.of(user), name: `user ${user}` },
    pubKeyCredParams: [{ alg: -7, type: 'public-key' }],
    options: { rk: true },
  });
}

/** A device whose every CBOR answer is this. */
function answering(bytes: Uint8Array): CtapDevice {
  return {
    name: 'scripted',
    hid: { protocolVersion: 2, deviceVersion: [1, 0, 0], capabilities: 4 },
    cbor: async () => bytes,
    msg: async () => bytes,
    ping: async (data) => data,
    async wink() {},
    async close() {},
  };
}

describe('commands', () => {
  it('ask what the key is, again each time unless told otherwise', async () => {
    const ctap2 = await client();
    const info = await ctap2.getInfo();
    expect(info.versions).toContain('FIDO_2_1');
    expect(await ctap2.getInfo({ cached: true })).toBe(info);
    expect(await ctap2.getInfo()).not.toBe(info);
    expect(await ctap2.getInfo()).toEqual(info);
  });

  it('get all assertions, the newest first', async () => {
    const ctap2 = await client();
    for (const user of [1, 2, 3]) await create(ctap2, user);
    const assertions = await ctap2.getAllAssertions({ rpId: RP_ID, clientDataHash: CLIENT_DATA_HASH });
    expect(assertions.map(({ user }) => user?.id[0])).toEqual([3, 2, 1]);
    await expect(ctap2.getNextAssertion()).rejects.toMatchObject({ statusName: 'CTAP2_ERR_NOT_ALLOWED' });
  });

  it('get the only assertion where the key counts none', async () => {
    const ctap2 = await client();
    await create(ctap2, 1);
    const request = { rpId: RP_ID, clientDataHash: CLIENT_DATA_HASH };
    expect(await ctap2.getAllAssertions(request)).toHaveLength(1);
    await expect(ctap2.getAllAssertions({ ...request, rpId: 'other.example' })).rejects.toMatchObject({
      statusName: 'CTAP2_ERR_NO_CREDENTIALS',
    });
  });

  it('select and reset with a touch', async () => {
    const ctap2 = await client();
    await ctap2.selection();
    await create(ctap2, 1);
    await ctap2.reset();
    const assertion = ctap2.getAssertion({ rpId: RP_ID, clientDataHash: CLIENT_DATA_HASH });
    await expect(assertion).rejects.toMatchObject({ statusName: 'CTAP2_ERR_NO_CREDENTIALS' });
    const denied = (await client({ presence: denyPresence })).selection();
    await expect(denied).rejects.toMatchObject({ statusName: 'CTAP2_ERR_OPERATION_DENIED' });
  });

  it('pass signal and keepalives on', async () => {
    const ctap2 = await client({ presence: new ManualPresence(systemClock) });
    const controller = new AbortController();
    const call = ctap2.selection({
      signal: controller.signal,
      onKeepalive: (status) => status === 2 && controller.abort(),
    });
    await expect(call).rejects.toMatchObject({ statusName: 'CTAP2_ERR_KEEPALIVE_CANCEL' });
  });
});

describe('wrong answers', () => {
  it.each([
    ['bytes after the map', Uint8Array.of(0xa0, 0x00), /getInfo/i],
    ['unsorted keys', Uint8Array.of(0xa2, 0x02, 0x80, 0x01, 0x80), /wrong answer/],
    ['no map', Uint8Array.of(0x01), /expected a map, got number 1/],
    ['a member of the wrong type', Uint8Array.of(0xa2, 0x01, 0x80, 0x03, 0x00), /aaguid: expected a byte string/],
    ['no members', new Uint8Array(0), /versions .* is missing/],
  ])('with %s are no refusals of the key', async (_, bytes, message) => {
    const call = new Ctap2Client(answering(bytes)).getInfo();
    await expect(call).rejects.toMatchObject({ name: 'ProtocolError', message: expect.stringMatching(message) });
  });

  it('may leave out a map that has no members', async () => {
    const ctap2 = new Ctap2Client(answering(new Uint8Array(0)));
    expect(await ctap2.clientPin({ subCommand: 1 })).toEqual({});
  });
});

it('calls any command with its tables', async () => {
  const ctap2 = await client();
  const answer = await ctap2.call(
    Command.authenticatorClientPIN,
    { ...clientPinResponse, encode: () => new Map([[2, 1]]) },
    {},
    clientPinResponse,
  );
  expect(answer).toEqual({ pinRetries: 8, powerCycleState: false });
});
