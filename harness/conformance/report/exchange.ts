/** What went over the wire in a check, message by message. */
import { fromHex } from '../../../ctap/bytes.ts';
import { PACKET_SIZE } from '../../../ctap/hid/packet.ts';
import { decodeTrace } from '../../../ctap/trace/decoder.ts';
import type { TraceEntry } from '../../../ctap/trace/entry.ts';
import type { Traffic } from '../../../ctap/trace/traffic.ts';
import type { CheckResult, JudgedKey } from '../result.ts';

/** The conversation of a check; secrets of a key that is somebody's stay hidden. */
export function exchangeOf({ traffic = [] }: CheckResult, { carrier, virtual }: JudgedKey): readonly TraceEntry[] {
  const passing = traffic.map(({ at, direction, bytes }): Traffic => {
    const read = fromHex(bytes);
    if (carrier === 'card') return { at, plug: 1, direction, apdu: read };
    const report = new Uint8Array(Math.max(PACKET_SIZE, read.length)); // the zeros at its end were left out
    report.set(read);
    return { at, plug: 1, direction, report };
  });
  return decodeTrace(passing, { secrets: virtual ? 'shown' : 'hidden' });
}
