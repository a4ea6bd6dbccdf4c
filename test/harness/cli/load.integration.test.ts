/** `ctaplab load` at a relying party on @simplewebauthn/server. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LoadSummary } from '../../../harness/load/summary.ts';
import { type CountingParty, startCountingParty } from '../load/relying-party.ts';
import { environment, runCli } from './run-cli.ts';

const BEGIN = `
export async function begin(user) {
  const options = await user.post('/register/options', { name: 'user ' + user.number });
  await user.post('/register', await user.client.create(options));
}`;
const SIGN_IN = `
export default async function signIn(user) {
  const options = await user.post('/sign-in/options');
  await user.post('/sign-in', await user.client.get(options));
}`;

let folder: string;
let party: CountingParty;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ctaplab-load-'));
  party = await startCountingParty();
});
afterEach(async () => {
  await party.close();
  rmSync(folder, { recursive: true });
});

function load(flow: string, ...more: string[]) {
  const file = join(folder, 'flow.mjs');
  writeFileSync(file, flow);
  return runCli(['load', file, '--origin', party.origin, ...more], environment(folder));
}

describe('ctaplab load', () => {
  it('has users sign in with a key each, all at once, and counts what the relying party counts', async () => {
    const { status, stdout, stderr } = await load(BEGIN + SIGN_IN, '--users', '5', '--duration', '1', '--json');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const summary = JSON.parse(stdout) as LoadSummary;
    expect([...party.signIns.keys()].sort()).toEqual(['user 1', 'user 2', 'user 3', 'user 4', 'user 5']);
    const counted = [...party.signIns.values()].reduce((sum, count) => sum + count, 0);
    expect(summary).toMatchObject({ origin: party.origin, users: 5, turns: counted, failed: 0, errors: [] });
    expect(summary.latency!.median).toBeLessThanOrEqual(summary.latency!.max);
  });

  it('counts turns that fail, by what they say, and goes on', async () => {
    const flow = `${BEGIN}${SIGN_IN.replace('signIn(user) {', "signIn(user) {\n  user.state.turn = (user.state.turn ?? 0) + 1;\n  if (user.state.turn % 2 === 0) await user.post('/nowhere');")}`;
    const { status, stdout } = await load(flow, '--users', '2', '--duration', '1');
    expect(status).toBe(1);
    expect(stdout).toMatch(/^2 users, \d+\.\d s: \d+ turns, [1-9]\d* failed, \d+\.\d a second\na turn: median /);
    expect(stdout).toMatch(/\n[1-9]\d* times: \/nowhere: 404 no such path\n$/);
    expect(party.signIns.get('user 2')).toBeGreaterThan(0);
  });

  it('ends a turn that nothing comes of', async () => {
    const flow = "export default (user) => user.fetch('/hung');";
    const { status, stdout } = await load(flow, '--users', '1', '--duration', '1', '--timeout', '1', '--json');
    expect(status).toBe(1);
    const errors = [{ message: 'nothing came of it within 1000 ms', count: 1 }];
    expect(JSON.parse(stdout)).toMatchObject({ turns: 1, failed: 1, errors });
  });

  it('tells of a user that cannot begin', async () => {
    const { status, stderr } = await load(`${BEGIN.replace('/register/options', '/nowhere')}${SIGN_IN}`);
    expect(status).toBe(1);
    expect(stderr).toContain('/nowhere: 404 no such path');
  });

  it.each([
    ['a file that is not there', ['load', 'none.mjs', '--origin', 'http://localhost'], 'there is no file none.mjs'],
    ['no origin', ['load', 'none.mjs'], "required option '--origin <origin>' not specified"],
    ['an address that is no origin', ['load', 'x', '--origin', 'https://a.example/path'], 'expected an origin such as'],
  ])('refuses %s', async (_, words, message) => {
    const { status, stderr } = await runCli(words, environment(folder));
    expect(status).toBe(2);
    expect(stderr).toContain(message);
  });

  it('refuses a file that is no flow', async () => {
    expect((await load('export const turn = 1;')).stderr).toContain('expected a default export that is a function');
    expect((await load('export default () => {}; export const begin = 1;')).stderr).toContain(
      '"begin" to be a function',
    );
    expect((await load('export default (')).stderr).toContain('does not load');
  });
});
