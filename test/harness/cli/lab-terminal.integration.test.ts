/** `ctaplab start` before a person: on a terminal that script(1) makes, and as plain lines in a pipe. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openNamedDevice } from '../../../harness/browsers/named-device.ts';
import { Ctap2Client } from '../../../harness/client/ctap2.ts';
import type { CtapDevice } from '../../../harness/client/device.ts';
import { environment, MAIN, spawnCli } from './run-cli.ts';

const ARGUMENTS = ['start', '--no-site', '--transport', 'udp', '--touch', 'manual'];

let folder: string;
let child: ChildProcessWithoutNullStreams;
let device: CtapDevice | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ctaplab-terminal-'));
});
afterEach(async () => {
  await device?.close();
  device = undefined;
  if (child.exitCode === null) {
    child.kill();
    await once(child, 'close');
  }
  rmSync(folder, { recursive: true });
});

/** What the program has said, without colours, and how to wait for more. */
class Said {
  #text = '';
  readonly #listeners = new Set<() => void>();

  constructor(stream: NodeJS.ReadableStream) {
    stream.on('data', (data) => {
      this.#text += stripVTControlCharacters(String(data));
      for (const listener of this.#listeners) listener();
    });
  }

  /** The match, as soon as there is one in what has come since the last. */
  next(pattern: RegExp): Promise<RegExpExecArray> {
    return new Promise((resolve) => {
      const look = () => {
        const found = pattern.exec(this.#text);
        if (found === null) return;
        this.#listeners.delete(look);
        this.#text = this.#text.slice(found.index + found[0].length);
        resolve(found);
      };
      this.#listeners.add(look);
      look();
    });
  }
}

async function openKey(said: Said): Promise<Ctap2Client> {
  const [, name = ''] = await said.next(/key 1: (udp:\S+)/);
  device = await openNamedDevice(name);
  return new Ctap2Client(device);
}

describe('on a terminal', () => {
  it('shows keys and what they are asked, and takes the answer from the keyboard', async () => {
    const command = [process.execPath, MAIN, ...ARGUMENTS].join(' ');
    child = spawn('script', ['-qec', `stty cols 120 rows 40; exec ${command}`, '/dev/null'], {
      env: environment(folder),
    });
    const said = new Said(child.stdout);
    const key = await openKey(said);
    await said.next(/● key 1 .* Ready/);
    const selected = key.selection();
    await said.next(
      /◉ key 1 .* Blinking: waits for your touch\r?\n +touch\? A program wants to know which key you mean\./,
    );
    child.stdin.write(' ');
    await selected;
    await said.next(/● key 1 .* Ready/);
    const refused = expect(key.selection()).rejects.toThrow('CTAP2_ERR_OPERATION_DENIED');
    await said.next(/touch\?/);
    child.stdin.write('d');
    await refused;
    child.stdin.write('p');
    await said.next(/Panel: http:\/\/127\.0\.0\.1:\d+\/panel#code=[\w-]{43} \(opens once\)/);
    child.stdin.write('r');
    await said.next(/○ key 1 .* Not plugged in/);
    child.stdin.write('q');
    expect(await once(child, 'close')).toEqual([0, null]);
  });
});

describe('in a pipe', () => {
  it('prints a line for each question, without any control character', async () => {
    child = spawnCli(ARGUMENTS, environment(folder));
    let raw = '';
    child.stdout.on('data', (data) => {
      raw += data;
    });
    const said = new Said(child.stdout);
    const key = await openKey(said);
    const stop = new AbortController();
    const asked = expect(key.selection({ signal: stop.signal })).rejects.toThrow();
    await said.next(/^touch\? key 1: selection ctaplab touch 1$/m);
    stop.abort();
    await asked;
    expect(raw).not.toMatch(/[^\P{Cc}\n]/u);
  });
});
