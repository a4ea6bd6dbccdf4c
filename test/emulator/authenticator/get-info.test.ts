import { createDecipheriv } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { fromUtf8, toHex, utf8 } from '../../../ctap/bytes.ts';
import { encodeCbor } from '../../../ctap/cbor.ts';
import { setMinPINLengthParams } from '../../../ctap/commands/authenticator-config.ts';
import {
  credentialManagementAuthMessage,
  credentialManagementParams,
  credentialManagementRequest,
  CredentialManagementSubcommand as Subcommand,
} from '../../../ctap/commands/credential-management.ts';
import { getInfoResponse } from '../../../ctap/commands/get-info.ts';
import { Command } from '../../../ctap/commands/index.ts';
import { Permission } from '../../../ctap/pin-uv-auth/index.ts';
import { statusName } from '../../../ctap/status.ts';
import { nodeCrypto } from '../../../emulator/crypto-node.ts';
import type { Store } from '../../../emulator/environment.ts';
import { findModel, type Model, models } from '../../../emulator/models/index.ts';
import { memoryStore } from '../../../emulator/store/memory.ts';
import { complete, without } from './complete-model.ts';
import { authenticate, Platform, RP_ID, statusOf } from './platform.ts';

const PIN = '123456';
let platform: Platform;
beforeEach(async () => {
  platform = await Platform.open({ model: complete });
});

const pcmr = async () => {
  platform.forgetSharedSecret();
  return platform.getToken(PIN, { permissions: Permission.persistentCredentialManagementReadOnly });
};

/** Opens encIdentifier or encCredStoreState as §6.4 tells it: IV, then AES-128-CBC under HKDF of the token. */
function open(token: Uint8Array, info: string, sealed: Uint8Array): string {
  expect(sealed).toHaveLength(32);
  const key = nodeCrypto.hkdfSha256(token, new Uint8Array(32), utf8(info), 16);
  const decipher = createDecipheriv('aes-128-cbc', key, sealed.subarray(0, 16)).setAutoPadding(false);
  return toHex(Uint8Array.from([...decipher.update(sealed.subarray(16)), ...decipher.final()]));
}

async function readSealed(token: Uint8Array) {
  const { encIdentifier, encCredStoreState } = await platform.getInfo();
  return {
    identifier: open(token, 'encIdentifier', encIdentifier!),
    state: open(token, 'encCredStoreState', encCredStoreState!),
  };
}

async function manage(
  subCommand: number,
  token: Uint8Array,
  params?: Parameters<typeof credentialManagementParams.encode>[0],
) {
  const subCommandParams = params && credentialManagementParams.encode(params);
  const pinUvAuthParam = authenticate(token, credentialManagementAuthMessage(subCommand, subCommandParams));
  const request = { subCommand, subCommandParams, pinUvAuthProtocol: 2, pinUvAuthParam };
  return platform.call(Command.authenticatorCredentialManagement, credentialManagementRequest.encode(request));
}

async function addPasskey(user: string) {
  const token = await platform.getToken(PIN, { permissions: Permission.makeCredential, rpId: RP_ID });
  const proof = { pinUvAuthParam: authenticate(token), pinUvAuthProtocol: 2 };
  const { authData } = await platform.makeCredential({ ...proof, user: { id: utf8(user) }, options: { rk: true } });
  return { type: 'public-key', id: authData.slice(55, 55 + authData[54]!) };
}

describe('authenticatorGetInfo', () => {
  it('of a key that has everything has every member of CTAP 2.3, and tells the state of the key when new', async () => {
    const answer = await platform.call(Command.authenticatorGetInfo);
    expect([...answer.keys()]).toEqual(getInfoResponse.members.map(({ key }) => key));
    const info = await platform.getInfo();
    expect(info).toMatchObject({
      maxSerializedLargeBlobArray: 2048,
      forcePINChange: false,
      minPINLength: 4,
      maxPINLength: 63,
      maxCredBlobLength: 32,
      maxRPIDsForSetMinPINLength: 2,
      preferredPlatformUvAttempts: 3,
      uvModality: 2,
      certifications: { FIDO: 1 },
      remainingDiscoverableCredentials: 300,
      uvCountSinceLastPinEntry: 0,
      longTouchForReset: false,
      transportsForReset: ['usb'],
      pinComplexityPolicy: false,
      authenticatorConfigCommands: [1, 2, 3, 4, 255],
      extensions: complete.extensions,
    });
    expect(fromUtf8(info.pinComplexityPolicyURL!)).toBe('https://example.com/pins');
    expect(info.options).toEqual({
      plat: false,
      rk: true,
      clientPin: false,
      up: true,
      uv: false,
      pinUvAuthToken: true,
      largeBlobs: true,
      ep: false,
      bioEnroll: false,
      userVerificationMgmtPreview: false,
      uvBioEnroll: true,
      authnrCfg: true,
      uvAcfg: true,
      credMgmt: true,
      perCredMgmtRO: true,
      credentialMgmtPreview: true,
      setMinPINLength: true,
      makeCredUvNotRqd: true,
      alwaysUv: false,
    });
  });

  it('is canonical CBOR within the message size', async () => {
    const answer = await platform.key.cbor(Uint8Array.of(Command.authenticatorGetInfo), {
      signal: new AbortController().signal,
      keepalive: () => {},
    });
    expect(encodeCbor(await platform.call(Command.authenticatorGetInfo))).toHaveLength(answer.length - 1);
    expect(answer.length).toBeLessThanOrEqual(platform.key.model.maxMsgSize);
  });

  it('announces and takes no longer messages than what carries them can', async () => {
    const { model } = platform.key;
    const idle = { signal: new AbortController().signal, keepalive: () => {} };
    /** The status of a getInfo with so many bytes, which are no good in any case. */
    const status = async (length: number) => {
      const [code] = await platform.key.cbor(new Uint8Array(length).fill(Command.authenticatorGetInfo, 0, 1), idle);
      return statusName(code!);
    };
    const [wide, narrow] = [platform.key.plugIn(() => {}), platform.key.plugIn(() => {}, { maxMessageSize: 1024 })];
    expect((await platform.getInfo()).maxMsgSize).toBe(1024);
    expect(await status(1025)).toBe('CTAP2_ERR_REQUEST_TOO_LARGE');
    expect(await status(1024)).toBe('CTAP1_ERR_INVALID_LENGTH');
    narrow.unplug();
    expect((await platform.getInfo()).maxMsgSize).toBe(model.maxMsgSize);
    expect(await status(1025)).toBe('CTAP1_ERR_INVALID_LENGTH');
    wide.unplug();
  });

  it('leaves out what an older specification does not know', async () => {
    platform = await Platform.open({ model: { ...complete, lastInfoMember: 0x06 } });
    const answer = await platform.call(Command.authenticatorGetInfo);
    expect([...answer.keys()]).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('takes no parameters', async () => {
    expect(await statusOf(platform.call(Command.authenticatorGetInfo, new Map()))).toBe('CTAP1_ERR_INVALID_LENGTH');
  });

  it('lists the attestation formats but for none, which every key can do', async () => {
    const formats = async (attestationFormats: Model['attestationFormats']) => {
      platform = await Platform.open({ model: { ...complete, attestationFormats } });
      return (await platform.getInfo()).attestationFormats;
    };
    expect(await formats(['packed', 'fido-u2f', 'none'])).toEqual(['packed', 'fido-u2f']);
    expect(await formats(['none'])).toBeUndefined();
  });

  it('counts the places for passkeys that are left', async () => {
    await platform.setPin(PIN);
    await addPasskey('ann');
    expect((await platform.getInfo()).remainingDiscoverableCredentials).toBe(299);
  });

  it.each([...models.keys()])('of model %s names no ability that the key denies', async (name) => {
    const model = findModel(name);
    if (!model.versions.some((version) => version.startsWith('FIDO_'))) return;
    platform = await Platform.open({ model });
    const { options = {}, ...info } = await platform.getInfo();
    expect(info.maxSerializedLargeBlobArray !== undefined).toBe(options.largeBlobs === true);
    expect(options.credMgmt !== undefined).toBe(model.options.includes('credMgmt'));
    const known = async (command: number) =>
      (await statusOf(platform.call(command, new Map()))) !== 'CTAP1_ERR_INVALID_COMMAND';
    expect(await known(Command.authenticatorLargeBlobs)).toBe(options.largeBlobs === true);
    expect(await known(Command.authenticatorConfig)).toBe(options.authnrCfg === true);
    expect(await known(Command.authenticatorCredentialManagement)).toBe(options.credMgmt === true);
    expect(await known(Command.authenticatorBioEnrollment)).toBe(options.bioEnroll !== undefined);
    const selects = (await statusOf(platform.call(Command.authenticatorSelection))) === 'CTAP2_OK';
    expect(selects).toBe(model.versions.some((version) => ['FIDO_2_1', 'FIDO_2_3'].includes(version)));
    expect(platform.defects).toEqual([]);
  });
});

describe('the persistent token', () => {
  let store: Store;
  beforeEach(async () => {
    store = memoryStore();
    platform = await Platform.open({ model: complete, store });
    await platform.setPin(PIN);
  });

  it('reads credentials after power cycles and in another process, without another PIN entry', async () => {
    const credentialId = await addPasskey('ann');
    const token = await pcmr();
    platform.key.powerCycle();
    platform = await Platform.open({ model: complete, store });
    platform.clock.advance(24 * 3_600_000);
    expect((await manage(Subcommand.getCredsMetadata, token)).get(1)).toBe(1);
    expect((await manage(Subcommand.enumerateRPsBegin, token)).get(5)).toBe(1);
    const rpIDHash = nodeCrypto.sha256(utf8(RP_ID));
    const found = await manage(Subcommand.enumerateCredentialsBegin, token, { rpIDHash });
    expect(found.get(7)).toEqual(new Map(Object.entries(credentialId).sort()));
    expect(toHex(await pcmr())).toBe(toHex(token));
  });

  it('changes nothing', async () => {
    const credentialId = await addPasskey('ann');
    const token = await pcmr();
    const user = { id: utf8('ann'), name: 'other' };
    expect(await statusOf(manage(Subcommand.deleteCredential, token, { credentialId }))).toBe(
      'CTAP2_ERR_PIN_AUTH_INVALID',
    );
    expect(await statusOf(manage(Subcommand.updateUserInformation, token, { credentialId, user }))).toBe(
      'CTAP2_ERR_PIN_AUTH_INVALID',
    );
    const proof = { pinUvAuthParam: authenticate(token), pinUvAuthProtocol: 2 };
    expect(await statusOf(platform.getAssertion(proof))).toBe('CTAP2_ERR_PIN_AUTH_INVALID');
  });

  it('leaves a session token in use', async () => {
    const session = await platform.getToken(PIN, { permissions: Permission.credentialManagement });
    await pcmr();
    expect(await statusOf(manage(Subcommand.getCredsMetadata, session))).toBe('CTAP2_OK');
  });

  it.each(['a change of the PIN', 'a forced change', 'a reset'])('is void after %s', async (how) => {
    const token = await pcmr();
    if (how === 'a reset') await platform.call(Command.authenticatorReset);
    else if (how === 'a change of the PIN') await platform.changePin(PIN, '654321');
    else {
      const acfg = await platform.getToken(PIN, { permissions: Permission.authenticatorConfiguration });
      await platform.configure(0x03, setMinPINLengthParams.encode({ forceChangePin: true }), acfg);
    }
    expect(await statusOf(manage(Subcommand.getCredsMetadata, token))).toBe('CTAP2_ERR_PIN_AUTH_INVALID');
    platform = await Platform.open({ model: complete, store });
    expect(await statusOf(manage(Subcommand.getCredsMetadata, token))).toBe('CTAP2_ERR_PIN_AUTH_INVALID');
    const { identifier } = await readSealed(token);
    expect(identifier).not.toBe((await readSealed(token)).identifier); // noise to who has an old token
  });

  it('comes alone, and only from a model that has it', async () => {
    const both = Permission.persistentCredentialManagementReadOnly | Permission.credentialManagement;
    expect(await statusOf(platform.getToken(PIN, { permissions: both }))).toBe('CTAP2_ERR_UNAUTHORIZED_PERMISSION');
    platform = await Platform.open({ model: without('perCredMgmtRO') });
    await platform.setPin(PIN);
    expect(await statusOf(pcmr())).toBe('CTAP2_ERR_UNAUTHORIZED_PERMISSION');
    const info = await platform.getInfo();
    expect([info.encIdentifier, info.encCredStoreState]).toEqual([undefined, undefined]);
  });

  it('decrypts encIdentifier: the same until a reset, never the same bytes', async () => {
    const token = await pcmr();
    const [one, two] = [await platform.getInfo(), await platform.getInfo()];
    expect(one.encIdentifier).not.toEqual(two.encIdentifier);
    const { identifier } = await readSealed(token);
    await addPasskey('ann');
    platform = await Platform.open({ model: complete, store });
    expect((await readSealed(token)).identifier).toBe(identifier);
    await platform.changePin(PIN, '654321');
    const renewed = await platform.getToken('654321', {
      permissions: Permission.persistentCredentialManagementReadOnly,
    });
    expect((await readSealed(renewed)).identifier).toBe(identifier);
    await platform.call(Command.authenticatorReset);
    platform.forgetSharedSecret();
    await platform.setPin(PIN);
    expect((await readSealed(await pcmr())).identifier).not.toBe(identifier);
  });

  it('decrypts encCredStoreState: another one after each change of the passkeys, and only then', async () => {
    const token = await pcmr();
    const states: string[] = [];
    const note = async () => states.push((await readSealed(token)).state);
    await note();
    const credentialId = await addPasskey('ann');
    await note();
    const cm = await platform.getToken(PIN, { permissions: Permission.credentialManagement });
    await manage(Subcommand.updateUserInformation, cm, { credentialId, user: { id: utf8('ann'), name: 'Ann' } });
    await note();
    await manage(Subcommand.deleteCredential, cm, { credentialId });
    await note();
    expect(new Set(states).size).toBe(4);
    await platform.makeCredential();
    await platform.getInfo();
    await note();
    expect(states.at(-1)).toBe(states.at(-2));
  });
});
