import { beforeEach, describe, expect, it } from 'vitest';
import { concat, fromHex, utf8 } from '../../../ctap/bytes.ts';
import {
  decodeCalculation,
  decodeCalculations,
  encodeCalculation,
  encodeCalculationOfAll,
  encodeSetCode,
  encodeValidation,
  oathPasswordKey,
} from '../../../ctap/oath/codes.ts';
import {
  decodeList,
  decodeSelection,
  encodeName,
  encodePut,
  encodeRename,
  OATH_AID,
  OATH_RESET,
  type OathCredential,
  OathInstruction,
} from '../../../ctap/oath/messages.ts';
import { hotp, otpMac } from '../../../ctap/otp/hotp.ts';
import { timeStep, totp } from '../../../ctap/otp/totp.ts';
import { denyPresence } from '../../../emulator/presence.ts';
import { memoryStore } from '../../../emulator/store/memory.ts';
import { type KeyOptions, Platform } from '../authenticator/platform.ts';
import { CardHost } from './card-host.ts';

const KEY = utf8('12345678901234567890');
const credential: OathCredential = {
  name: 'Example:alice',
  type: 'totp',
  algorithm: 'SHA1',
  digits: 6,
  key: KEY,
  touch: false,
  counter: 0,
};

let platform: Platform;
let host: CardHost;

const select = async () => decodeSelection((await host.select(OATH_AID)).data);
async function open(options: KeyOptions = {}) {
  platform = await Platform.open({ ...options, model: { applets: ['fido2', 'u2f', 'oath'] } });
  host = new CardHost(platform.key);
  return select();
}
beforeEach(async () => {
  await open();
});

function send(ins: number, data: Uint8Array = new Uint8Array(), [p1, p2]: readonly [number, number] = [0, 0]) {
  const command = { cla: 0, ins, p1, p2, data, le: 256 };
  return host.send(command, { continuation: OathInstruction.SEND_REMAINING });
}
const status = async (...words: Parameters<typeof send>) => (await send(...words)).statusWord.toString(16);
const put = (value: OathCredential) => status(OathInstruction.PUT, encodePut(value));
const calculate = async (name: string, step?: bigint) =>
  decodeCalculation((await send(OathInstruction.CALCULATE, encodeCalculation(name, step), [0, 1])).data);
const calculateAll = async (step: bigint) =>
  decodeCalculations((await send(OathInstruction.CALCULATE_ALL, encodeCalculationOfAll(step), [0, 1])).data);

describe('OATH', () => {
  it('tells version and id, and no challenge while no password is set', async () => {
    const first = await select();
    expect(first).toMatchObject({ version: [5, 4, 3], id: expect.any(Uint8Array) });
    expect(first.challenge).toBeUndefined();
    expect((await select()).id).toEqual(first.id);
  });

  it('puts, lists, calculates and deletes', async () => {
    expect(await put(credential)).toBe('9000');
    expect(await put({ ...credential, name: 'b', algorithm: 'SHA512', digits: 8 })).toBe('9000');
    expect(decodeList((await send(OathInstruction.LIST)).data)).toEqual([
      { name: 'Example:alice', type: 'totp', algorithm: 'SHA1' },
      { name: 'b', type: 'totp', algorithm: 'SHA512' },
    ]);
    expect(await calculate('Example:alice', timeStep(59))).toBe('287082');
    expect(await calculate('b', timeStep(59))).toBe(totp(KEY, 59, { algorithm: 'SHA512', digits: 8 }));
    const whole = await send(OathInstruction.CALCULATE, encodeCalculation('b', 1n));
    expect(whole.data).toEqual(concat(fromHex('754108'), otpMac('SHA512', KEY, fromHex('0000000000000001'))));
    expect(await status(OathInstruction.DELETE, encodeName('b'))).toBe('9000');
    expect(await status(OathInstruction.DELETE, encodeName('b'))).toBe('6984');
    expect(await status(OathInstruction.CALCULATE, encodeCalculation('b', 1n))).toBe('6984');
  });

  it('counts HOTPs from where they were put, over a power loss', async () => {
    const store = memoryStore();
    await open({ store });
    await put({ ...credential, type: 'hotp', counter: 5 });
    expect([await calculate(credential.name), await calculate(credential.name)]).toEqual([hotp(KEY, 5), hotp(KEY, 6)]);
    await open({ store });
    expect(await calculate(credential.name)).toBe(hotp(KEY, 7));
  });

  it('calculates all at once, but those that count or want a touch', async () => {
    await put(credential);
    await put({ ...credential, name: 'hotp', type: 'hotp' });
    await put({ ...credential, name: 'touched', touch: true });
    expect(await calculateAll(1n)).toEqual([
      { name: 'Example:alice', code: '287082', needs: 'nothing' },
      { name: 'hotp', code: undefined, needs: 'counter' },
      { name: 'touched', code: undefined, needs: 'touch' },
    ]);
    expect(await calculate('touched', 1n)).toBe('287082');
  });

  it('gives no code where the touch is denied', async () => {
    await open({ presence: denyPresence });
    await put({ ...credential, touch: true });
    expect(await status(OathInstruction.CALCULATE, encodeCalculation(credential.name, 1n), [0, 1])).toBe('6985');
  });

  it('hands out long answers by SEND REMAINING, and by GET RESPONSE', async () => {
    const names = Array.from({ length: 60 }, (_, i) => `a rather long name of an account ${i}`);
    for (const name of names) await put({ ...credential, name });
    expect(new Set((await calculateAll(1n)).map(({ name }) => name))).toEqual(new Set(names));
    const list = { cla: 0, ins: OathInstruction.LIST, p1: 0, p2: 0, le: 256 };
    expect(decodeList((await host.send(list)).data)).toHaveLength(60);
  });

  it('renames, and holds as many as it can', async () => {
    await put(credential);
    await put({ ...credential, name: 'b' });
    expect(await status(OathInstruction.RENAME, encodeRename({ from: 'b', to: credential.name }))).toBe('6a80');
    expect(await status(OathInstruction.RENAME, encodeRename({ from: 'x', to: 'y' }))).toBe('6984');
    expect(await status(OathInstruction.RENAME, encodeRename({ from: 'b', to: 'c' }))).toBe('9000');
    expect(await calculate('c', 1n)).toBe('287082');
    for (let i = 0; i < 62; i++) expect(await put({ ...credential, name: `n${i}` })).toBe('9000');
    expect(await put({ ...credential, name: 'one too many' })).toBe('6a84');
    expect(await put({ ...credential, name: 'n1' })).toBe('9000');
  });

  it('is locked by a password until it is told', async () => {
    await put(credential);
    const { id } = await select();
    const key = oathPasswordKey('secret', id);
    const challenge = fromHex('0102030405060708');
    const code = { algorithm: 'SHA1', key, challenge, response: otpMac('SHA1', key, challenge) } as const;
    expect(await status(OathInstruction.SET_CODE, encodeSetCode({ ...code, response: new Uint8Array(20) }))).toBe(
      '6a80',
    );
    expect(await status(OathInstruction.SET_CODE, encodeSetCode(code))).toBe('9000');

    const asked = (await select()).challenge!;
    expect(await status(OathInstruction.LIST)).toBe('6982');
    const wrong = { response: otpMac('SHA1', oathPasswordKey('wrong', id), asked), challenge };
    expect(await status(OathInstruction.VALIDATE, encodeValidation(wrong))).toBe('6a80');
    const late = { response: otpMac('SHA1', key, asked), challenge };
    expect(await status(OathInstruction.VALIDATE, encodeValidation(late))).toBe('6a80');
    const again = (await select()).challenge!;
    const answer = await send(
      OathInstruction.VALIDATE,
      encodeValidation({ response: otpMac('SHA1', key, again), challenge }),
    );
    expect(answer).toEqual({ data: concat(fromHex('7514'), otpMac('SHA1', key, challenge)), statusWord: 0x9000 });
    expect(await status(OathInstruction.LIST)).toBe('9000');

    expect(await status(OathInstruction.SET_CODE, encodeSetCode(undefined))).toBe('9000');
    expect((await select()).challenge).toBeUndefined();
  });

  it('resets without a password, and draws another id', async () => {
    await put(credential);
    const { id } = await select();
    expect(await status(OathInstruction.RESET)).toBe('6a86');
    expect(await status(OathInstruction.RESET, new Uint8Array(), [OATH_RESET.p1, OATH_RESET.p2])).toBe('9000');
    expect((await select()).id).not.toEqual(id);
    expect((await send(OathInstruction.LIST)).data).toHaveLength(0);
  });

  it.each([
    ['00010000 02 7100', '6a80'],
    ['00010000 06 7101 61 7301 21', '6a80'], // neither digits nor key
    ['00010000 08 7101 61 7303 410601', '6a80'], // no such kind
    ['00010000 08 7101 61 7303 210501', '6a80'], // five digits
    ['00010000 0A 7101 61 7303 21060102', '6700'],
    ['00A20000 03 710161', '6984'],
    ['00A40000 01 74', '6a80'],
    ['00060000', '6d00'],
    ['80A10000', '6e00'],
    ['00A50000', '6985'],
  ])('answers %s with %s', async (hex, expected) => {
    expect((await host.raw(hex)).statusWord.toString(16)).toBe(expected);
    expect(platform.defects).toEqual([]);
  });
});
