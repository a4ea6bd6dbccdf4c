/** kill -9 in the middle of writing: whatever a client was told of is there when the store is opened again. */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { rolldown } from 'rolldown';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { decodeAuthenticatorData } from '../../../ctap/authenticator-data.ts';
import { fromHex } from '../../../ctap/bytes.ts';
import { ClientPinSubcommand } from '../../../ctap/commands/client-pin.ts';
import { PUBLIC_KEY } from '../../../ctap/commands/entities.ts';
import { openLmdbStore } from '../../../emulator/store/lmdb.ts';
import { Platform, statusOf } from '../authenticator/platform.ts';
import { MODEL, type Told } from './told.ts';

const KILLS = 200;
/** Two keys at once, as the machine has more than one core. */
const KEYS = 2;
const MAX_LINES = 40;
const MAX_PIN_RETRIES = 8;

const root = resolve(import.meta.dirname, '../../..');
// Beside the packages, so that the program finds lmdb.
const built = mkdtempSync(join(root, 'node_modules/.ctaplab-busy-key-'));
const program = join(built, 'busy-key.js');
const scratch = mkdtempSync(join(tmpdir(), 'ctaplab-kill-'));

// One file, made once: to load a hundred modules two hundred times would take longer than all the rest.
beforeAll(async () => {
  const bundle = await rolldown({
    input: join(import.meta.dirname, 'busy-key.ts'),
    platform: 'node',
    external: ['lmdb', /^node:/],
    onLog: () => {}, // what it says of other people's packages
  });
  await bundle.write({ file: program, format: 'esm', codeSplitting: false });
});
afterAll(() => {
  for (const folder of [scratch, built]) rmSync(folder, { recursive: true });
});

/** What a client knows of its key, over all the lives of the process that holds it. */
class Knowledge {
  readonly credentials = new Set<string>();
  readonly deleted = new Set<string>();
  /** Made or used in the last life. */
  readonly recent = new Set<string>();
  pinSet = false;
  signCount = 0;
  retries = MAX_PIN_RETRIES;
  entering: 'right' | 'wrong' | undefined;
  deleting: string | undefined;

  beginLife(): void {
    this.recent.clear();
    this.entering = undefined;
    this.deleting = undefined;
  }

  learn(told: Told): void {
    switch (told.kind) {
      case 'started':
        return;
      case 'pinSet':
        this.pinSet = true;
        return;
      case 'entering':
        this.entering = told.right ? 'right' : 'wrong';
        return;
      case 'retries':
        this.retries = told.retries;
        this.entering = undefined;
        return;
      case 'made':
        this.credentials.add(told.id);
        this.use(told.id, told.signCount);
        return;
      case 'signed':
        this.use(told.id, told.signCount);
        return;
      case 'deleting':
        this.deleting = told.id;
        return;
      case 'deleted':
        this.deleting = undefined;
        this.credentials.delete(told.id);
        this.deleted.add(told.id);
        this.recent.add(told.id);
        return;
    }
  }

  use(id: string, signCount: number): void {
    expect(signCount).toBeGreaterThan(this.signCount);
    this.signCount = signCount;
    this.recent.add(id);
  }

  /** Retries that there may be now: as told, or as an answer that was never told has left them. */
  get possibleRetries(): number[] {
    const spent = Math.max(0, this.retries - 1);
    if (this.entering === 'right') return [this.retries, spent, MAX_PIN_RETRIES];
    return this.entering === 'wrong' ? [this.retries, spent] : [this.retries];
  }
}

/** Lets a process use the key, and kills it as soon as it has told `lines` things; learns all that it told. */
async function liveAndDie(folder: string, lines: number, knowledge: Knowledge): Promise<void> {
  const child: ChildProcessByStdio<null, Readable, Readable> = spawn(process.execPath, [program, folder], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const closed = once(child, 'close');
  let errors = '';
  child.stderr.on('data', (data: Buffer) => {
    errors += data;
  });
  let seen = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    knowledge.learn(JSON.parse(line) as Told);
    if (++seen === lines) child.kill('SIGKILL');
  }
  const [, signal] = await closed;
  expect(errors).toBe('');
  expect(signal).toBe('SIGKILL');
}

async function inspect(folder: string, knowledge: Knowledge, ids: Iterable<string>): Promise<void> {
  const store = await openLmdbStore(folder, { namespace: 'key-1' });
  try {
    const platform = await Platform.open({ store, model: MODEL });
    const { options } = await platform.getInfo();
    if (knowledge.pinSet) expect(options?.clientPin).toBe(true);
    const { pinRetries } = await platform.clientPin({ subCommand: ClientPinSubcommand.getPINRetries });
    expect(knowledge.possibleRetries).toContain(pinRetries);
    knowledge.retries = pinRetries!;
    for (const id of ids) await inspectCredential(platform, knowledge, id);
    expect(platform.defects).toEqual([]);
  } finally {
    await store.close();
  }
}

async function inspectCredential(platform: Platform, knowledge: Knowledge, id: string): Promise<void> {
  const assertion = platform.getAssertion({ allowList: [{ type: PUBLIC_KEY, id: fromHex(id) }] });
  if (knowledge.deleted.has(id)) {
    expect(await statusOf(assertion)).toBe('CTAP2_ERR_NO_CREDENTIALS');
  } else if (knowledge.deleting === id) {
    const status = await statusOf(assertion);
    expect(['CTAP2_OK', 'CTAP2_ERR_NO_CREDENTIALS']).toContain(status);
    if (status === 'CTAP2_OK') return;
    knowledge.credentials.delete(id);
    knowledge.deleted.add(id);
  } else {
    const { authData } = await assertion;
    const { signCount } = decodeAuthenticatorData(authData);
    expect(signCount).toBeGreaterThan(knowledge.signCount);
    knowledge.signCount = signCount;
  }
}

test.concurrent.for(Array.from({ length: KEYS }, (_, index) => index))(
  `a key that is killed ${KILLS / KEYS} times keeps all that it told (%i)`,
  { timeout: 900_000 },
  async (index) => {
    const folder = join(scratch, `key-${index}`);
    const knowledge = new Knowledge();
    for (let life = 0; life < KILLS / KEYS; life++) {
      knowledge.beginLife();
      await liveAndDie(folder, 1 + randomInt(MAX_LINES), knowledge);
      await inspect(folder, knowledge, knowledge.recent);
    }
    expect(knowledge.credentials.size).toBeGreaterThan(KILLS / KEYS);
    expect(knowledge.deleted.size).toBeGreaterThan(0);
    await inspect(folder, knowledge, [...knowledge.credentials, ...knowledge.deleted]);
  },
);
