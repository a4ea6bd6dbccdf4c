/** Reads a byte string from front to back, and says what was expected where it ends too early. */
import { fromUtf8 } from './bytes.ts';

export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #name: string;
  #offset = 0;

  /** `name` begins error messages, as "OTP entry". */
  constructor(bytes: Uint8Array, name: string) {
    this.#bytes = bytes;
    this.#name = name;
  }

  get remaining(): number {
    return this.#bytes.length - this.#offset;
  }

  /** The next `length` bytes, a view. @throws TypeError that names the field where there are fewer */
  bytes(length: number, field: string): Uint8Array {
    if (this.remaining < length) {
      throw new TypeError(`${this.#name}: ${field}: expected ${length} bytes, got ${this.remaining}`);
    }
    this.#offset += length;
    return this.#bytes.subarray(this.#offset - length, this.#offset);
  }

  /** A big-endian number of 1 to 6 bytes. */
  uint(length: number, field: string): number {
    return this.bytes(length, field).reduce((number, byte) => number * 256 + byte, 0);
  }

  /** Eight bytes, big-endian. */
  uint64(field: string): bigint {
    return readUint64(this.bytes(8, field));
  }

  /** `length` bytes of ASCII. @throws TypeError for any byte above 0x7F */
  ascii(length: number, field: string): string {
    const bytes = this.bytes(length, field);
    const stranger = bytes.find((byte) => byte > 0x7f);
    if (stranger !== undefined) {
      throw new TypeError(`${this.#name}: ${field}: expected ASCII, got the byte 0x${stranger.toString(16)}`);
    }
    return fromUtf8(bytes);
  }

  /** @throws TypeError where something is left */
  end(): void {
    if (this.remaining > 0) throw new TypeError(`${this.#name}: expected its end, got ${this.remaining} more bytes`);
  }
}

/** The big-endian number in the first eight bytes. */
export function readUint64(bytes: Uint8Array): bigint {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getBigUint64(0);
}

/** `length` bytes, big-endian, of a number that fits in them. */
export function uintBytes(value: number | bigint, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let rest = BigInt(value);
  for (let i = length - 1; i >= 0; i--) {
    bytes[i] = Number(rest & 0xffn);
    rest >>= 8n;
  }
  if (rest !== 0n) throw new RangeError(`expected a number from 0 up that fits in ${length} bytes, got ${value}`);
  return bytes;
}
