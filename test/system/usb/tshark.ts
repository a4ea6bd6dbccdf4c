/** Wireshark's dissectors, on this machine. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** The fields of each frame that a display filter lets through, as tshark tells them. */
export async function dissect(capture: Uint8Array, filter: string, ...fields: readonly string[]): Promise<string[][]> {
  const folder = await mkdtemp(join(tmpdir(), 'ctaplab-tshark-'));
  try {
    const file = join(folder, 'capture.pcapng');
    await writeFile(file, capture);
    const options = ['-r', file, '-Y', filter, '-T', 'fields', ...fields.flatMap((field) => ['-e', field])];
    const { stdout } = await promisify(execFile)('tshark', options, { maxBuffer: 64 * 1024 * 1024 });
    return stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => line.split('\t'));
  } finally {
    await rm(folder, { recursive: true });
  }
}
