import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { environment, firstLine, runCli, spawnCli } from './run-cli.ts';

const PIN = '735917';
const MODEL = 'token2-r2-pin-plus';

let folder: string;
let env: NodeJS.ProcessEnv;
let state: string;
let serials: string[];

/** A lab in that folder for the time of `action`. */
async function inLab<T>(dir: string, keys: number, action: (serials: string[]) => Promise<T>): Promise<T> {
  const options = ['--model', MODEL, '--keys', String(keys), '--transport', 'udp', '--touch', 'auto'];
  const lab = spawnCli(['start', '--state', dir, ...options, '--no-site', '--json'], env);
  try {
    const ready = JSON.parse(await firstLine(lab)) as { keys: { serialNumber: string }[] };
    return await action(ready.keys.map(({ serialNumber }) => serialNumber));
  } finally {
    lab.kill();
    await once(lab, 'close');
  }
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ctaplab-keys-'));
  env = environment(folder);
  state = join(folder, 'state');
  serials = await inLab(state, 2, async (made) => {
    expect((await runCli(['pin', 'set', 'lab:2'], env, `${PIN}\n`)).status).toBe(0);
    return made;
  });
});
afterAll(() => rmSync(folder, { recursive: true }));

async function keys(...words: string[]) {
  const { status, stdout, stderr } = await runCli(['keys', ...words, '--json'], env);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return JSON.parse(stdout) as Record<string, unknown>;
}

it('lists the keys of a folder', async () => {
  expect(await keys('list', '--state', state)).toEqual({
    keys: serials.map((serialNumber, index) => ({
      number: index + 1,
      model: MODEL,
      serialNumber,
      passkeys: 0,
      signCount: 0,
    })),
  });
  const { stdout } = await runCli(['keys', 'list', '--state', state], env);
  expect(stdout.split('\n')[1]).toBe(`2  ${MODEL}  ${serials[1]}  0 passkeys`);
});

it('describes a key without a secret of its', async () => {
  const described = await keys('export', '2', '--state', state);
  expect(described).toMatchObject({
    format: 'ctaplab-key',
    serialNumber: serials[1],
    pin: { isSet: true, retries: 8 },
  });
  expect(described).not.toHaveProperty('records');
  const { stdout } = await runCli(['keys', 'export', '2', '--state', state], env);
  expect({ ...JSON.parse(stdout), exportedAt: '' }).toEqual({ ...described, exportedAt: '' });
});

it('takes a key to another folder: it is the same key there, its PIN too', async () => {
  const file = join(folder, 'key.json');
  writeFileSync(file, '');
  chmodSync(file, 0o644);
  await keys('export', '2', '--state', state, '--private-keys', '--out', file);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const elsewhere = join(folder, 'elsewhere');
  expect(await keys('import', file, '--state', elsewhere)).toEqual({
    number: 1,
    model: MODEL,
    serialNumber: serials[1],
  });
  await inLab(elsewhere, 1, async (plugged) => {
    expect(plugged).toEqual([serials[1]]);
    const wrong = await runCli(['pin', 'change', 'lab:1'], env, `000000\n${PIN}\n`);
    expect(wrong).toMatchObject({ status: 4, stderr: expect.stringMatching(/PIN_INVALID/) });
    expect(await runCli(['pin', 'change', 'lab:1'], env, `${PIN}\n846027\n`)).toMatchObject({ status: 0 });
  });
  const again = await runCli(['keys', 'import', file, '--state', elsewhere], env);
  expect(again.stdout).toMatch(
    new RegExp(`Imported ${serials[1]} as key 2\\.\n.*start --state .* --model ${MODEL} --keys 2\n`),
  );
});

it('leaves a folder alone that a lab has', async () => {
  await inLab(state, 1, async () => {
    const refused = await runCli(['keys', 'export', '--state', state], env);
    expect(refused).toMatchObject({ status: 1, stdout: '', stderr: expect.stringMatching(/in use by process \d+/) });
  });
});

it('refuses what makes no sense', async () => {
  const file = join(folder, 'other.json');
  const fails = async (...words: string[]) => {
    const { status, stdout, stderr } = await runCli(['keys', ...words], env);
    return [status, `${stdout}${stderr}`];
  };
  expect(await fails('export', '--state', state, '--private-keys')).toEqual([
    2,
    expect.stringMatching(/Private keys are not printed/),
  ]);
  expect(await fails('export', '3', '--state', state)).toEqual([
    3,
    expect.stringMatching(/no key 3 in .* it has 1, 2/),
  ]);
  expect(await fails('list', '--state', join(folder, 'none'))).toEqual([3, expect.stringMatching(/no lab has kept/)]);
  expect(existsSync(join(folder, 'none'))).toBe(false);
  writeFileSync(file, 'no JSON');
  expect(await fails('import', file, '--state', state)).toEqual([1, expect.stringMatching(/expected JSON/)]);
  writeFileSync(file, JSON.stringify(await keys('export', '--state', state)));
  expect(await fails('import', file, '--state', state)).toEqual([1, expect.stringMatching(/has no private keys/)]);
  expect((await keys('list', '--state', state)).keys).toHaveLength(2);
  expect(readFileSync(file, 'utf8')).toContain(serials[0]);
});
