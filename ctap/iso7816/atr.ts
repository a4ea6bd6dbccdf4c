/** Answer to reset: ISO/IEC 7816-3 §8. */
import { concat } from '../bytes.ts';

const DIRECT_CONVENTION = 0x3b;
const INVERSE_CONVENTION = 0x3f;
const MAX_HISTORICAL = 15;

export interface Atr {
  /** At most 15. */
  readonly historicalBytes: Uint8Array;
  /** T values that the card offers, first the preferred one; T=0 where it names none. */
  readonly protocols: readonly number[];
}

/**
 * The ATR of a card of protocol T=1 with these historical bytes, which begin at offset 7:
 * TA1 95 (speed), TD1 and TD2 (T=1), TA3 FE (blocks of 254 bytes), TB3 45 (waiting times).
 */
export function encodeAtr(historicalBytes: Uint8Array): Uint8Array {
  if (historicalBytes.length > MAX_HISTORICAL) {
    throw new RangeError(`expected at most ${MAX_HISTORICAL} historical bytes, got ${historicalBytes.length}`);
  }
  const body = concat(Uint8Array.of(0x90 | historicalBytes.length, 0x95, 0x81, 0x31, 0xfe, 0x45), historicalBytes);
  return concat(Uint8Array.of(DIRECT_CONVENTION), body, Uint8Array.of(checkByte(body)));
}

/** TCK: all bytes from T0 on come to zero by exclusive or (§8.2.5). */
function checkByte(bytes: Uint8Array): number {
  return bytes.reduce((sum, byte) => sum ^ byte, 0);
}

/** Reads an ATR. @throws TypeError that says what is wrong with it */
export function decodeAtr(atr: Uint8Array): Atr {
  const fail = (detail: string): never => {
    throw new TypeError(`ATR: ${detail}`);
  };
  if (atr[0] !== DIRECT_CONVENTION && atr[0] !== INVERSE_CONVENTION) {
    fail(`expected 3B or 3F as first byte, got ${atr[0]?.toString(16) ?? 'nothing'}`);
  }
  const protocols: number[] = [];
  let offset = 1;
  let indicator: number = atr[offset++] ?? fail('expected T0, got its end');
  const historicalLength = indicator & 0x0f;
  for (;;) {
    const present = indicator >> 4;
    // TAi, TBi and TCi are passed over
    offset += (present & 1) + ((present >> 1) & 1) + ((present >> 2) & 1);
    if ((present & 8) === 0) break;
    indicator = atr[offset++] ?? fail('expected an interface byte TD, got its end');
    const protocol = indicator & 0x0f;
    if (!protocols.includes(protocol)) protocols.push(protocol);
  }
  const historicalBytes = atr.slice(offset, offset + historicalLength);
  if (historicalBytes.length < historicalLength) {
    fail(`expected ${historicalLength} historical bytes, got ${historicalBytes.length}`);
  }
  offset += historicalLength;
  if (protocols.some((protocol) => protocol !== 0)) {
    if (atr.length <= offset) fail('expected the check byte TCK, got its end');
    if (checkByte(atr.subarray(1, offset + 1)) !== 0) fail('the check byte TCK does not fit');
    offset += 1;
  }
  if (atr.length !== offset) fail(`expected ${offset} bytes, got ${atr.length}`);
  return { historicalBytes, protocols: protocols.length === 0 ? [0] : protocols };
}
