/** kill -9 in the middle of writing: whatever was answered is there when the database is opened again. */
import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { rolldown } from 'rolldown';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { hotp } from '../../../../ctap/otp/hotp.ts';
import { Database } from '../../../../harness/sites/duo/database/database.ts';
import { attemptPasscode } from '../../../../harness/sites/duo/domain/attempts.ts';
import { readEnrolmentLink } from '../../../../harness/sites/duo/domain/enrolment-links.ts';
import { listTokens } from '../../../../harness/sites/duo/domain/hardware-tokens.ts';
import { changePolicy } from '../../../../harness/sites/duo/domain/policy.ts';
import { SecretBox } from '../../../../harness/sites/duo/domain/secrets.ts';
import { createTenant } from '../../../../harness/sites/duo/domain/tenant.ts';
import { findUser } from '../../../../harness/sites/duo/domain/users.ts';
import { CONTEXT } from './tenant.ts';

const KILLS = 25;
const MAXIMUM_LINES = 60;
const SECRET = new Uint8Array(20).fill(7);

interface Told {
  readonly counter?: number;
  readonly username?: string;
  readonly spent?: string;
}

const root = resolve(import.meta.dirname, '../../../..');
// Beside the packages, so that the program finds libsql.
const built = mkdtempSync(join(root, 'node_modules/.ctaplab-busy-tenant-'));
const program = join(built, 'busy-tenant.js');
const folder = mkdtempSync(join(tmpdir(), 'ctaplab-kill-duo-'));

beforeAll(async () => {
  const bundle = await rolldown({
    input: join(import.meta.dirname, 'busy-tenant.ts'),
    platform: 'node',
    external: ['libsql', /^node:/],
    onLog: () => {}, // what it says of other people's packages
  });
  await bundle.write({ file: program, format: 'esm', codeSplitting: false });
});
afterAll(() => {
  for (const path of [folder, built]) rmSync(path, { recursive: true });
});

/** Lets a process work and kills it as soon as it has told `lines` things; resolves to all that it told. */
async function liveAndDie(life: number, lines: number): Promise<Told[]> {
  const child = spawn(process.execPath, [program, folder, String(life)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const closed = once(child, 'close');
  const told: Told[] = [];
  for await (const line of createInterface(child.stdout)) {
    told.push(JSON.parse(line) as Told);
    if (told.length >= lines) child.kill('SIGKILL');
  }
  expect((await closed)[1]).toBe('SIGKILL');
  return told;
}

it(`loses nothing that was answered in ${KILLS} lives that end by kill -9`, { timeout: 600_000 }, async () => {
  const users: string[] = [];
  const links: string[] = [];
  let counter = -1;
  for (let life = 0; life < KILLS; life++) {
    for (const told of await liveAndDie(life, randomInt(1, MAXIMUM_LINES))) {
      if (told.username !== undefined) users.push(told.username);
      if (told.spent !== undefined) links.push(told.spent);
      if (told.counter !== undefined) {
        expect(told.counter).toBeGreaterThan(counter);
        counter = told.counter;
      }
    }
  }
  const database = Database.open(join(folder, 'duo.db'));
  const tenant = createTenant({ database, secrets: SecretBox.fromFile(join(folder, 'secret.key')) });
  try {
    expect(database.all('PRAGMA integrity_check')).toEqual([{ integrity_check: 'ok' }]);
    expect(users.filter((username) => findUser(tenant, username) === undefined)).toEqual([]);
    expect(listTokens(tenant)[0]?.nextCounter).toBeGreaterThan(counter);
    for (const code of links) expect(() => readEnrolmentLink(tenant, code)).toThrow(/used already/);
    await changePolicy(tenant, { automaticResync: 'off' });
    const owner = findUser(tenant, 'owner')!;
    expect(await attemptPasscode(tenant, owner, hotp(SECRET, counter), CONTEXT)).toMatchObject({ accepted: false });
  } finally {
    database.close();
  }
});
