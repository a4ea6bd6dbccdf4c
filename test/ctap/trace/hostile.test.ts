import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concat } from '../../../ctap/bytes.ts';
import { encodeMessage, HidCommand } from '../../../ctap/hid/packet.ts';
import { encodeCarrierFrames } from '../../../ctap/token2/hid-carrier.ts';
import { decodeTrace, TraceDecoder } from '../../../ctap/trace/decoder.ts';
import type { TraceEntry } from '../../../ctap/trace/entry.ts';
import { formatTraceEntry } from '../../../ctap/trace/text.ts';
import type { Traffic } from '../../../ctap/trace/traffic.ts';

const direction = fc.constantFrom('in', 'out') as fc.Arbitrary<'in' | 'out'>;
const channel = fc.constantFrom(0, 0x01020304, 0x21000501, 0xffffffff);
const command = fc.constantFrom(...Object.values(HidCommand), 0x20, 0x55);
/** Bodies that begin as CTAP2 requests, answers or APDUs do. */
const body = fc
  .tuple(fc.constantFrom(0x00, 0x01, 0x02, 0x04, 0x06, 0x08, 0x0a, 0x41, 0x80, 0xa1), fc.uint8Array({ maxLength: 200 }))
  .map(([first, rest]) => concat(Uint8Array.of(first), rest));

const reports = fc.oneof(
  fc.uint8Array({ maxLength: 70 }).map((report) => [report]),
  fc.tuple(channel, command, body).map(([to, code, data]) => encodeMessage(to, code, data)),
  // packets lost, doubled or out of order
  fc
    .tuple(channel, command, fc.uint8Array({ minLength: 100, maxLength: 400 }))
    .chain(([to, code, data]) => fc.shuffledSubarray(encodeMessage(to, code, data))),
  body.map((apdu) => encodeCarrierFrames(apdu)),
);
const passing: fc.Arbitrary<Traffic[]> = fc
  .tuple(fc.nat(5000), fc.integer({ min: 1, max: 2 }), direction, fc.oneof(reports, body))
  .map(([at, plug, way, what]) =>
    what instanceof Uint8Array
      ? [{ at, plug, direction: way, apdu: what }]
      : what.map((report) => ({ at, plug, direction: way, report })),
  );
const anything = fc.array(passing, { maxLength: 30 }).map((parts) => parts.flat());

function check(entries: readonly TraceEntry[]): void {
  for (const [index, entry] of entries.entries()) {
    expect(entry.entry).toBe(index + 1);
    expect(JSON.parse(JSON.stringify(entry))).toEqual(entry);
    expect(entry.hex).toMatch(/^([0-9a-f]{2}|\*\*)*$/);
    expect(formatTraceEntry(entry)).not.toMatch(/\p{C}/u);
    if (entry.type === 'fragment') expect(entry.problems).toHaveLength(1);
  }
}

describe('hostile traffic', () => {
  it('becomes entries, whatever it is', () => {
    fc.assert(
      fc.property(anything, (traffic) => {
        check(decodeTrace(traffic));
        check(decodeTrace(traffic, { secrets: 'shown' }));
      }),
      { numRuns: 300 },
    );
  });

  it('of a flood of channels and unanswered commands takes little memory', () => {
    const decoder = new TraceDecoder();
    for (let at = 0; at < 20_000; at++) {
      for (const report of encodeMessage(at % 2 === 0 ? at : 7, HidCommand.CBOR, Uint8Array.of(4))) {
        decoder.accept({ at, plug: 1, direction: 'in', report });
      }
    }
    // the newest are still known, the oldest are not
    const answer = encodeMessage(19_998, HidCommand.CBOR, Uint8Array.of(0))[0]!;
    const late = encodeMessage(0, HidCommand.CBOR, Uint8Array.of(0))[0]!;
    expect(decoder.accept({ at: 1, plug: 1, direction: 'out', report: answer })[0]!.transaction).toBe(19_999);
    expect(decoder.accept({ at: 1, plug: 1, direction: 'out', report: late })[0]!.transaction).toBeUndefined();
  });
});
