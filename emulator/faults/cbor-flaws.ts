/** What is wrong with the CBOR of a request: for faults of keys that overlook one flaw and no other. */

export type CborFlaw =
  | 'unsorted'
  | 'duplicate'
  | 'indefinite'
  | 'nonMinimal'
  | 'tag'
  | 'deep'
  | 'trailing'
  | 'truncated'
  | 'empty';

/** Deepest nesting that CTAP2 knows (§8). */
const MAX_DEPTH = 4;

/** Flaws of one item that ought to be canonical and the whole of the bytes. */
export function cborFlaws(bytes: Uint8Array): ReadonlySet<CborFlaw> {
  if (bytes.length === 0) return new Set(['empty']);
  const scan = new Scan(bytes);
  try {
    scan.item(0);
    if (scan.position < bytes.length) scan.flaws.add('trailing');
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    scan.flaws.add('truncated');
  }
  return scan.flaws;
}

class Scan {
  readonly flaws = new Set<CborFlaw>();
  readonly #bytes: Uint8Array;
  position = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** @throws RangeError where the bytes end too soon */
  item(depth: number): void {
    const initial = this.#next();
    const major = initial >> 5;
    const length = this.#argument(initial & 31);
    if (major === 6) {
      this.flaws.add('tag');
      this.item(depth);
    } else if (major === 2 || major === 3) this.#string(length, depth);
    else if (major === 4 || major === 5) this.#container(length, major === 5, depth + 1);
  }

  #string(length: number | undefined, depth: number): void {
    if (length === undefined) this.#untilBreak(() => this.item(depth));
    else {
      this.position += length;
      if (this.position > this.#bytes.length) throw new RangeError('the bytes end within a string');
    }
  }

  #container(length: number | undefined, isMap: boolean, depth: number): void {
    if (depth > MAX_DEPTH) this.flaws.add('deep');
    let before = '';
    const entry = () => {
      if (isMap) before = this.#key(before, depth);
      this.item(depth);
    };
    if (length === undefined) this.#untilBreak(entry);
    else for (let i = 0; i < length; i++) entry();
  }

  #key(before: string, depth: number): string {
    const start = this.position;
    this.item(depth);
    const key = Buffer.from(this.#bytes.subarray(start, this.position)).toString('hex');
    if (key === before) this.flaws.add('duplicate');
    else if (key < before) this.flaws.add('unsorted');
    return key;
  }

  #untilBreak(entry: () => void): void {
    const BREAK = 0xff;
    while (this.#bytes[this.position] !== BREAK) entry();
    this.position++;
  }

  /** Undefined for an indefinite length. */
  #argument(info: number): number | undefined {
    if (info < 24) return info;
    if (info === 31) {
      this.flaws.add('indefinite');
      return undefined;
    }
    let value = 0;
    for (let i = 0; i < 1 << (info - 24); i++) value = value * 256 + this.#next();
    const least = info === 24 ? 24 : 256 ** (1 << (info - 25));
    if (value < least) this.flaws.add('nonMinimal');
    return value;
  }

  #next(): number {
    const byte = this.#bytes[this.position++];
    if (byte === undefined) throw new RangeError('the bytes end within an item');
    return byte;
  }
}
