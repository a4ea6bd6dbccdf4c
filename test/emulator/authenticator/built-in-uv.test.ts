import { beforeEach, describe, expect, it } from 'vitest';
import { decodeAuthenticatorData } from '../../../ctap/authenticator-data.ts';
import { concat } from '../../../ctap/bytes.ts';
import { ECDH_ES_HKDF_256, encodeCoseKey } from '../../../ctap/cose.ts';
import { Flag } from '../../../ctap/flags.ts';
import { Permission } from '../../../ctap/pin-uv-auth/index.ts';
import { StatusWord, splitU2fResponse } from '../../../ctap/u2f/raw-messages.ts';
import { manualClock } from '../../../emulator/clock.ts';
import type { PresenceRequest, UserPresence } from '../../../emulator/environment.ts';
import { ManualFingerprints } from '../../../emulator/fingerprint.ts';
import type { Model } from '../../../emulator/models/index.ts';
import { memoryStore } from '../../../emulator/store/memory.ts';
import { complete, without } from './complete-model.ts';
import { authenticate, Platform, RP_ID, statusOf } from './platform.ts';

const PIN = '123456';
let platform: Platform;
let sensor: ManualFingerprints;
let sensorClock: ReturnType<typeof manualClock>;
let touches: PresenceRequest[];

/** Opens a key whose touches are counted and whose fingers come when told; the thumb is enrolled. */
async function open(model: Partial<Model> = complete, store = memoryStore()) {
  sensorClock = manualClock(0);
  sensor = new ManualFingerprints(sensorClock);
  touches = [];
  const presence: UserPresence = {
    request(request) {
      touches.push(request);
      return 'touched';
    },
  };
  platform = await Platform.open({ model, fingerprints: sensor, presence, store });
  await platform.setPin(PIN);
  const token = await platform.getToken(PIN, { permissions: Permission.bioEnrollment });
  sensor.present('thumb');
  const { templateId } = await platform.bioEnrollment(0x01, undefined, token);
  for (let sample = 0; sample < 2; sample++) {
    sensor.present('thumb');
    await platform.bioEnrollment(0x02, { templateId }, token);
  }
}
beforeEach(() => open());

const fingers = (...names: string[]) => {
  for (const name of names) sensor.present(name);
};
const retries = async () => (await platform.clientPin({ subCommand: 7 })).uvRetries;
const mc = { permissions: Permission.makeCredential, rpId: RP_ID };
const uvToken = (options: Parameters<Platform['getUvToken']>[0] = mc) => platform.getUvToken(options);
const proof = (token: Uint8Array) => ({ pinUvAuthParam: authenticate(token), pinUvAuthProtocol: 2 });
const flagsOf = (authData: Uint8Array) => decodeAuthenticatorData(authData).flags & (Flag.UP | Flag.UV);

describe('getPinUvAuthTokenUsingUvWithPermissions', () => {
  it('gives a token for a finger that fits, which is a touch too', async () => {
    fingers('thumb');
    const token = await uvToken();
    const { authData } = await platform.makeCredential({ ...proof(token), options: { rk: true } });
    expect([flagsOf(authData), touches]).toEqual([Flag.UP | Flag.UV, []]);
  });

  it('asks for a touch again thirty seconds later', async () => {
    fingers('thumb');
    const token = await uvToken({ ...mc, permissions: Permission.makeCredential | Permission.getAssertion });
    platform.clock.advance(29_999);
    expect(await statusOf(platform.getAssertion(proof(token)))).toBe('CTAP2_ERR_NO_CREDENTIALS');
    platform.clock.advance(1);
    await platform.makeCredential(proof(token));
    expect(touches).toMatchObject([{ operation: 'makeCredential' }]);
  });

  it('spends a retry for each finger that does not fit, and is blocked after three until the PIN is entered', async () => {
    const wrong = async () => {
      fingers('stranger');
      return [await statusOf(uvToken()), await retries()];
    };
    expect([await wrong(), await wrong(), await wrong()]).toEqual([
      ['CTAP2_ERR_UV_INVALID', 2],
      ['CTAP2_ERR_UV_INVALID', 1],
      ['CTAP2_ERR_UV_BLOCKED', 0],
    ]);
    fingers('thumb');
    expect([await statusOf(uvToken()), sensor.pending]).toEqual(['CTAP2_ERR_UV_BLOCKED', []]);
    platform.key.powerCycle();
    platform.forgetSharedSecret();
    expect(await statusOf(uvToken())).toBe('CTAP2_ERR_UV_BLOCKED');
    await platform.getToken(PIN, mc);
    expect(await retries()).toBe(3);
    expect(await statusOf(uvToken())).toBe('CTAP2_OK');
  });

  it('gets its retries back by a finger that fits, not by a power cycle or another process', async () => {
    const store = memoryStore();
    await open(complete, store);
    fingers('stranger', 'stranger');
    await statusOf(uvToken());
    await statusOf(uvToken());
    expect(await retries()).toBe(1);
    platform = await Platform.open({ model: complete, fingerprints: sensor, store });
    expect(await retries()).toBe(1);
    fingers('thumb');
    await uvToken();
    expect(await retries()).toBe(3);
  });

  it('does not take a sample that is not good for the finger that it is', async () => {
    sensor.present('thumb', 'FP_POOR_QUALITY');
    expect([await statusOf(uvToken()), await retries()]).toEqual(['CTAP2_ERR_UV_INVALID', 2]);
  });

  it('ends with CTAP2_ERR_USER_ACTION_TIMEOUT when no finger comes, and spends nothing', async () => {
    const answer = statusOf(uvToken());
    await new Promise(setImmediate); // until the sensor is read
    expect(sensor.pending).toMatchObject([{ purpose: 'verify', enrolled: ['thumb'], rpId: RP_ID }]);
    sensorClock.advance(30_000);
    expect([await answer, await retries()]).toEqual(['CTAP2_ERR_USER_ACTION_TIMEOUT', 3]);
  });

  it('looks at several fingers in one command where the platform is not to try again itself', async () => {
    await open({ ...complete, preferredPlatformUvAttempts: 1 });
    fingers('stranger', 'stranger', 'thumb');
    expect(await statusOf(uvToken())).toBe('CTAP2_OK');
    fingers('stranger', 'stranger', 'stranger');
    expect([await statusOf(uvToken()), await retries()]).toEqual(['CTAP2_ERR_UV_BLOCKED', 0]);
  });

  it('is not allowed while no finger is enrolled', async () => {
    platform = await Platform.open({ model: complete });
    expect(await statusOf(uvToken())).toBe('CTAP2_ERR_NOT_ALLOWED');
    expect(await retries()).toBe(3);
  });

  it('grants the permissions whose options the model has for fingers', async () => {
    const granted = async (permissions: number) => {
      fingers('thumb');
      return statusOf(uvToken({ permissions, rpId: RP_ID }));
    };
    for (const permission of Object.values(Permission)) expect(await granted(permission)).toBe('CTAP2_OK');
    await open(without('uvBioEnroll', 'uvAcfg', 'perCredMgmtRO'));
    for (const refused of [0x08, 0x20, 0x40]) {
      expect(await granted(refused)).toBe('CTAP2_ERR_UNAUTHORIZED_PERMISSION');
    }
    expect(await granted(Permission.largeBlobWrite)).toBe('CTAP2_OK');
    expect(await granted(0)).toBe('CTAP1_ERR_INVALID_PARAMETER');
  });

  it('is blocked with the PIN', async () => {
    for (let cycle = 0; cycle < 3; cycle++) {
      platform.key.powerCycle();
      for (let attempt = 0; attempt < 3; attempt++) {
        platform.forgetSharedSecret();
        await statusOf(platform.getToken('wrong!'));
      }
    }
    expect([await statusOf(platform.getToken(PIN)), await retries()]).toEqual(['CTAP2_ERR_PIN_BLOCKED', 3]);
    fingers('thumb');
    expect([await statusOf(uvToken()), await retries()]).toEqual(['CTAP2_ERR_UV_BLOCKED', 0]);
    expect(await statusOf(platform.makeCredential({ options: { uv: true } }))).toBe('CTAP2_ERR_PUAT_REQUIRED');
  });

  it('answers missing and wrong members by their status, before it reads the sensor', async () => {
    const { publicKey } = await platform.agree();
    const keyAgreement = encodeCoseKey({ alg: ECDH_ES_HKDF_256, publicKey });
    const valid = { subCommand: 6, pinUvAuthProtocol: 2, keyAgreement, permissions: 1, rpId: RP_ID };
    const send = (changes: object) => statusOf(platform.clientPin({ ...valid, ...changes }));
    for (const member of ['pinUvAuthProtocol', 'keyAgreement', 'permissions', 'rpId']) {
      expect(await send({ [member]: undefined })).toBe('CTAP2_ERR_MISSING_PARAMETER');
    }
    expect(await send({ pinUvAuthProtocol: 3 })).toBe('CTAP1_ERR_INVALID_PARAMETER');
    const offCurve = encodeCoseKey({ alg: ECDH_ES_HKDF_256, publicKey: new Uint8Array(64).fill(1) });
    expect(await send({ keyAgreement: offCurve })).toBe('CTAP1_ERR_INVALID_PARAMETER');
    expect([sensor.pending, await retries()]).toEqual([[], 3]);
  });

  it('counts verifications since the PIN was last entered, failed ones too', async () => {
    const count = async () => (await platform.getInfo()).uvCountSinceLastPinEntry;
    expect(await count()).toBe(0);
    fingers('stranger', 'thumb', 'thumb');
    await statusOf(uvToken());
    await uvToken();
    await uvToken();
    expect(await count()).toBe(3);
    await platform.getToken(PIN, mc);
    expect(await count()).toBe(0);
  });
});

describe('the option uv', () => {
  it('verifies by the sensor and needs no further touch', async () => {
    fingers('thumb');
    const made = await platform.makeCredential({ options: { uv: true, rk: true } });
    fingers('thumb');
    const asserted = await platform.getAssertion({ options: { uv: true } });
    expect([flagsOf(made.authData), flagsOf(asserted.authData)]).toEqual(Array(2).fill(Flag.UP | Flag.UV));
    expect(touches).toEqual([]);
  });

  it('tries several fingers, then sends for a token, or refuses where no PIN could give one', async () => {
    const attempt = () => statusOf(platform.makeCredential({ options: { uv: true } }));
    fingers('stranger', 'thumb');
    expect(await attempt()).toBe('CTAP2_OK');
    fingers('stranger', 'stranger', 'stranger');
    expect([await attempt(), await retries()]).toEqual(['CTAP2_ERR_PUAT_REQUIRED', 0]);
    await open({ ...complete, options: [...complete.options!, 'noMcGaPermissionsWithClientPin'] });
    fingers('stranger', 'stranger', 'stranger');
    expect([await attempt(), await attempt()]).toEqual(['CTAP2_ERR_UV_BLOCKED', 'CTAP2_ERR_UV_BLOCKED']);
  });

  it('ends with CTAP2_ERR_USER_ACTION_TIMEOUT when no finger comes', async () => {
    const answer = statusOf(platform.makeCredential({ options: { uv: true } }));
    await new Promise(setImmediate);
    sensorClock.advance(30_000);
    expect(await answer).toBe('CTAP2_ERR_USER_ACTION_TIMEOUT');
  });

  it('is overridden by a token', async () => {
    const token = await platform.getToken(PIN, mc);
    await platform.makeCredential({ ...proof(token), options: { uv: true } });
    expect([sensor.pending, touches.length]).toEqual([[], 1]);
  });

  it('is an invalid one while no finger is enrolled', async () => {
    platform = await Platform.open({ model: complete });
    expect(await statusOf(platform.makeCredential({ options: { uv: true } }))).toBe('CTAP2_ERR_INVALID_OPTION');
    expect(await statusOf(platform.getAssertion({ options: { uv: true } }))).toBe('CTAP2_ERR_INVALID_OPTION');
  });

  it('excludes a credential without another touch', async () => {
    const { authData } = await platform.makeCredential();
    const id = decodeAuthenticatorData(authData).attestedCredentialData!.credentialId;
    touches.length = 0;
    fingers('thumb');
    const excluded = platform.makeCredential({ options: { uv: true }, excludeList: [{ type: 'public-key', id }] });
    expect([await statusOf(excluded), touches]).toEqual(['CTAP2_ERR_CREDENTIAL_EXCLUDED', []]);
  });
});

describe('alwaysUv with an enrolled finger', () => {
  beforeEach(async () => {
    await platform.configure(
      0x02,
      undefined,
      await platform.getToken(PIN, { permissions: Permission.authenticatorConfiguration }),
    );
  });

  it('has the sensor verify where the platform asked for nothing', async () => {
    fingers('thumb');
    const { authData } = await platform.makeCredential();
    expect([flagsOf(authData), touches]).toEqual([Flag.UP | Flag.UV, []]);
    const id = decodeAuthenticatorData(authData).attestedCredentialData!.credentialId;
    const allowList = [{ type: 'public-key', id }];
    fingers('thumb');
    expect(flagsOf((await platform.getAssertion({ allowList })).authData)).toBe(Flag.UP | Flag.UV);
    expect(flagsOf((await platform.getAssertion({ allowList, options: { up: false } })).authData)).toBe(0);
  });

  it('keeps U2F, but for a finger', async () => {
    expect((await platform.getInfo()).versions).toContain('U2F_V2');
    const register = concat(Uint8Array.of(0, 1, 3, 0, 0, 0, 64), new Uint8Array(64).fill(7));
    const poll = async () => {
      const exchange = { signal: new AbortController().signal, keepalive: () => {} };
      const answer = splitU2fResponse(await platform.key.msg(register, exchange)).statusWord;
      await new Promise(setImmediate); // until the finger has been looked at
      return answer;
    };
    expect(await poll()).toBe(StatusWord.CONDITIONS_NOT_SATISFIED);
    fingers('stranger', 'stranger', 'stranger');
    await new Promise(setImmediate);
    expect(await poll()).toBe(StatusWord.CONDITIONS_NOT_SATISFIED);
    await platform.getToken(PIN, mc); // the PIN brings the retries back
    fingers('thumb');
    const answers = [await poll(), await poll(), await poll()];
    expect(answers).toContain(StatusWord.NO_ERROR);
    expect(touches).toEqual([]);
  });
});

describe('U2F under alwaysUv without a finger', () => {
  it('is not allowed', async () => {
    platform = await Platform.open({ model: complete });
    await platform.configure(0x02);
    const exchange = { signal: new AbortController().signal, keepalive: () => {} };
    for (const apdu of [concat(Uint8Array.of(0, 1, 3, 0, 0, 0, 64), new Uint8Array(64)), Uint8Array.of(0, 2, 3, 0)]) {
      const { statusWord } = splitU2fResponse(await platform.key.msg(apdu, exchange));
      expect(statusWord).toBe(StatusWord.COMMAND_NOT_ALLOWED);
    }
  });
});

describe('a key whose PIN gives no right to create or get', () => {
  beforeEach(() => open({ ...complete, options: [...complete.options!, 'noMcGaPermissionsWithClientPin'] }));

  it('refuses these permissions for a PIN, and grants them for a finger', async () => {
    expect(await statusOf(platform.getToken(PIN, mc))).toBe('CTAP2_ERR_UNAUTHORIZED_PERMISSION');
    expect(await statusOf(platform.getToken(PIN, { permissions: Permission.credentialManagement }))).toBe('CTAP2_OK');
    fingers('thumb');
    expect(await statusOf(uvToken())).toBe('CTAP2_OK');
    expect((await platform.clientPin({ subCommand: 1 })).pinRetries).toBe(8);
  });

  it('gives a token of getPinToken that has no permission', async () => {
    const pinUvAuthParam = authenticate(await platform.getToken(PIN));
    const authorized = { pinUvAuthParam, pinUvAuthProtocol: 2 };
    expect(await statusOf(platform.makeCredential(authorized))).toBe('CTAP2_ERR_PIN_AUTH_INVALID');
    expect(await statusOf(platform.getAssertion(authorized))).toBe('CTAP2_ERR_PIN_AUTH_INVALID');
  });

  it('sends nobody for a PIN', async () => {
    expect(await statusOf(platform.makeCredential({ options: { rk: true } }))).toBe('CTAP2_ERR_OPERATION_DENIED');
  });
});

describe('the sensor under the hand that touches the key', () => {
  it('takes each touch for a good sample, and the enrolled finger for verification', async () => {
    platform = await Platform.open({ model: complete });
    await platform.setPin(PIN);
    for (let finger = 0; finger < 2; finger++) {
      const token = await platform.getToken(PIN, { permissions: Permission.bioEnrollment });
      const { templateId } = await platform.bioEnrollment(0x01, undefined, token);
      await platform.bioEnrollment(0x02, { templateId }, token);
      expect(await platform.bioEnrollment(0x02, { templateId }, token)).toMatchObject({ remainingSamples: 0 });
    }
    expect(flagsOf((await platform.makeCredential({ options: { uv: true } })).authData)).toBe(Flag.UP | Flag.UV);
    expect(await retries()).toBe(3);
  });
});
