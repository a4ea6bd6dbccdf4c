/** Lines at the end of a terminal that are drawn again when something changes; what is printed goes above them. */
import { clearScreenDown, cursorTo, moveCursor } from 'node:readline';
import { stripVTControlCharacters } from 'node:util';

export class StatusBlock {
  readonly #stream: NodeJS.WriteStream;
  #lines: readonly string[] = [];
  readonly #onResize = () => this.print();

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
    stream.on('resize', this.#onResize);
  }

  /** Puts these lines in the place of those that were there. */
  draw(lines: readonly string[]): void {
    if (lines.length === this.#lines.length && lines.every((line, index) => line === this.#lines[index])) return;
    this.#erase();
    this.#write(lines);
  }

  /** Prints lines that stay. */
  print(...lines: readonly string[]): void {
    const block = this.#lines;
    this.#erase();
    for (const line of lines) this.#stream.write(`${line}\n`);
    this.#write(block);
  }

  /** Takes the block away. */
  close(): void {
    this.#stream.off('resize', this.#onResize);
    this.#erase();
  }

  #write(lines: readonly string[]): void {
    for (const line of lines) this.#stream.write(`${this.#fit(line)}\n`);
    this.#lines = lines;
  }

  #erase(): void {
    if (this.#lines.length === 0) return;
    moveCursor(this.#stream, 0, -this.#lines.length);
    cursorTo(this.#stream, 0);
    clearScreenDown(this.#stream);
    this.#lines = [];
  }

  /** A line that wraps would be two: one that is too long is cut, and loses its colours. */
  #fit(line: string): string {
    const plain = stripVTControlCharacters(line);
    const { columns = 80 } = this.#stream;
    return plain.length < columns ? line : `${plain.slice(0, columns - 2)}…`;
  }
}
