import { beforeEach, describe, expect, it } from 'vitest';
import { decodeAuthenticatorData } from '../../../ctap/authenticator-data.ts';
import { utf8 } from '../../../ctap/bytes.ts';
import type { CborValue } from '../../../ctap/cbor.ts';
import {
  authenticatorConfigAuthMessage,
  type SetMinPINLengthParams,
  AuthenticatorConfigSubcommand as Subcommand,
  setMinPINLengthParams,
} from '../../../ctap/commands/authenticator-config.ts';
import { Command } from '../../../ctap/commands/index.ts';
import { Flag } from '../../../ctap/flags.ts';
import { Permission } from '../../../ctap/pin-uv-auth/index.ts';
import { setEnterpriseRpIdsParams, VendorCommand } from '../../../emulator/authenticator/vendor-config.ts';
import type { PresenceRequest, UserPresence } from '../../../emulator/environment.ts';
import { memoryStore } from '../../../emulator/store/memory.ts';
import { complete, without } from './complete-model.ts';
import { authenticate, Platform, RP_ID, statusOf } from './platform.ts';

const PIN = '123456';
let platform: Platform;
beforeEach(async () => {
  platform = await Platform.open({ model: complete });
});

const acfg = (pin = PIN) => {
  platform.forgetSharedSecret();
  return platform.getToken(pin, { permissions: Permission.authenticatorConfiguration });
};
const setMin = (params: SetMinPINLengthParams, token?: Uint8Array) =>
  platform.configure(Subcommand.setMinPINLength, setMinPINLengthParams.encode(params), token);
const options = async () => (await platform.getInfo()).options!;

describe('authenticatorConfig', () => {
  it('needs no token on a key without user verification, and one with acfg on a key with it', async () => {
    await platform.configure(Subcommand.enableLongTouchForReset);
    await platform.setPin(PIN);
    const toggle = (token?: Uint8Array) => statusOf(platform.configure(Subcommand.toggleAlwaysUv, undefined, token));
    expect(await toggle()).toBe('CTAP2_ERR_PUAT_REQUIRED');
    expect(await toggle(await platform.getToken(PIN, { permissions: Permission.credentialManagement }))).toBe(
      'CTAP2_ERR_PIN_AUTH_INVALID',
    );
    expect(await toggle(new Uint8Array(32))).toBe('CTAP2_ERR_PIN_AUTH_INVALID');
    expect(await toggle(await acfg())).toBe('CTAP2_OK');
  });

  it('authenticates subcommand and parameters', async () => {
    await platform.setPin(PIN);
    const token = await acfg();
    const send = (map: [number, CborValue][]) =>
      statusOf(platform.call(Command.authenticatorConfig, new Map<number, CborValue>(map)));
    const of = (subCommand: number, version = 2): [number, CborValue][] => [
      [3, version],
      [4, authenticate(token, authenticatorConfigAuthMessage(subCommand, undefined))],
    ];
    expect(await send([[1, Subcommand.toggleAlwaysUv], ...of(Subcommand.enableLongTouchForReset)])).toBe(
      'CTAP2_ERR_PIN_AUTH_INVALID',
    );
    const params = setMinPINLengthParams.encode({ newMinPINLength: 8 });
    expect(await send([[1, Subcommand.setMinPINLength], [2, params], ...of(Subcommand.setMinPINLength)])).toBe(
      'CTAP2_ERR_PIN_AUTH_INVALID',
    );
    expect(await send([[1, Subcommand.toggleAlwaysUv], ...of(Subcommand.toggleAlwaysUv, 3)])).toBe(
      'CTAP1_ERR_INVALID_PARAMETER',
    );
    const [, proof] = of(Subcommand.toggleAlwaysUv);
    expect(await send([[1, Subcommand.toggleAlwaysUv], proof!])).toBe('CTAP2_ERR_MISSING_PARAMETER');
    expect([(await options()).alwaysUv, (await platform.getInfo()).minPINLength]).toEqual([false, 4]);
  });

  it('refuses subcommands that the model lacks, and does not exist without authnrCfg', async () => {
    expect(await statusOf(platform.configure(0x05))).toBe('CTAP1_ERR_INVALID_PARAMETER');
    platform = await Platform.open({ model: { ...complete, configCommands: [0x02] } });
    expect(await statusOf(platform.configure(Subcommand.enableEnterpriseAttestation))).toBe(
      'CTAP1_ERR_INVALID_PARAMETER',
    );
    expect(await statusOf(platform.call(Command.authenticatorConfig, new Map()))).toBe('CTAP2_ERR_MISSING_PARAMETER');
    platform = await Platform.open({ model: without('authnrCfg') });
    expect(await statusOf(platform.configure(Subcommand.toggleAlwaysUv))).toBe('CTAP1_ERR_INVALID_COMMAND');
    expect((await platform.getInfo()).authenticatorConfigCommands).toBeUndefined();
  });

  it('keeps its settings over the process, and loses them by a reset', async () => {
    const store = memoryStore();
    platform = await Platform.open({ model: complete, store });
    await setMin({ newMinPINLength: 8, pinComplexityPolicy: true });
    for (const subCommand of [Subcommand.enableEnterpriseAttestation, Subcommand.enableLongTouchForReset]) {
      await platform.configure(subCommand);
    }
    await platform.configure(Subcommand.toggleAlwaysUv);
    platform = await Platform.open({ model: complete, store });
    const settings = async () => {
      const info = await platform.getInfo();
      const { ep, alwaysUv, makeCredUvNotRqd } = info.options!;
      return { ep, alwaysUv, makeCredUvNotRqd, ...pick(info) };
    };
    const pick = ({
      minPINLength,
      pinComplexityPolicy,
      longTouchForReset,
    }: Awaited<ReturnType<Platform['getInfo']>>) => ({
      minPINLength,
      pinComplexityPolicy,
      longTouchForReset,
    });
    expect(await settings()).toEqual({
      ep: true,
      alwaysUv: true,
      makeCredUvNotRqd: false,
      minPINLength: 8,
      pinComplexityPolicy: true,
      longTouchForReset: true,
    });
    await platform.call(Command.authenticatorReset);
    expect(await settings()).toEqual({
      ep: false,
      alwaysUv: false,
      makeCredUvNotRqd: true,
      minPINLength: 4,
      pinComplexityPolicy: false,
      longTouchForReset: false,
    });
  });
});

describe('toggleAlwaysUv', () => {
  const toggle = (token?: Uint8Array) => platform.configure(Subcommand.toggleAlwaysUv, undefined, token);
  const made = (changes = {}) => statusOf(platform.makeCredential(changes));

  it('makes a token needed for every credential and every touched assertion, but for silent ones', async () => {
    const { authData } = await platform.makeCredential();
    const allowList = [
      { type: 'public-key', id: decodeAuthenticatorData(authData).attestedCredentialData!.credentialId },
    ];
    const asserted = (changes = {}) => statusOf(platform.getAssertion({ allowList, ...changes }));
    await toggle();
    expect([await made(), await asserted()]).toEqual(['CTAP2_ERR_PUAT_REQUIRED', 'CTAP2_ERR_PUAT_REQUIRED']);
    expect(await asserted({ options: { up: false } })).toBe('CTAP2_OK');
    await platform.setPin(PIN);
    expect([await made(), await asserted()]).toEqual(['CTAP2_ERR_PUAT_REQUIRED', 'CTAP2_ERR_PUAT_REQUIRED']);
    const silent = await platform.getAssertion({ allowList, options: { up: false } });
    expect(decodeAuthenticatorData(silent.authData).flags).toBe(0);
    const token = await platform.getToken(PIN, { permissions: Permission.makeCredential, rpId: RP_ID });
    expect(await made({ pinUvAuthParam: authenticate(token), pinUvAuthProtocol: 2 })).toBe('CTAP2_OK');
    await toggle(await acfg());
    expect([await made(), await asserted(), (await options()).alwaysUv]).toEqual(['CTAP2_OK', 'CTAP2_OK', false]);
  });

  it('can be switched off again without a PIN, while nothing else can be set', async () => {
    await toggle();
    expect(await statusOf(platform.configure(Subcommand.enableLongTouchForReset))).toBe('CTAP2_ERR_PUAT_REQUIRED');
    expect(await statusOf(platform.largeBlobs({ set: new Uint8Array(17), offset: 0, length: 17 }))).toBe(
      'CTAP2_ERR_PUAT_REQUIRED',
    );
    await toggle();
    expect(await made()).toBe('CTAP2_OK');
  });
});

describe('setMinPINLength', () => {
  it('raises the minimum, never lowers it, and not above the longest PIN', async () => {
    await setMin({ newMinPINLength: 8 });
    expect((await platform.getInfo()).minPINLength).toBe(8);
    expect(await statusOf(setMin({ newMinPINLength: 7 }))).toBe('CTAP2_ERR_PIN_POLICY_VIOLATION');
    expect(await statusOf(setMin({ newMinPINLength: 64 }))).toBe('CTAP2_ERR_PIN_POLICY_VIOLATION');
    expect(await statusOf(setMin({ newMinPINLength: 8 }))).toBe('CTAP2_OK');
    expect(await statusOf(setMin({}))).toBe('CTAP2_OK');
    expect((await platform.getInfo()).minPINLength).toBe(8);
    expect(await statusOf(platform.setPin('1234567'))).toBe('CTAP2_ERR_PIN_POLICY_VIOLATION');
    expect(await statusOf(platform.setPin('12345678'))).toBe('CTAP2_OK');
  });

  it('demands a change of a PIN that has become too short, and voids all tokens', async () => {
    await platform.setPin(PIN);
    const token = await acfg();
    const pcmr = await platform.getToken(PIN, { permissions: Permission.persistentCredentialManagementReadOnly });
    await setMin({ newMinPINLength: 8 }, token);
    expect((await platform.getInfo()).forcePINChange).toBe(true);
    expect(await statusOf(setMin({}, token))).toBe('CTAP2_ERR_PIN_AUTH_INVALID');
    expect(await statusOf(acfg())).toBe('CTAP2_ERR_PIN_POLICY_VIOLATION');
    expect(await statusOf(platform.getToken(PIN))).toBe('CTAP2_ERR_PIN_INVALID');
    expect((await platform.clientPin({ subCommand: 1 })).pinRetries).toBe(8);
    expect(await statusOf(platform.changePin(PIN, '7654321'))).toBe('CTAP2_ERR_PIN_POLICY_VIOLATION');
    await platform.changePin(PIN, '87654321');
    expect((await platform.getInfo()).forcePINChange).toBe(false);
    const fresh = await platform.getToken('87654321', {
      permissions: Permission.persistentCredentialManagementReadOnly,
    });
    expect(fresh).not.toEqual(pcmr);
  });

  it('forces a change on demand, which the old PIN does not satisfy', async () => {
    expect(await statusOf(setMin({ forceChangePin: true }))).toBe('CTAP2_ERR_PIN_NOT_SET');
    await platform.setPin(PIN);
    await setMin({ forceChangePin: true }, await acfg());
    expect(await statusOf(platform.changePin(PIN, PIN))).toBe('CTAP2_ERR_PIN_POLICY_VIOLATION');
    expect((await platform.getInfo()).forcePINChange).toBe(true);
    await platform.changePin(PIN, '654321');
    expect(await acfg('654321')).toHaveLength(32);
  });

  it('keeps the demand over the process', async () => {
    const store = memoryStore();
    platform = await Platform.open({ model: complete, store });
    await platform.setPin(PIN);
    await setMin({ forceChangePin: true }, await acfg());
    platform = await Platform.open({ model: complete, store });
    expect((await platform.getInfo()).forcePINChange).toBe(true);
    expect(await statusOf(acfg())).toBe('CTAP2_ERR_PIN_POLICY_VIOLATION');
  });

  it('takes as many RP IDs as it says, replaces the list, and leaves all as it was where there are more', async () => {
    const learns = async (id: string) => {
      const { authData } = await platform.makeCredential({ rp: { id }, extensions: { minPinLength: true } });
      return decodeAuthenticatorData(authData).extensions?.get('minPinLength');
    };
    expect((await platform.getInfo()).maxRPIDsForSetMinPINLength).toBe(2);
    await setMin({ minPinLengthRPIDs: ['a.example', 'b.example'] });
    expect([await learns('a.example'), await learns('b.example'), await learns('c.example')]).toEqual([
      4,
      4,
      undefined,
    ]);
    const many = { newMinPINLength: 10, minPinLengthRPIDs: ['c.example', 'd.example', 'e.example'] };
    expect(await statusOf(setMin(many))).toBe('CTAP2_ERR_KEY_STORE_FULL');
    expect([await learns('a.example'), await learns('c.example')]).toEqual([4, undefined]);
    await setMin({ minPinLengthRPIDs: ['c.example'] });
    expect([await learns('a.example'), await learns('c.example')]).toEqual([undefined, 4]);
    await setMin({ newMinPINLength: 5, minPinLengthRPIDs: [] });
    expect(await learns('c.example')).toBe(5);
  });

  it('wants the extension for a list, and a rule for a complexity policy', async () => {
    const { pinComplexity: _, ...plain } = complete;
    platform = await Platform.open({ model: { ...plain, extensions: ['credProtect'] } });
    expect(await statusOf(setMin({ minPinLengthRPIDs: [RP_ID] }))).toBe('CTAP1_ERR_INVALID_PARAMETER');
    expect(await statusOf(setMin({ pinComplexityPolicy: true }))).toBe('CTAP1_ERR_INVALID_PARAMETER');
    expect(await statusOf(setMin({ pinComplexityPolicy: false }))).toBe('CTAP2_OK');
    expect((await platform.getInfo()).pinComplexityPolicy).toBeUndefined();
    platform = await Platform.open({ model: { ...complete, extensions: ['pinComplexityPolicy'] } });
    expect(await statusOf(setMin({ minPinLengthRPIDs: [RP_ID] }))).toBe('CTAP2_OK');
  });

  it('ends tokens as long as a change is due, whatever it does', async () => {
    await platform.setPin(PIN);
    const be = await platform.getToken(PIN, { permissions: Permission.bioEnrollment });
    const { templateId } = await platform.bioEnrollment(0x01, undefined, be);
    for (let sample = 0; sample < 2; sample++) await platform.bioEnrollment(0x02, { templateId }, be);
    const byFinger = () => platform.getUvToken({ permissions: Permission.authenticatorConfiguration });
    await setMin({ forceChangePin: true }, await byFinger());
    const token = await byFinger();
    await setMin({}, token);
    expect(await statusOf(setMin({}, token))).toBe('CTAP2_ERR_PIN_AUTH_INVALID');
  });

  it('switches the complexity policy on for good: a simple PIN has to be changed, and no other is taken', async () => {
    await platform.setPin('111111');
    await setMin({ pinComplexityPolicy: true }, await acfg('111111'));
    expect(await platform.getInfo()).toMatchObject({ pinComplexityPolicy: true, forcePINChange: true });
    expect(await statusOf(platform.changePin('111111', '222222'))).toBe('CTAP2_ERR_PIN_POLICY_VIOLATION');
    await platform.changePin('111111', PIN);
    await setMin({ pinComplexityPolicy: false }, await acfg());
    expect(await platform.getInfo()).toMatchObject({ pinComplexityPolicy: true, forcePINChange: false });
  });

  it('leaves a PIN alone that meets the complexity policy already', async () => {
    await platform.setPin(PIN);
    await setMin({ pinComplexityPolicy: true }, await acfg());
    expect(await platform.getInfo()).toMatchObject({ pinComplexityPolicy: true, forcePINChange: false });
  });

  it('is not needed for a rule that a model always enforces', async () => {
    const pinComplexity = { description: 'not only ones', accepts: (pin: string) => /[^1]/.test(pin) };
    platform = await Platform.open({ model: { ...complete, pinComplexity } });
    expect((await platform.getInfo()).pinComplexityPolicy).toBe(true);
    expect(await statusOf(platform.setPin('111111'))).toBe('CTAP2_ERR_PIN_POLICY_VIOLATION');
    expect(await statusOf(platform.setPin('111112'))).toBe('CTAP2_OK');
  });

  it('answers mistyped parameters by their status and changes nothing', async () => {
    const wrong = (key: number, value: CborValue) =>
      statusOf(platform.configure(Subcommand.setMinPINLength, new Map([[key, value]])));
    expect([await wrong(1, 'x'), await wrong(1, -1), await wrong(2, 'x'), await wrong(2, [1])]).toEqual(
      Array(4).fill('CTAP2_ERR_CBOR_UNEXPECTED_TYPE'),
    );
    expect([await wrong(3, 1), await wrong(4, utf8('x'))]).toEqual(Array(2).fill('CTAP2_ERR_CBOR_UNEXPECTED_TYPE'));
    expect(await platform.getInfo()).toMatchObject({ minPINLength: 4, forcePINChange: false });
  });
});

describe('enableLongTouchForReset', () => {
  it('makes a reset ask for a long touch', async () => {
    const asked: PresenceRequest[] = [];
    const presence: UserPresence = {
      request(request) {
        asked.push(request);
        return 'touched';
      },
    };
    platform = await Platform.open({ model: complete, presence });
    await platform.configure(Subcommand.enableLongTouchForReset);
    await platform.configure(Subcommand.enableLongTouchForReset);
    await platform.call(Command.authenticatorReset);
    await platform.call(Command.authenticatorReset);
    expect(asked).toEqual([
      { operation: 'reset', longTouch: true },
      { operation: 'reset', longTouch: false },
    ]);
  });
});

describe('vendorPrototype', () => {
  it('knows the commands that getInfo names, and no other', async () => {
    const { setEnterpriseRpIds } = VendorCommand;
    expect((await platform.getInfo()).vendorPrototypeConfigCommands).toEqual([setEnterpriseRpIds]);
    const send = (params: Map<number, CborValue>) => statusOf(platform.configure(Subcommand.vendorPrototype, params));
    const rpIds = setEnterpriseRpIdsParams.encode({ rpIds: [RP_ID] });
    expect(await send(new Map([[1, setEnterpriseRpIds], ...rpIds] as [number, CborValue][]))).toBe('CTAP2_OK');
    expect(await send(new Map([[1, 7]]))).toBe('CTAP2_ERR_INVALID_SUBCOMMAND');
    expect(await send(new Map())).toBe('CTAP2_ERR_MISSING_PARAMETER');
    expect(await send(new Map([[1, setEnterpriseRpIds]]))).toBe('CTAP2_ERR_MISSING_PARAMETER');
    const many = Array.from({ length: 17 }, (_, index) => `${index}.example`);
    expect(
      await send(
        new Map<number, CborValue>([
          [1, setEnterpriseRpIds],
          [2, many],
        ]),
      ),
    ).toBe('CTAP2_ERR_KEY_STORE_FULL');
  });
});

describe('enterprise attestation', () => {
  const attested = (enterpriseAttestation: number, id = RP_ID) =>
    platform.makeCredential({ enterpriseAttestation, rp: { id } });

  it('is refused until it is enabled, on a model without it always, and of a kind that does not exist', async () => {
    expect(await statusOf(attested(1))).toBe('CTAP1_ERR_INVALID_PARAMETER');
    expect(await statusOf(attested(3))).toBe('CTAP1_ERR_INVALID_PARAMETER');
    await platform.configure(Subcommand.enableEnterpriseAttestation);
    expect((await options()).ep).toBe(true);
    expect(await statusOf(attested(0))).toBe('CTAP2_ERR_INVALID_OPTION');
    expect(await statusOf(attested(3))).toBe('CTAP2_ERR_INVALID_OPTION');
    platform = await Platform.open({ model: without('ep') });
    expect(await statusOf(attested(2))).toBe('CTAP1_ERR_INVALID_PARAMETER');
    expect((await options()).ep).toBeUndefined();
  });

  it('is given to the RP IDs of the vendor, or to whom the platform vouches for', async () => {
    await platform.configure(Subcommand.enableEnterpriseAttestation);
    const x5c = async (kind: number, id: string) => {
      const { attStmt, epAtt } = await attested(kind, id);
      return { epAtt, leaf: (attStmt!.get('x5c') as Uint8Array[])[0] };
    };
    const common = (await platform.makeCredential()).attStmt!.get('x5c') as Uint8Array[];
    const byVendor = await x5c(1, 'enterprise.example');
    const byPlatform = await x5c(2, RP_ID);
    expect([byVendor.epAtt, byPlatform.epAtt]).toEqual([true, true]);
    expect(byVendor.leaf).toEqual(byPlatform.leaf);
    expect(byVendor.leaf).not.toEqual(common[0]);
    expect(await x5c(1, RP_ID)).toEqual({ epAtt: undefined, leaf: common[0] });
    await platform.configure(
      Subcommand.vendorPrototype,
      new Map<number, CborValue>([
        [1, VendorCommand.setEnterpriseRpIds],
        [2, [RP_ID]],
      ]),
    );
    expect((await x5c(1, RP_ID)).epAtt).toBe(true);
    expect((await x5c(1, 'enterprise.example')).epAtt).toBe(true);
  });

  it('is left out where the platform wants no attestation', async () => {
    await platform.configure(Subcommand.enableEnterpriseAttestation);
    const request = { enterpriseAttestation: 2, attestationFormatsPreference: ['none'] };
    const { fmt, epAtt } = await platform.makeCredential(request);
    expect([fmt, epAtt]).toEqual(['none', undefined]);
  });
});

describe('U2F while alwaysUv is on', () => {
  it('is gone from the versions', async () => {
    await platform.configure(Subcommand.toggleAlwaysUv);
    expect((await platform.getInfo()).versions).not.toContain('U2F_V2');
    await platform.configure(Subcommand.toggleAlwaysUv);
    expect((await platform.getInfo()).versions).toContain('U2F_V2');
  });
});

describe('flags', () => {
  it('of a credential made with a token under alwaysUv say that the user was verified', async () => {
    await platform.configure(Subcommand.toggleAlwaysUv);
    await platform.setPin(PIN);
    const token = await platform.getToken(PIN, { permissions: Permission.makeCredential, rpId: RP_ID });
    const { authData } = await platform.makeCredential({ pinUvAuthParam: authenticate(token), pinUvAuthProtocol: 2 });
    expect(decodeAuthenticatorData(authData).flags & (Flag.UP | Flag.UV)).toBe(Flag.UP | Flag.UV);
  });
});
