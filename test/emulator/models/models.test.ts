import { describe, expect, it } from 'vitest';
import { toHex } from '../../../ctap/bytes.ts';
import { HidCapability, MAX_MESSAGE_SIZE } from '../../../ctap/hid/packet.ts';
import { nodeCrypto } from '../../../emulator/crypto-node.ts';
import { defaultModel, findModel, models, speaksCtap2 } from '../../../emulator/models/index.ts';
import { otpAbilities } from '../../../emulator/models/otp-abilities.ts';
import { checkDigit, drawSerialNumber } from '../../../emulator/models/serial-number.ts';
import { seededRandom, systemRandom } from '../../../emulator/random.ts';
import { memoryStore } from '../../../emulator/store/memory.ts';
import { Platform } from '../authenticator/platform.ts';

const all = [...models.values()];

/** The member that a path such as `usb.version` names. */
function member(facts: object, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>((value, name) => (value as Record<string, unknown> | undefined)?.[name], facts);
}

it('has the models that the command line promises', () => {
  expect([...models.keys()]).toEqual([
    'token2-r1',
    'token2-r2-pin-plus',
    'token2-r3',
    'token2-r3.3-pin-plus',
    'token2-bio3',
    'u2f-only',
    'ctap2.0',
    'ctap2.1',
    'ctap2.3-everything',
    'ctap2.3-large-blob',
  ]);
  expect(findModel('token2-r3')).toBe(defaultModel);
  expect(() => findModel('token3')).toThrow(/^there is no model "token3"; known models: token2-r1, /);
});

describe.each(all.map((model) => [model.name, model] as const))('%s', (_, model) => {
  it('has an identity that a host can take', () => {
    expect(model.serialPrefix).toMatch(/^\d{5}$/);
    expect(model.aaguid.length).toBe(16);
    expect(toHex(model.aaguid) === '0'.repeat(32)).toBe(!speaksCtap2(model));
    for (const number of [model.usb.vendorId, model.usb.productId, model.usb.version]) {
      expect(number).toBeGreaterThan(0);
      expect(number).toBeLessThanOrEqual(0xffff);
    }
    expect(model.applets.includes('fido2')).toBe(speaksCtap2(model));
    expect(model.applets.includes('u2f')).toBe(model.versions.includes('U2F_V2'));
  });

  it('marks as assumed what is a member of it, once', () => {
    const facts = {
      ...model,
      otp: model.applets.includes('token2-otp') ? otpAbilities(model.serialPrefix, model.otp) : undefined,
      serialNumber: { checkDigit: checkDigit(model.serialPrefix) },
    };
    for (const path of model.assumed) expect([path, member(facts, path)]).not.toEqual([path, undefined]);
    expect(new Set(model.assumed).size).toBe(model.assumed.length);
  });

  it('has what its options and extensions need', () => {
    const has = (option: (typeof model.options)[number]) => model.options.includes(option);
    expect(has('bioEnroll')).toBe(model.fingerprints !== undefined);
    expect(has('uv')).toBe(model.fingerprints !== undefined);
    expect(has('largeBlobs')).toBe(model.maxSerializedLargeBlobArray >= 1024);
    expect(model.extensions.includes('largeBlobKey')).toBe(has('largeBlobs'));
    if (model.extensions.includes('largeBlob')) expect(has('largeBlobs')).toBe(false); // §12.4: either or
    expect(model.extensions.includes('credBlob')).toBe(model.maxCredBlobLength >= 32);
    expect(model.configCommands.includes(0x01)).toBe(has('ep'));
    expect(model.configCommands.includes(0x02)).toBe(has('alwaysUv'));
    expect(model.configCommands.includes(0x03)).toBe(has('setMinPINLength'));
    expect(has('authnrCfg')).toBe(model.configCommands.length > 0);
    expect(has('setMinPINLength')).toBe(model.maxRPIDsForSetMinPINLength > 0);
    expect(has('credentialMgmtPreview')).toBe(model.versions.includes('FIDO_2_1_PRE'));
    expect(model.minPINLength).toBeGreaterThanOrEqual(4);
    expect(model.maxMsgSize).toBeLessThanOrEqual(MAX_MESSAGE_SIZE);
    for (const alg of model.algorithms) expect(nodeCrypto.algorithms).toContain(alg);
  });

  it('makes a key with its serial number, USB identity and CTAPHID capabilities', async () => {
    const platform = await Platform.open({ model });
    const { identity, capabilities } = platform.key;
    expect(identity).toMatchObject(model.usb);
    expect(identity.serial).toMatch(new RegExp(`^${model.serialPrefix}\\d{9}$`));
    expect((capabilities & HidCapability.CBOR) !== 0).toBe(speaksCtap2(model));
    expect((capabilities & HidCapability.NMSG) === 0).toBe(model.versions.includes('U2F_V2'));
  });
});

describe('serial numbers', () => {
  it('carry a check digit in the sixth place that finds any one wrong digit', () => {
    const serial = drawSerialNumber(defaultModel, systemRandom);
    const without = (text: string) => text.slice(0, 5) + text.slice(6);
    expect(checkDigit(without(serial))).toBe(Number(serial[5]));
    for (let place = 0; place < serial.length; place++) {
      const wrong = (Number(serial[place]) + 1) % 10;
      const changed = serial.slice(0, place) + wrong + serial.slice(place + 1);
      expect(checkDigit(without(changed)) === Number(changed[5])).toBe(false);
    }
  });

  it('agree with Luhn’s published example', () => {
    expect(checkDigit('7992739871')).toBe(3);
  });

  it('follow from the seed', () => {
    const draw = () => drawSerialNumber(defaultModel, seededRandom('07'));
    expect(draw()).toBe(draw());
    expect(draw()).toMatch(/^76104\d{9}$/);
  });
});

it('refuses to open a key as another model than it was made as', async () => {
  const store = memoryStore();
  await Platform.open({ store });
  await expect(Platform.open({ store, model: findModel('ctap2.1') })).rejects.toThrow(
    'the key in this store was made as token2-r3, so it cannot be a ctap2.1',
  );
});
