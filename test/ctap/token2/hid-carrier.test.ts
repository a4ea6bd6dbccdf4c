import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  CarrierAssembler,
  CarrierError,
  encodeBusyFrame,
  encodeCarrierFrames,
  isCarrierReport,
  MAX_CARRIED_SIZE,
} from '../../../ctap/token2/hid-carrier.ts';

const frame = (...bytes: number[]) => Uint8Array.from({ length: 64 }, (_, i) => bytes[i] ?? 0);

describe('the HID carrier', () => {
  it('frames 61 bytes a report', () => {
    expect(encodeCarrierFrames(Uint8Array.of(0x80, 0xc5, 1, 0))).toEqual([frame(0x21, 0, 4, 0x80, 0xc5, 1, 0)]);
    const heads = encodeCarrierFrames(new Uint8Array(130)).map((report) => [...report.subarray(0, 3)]);
    expect(heads).toEqual([
      [0x21, 0x20, 61],
      [0x21, 0x21, 61],
      [0x21, 0x02, 8],
    ]);
    expect(encodeCarrierFrames(new Uint8Array(61))).toHaveLength(1);
    expect(encodeCarrierFrames(new Uint8Array())).toEqual([frame(0x21, 0, 0)]);
  });

  it('puts together what it takes apart, past sixteen frames and busy ones', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: MAX_CARRIED_SIZE }), (message) => {
        const assembler = new CarrierAssembler();
        const frames = encodeCarrierFrames(message);
        expect(assembler.accept(encodeBusyFrame())).toEqual({ kind: 'busy' });
        const steps = frames.map((report) => assembler.accept(report));
        expect(steps.slice(0, -1).every(({ kind }) => kind === 'more')).toBe(true);
        expect(steps.at(-1)).toEqual({ kind: 'whole', message });
      }),
    );
  });

  it('is told from CTAPHID by magic and flags', () => {
    expect(isCarrierReport(frame(0x21, 0x20, 61))).toBe(true);
    expect(isCarrierReport(frame(0x21, 0x0f, 1))).toBe(true);
    expect(isCarrierReport(frame(0x21, 0xc0, 0))).toBe(false);
    expect(isCarrierReport(frame(0x21, 0x40, 0))).toBe(false);
    expect(isCarrierReport(frame(0xff, 0x20, 0))).toBe(false);
    expect(isCarrierReport(Uint8Array.of(0x21, 0))).toBe(false);
  });

  it.each([
    [[frame(0x21, 0x01, 1)], /expected sequence number 0, got 1/],
    [[frame(0x21, 0x20, 61), frame(0x21, 0x02, 1)], /expected sequence number 1, got 2/],
    [[frame(0x21, 0, 62)], /at most 61 bytes, its length says 62/],
    [[frame(0x21, 0, 61).slice(0, 60)], /at most 57 bytes/],
    [[frame(0x22, 0, 1)], /expected 21 as first byte, got 22/],
    [[frame(0x21, 0x40, 1)], /no flags 40/],
    [[Uint8Array.of(0x21)], /at least 3 bytes, got 1/],
  ])('refuses frames that do not fit, and begins anew', (frames, message) => {
    const assembler = new CarrierAssembler();
    const take = () => frames.map((report) => assembler.accept(report));
    expect(take).toThrow(CarrierError);
    expect(take).toThrow(message);
    expect(assembler.accept(frame(0x21, 0, 1, 7))).toEqual({ kind: 'whole', message: Uint8Array.of(7) });
  });

  it('begins anew at number 0, and holds a limited message', () => {
    const assembler = new CarrierAssembler();
    assembler.accept(frame(0x21, 0x20, 2, 1, 2));
    expect(assembler.accept(frame(0x21, 0, 1, 7))).toEqual({ kind: 'whole', message: Uint8Array.of(7) });
    const tooMuch = encodeCarrierFrames(new Uint8Array(MAX_CARRIED_SIZE + 1));
    expect(() => tooMuch.map((report) => assembler.accept(report))).toThrow(/at most 4096 bytes/);
  });
});
