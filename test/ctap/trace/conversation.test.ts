import { describe, expect, it } from 'vitest';
import { concat, fromHex } from '../../../ctap/bytes.ts';
import { encodeCbor } from '../../../ctap/cbor.ts';
import { clientPinRequest } from '../../../ctap/commands/client-pin.ts';
import { encodeInitResponse } from '../../../ctap/hid/channel-messages.ts';
import { BROADCAST_CHANNEL, encodeMessage, HidCommand } from '../../../ctap/hid/packet.ts';
import { decodeTrace, TraceDecoder } from '../../../ctap/trace/decoder.ts';
import type { TraceEntry } from '../../../ctap/trace/entry.ts';
import { formatTraceEntry } from '../../../ctap/trace/text.ts';
import type { Traffic, TrafficDirection } from '../../../ctap/trace/traffic.ts';
import { autoPresence } from '../../../emulator/presence.ts';
import { Ctap2Client } from '../../../harness/client/ctap2.ts';
import { openKey, plugIn } from '../../harness/client/keys.ts';

const NONCE = fromHex('0102030405060708');
const CHANNEL = 0x01020304;
const OTHER = 0x0a0b0c0d;

/** Traffic as it is written down: each step one millisecond after the one before. */
class Wire {
  readonly traffic: Traffic[] = [];
  at = 1000;

  packets(direction: TrafficDirection, reports: readonly Uint8Array[]): this {
    for (const report of reports) this.traffic.push({ at: ++this.at, plug: 1, direction, report });
    return this;
  }

  host(command: number, data: Uint8Array = new Uint8Array(), channel = CHANNEL): this {
    return this.packets('in', encodeMessage(channel, command, data));
  }

  key(command: number, data: Uint8Array = new Uint8Array(), channel = CHANNEL): this {
    return this.packets('out', encodeMessage(channel, command, data));
  }

  get entries(): TraceEntry[] {
    return decodeTrace(this.traffic);
  }
}

const heads = (entries: readonly TraceEntry[]) =>
  entries.map(({ direction, transaction, name, status }) =>
    [direction === 'in' ? '>' : '<', transaction ?? '-', name, status].filter((part) => part !== undefined).join(' '),
  );

describe('a conversation over CTAPHID', () => {
  it('is what a client and a key have said', async () => {
    const key = await openKey({ presence: autoPresence });
    const decoder = new TraceDecoder();
    const entries: TraceEntry[] = [];
    key.onTraffic((traffic) => entries.push(...decoder.accept(traffic)));
    const ctap2 = new Ctap2Client(await plugIn(key));
    await ctap2.getInfo();
    await ctap2.makeCredential({
      clientDataHash: new Uint8Array(32).fill(7),
      rp: { id: 'example.com' },
      user: { id: Uint8Array.of(1), name: 'alice' },
      pubKeyCredParams: [{ alg: -7, type: 'public-key' }],
    });
    await ctap2.device.wink();
    await key.close();

    expect(heads(entries)).toEqual([
      '> 1 CTAPHID_INIT',
      '< 1 CTAPHID_INIT',
      '> 2 authenticatorGetInfo',
      '< 2 authenticatorGetInfo CTAP2_OK',
      '> 3 authenticatorMakeCredential',
      '< 3 authenticatorMakeCredential CTAP2_OK',
      '> 4 CTAPHID_WINK',
      '< 4 CTAPHID_WINK',
    ]);
    const channel = entries[1]!.fields!.channel;
    expect(entries.slice(2).every((entry) => entry.channel === channel)).toBe(true);
    expect(entries[4]).toMatchObject({
      entry: 5,
      plug: 1,
      type: 'command',
      carrier: 'ctaphid',
      protocol: 'ctap2',
      fields: {
        clientDataHash: '07'.repeat(32),
        rp: { id: 'example.com' },
        user: { id: '01', name: 'alice' },
        pubKeyCredParams: [{ alg: -7, type: 'public-key' }],
      },
      packets: 2,
    });
    expect(entries[5]).toMatchObject({
      failed: false,
      fields: {
        fmt: 'packed',
        authData: { flags: ['UP', 'AT'], signCount: 1, credentialPublicKey: { kty: 2, alg: -7, crv: 1 } },
      },
    });
    expect(entries.every(({ problems }) => problems === undefined)).toBe(true);
    expect(entries.map((entry) => JSON.parse(JSON.stringify(entry)))).toEqual(entries);
  });

  it('gives each command of several channels its own answer, and counts keepalives', () => {
    const { entries } = new Wire()
      .host(HidCommand.CBOR, Uint8Array.of(0x0b))
      .key(HidCommand.KEEPALIVE, Uint8Array.of(1))
      .host(HidCommand.CBOR, Uint8Array.of(0x04), OTHER)
      .key(HidCommand.ERROR, Uint8Array.of(0x06), OTHER)
      .key(HidCommand.KEEPALIVE, Uint8Array.of(2))
      .key(HidCommand.KEEPALIVE, Uint8Array.of(2))
      .host(HidCommand.CANCEL)
      .key(HidCommand.CBOR, Uint8Array.of(0x2d));
    expect(heads(entries)).toEqual([
      '> 1 authenticatorSelection',
      '> 2 authenticatorGetInfo',
      '< 2 CTAPHID_ERROR CTAP1_ERR_CHANNEL_BUSY',
      '> 1 CTAPHID_CANCEL',
      '< 1 authenticatorSelection CTAP2_ERR_KEEPALIVE_CANCEL',
    ]);
    expect(entries[4]).toMatchObject({ duration: 7, keepalives: { processing: 1, upNeeded: 2 }, failed: true });
    expect(entries.map(({ channel }) => channel)).toEqual(['01020304', '0a0b0c0d', '0a0b0c0d', '01020304', '01020304']);
  });

  it('knows whose INIT is answered by the nonce', () => {
    const nonces = [NONCE, fromHex('1111111111111111')];
    const answer = (nonce: Uint8Array, channel: number) =>
      encodeInitResponse({ nonce, channel, protocolVersion: 2, deviceVersion: [5, 4, 3], capabilities: 5 });
    const { entries } = new Wire()
      .host(HidCommand.INIT, nonces[0], BROADCAST_CHANNEL)
      .host(HidCommand.INIT, nonces[1], BROADCAST_CHANNEL)
      .key(HidCommand.INIT, answer(nonces[1]!, OTHER), BROADCAST_CHANNEL)
      .key(HidCommand.INIT, answer(nonces[0]!, CHANNEL), BROADCAST_CHANNEL);
    expect(entries.map(({ transaction }) => transaction)).toEqual([1, 2, 2, 1]);
    expect(entries[3]!.fields).toEqual({
      nonce: '0102030405060708',
      channel: '01020304',
      protocolVersion: 2,
      deviceVersion: '5.4.3',
      capabilities: ['WINK', 'CBOR'],
    });
  });

  it('tells what an INIT on a channel aborts', () => {
    const { entries } = new Wire().host(HidCommand.CBOR, Uint8Array.of(0x0b)).host(HidCommand.INIT, NONCE);
    expect(entries[1]).toMatchObject({ transaction: 2, fields: { nonce: '0102030405060708', aborts: [1] } });
  });

  it('tells an answer whose command went by before the trace began', () => {
    const { entries } = new Wire()
      .key(HidCommand.KEEPALIVE, Uint8Array.of(2))
      .key(HidCommand.CBOR, concat(Uint8Array.of(0), encodeCbor(new Map([[1, 'packed']]))))
      .key(HidCommand.PING, Uint8Array.of(1));
    expect(heads(entries)).toEqual(['< 1 unknown command CTAP2_OK', '< - CTAPHID_PING']);
    expect(entries[0]).toMatchObject({ fields: { 1: 'packed' }, keepalives: { upNeeded: 1 } });
  });

  it('names subcommands and what is in their parameters', () => {
    const request = clientPinRequest.encode({ subCommand: 0x02, pinUvAuthProtocol: 2 });
    const { entries } = new Wire().host(HidCommand.CBOR, concat(Uint8Array.of(6), encodeCbor(request)));
    expect(entries[0]).toMatchObject({
      name: 'authenticatorClientPIN',
      subcommand: 'getKeyAgreement',
      fields: { pinUvAuthProtocol: 2, subCommand: 2 },
    });
  });
});

describe('what is malformed', () => {
  it('is a fragment where its packets do not fit', () => {
    const ping = encodeMessage(CHANNEL, HidCommand.PING, new Uint8Array(300));
    const { entries } = new Wire()
      .packets('in', [ping[0]!, ping[1]!, ping[3]!, ping[2]!])
      .packets('in', [ping[0]!, ping[1]!])
      .host(HidCommand.WINK)
      .key(HidCommand.WINK)
      .packets('in', [ping[1]!, Uint8Array.of(1, 2, 3), fromHex('010203048140')])
      .packets('in', [fromHex('0102030490ffff')])
      .packets('in', [ping[0]!]);
    expect(entries.map(({ type, name, problems }) => [type, name, problems?.[0]])).toEqual([
      ['fragment', 'CTAPHID_PING', expect.stringMatching(/expected continuation packet 1, got continuation packet 2/)],
      ['fragment', 'continuation packet 1', 'it belongs to no message'],
      ['fragment', 'CTAPHID_PING', 'expected 300 bytes, got 116 before CTAPHID_WINK came'],
      ['command', 'CTAPHID_WINK', undefined],
      ['answer', 'CTAPHID_WINK', undefined],
      ['fragment', 'continuation packet 0', 'it belongs to no message'],
      ['fragment', 'report', 'expected a report of 64 bytes, got 3'],
      ['fragment', 'report', 'expected a report of 64 bytes, got 6'],
      ['fragment', 'CTAPHID_CBOR', expect.stringMatching(/at most 7609 bytes, got 65535/)],
      ['fragment', 'CTAPHID_PING', 'expected 300 bytes, got 57 before the trace ended'],
    ]);
  });

  it('ends where the key answers in the middle with an error', () => {
    const ping = encodeMessage(CHANNEL, HidCommand.PING, new Uint8Array(300));
    const { entries } = new Wire().packets('in', [ping[0]!]).key(HidCommand.ERROR, Uint8Array.of(0x05));
    expect(heads(entries)).toEqual(['> - CTAPHID_PING', '< - CTAPHID_ERROR CTAP1_ERR_TIMEOUT']);
    expect(entries[0]!.problems).toEqual(['expected 300 bytes, got 57 before the key answered']);
  });

  it('says what is wrong with its CBOR, and shows none of it where it may hold secrets', () => {
    const { entries } = new Wire()
      .host(HidCommand.CBOR, fromHex('06a1ff'))
      .key(HidCommand.CBOR, fromHex('00a101'))
      .host(HidCommand.CBOR, fromHex('0401'))
      .host(HidCommand.CBOR)
      .key(HidCommand.CBOR);
    expect(entries.map(({ name, hex, problems }) => [name, hex, problems?.[0]])).toEqual([
      ['authenticatorClientPIN', '06****', expect.stringContaining('CTAP2_ERR_INVALID_CBOR')],
      ['authenticatorClientPIN', '00****', expect.stringContaining('CTAP2_ERR_INVALID_CBOR')],
      ['authenticatorGetInfo', '0401', 'expected a map, got 1'],
      ['nothing', '', 'expected a command byte, got nothing'],
      ['authenticatorGetInfo', '', 'expected a status byte, got nothing'],
    ]);
    expect(entries[0]).toMatchObject({ type: 'command', transaction: 1 });
  });

  it('is told where lengths of CTAPHID itself are wrong', () => {
    const { entries } = new Wire()
      .host(HidCommand.INIT, Uint8Array.of(1), BROADCAST_CHANNEL)
      .host(HidCommand.LOCK)
      .host(HidCommand.ERROR, Uint8Array.of(1))
      .key(HidCommand.ERROR, Uint8Array.of(1, 2))
      .key(HidCommand.INIT, NONCE)
      .key(HidCommand.KEEPALIVE)
      .packets('in', [encodeMessage(CHANNEL, HidCommand.WINK, new Uint8Array())[0]!.slice(0, 20)]);
    expect(entries.map(({ name, problems }) => [name, problems?.[0]])).toEqual([
      ['CTAPHID_INIT', 'expected a nonce of 8 bytes, got 1'],
      ['CTAPHID_LOCK', expect.stringContaining('one byte, got 0')],
      ['CTAPHID_ERROR', 'expected a command of a host, got one of devices'],
      ['CTAPHID_ERROR', expect.stringContaining('one byte, got 2')],
      ['CTAPHID_INIT', expect.stringContaining('at least 17 bytes, got 8')],
      ['CTAPHID_KEEPALIVE', expect.stringContaining('one byte, got 0')],
      ['CTAPHID_WINK', 'expected reports of 64 bytes, got one of 20'],
    ]);
  });
});

describe('a line of text', () => {
  it('tells an entry', () => {
    const answer = encodeCbor(
      new Map<number, string | Uint8Array>([
        [1, '\u001b[31mpacked'],
        [3, new Uint8Array(40)],
      ]),
    );
    const { entries } = new Wire()
      .host(HidCommand.CBOR, Uint8Array.of(1))
      .key(HidCommand.KEEPALIVE, Uint8Array.of(2))
      .key(HidCommand.CBOR, concat(Uint8Array.of(0), answer))
      .host(HidCommand.MSG, fromHex('00030000000000'))
      .key(HidCommand.MSG, fromHex('6985'));
    expect(entries.map((entry) => formatTraceEntry(entry, { start: 1000 }))).toEqual([
      '   0.001 1 01020304 > #1   authenticatorMakeCredential',
      '   0.003 1 01020304 < #1   authenticatorMakeCredential CTAP2_OK (3.0 ms, 1 user presence needed) {fmt: \ufffd[31mpacked, attStmt: 0000000000000000.. (40 bytes)}',
      '   0.005 1 01020304 > #2   U2F_VERSION',
      '   0.006 1 01020304 < #2   U2F_VERSION 6985 CONDITIONS_NOT_SATISFIED (1.0 ms)',
    ]);
    const long = formatTraceEntry(entries[1]!, { full: true });
    expect(long).toContain(`attStmt: ${'00'.repeat(40)}`);
  });

  it('ends with what is wrong', () => {
    const [entry] = new Wire().packets('in', [Uint8Array.of(1, 2, 3)]).entries;
    expect(formatTraceEntry(entry!)).toBe(
      '   0.000 1 ctaphid  >      report incomplete ! expected a report of 64 bytes, got 3',
    );
  });
});
