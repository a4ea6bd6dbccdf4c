import { beforeEach, describe, expect, it } from 'vitest';
import { utf8 } from '../../../ctap/bytes.ts';
import { Command } from '../../../ctap/commands/index.ts';
import { ECDH_ES_HKDF_256, encodeCoseKey } from '../../../ctap/cose.ts';
import { Permission } from '../../../ctap/pin-uv-auth/index.ts';
import { denyPresence } from '../../../emulator/presence.ts';
import { memoryStore } from '../../../emulator/store/memory.ts';
import { Platform, RP_ID, statusOf } from './platform.ts';

const PIN = 'correct';
let platform: Platform;
beforeEach(async () => {
  platform = await Platform.open();
});

const retries = async () => (await platform.clientPin({ subCommand: 1 })).pinRetries;
const wrong = async (pin = 'wrong!') => {
  platform.forgetSharedSecret();
  return statusOf(platform.getToken(pin));
};

describe.each([1, 2] as const)('authenticatorClientPIN, protocol %s', (version) => {
  it('sets a PIN once, changes it, and takes only the current one', async () => {
    expect((await platform.getInfo()).options!.clientPin).toBe(false);
    await platform.setPin(PIN, version);
    expect((await platform.getInfo()).options!.clientPin).toBe(true);
    expect(await statusOf(platform.setPin('another', version))).toBe('CTAP2_ERR_PIN_AUTH_INVALID');
    await platform.changePin(PIN, 'another', version);
    expect(await statusOf(platform.getToken(PIN, { version }))).toBe('CTAP2_ERR_PIN_INVALID');
    platform.forgetSharedSecret();
    expect(await platform.getToken('another', { version })).toHaveLength(32);
  });

  it('refuses PINs that the policy forbids, and counts code points, not bytes', async () => {
    expect(await statusOf(platform.setPin('123', version))).toBe('CTAP2_ERR_PIN_POLICY_VIOLATION');
    expect(await statusOf(platform.setPin('äöü', version))).toBe('CTAP2_ERR_PIN_POLICY_VIOLATION');
    expect(await statusOf(platform.setPin('x'.repeat(64), version))).toBe('CTAP2_ERR_PIN_POLICY_VIOLATION');
    expect(await statusOf(platform.setPin('äöü€', version))).toBe('CTAP2_OK');
  });

  it('renews its key agreement key after a wrong PIN', async () => {
    await platform.setPin(PIN, version);
    const key = async () =>
      (await platform.clientPin({ subCommand: 2, pinUvAuthProtocol: version })).keyAgreement!.get(-2);
    const before = await key();
    expect(await key()).toEqual(before);
    await statusOf(platform.getToken('wrong!', { version }));
    expect(await key()).not.toEqual(before);
  });
});

describe('PIN retries', () => {
  it('fall with each wrong PIN, rise with the right one, block after three until a power cycle, and after eight for good', async () => {
    await platform.setPin(PIN);
    expect(await retries()).toBe(8);
    expect([await wrong(), await retries()]).toEqual(['CTAP2_ERR_PIN_INVALID', 7]);
    platform.forgetSharedSecret();
    await platform.getToken(PIN);
    expect(await retries()).toBe(8);
    expect([await wrong(), await wrong(), await wrong()]).toEqual([
      'CTAP2_ERR_PIN_INVALID',
      'CTAP2_ERR_PIN_INVALID',
      'CTAP2_ERR_PIN_AUTH_BLOCKED',
    ]);
    expect(await platform.clientPin({ subCommand: 1 })).toMatchObject({ pinRetries: 5, powerCycleState: true });
    expect(await wrong(PIN)).toBe('CTAP2_ERR_PIN_AUTH_BLOCKED');
    expect(await retries()).toBe(5);
    platform.key.powerCycle();
    expect([await wrong(), await wrong(), await wrong()].at(-1)).toBe('CTAP2_ERR_PIN_AUTH_BLOCKED');
    platform.key.powerCycle();
    expect([await wrong(), await wrong()]).toEqual(['CTAP2_ERR_PIN_INVALID', 'CTAP2_ERR_PIN_BLOCKED']);
    expect(await retries()).toBe(0);
    platform.key.powerCycle();
    expect(await wrong(PIN)).toBe('CTAP2_ERR_PIN_BLOCKED');
    expect(await statusOf(platform.changePin(PIN, 'another'))).toBe('CTAP2_ERR_PIN_BLOCKED');
  });

  it.each([5, 9])('fall with a PIN that cannot be decrypted, by subcommand %i', async (subCommand) => {
    await platform.setPin(PIN);
    const { publicKey } = await platform.agree();
    const keyAgreement = encodeCoseKey({ alg: ECDH_ES_HKDF_256, publicKey });
    const more = subCommand === 9 ? { permissions: 1, rpId: RP_ID } : {};
    const request = { subCommand, pinUvAuthProtocol: 2, keyAgreement, pinHashEnc: new Uint8Array(31), ...more };
    expect(await statusOf(platform.clientPin(request))).toBe('CTAP2_ERR_PIN_INVALID');
    expect(await retries()).toBe(7);
  });

  it('survive the power cycle and the process', async () => {
    const store = memoryStore();
    platform = await Platform.open({ store });
    await platform.setPin(PIN);
    await wrong();
    platform = await Platform.open({ store });
    expect(await retries()).toBe(7);
  });
});

describe('pinUvAuthTokens', () => {
  beforeEach(() => platform.setPin(PIN));

  it('refuse permissions that the key has no option for, none at all, and mc or ga without an RP ID', async () => {
    const token = (permissions: number, rpId?: string) =>
      statusOf(platform.getToken(PIN, rpId === undefined ? { permissions } : { permissions, rpId }));
    expect(await token(0)).toBe('CTAP1_ERR_INVALID_PARAMETER');
    expect(await token(Permission.makeCredential)).toBe('CTAP2_ERR_MISSING_PARAMETER');
    expect(await token(Permission.bioEnrollment, RP_ID)).toBe('CTAP2_ERR_UNAUTHORIZED_PERMISSION');
    expect(await token(Permission.credentialManagement)).toBe('CTAP2_OK');
    expect(await token(Permission.credentialManagement | 0x80)).toBe('CTAP2_OK'); // a bit without a meaning
    expect(await token(Permission.makeCredential | Permission.getAssertion, RP_ID)).toBe('CTAP2_OK');
  });

  it('are not given by a user verification that the key does not have', async () => {
    expect(await statusOf(platform.getUvToken({ permissions: 1, rpId: RP_ID }))).toBe('CTAP2_ERR_NOT_ALLOWED');
    expect(await statusOf(platform.clientPin({ subCommand: 7 }))).toBe('CTAP2_ERR_NOT_ALLOWED');
  });
});

describe('bad input', () => {
  it('answers missing parameters, unknown protocols and subcommands by their status, and loses no retry', async () => {
    const { protocol, secret, publicKey } = await platform.agree();
    const keyAgreement = encodeCoseKey({ alg: ECDH_ES_HKDF_256, publicKey });
    const newPinEnc = platform.encrypt(protocol, secret, new Uint8Array(64).fill(0x31));
    const pinUvAuthParam = protocol.authenticate(secret, newPinEnc);
    const setPin = { subCommand: 3, pinUvAuthProtocol: 2, keyAgreement, newPinEnc, pinUvAuthParam };
    const send = (parameters: object) => statusOf(platform.clientPin(parameters as never));
    for (const member of ['pinUvAuthProtocol', 'keyAgreement', 'newPinEnc', 'pinUvAuthParam']) {
      expect(await send({ ...setPin, [member]: undefined })).toBe('CTAP2_ERR_MISSING_PARAMETER');
    }
    expect(await send({ ...setPin, pinUvAuthProtocol: 3 })).toBe('CTAP1_ERR_INVALID_PARAMETER');
    expect(await send({ ...setPin, pinUvAuthParam: new Uint8Array(32) })).toBe('CTAP2_ERR_PIN_AUTH_INVALID');
    const offCurve = encodeCoseKey({ alg: ECDH_ES_HKDF_256, publicKey: new Uint8Array(64).fill(1) });
    expect(await send({ ...setPin, keyAgreement: offCurve })).toBe('CTAP1_ERR_INVALID_PARAMETER');
    expect(await send({ ...setPin, keyAgreement: new Map() })).toBe('CTAP2_ERR_MISSING_PARAMETER');
    const short = platform.encrypt(protocol, secret, new Uint8Array(48).fill(0x31));
    const shortPin = { ...setPin, newPinEnc: short, pinUvAuthParam: protocol.authenticate(secret, short) };
    expect(await send(shortPin)).toBe('CTAP1_ERR_INVALID_PARAMETER');
    const broken = newPinEnc.subarray(0, 79);
    const brokenPin = { ...setPin, newPinEnc: broken, pinUvAuthParam: protocol.authenticate(secret, broken) };
    expect(await send(brokenPin)).toBe('CTAP2_ERR_PIN_AUTH_INVALID');
    expect(await send({ subCommand: 8 })).toBe('CTAP2_ERR_INVALID_SUBCOMMAND');
    expect(await statusOf(platform.call(Command.authenticatorClientPIN, new Map()))).toBe(
      'CTAP2_ERR_MISSING_PARAMETER',
    );
    expect(await statusOf(platform.getToken(PIN))).toBe('CTAP2_ERR_PIN_NOT_SET');
    expect(await statusOf(platform.changePin(PIN, 'another'))).toBe('CTAP2_ERR_PIN_NOT_SET');
    expect(await retries()).toBe(8);
    expect(platform.defects).toEqual([]);
  });
});

describe('authenticatorReset', () => {
  it('erases credentials and PIN, and voids the credential ids that are out', async () => {
    const store = memoryStore();
    platform = await Platform.open({ store });
    await platform.makeCredential({ options: { rk: true } });
    const { authData } = await platform.makeCredential({ user: { id: utf8('b') } });
    await platform.setPin(PIN);
    await platform.call(Command.authenticatorReset);
    const info = await platform.getInfo();
    expect([info.options!.clientPin, info.remainingDiscoverableCredentials]).toEqual([false, 300]);
    const id = authData.slice(55, 55 + authData[54]!);
    expect(await statusOf(platform.getAssertion())).toBe('CTAP2_ERR_NO_CREDENTIALS');
    expect(await statusOf(platform.getAssertion({ allowList: [{ type: 'public-key', id }] }))).toBe(
      'CTAP2_ERR_NO_CREDENTIALS',
    );
    expect(await statusOf(platform.makeCredential({ options: { rk: true } }))).toBe('CTAP2_OK');
  });

  it('is refused later than ten seconds after power-up, until the next', async () => {
    platform.clock.advance(10_001);
    expect(await statusOf(platform.call(Command.authenticatorReset))).toBe('CTAP2_ERR_NOT_ALLOWED');
    platform.key.powerCycle();
    expect(await statusOf(platform.call(Command.authenticatorReset))).toBe('CTAP2_OK');
  });

  it('erases nothing when the user declines', async () => {
    const store = memoryStore();
    platform = await Platform.open({ store });
    await platform.setPin(PIN);
    const denying = await Platform.open({ store, presence: denyPresence });
    expect(await statusOf(denying.call(Command.authenticatorReset))).toBe('CTAP2_ERR_OPERATION_DENIED');
    expect((await denying.getInfo()).options!.clientPin).toBe(true);
  });
});
