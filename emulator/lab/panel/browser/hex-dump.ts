/** Bytes as people read them. */

const WIDTH = 16;

/**
 * Lines of offset, 16 bytes in hexadecimal, and what of them is ASCII.
 * @param hex pairs of hexadecimal digits, or of `*` for a byte that is not shown
 */
export function hexDump(hex: string): string {
  const bytes = hex.match(/../g) ?? [];
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += WIDTH) {
    const row = bytes.slice(at, at + WIDTH);
    const halves = [row.slice(0, WIDTH / 2), row.slice(WIDTH / 2)].map((half) => half.join(' '));
    const offset = at.toString(16).padStart(4, '0');
    lines.push(`${offset}  ${halves.join('  ').padEnd(WIDTH * 3)}  ${row.map(characterOf).join('')}`);
  }
  return lines.join('\n');
}

function characterOf(byte: string): string {
  const code = Number.parseInt(byte, 16);
  return code >= 0x20 && code < 0x7f ? String.fromCharCode(code) : '·';
}
