import { describe, expect, it } from 'vitest';
import { ClientPinSubcommand } from '../../../ctap/commands/client-pin.ts';
import { HMAC_SECRET, hmacSecretInput } from '../../../ctap/extensions/hmac-secret.ts';
import { Permission } from '../../../ctap/pin-uv-auth/index.ts';
import type { VirtualKey } from '../../../emulator/key.ts';
import { defaultModel } from '../../../emulator/models/index.ts';
import { Ctap2Client } from '../../../harness/client/ctap2.ts';
import type { CtapDevice } from '../../../harness/client/device.ts';
import { PinClient } from '../../../harness/client/pin.ts';
import { openKey, plugIn, type TestKeyOptions } from './keys.ts';

const CLIENT_DATA_HASH = new Uint8Array(32).fill(7);
const RP_ID = 'example.com';
const { makeCredential, getAssertion, credentialManagement } = Permission;

interface Setup {
  readonly key: VirtualKey;
  readonly ctap2: Ctap2Client;
  readonly pin: PinClient;
  /** The clientPIN subcommands that were sent, in order. */
  readonly subcommands: number[];
}

async function setUp(options: TestKeyOptions = {}, protocol?: 1 | 2): Promise<Setup> {
  const key = await openKey(options);
  const ctap2 = new Ctap2Client(await plugIn(key));
  const subcommands: number[] = [];
  const { clientPin } = ctap2;
  ctap2.clientPin = (request, exchange) => {
    subcommands.push(request.subCommand);
    return clientPin.call(ctap2, request, exchange);
  };
  return { key, ctap2, pin: new PinClient(ctap2, { protocol }), subcommands };
}

function status(name: string): unknown {
  return expect.objectContaining({ name: 'CtapError', statusName: name });
}

function create(ctap2: Ctap2Client, more: Partial<Parameters<Ctap2Client['makeCredential']>[0]> = {}) {
  return ctap2.makeCredential({
    clientDataHash: CLIENT_DATA_HASH,
    rp: { id: RP_ID },
    user: { id: Uint8Array.of(1) },
    pubKeyCredParams: [{ alg: -7, type: 'public-key' }],
    ...more,
  });
}

describe.each([1, 2] as const)('a PIN by PIN/UV auth protocol %i', (version) => {
  it('is set, changed, and good for a token', async () => {
    const { ctap2, pin } = await setUp({}, version);
    expect((await pin.protocol()).version).toBe(version);
    await pin.setPin('1234');
    expect((await ctap2.getInfo()).options?.clientPin).toBe(true);
    await pin.changePin('1234', 'new pin');
    const token = await pin.getPinUvAuthToken({ pin: 'new pin', permissions: makeCredential, rpId: RP_ID });
    expect(token).toMatchObject({ permissions: makeCredential, rpId: RP_ID, protocol: { version } });
    const { authData } = await create(ctap2, {
      pinUvAuthParam: token.authenticate(CLIENT_DATA_HASH),
      pinUvAuthProtocol: version,
    });
    expect(authData[32]! & 0x04).toBe(0x04); // user verified
  });

  it('costs an attempt when it is wrong, and is blocked at the end', async () => {
    const { key, pin } = await setUp({}, version);
    await pin.setPin('1234');
    const wrong = () => pin.getPinUvAuthToken({ pin: '4321', permissions: makeCredential, rpId: RP_ID });
    expect(await pin.getPinRetries()).toEqual({ retries: 8, powerCycleNeeded: false });
    await expect(wrong()).rejects.toEqual(status('CTAP2_ERR_PIN_INVALID'));
    await expect(pin.changePin('4321', '9999')).rejects.toEqual(status('CTAP2_ERR_PIN_INVALID'));
    await expect(wrong()).rejects.toEqual(status('CTAP2_ERR_PIN_AUTH_BLOCKED'));
    expect(await pin.getPinRetries()).toEqual({ retries: 5, powerCycleNeeded: true });
    await expect(pin.changePin('1234', '9999')).rejects.toEqual(status('CTAP2_ERR_PIN_AUTH_BLOCKED'));
    for (const left of [4, 3, 2, 1, 0]) {
      key.powerCycle();
      await expect(wrong()).rejects.toEqual(status(left === 0 ? 'CTAP2_ERR_PIN_BLOCKED' : 'CTAP2_ERR_PIN_INVALID'));
      expect((await pin.getPinRetries()).retries).toBe(left);
    }
    key.powerCycle();
    await expect(pin.changePin('1234', '9999')).rejects.toEqual(status('CTAP2_ERR_PIN_BLOCKED'));
  });

  it('is the same PIN however its letters are composed', async () => {
    const { pin } = await setUp({}, version);
    await pin.setPin('cafe\u0301s');
    await pin.getPinUvAuthToken({ pin: 'caf\u00e9s', permissions: makeCredential, rpId: RP_ID });
    expect((await pin.getPinRetries()).retries).toBe(8);
  });
});

describe('a new PIN', () => {
  it.each([
    ['123', 'of at least 4 characters, got 3'],
    // four UTF-16 units, but two characters
    ['\u{1f511}\u{1f511}', 'of at least 4 characters, got 2'],
    // five as it is written, three once it is normalized
    ['e\u0301e\u0301a', 'of at least 4 characters, got 3'],
    ['x'.repeat(64), 'of at most 63 bytes of UTF-8, got 64'],
    ['\u{1f511}'.repeat(16), 'of at most 63 bytes of UTF-8, got 64'],
    ['1234\0', 'without a zero character at its end'],
  ])('%j never reaches the key', async (wrong, message) => {
    const { pin, subcommands } = await setUp();
    await expect(pin.setPin(wrong)).rejects.toEqual(status('CTAP2_ERR_PIN_POLICY_VIOLATION'));
    await expect(pin.setPin(wrong)).rejects.toThrow(message);
    await expect(pin.changePin('1234', wrong)).rejects.toThrow(message);
    expect(subcommands).toEqual([]);
  });

  it.each(['1234', 'x'.repeat(63), '\u{1f511}'.repeat(15), ' 12 '])('%j is taken', async (fine) => {
    const { pin } = await setUp();
    await pin.setPin(fine);
    await pin.getPinUvAuthToken({ pin: fine, permissions: makeCredential, rpId: RP_ID });
  });

  it("must be as long as the key's minPINLength says", async () => {
    const { pin } = await setUp({ model: { minPINLength: 6 } });
    await expect(pin.setPin('12345')).rejects.toThrow('of at least 6 characters, got 5');
    await pin.setPin('123456');
  });

  it('is not set over another, and changes none that is not there', async () => {
    const { pin } = await setUp();
    await expect(pin.changePin('1234', '5678')).rejects.toEqual(status('CTAP2_ERR_PIN_NOT_SET'));
    await pin.setPin('1234');
    await expect(pin.setPin('5678')).rejects.toEqual(status('CTAP2_ERR_PIN_AUTH_INVALID'));
  });
});

describe('tokens', () => {
  it('do what their permissions say, and no more', async () => {
    const { ctap2, pin } = await setUp();
    await pin.setPin('1234');
    const token = await pin.getPinUvAuthToken({ pin: '1234', permissions: getAssertion, rpId: RP_ID });
    const refused = create(ctap2, { pinUvAuthParam: token.authenticate(CLIENT_DATA_HASH), pinUvAuthProtocol: 2 });
    await expect(refused).rejects.toEqual(status('CTAP2_ERR_PIN_AUTH_INVALID'));
  });

  it('without permissions are what old keys have', async () => {
    const options = defaultModel.options.filter((name) => name !== 'pinUvAuthToken');
    const { ctap2, pin, subcommands } = await setUp({ model: { options } });
    await pin.setPin('1234');
    const token = await pin.getPinUvAuthToken({ pin: '1234', permissions: makeCredential | getAssertion });
    expect(subcommands.at(-1)).toBe(ClientPinSubcommand.getPinToken);
    await create(ctap2, { pinUvAuthParam: token.authenticate(CLIENT_DATA_HASH), pinUvAuthProtocol: 2 });
  });

  it('come with permissions where the key has them', async () => {
    const { pin, subcommands } = await setUp();
    await pin.setPin('1234');
    await pin.getPinUvAuthToken({ pin: '1234', permissions: credentialManagement });
    expect(subcommands.at(-1)).toBe(ClientPinSubcommand.getPinUvAuthTokenUsingPinWithPermissions);
  });

  it("by the key's own verification are refused by a key that has none", async () => {
    const { pin } = await setUp();
    const token = pin.getPinUvAuthTokenUsingUv({ permissions: makeCredential, rpId: RP_ID });
    await expect(token).rejects.toMatchObject({ name: 'CtapError' });
    await expect(pin.getUvRetries()).rejects.toMatchObject({ name: 'CtapError' });
  });
});

describe('the protocol', () => {
  it('is the one that the key prefers', async () => {
    const { pin } = await setUp({ model: { pinUvAuthProtocols: [1, 2] } });
    expect((await pin.protocol()).version).toBe(1);
  });

  it.each([[[]], [[3]]])('is none where the key offers %j', async (offered) => {
    const ctap2 = new Ctap2Client(await plugIn(await openKey()));
    const info = await ctap2.getInfo();
    ctap2.getInfo = async () => ({ ...info, pinUvAuthProtocols: offered });
    await expect(new PinClient(ctap2).protocol()).rejects.toThrow(/expected a key with PIN\/UV auth protocol 1 or 2/);
  });

  it('agrees on a secret that the key shares', async () => {
    const { ctap2, pin } = await setUp();
    const created = await create(ctap2, { extensions: { [HMAC_SECRET]: true }, options: { rk: true } });
    expect(created.fmt).toBe('packed');
    const salt = new Uint8Array(32).fill(1);
    const outputs: Uint8Array[] = [];
    for (let i = 0; i < 2; i++) {
      const { protocol, keyAgreement, sharedSecret } = await pin.sharedSecret();
      const saltEnc = protocol.encrypt(sharedSecret, salt, (length) => new Uint8Array(length).fill(i));
      const saltAuth = protocol.authenticate(sharedSecret, saltEnc);
      const input = { keyAgreement, saltEnc, saltAuth, pinUvAuthProtocol: protocol.version };
      const { authData } = await ctap2.getAssertion({
        rpId: RP_ID,
        clientDataHash: CLIENT_DATA_HASH,
        extensions: { [HMAC_SECRET]: hmacSecretInput.encode(input) },
      });
      // The output ends the authenticator data: an IV, and 32 bytes.
      outputs.push(protocol.decrypt(sharedSecret, authData.subarray(-48))!);
    }
    expect(outputs[0]).toEqual(outputs[1]);
  });
});

describe('a key that answers wrongly', () => {
  const empty: CtapDevice = {
    name: 'empty',
    hid: { protocolVersion: 2, deviceVersion: [1, 0, 0], capabilities: 4 },
    cbor: async () => new Uint8Array(0),
    msg: async () => new Uint8Array(0),
    ping: async (data) => data,
    async wink() {},
    async close() {},
  };

  it.each([
    ['pinRetries', (pin: PinClient) => pin.getPinRetries()],
    ['uvRetries', (pin: PinClient) => pin.getUvRetries()],
    ['keyAgreement', (pin: PinClient) => pin.sharedSecret()],
  ])('by leaving out %s is told so', async (member, ask) => {
    const ctap2 = new Ctap2Client(empty);
    ctap2.getInfo = async () => ({ versions: [], aaguid: new Uint8Array(16), pinUvAuthProtocols: [2] });
    const answer = ask(new PinClient(ctap2));
    await expect(answer).rejects.toMatchObject({ name: 'ProtocolError', message: expect.stringContaining(member) });
  });
});
