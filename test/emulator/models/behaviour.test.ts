/** What distinguishes one model from another, seen by a host. */
import { describe, expect, it } from 'vitest';
import { utf8 } from '../../../ctap/bytes.ts';
import { ClientPinSubcommand } from '../../../ctap/commands/client-pin.ts';
import { getInfoResponse } from '../../../ctap/commands/get-info.ts';
import { Command } from '../../../ctap/commands/index.ts';
import { encodeMessage, HidCommand, HidError } from '../../../ctap/hid/packet.ts';
import { Permission } from '../../../ctap/pin-uv-auth/index.ts';
import { decodeU2fRegisterResponse } from '../../../ctap/u2f/raw-messages.ts';
import { findModel } from '../../../emulator/models/index.ts';
import { authenticate, Platform, RP_ID, statusOf } from '../authenticator/platform.ts';

const open = (name: string) => Platform.open({ model: findModel(name) });
const exchange = { signal: new AbortController().signal, keepalive() {} };

describe('u2f-only', () => {
  it('knows no CTAPHID_CBOR, and no CTAP2 by any other way', async () => {
    const { key } = await open('u2f-only');
    const reports: Uint8Array[] = [];
    const plug = key.plugIn((report) => reports.push(report));
    plug.receive(encodeMessage(0xffffffff, HidCommand.INIT, new Uint8Array(8))[0]!);
    const channel = new DataView(reports[0]!.buffer, reports[0]!.byteOffset).getUint32(7 + 8);
    plug.receive(encodeMessage(channel, HidCommand.CBOR, Uint8Array.of(Command.authenticatorGetInfo))[0]!);
    expect(Array.from(reports.at(-1)!.subarray(4, 8))).toEqual([0x80 | HidCommand.ERROR, 0, 1, HidError.INVALID_CMD]);
    plug.unplug();
    expect(await key.cbor(Uint8Array.of(Command.authenticatorGetInfo), exchange)).toEqual(Uint8Array.of(0x01));
  });

  it('registers by U2F, with a certificate that names no AAGUID', async () => {
    const { key } = await open('u2f-only');
    const apdu = Uint8Array.of(0, 1, 0, 0, 0, 0, 64, ...new Uint8Array(64), 0, 0);
    const answer = await key.msg(apdu, exchange);
    expect(Array.from(answer.slice(-2))).toEqual([0x90, 0x00]);
    const { keyHandle, certificate } = decodeU2fRegisterResponse(answer.slice(0, -2));
    expect(keyHandle.length).toBeLessThanOrEqual(255);
    expect(Buffer.from(certificate).includes(Buffer.from('060b2b0601040182e51c010104', 'hex'))).toBe(false);
  });
});

describe('ctap2.0', () => {
  it('says in getInfo what CTAP 2.0 has, and no more', async () => {
    const { call } = await open('ctap2.0').then((platform) => ({ call: platform.call.bind(platform) }));
    expect([...(await call(Command.authenticatorGetInfo)).keys()]).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('gives the old token, which is good for everything, and none with permissions', async () => {
    const platform = await open('ctap2.0');
    await platform.setPin('1234', 1);
    const permissions = { permissions: Permission.makeCredential, rpId: RP_ID, version: 1 } as const;
    expect(await statusOf(platform.getToken('1234', permissions))).not.toBe('CTAP2_OK');
    const token = await platform.getToken('1234', { version: 1 });
    const pinUvAuthParam = authenticate(token, undefined, 1).slice(0, 16);
    const make = (more: object) => statusOf(platform.makeCredential({ options: { rk: true }, ...more }));
    expect(await make({})).toBe('CTAP2_ERR_PUAT_REQUIRED');
    expect(await make({ pinUvAuthParam, pinUvAuthProtocol: 1 })).toBe('CTAP2_OK');
  });

  it('speaks PIN protocol one alone', async () => {
    const platform = await open('ctap2.0');
    const agreement = { subCommand: ClientPinSubcommand.getKeyAgreement };
    expect(await statusOf(platform.clientPin({ ...agreement, pinUvAuthProtocol: 1 }))).toBe('CTAP2_OK');
    expect(await statusOf(platform.clientPin({ ...agreement, pinUvAuthProtocol: 2 }))).toBe(
      'CTAP1_ERR_INVALID_PARAMETER',
    );
  });

  it.each([
    Command.authenticatorBioEnrollment,
    Command.authenticatorCredentialManagement,
    Command.authenticatorSelection,
    Command.authenticatorLargeBlobs,
    Command.authenticatorConfig,
  ])('knows no command %i of later versions', async (command) => {
    const platform = await open('ctap2.0');
    expect(await statusOf(platform.call(command))).toBe('CTAP1_ERR_INVALID_COMMAND');
  });
});

describe.each(['token2-r2-pin-plus', 'token2-r3.3-pin-plus', 'token2-bio3'])('%s', (name) => {
  it('takes no PIN of fewer than six characters, and none that is easily guessed', async () => {
    const platform = await open(name);
    expect((await platform.getInfo()).minPINLength).toBe(6);
    for (const pin of ['19472', '123456', '654321', '111111', '123321', '121212']) {
      expect([pin, await statusOf(platform.setPin(pin))]).toEqual([pin, 'CTAP2_ERR_PIN_POLICY_VIOLATION']);
    }
    await platform.setPin('194726');
    expect(await statusOf(platform.changePin('194726', '222222'))).toBe('CTAP2_ERR_PIN_POLICY_VIOLATION');
    expect(await statusOf(platform.changePin('194726', '827364'))).toBe('CTAP2_OK');
  });
});

it('token2-r3 takes what the specification takes', async () => {
  const platform = await open('token2-r3');
  expect(await statusOf(platform.setPin('123'))).toBe('CTAP2_ERR_PIN_POLICY_VIOLATION');
  expect(await statusOf(platform.setPin('1234'))).toBe('CTAP2_OK');
});

describe('ctap2.3-everything', () => {
  it('shows every member of getInfo', async () => {
    const platform = await open('ctap2.3-everything');
    const info = await platform.call(Command.authenticatorGetInfo);
    const missing = getInfoResponse.members.filter(({ key }) => !info.has(key)).map(({ name }) => name);
    expect(missing).toEqual([]);
  });

  it('makes a credential with each algorithm that it lists', async () => {
    const platform = await open('ctap2.3-everything');
    const { algorithms = [], maxCredentialIdLength } = await platform.getInfo();
    expect(algorithms.length).toBe(13);
    for (const [index, parameters] of algorithms.entries()) {
      const user = { id: utf8(`user ${index}`), name: 'user', displayName: 'User' };
      const { authData, fmt } = await platform.makeCredential({ pubKeyCredParams: [parameters], user });
      expect([parameters.alg, fmt]).toEqual([parameters.alg, 'packed']);
      expect(authData.length).toBeGreaterThan(100);
      expect(maxCredentialIdLength).toBe(256);
    }
  });
});
