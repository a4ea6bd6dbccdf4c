import { beforeEach, describe, expect, it } from 'vitest';
import { concat, fromHex, toHex, utf8 } from '../../../ctap/bytes.ts';
import { FIDO_AID } from '../../../ctap/iso7816/fido-applet.ts';
import { encodeCarrierFrames } from '../../../ctap/token2/hid-carrier.ts';
import { TraceDecoder } from '../../../ctap/trace/decoder.ts';
import type { TraceEntry } from '../../../ctap/trace/entry.ts';
import { systemClock } from '../../../emulator/clock.ts';
import { ManualPresence } from '../../../emulator/presence.ts';
import { CtapCardDevice } from '../../../harness/client/ctap-card.ts';
import { Ctap1Client } from '../../../harness/client/ctap1.ts';
import { Ctap2Client } from '../../../harness/client/ctap2.ts';
import { OathClient } from '../../../harness/client/oath.ts';
import { Token2OtpClient } from '../../../harness/client/token2.ts';
import { Token2HidCard } from '../../../harness/client/token2-hid.ts';
import { connectCardInProcess, connectInProcess } from '../../../harness/transports/in-process.ts';
import { CardHost } from '../../emulator/applets/card-host.ts';
import { openKey, plugIn, type TestKeyOptions } from '../../harness/client/keys.ts';

const SEED = utf8('12345678901234567890');
const application = new Uint8Array(32).fill(2);
const challenge = new Uint8Array(32).fill(1);
const creation = {
  clientDataHash: new Uint8Array(32).fill(7),
  rp: { id: 'example.com', name: 'x'.repeat(300) },
  user: { id: Uint8Array.of(1) },
  pubKeyCredParams: [{ alg: -7, type: 'public-key' }],
};

let entries: TraceEntry[];
beforeEach(() => {
  entries = [];
});

async function tracedKey(options: TestKeyOptions = {}) {
  const key = await openKey({ ...options, model: { applets: ['token2-otp', 'oath'], ...options.model } });
  const decoder = new TraceDecoder();
  key.onTraffic((traffic) => entries.push(...decoder.accept(traffic)));
  return key;
}

const heads = () =>
  entries.map(({ direction, transaction, protocol, name, subcommand, status }) =>
    [direction === 'in' ? '>' : '<', transaction, protocol, name, subcommand, status]
      .filter((part) => part !== undefined)
      .join(' '),
  );

describe('a conversation with a card', () => {
  it('is CTAP2 in APDUs, whole messages out of chains and parts', async () => {
    const card = await CtapCardDevice.open(connectCardInProcess(await tracedKey()));
    await new Ctap2Client(card).makeCredential(creation);
    expect(heads()).toEqual([
      '> 1 iso7816 SELECT',
      '< 1 iso7816 SELECT 9000',
      '> 2 ctap2 authenticatorMakeCredential',
      '< 2 ctap2 authenticatorMakeCredential CTAP2_OK',
    ]);
    const [select, , command, answer] = entries;
    expect(select!.fields).toEqual({ aid: toHex(FIDO_AID), applet: 'fido' });
    expect(command).toMatchObject({ carrier: 'apdu', packets: 2, fields: { rp: { id: 'example.com' } } });
    expect(answer!.packets).toBeGreaterThan(1);
    expect(answer!.fields).toMatchObject({ fmt: 'packed', authData: { flags: ['UP', 'AT'] } });
    expect(answer!.hex).toMatch(/^00a3.*9000$/);
  });

  it('counts polls as keepalives, and tells how one was cancelled', async () => {
    const presence = new ManualPresence(systemClock);
    const card = await CtapCardDevice.open(connectCardInProcess(await tracedKey({ presence })));
    const control = new AbortController();
    const selection = card.cbor(Uint8Array.of(0x0b), {
      signal: control.signal,
      onKeepalive: () => control.abort(),
    });
    await expect(selection).rejects.toMatchObject({ statusName: 'CTAP2_ERR_KEEPALIVE_CANCEL' });
    expect(heads().slice(2)).toEqual([
      '> 2 ctap2 authenticatorSelection',
      '> 2 iso7816 NFCCTAP_GET_RESPONSE cancel',
      '< 2 ctap2 authenticatorSelection CTAP2_ERR_KEEPALIVE_CANCEL',
    ]);
    expect(entries[4]).toMatchObject({ keepalives: { processing: 0, upNeeded: 1 } });
  });

  it('is U2F over the same selection', async () => {
    const u2f = new Ctap1Client(await CtapCardDevice.open(connectCardInProcess(await tracedKey())));
    const { keyHandle } = await u2f.register({ challenge, application });
    await u2f.knows({ application, keyHandle });
    expect(heads().slice(2)).toEqual([
      '> 2 u2f U2F_REGISTER',
      '< 2 u2f U2F_REGISTER 9000',
      '> 3 u2f U2F_AUTHENTICATE',
      '< 3 u2f U2F_AUTHENTICATE 6985',
    ]);
    expect(entries[3]!.fields).toMatchObject({ keyHandle: toHex(keyHandle) });
    expect(entries[4]!.fields).toMatchObject({ control: 'CHECK_ONLY', application: toHex(application) });
  });

  it('hides seeds, keys, codes and PINs', async () => {
    const key = await tracedKey();
    const card = connectCardInProcess(key);
    const oath = await OathClient.open(card);
    await oath.put({
      ...{ type: 'totp', algorithm: 'SHA1', name: 'Example:alice', digits: 6 },
      ...{ key: SEED, touch: false, counter: 0 },
    });
    const bare = new CardHost(key);
    await bare.raw('0020008008 3132333435360000');
    await bare.raw('84d4010004 01020304');
    const text = JSON.stringify(entries);
    expect(text).not.toContain(toHex(SEED));
    expect(text).not.toContain('3132333435360000');
    expect(heads().filter((head) => head.startsWith('>'))).toEqual([
      '> 1 iso7816 SELECT',
      '> 2 oath PUT',
      '> 3 iso7816 VERIFY',
      '> 4 iso7816 instruction 0xd4',
    ]);
    expect(entries.find(({ name }) => name === 'VERIFY')).toMatchObject({
      fields: { header: '00200080', data: { hidden: 8 } },
      hex: `0020008008${'*'.repeat(16)}`,
    });
    expect(entries.find(({ name }) => name === 'instruction 0xd4')?.hex).toBe('84d4010004********');
  });

  it('goes on over what is no APDU', async () => {
    const bare = new CardHost(await tracedKey());
    await bare.raw('00A4');
    await bare.raw('90100000 FF'.replace(' ', ''));
    await bare.select(FIDO_AID);
    expect(entries[0]).toMatchObject({
      type: 'fragment',
      name: 'command APDU',
      problems: [expect.stringContaining('at least 4 bytes, got 2')],
    });
    expect(heads().slice(-2)).toEqual(['> 1 iso7816 SELECT', '< 1 iso7816 SELECT 9000']);
    const decoder = new TraceDecoder();
    expect(decoder.accept({ at: 0, plug: 1, direction: 'out', apdu: Uint8Array.of(1) })).toMatchObject([
      { type: 'fragment', name: 'response APDU', hex: '01' },
    ]);
  });
});

describe("Token2's carrier", () => {
  it('is told apart from CTAPHID on the same plug, its seeds hidden', async () => {
    const key = await tracedKey();
    const otp = await Token2OtpClient.open(new Token2HidCard(connectInProcess(key)), { selects: false });
    await otp.deviceInfo();
    await otp.writeEntry({
      ...{ type: 'totp', algorithm: 'SHA1', period: 30, digits: 6, touch: false },
      ...{ app: 'Example', account: 'alice', seed: SEED },
    });
    await otp.entries(1_700_000_000);
    const carried = entries.filter(({ carrier }) => carrier === 'token2');
    expect(carried).toHaveLength(entries.length);
    const names = carried.filter(({ direction }) => direction === 'in').map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['readDeviceInfo', 'getPublicKey', 'writeEntry', 'readEntries']));
    const info = carried.find(({ name, direction }) => name === 'readDeviceInfo' && direction === 'out');
    expect(info).toMatchObject({ status: '9000', fields: { disabledInterfaces: 0, totpSupported: true } });
    const written = carried.find(({ name }) => name === 'writeEntry');
    expect(written).toMatchObject({ protocol: 'token2-otp', fields: { data: { hidden: expect.any(Number) } } });
    expect(written!.packets).toBeGreaterThan(1);
    const read = carried.find(({ name, direction }) => name === 'readEntries' && direction === 'out');
    expect(read).toMatchObject({ fields: { data: { hidden: expect.any(Number) } } });
  });

  it('is not taken for a channel that a key has given away', async () => {
    const decoder = new TraceDecoder();
    const channel = 0x21000501;
    const nonce = fromHex('0102030405060708');
    const answer = concat(nonce, fromHex('2100050102050403 05'.replace(' ', '')));
    const head = fromHex('ffffffff860011');
    const init = concat(head, answer, new Uint8Array(64 - head.length - answer.length));
    const asked = concat(fromHex('ffffffff860008'), nonce, new Uint8Array(64 - 15));
    const wink = concat(fromHex('21000501880000'), new Uint8Array(57));
    const reports = [
      ['in', asked],
      ['out', init],
      ['in', wink],
    ] as const;
    const told = reports.flatMap(([direction, report]) => decoder.accept({ at: 0, plug: 1, direction, report }));
    expect(told.at(-1)).toMatchObject({ name: 'CTAPHID_WINK', channel: channel.toString(16) });
  });

  it('tells frames that do not fit, and APDUs that are none', () => {
    const decoder = new TraceDecoder();
    const pass = (direction: 'in' | 'out', report: Uint8Array) => decoder.accept({ at: 0, plug: 1, direction, report });
    const short = encodeCarrierFrames(fromHex('80c5'))[0]!;
    const late = Uint8Array.from(short);
    late[1] = 0x03;
    expect(pass('in', late)).toMatchObject([
      { type: 'fragment', name: 'frame', problems: [expect.stringContaining('expected sequence number 0, got 3')] },
    ]);
    expect(pass('in', short)).toMatchObject([{ type: 'command', name: 'command APDU', transaction: 1 }]);
    expect(pass('out', encodeCarrierFrames(Uint8Array.of(0x90))[0]!)).toMatchObject([
      { type: 'answer', name: 'response APDU', failed: true, transaction: 1 },
    ]);
  });

  it('shares its plug with CTAPHID', async () => {
    const key = await tracedKey();
    const device = await plugIn(key);
    await new Ctap2Client(device).getInfo();
    expect(new Set(entries.map(({ carrier }) => carrier))).toEqual(new Set(['ctaphid']));
  });
});
