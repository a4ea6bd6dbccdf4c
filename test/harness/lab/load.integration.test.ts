/** A thousand keys in one lab, kept on disk. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';

const DIST = pathToFileURL(join(import.meta.dirname, '../../../dist/')).href;
const KEYS = 1000;
/** Bytes. */
const MOST_PER_KEY = 25_000;

/** Opens a lab with its API in a process of its own; prints the bytes that it holds when all garbage is gone. */
const SCRIPT = `
  const [dist, state, keys] = process.argv.slice(1);
  const { Lab } = await import(dist + 'emulator/lab/lab.js');
  const { serveControlApi } = await import(dist + 'emulator/lab/server.js');
  const { defaultModel: model } = await import(dist + 'emulator/models/index.js');
  const transports = [{ kind: 'udp', port: 0 }];
  const lab = await Lab.open({ model, keys: Number(keys), touch: 'auto', transports, state });
  const server = await serveControlApi(lab, { onDefect: console.error });
  for (let round = 0; round < 4; round++) {
    await new Promise((resolve) => setImmediate(resolve));
    gc();
  }
  const { heapUsed, external } = process.memoryUsage();
  console.log(JSON.stringify({ keys: lab.keys.size, bytes: heapUsed + external }));
  await server.close();
  await lab.close();`;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ctaplab-load-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

async function memory(name: string, keys: number): Promise<{ keys: number; bytes: number }> {
  const args = ['--expose-gc', '--input-type=module', '-e', SCRIPT, DIST, join(folder, name), String(keys)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const [[status], printed] = await Promise.all([once(child, 'close'), text(child.stdout)]);
  expect(status).toBe(0);
  return JSON.parse(printed);
}

it('takes little memory for each of a thousand keys, new or stored', async () => {
  const empty = await memory('empty', 0);
  for (const lab of [await memory('full', KEYS), await memory('full', 0)]) {
    expect(lab.keys).toBe(KEYS);
    expect((lab.bytes - empty.bytes) / KEYS).toBeLessThanOrEqual(MOST_PER_KEY);
  }
});
