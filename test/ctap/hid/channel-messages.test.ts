import { describe, expect, it } from 'vitest';
import { concat, fromHex, toHex } from '../../../ctap/bytes.ts';
import { decodeByte, decodeInitResponse, encodeByte, encodeInitResponse } from '../../../ctap/hid/channel-messages.ts';
import { fidoReportDescriptor } from '../../../ctap/hid/report-descriptor.ts';
import { CtapError } from '../../../ctap/status.ts';

const answer = {
  nonce: fromHex('0102030405060708'),
  channel: 0xfffffffe,
  protocolVersion: 2,
  deviceVersion: [5, 4, 3] as const,
  capabilities: 0x05,
};
const bytes = fromHex('0102030405060708fffffffe0205040305');

describe('the answer to INIT', () => {
  it('is written as CTAP 2.3 §11.2.9.1.3 has it', () => {
    expect(toHex(encodeInitResponse(answer))).toBe(toHex(bytes));
  });

  it('is read, with what later versions may add', () => {
    expect(decodeInitResponse(bytes)).toEqual(answer);
    expect(decodeInitResponse(concat(bytes, Uint8Array.of(1, 2, 3)))).toEqual(answer);
  });

  it('is read from the middle of a buffer', () => {
    expect(decodeInitResponse(concat(Uint8Array.of(9, 9), bytes).subarray(2))).toEqual(answer);
  });

  it('is refused when it is shorter', () => {
    expect(() => decodeInitResponse(bytes.subarray(0, 16))).toThrow(
      'expected an INIT answer of at least 17 bytes, got 16',
    );
  });
});

describe('messages of one byte', () => {
  it('are written and read', () => {
    expect(encodeByte(0x2f)).toEqual(Uint8Array.of(0x2f));
    expect(decodeByte(Uint8Array.of(0x2f))).toBe(0x2f);
  });

  it.each([0, 2])('are refused with %i', (length) => {
    expect(() => decodeByte(new Uint8Array(length))).toThrow(CtapError);
    expect(() => decodeByte(new Uint8Array(length))).toThrow(`expected a CTAPHID message of one byte, got ${length}`);
  });
});

describe('the report descriptor', () => {
  it('has the 34 bytes of CTAP 2.3 §11.2.8.1, afresh each time', () => {
    const descriptor = fidoReportDescriptor();
    expect(toHex(descriptor)).toBe('06d0f10901a1010920150026ff007508954081020921150026ff00750895409102c0');
    descriptor.fill(0);
    expect(fidoReportDescriptor()[0]).toBe(0x06);
  });
});
