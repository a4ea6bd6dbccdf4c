import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { parse as parseJunit } from 'junit2json';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Comparison } from '../../../harness/conformance/report/compare.ts';
import type { Run } from '../../../harness/conformance/result.ts';
import { environment, firstLine, runCli, spawnCli } from './run-cli.ts';

let folder: string;
let env: NodeJS.ProcessEnv;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ctaplab-conformance-'));
  env = environment(folder);
});
afterEach(() => rmSync(folder, { recursive: true }));

const file = (name: string) => join(folder, name);
const read = (name: string) => JSON.parse(readFileSync(file(name), 'utf8')) as Run;
const conformance = (...args: readonly string[]) => runCli(['conformance', ...args], env);

describe('a virtual key', () => {
  it('is judged, and every report of it can be read', async () => {
    const { status, stdout, stderr } = await conformance(
      ...['virtual', '--report', file('run.json'), '--junit', file('run.xml'), '--html', file('run.html')],
    );
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const run = read('run.json');
    expect(run.complete).toBe(true);
    expect(run.counts).toMatchObject({ failed: 0, warning: 0, 'not-run': 0 });
    expect(run.results.filter(({ outcome, reason }) => outcome !== 'passed' && !reason)).toEqual([]);
    expect(stdout).toContain(`${run.counts.passed} passed, 0 failed`);

    const { stdout: schema } = await conformance('--schema');
    const validate = new Ajv2020({ strict: true }).compile(JSON.parse(schema));
    validate(run);
    expect(validate.errors).toBeNull();
    expect(await parseJunit(readFileSync(file('run.xml')))).toMatchObject({ tests: run.results.length, failures: 0 });
    expect(statSync(file('run.html')).size).toBeLessThan(5_000_000);
  });

  it('as a card, too', async () => {
    const { status, stdout } = await conformance('virtual', '--carrier', 'card', '--json', '--only', 'getInfo.*');
    const run = JSON.parse(stdout) as Run;
    expect([status, run.key.carrier, run.counts.failed]).toEqual([0, 'card', 0]);
  });

  it('fails with a fault, and a comparison shows what it broke', async () => {
    const only = ['--only', 'authenticatorGetInfo'];
    expect((await conformance('virtual', ...only, '--report', file('a.json'))).status).toBe(0);
    const bad = await conformance('virtual', ...only, '--report', file('b.json'), '--fault', 'get-info-short-aaguid');
    expect(bad.status).toBe(1);
    expect(bad.stdout).toMatch(/FAILED {3}getInfo\.aaguid .*\n.*\n +expected the length of aaguid to be 16, got 15/);
    const { status, stdout } = await conformance(
      'compare',
      file('a.json'),
      file('b.json'),
      '--html',
      file('c.html'),
      '--json',
    );
    const { counts, changes } = JSON.parse(stdout) as Comparison;
    expect([status, counts.broken, changes[0]?.id]).toEqual([1, 1, 'getInfo.aaguid']);
    expect(readFileSync(file('c.html'), 'utf8')).toContain('getInfo.aaguid');
    expect((await conformance('compare', file('b.json'), file('a.json'))).status).toBe(0);
  });

  it('lists the checks and the faults', async () => {
    const { stdout } = await conformance('--list', '--json', '--only', 'getInfo.*');
    const checks = JSON.parse(stdout) as { id: string; faults: string[] }[];
    expect(checks.map(({ id }) => id)).toContain('getInfo.aaguid');
    const { stdout: faults } = await runCli(['fault', '--list', '--json'], env);
    const ids = (JSON.parse(faults) as { id: string; summary: string }[]).map(({ id }) => id);
    for (const { faults: named } of checks) for (const id of named) expect(ids).toContain(id);
  });

  it.each([
    [['virtual', '--only', 'nothing.*'], /no check is called nothing/],
    [['virtual', '--fault', 'nothing'], /expected the name of a fault/],
    [['virtual:nothing'], /there is no model "nothing"/],
    [['udp:127.0.0.1:9', '--fault', 'get-info-short-aaguid'], /--fault goes with a virtual key/],
    [['udp:127.0.0.1:9', '--carrier', 'card'], /--carrier goes with a virtual key/],
    [['compare', 'missing.json', 'missing.json'], /missing\.json/],
  ])('says what is wrong: %j', async (args, message) => {
    const { status, stderr } = await conformance(...args);
    expect(stderr).toMatch(message);
    expect(status).toBe(2);
  });
});

it('tells of a port where no key is', async () => {
  const { status, stdout } = await conformance('udp:127.0.0.1:9', '--only', 'getInfo.*', '--report', file('run.json'));
  expect(status).toBe(1);
  expect(stdout).toContain('The key could not be examined: udp:127.0.0.1:9: no key listens there');
  expect(read('run.json').complete).toBe(false);
});

describe('a key of a lab, over UDP', () => {
  let state: string;
  let lab: ChildProcessWithoutNullStreams;
  let labEnv: NodeJS.ProcessEnv;
  beforeAll(async () => {
    state = mkdtempSync(join(tmpdir(), 'ctaplab-conformance-lab-'));
    labEnv = environment(state);
    lab = spawnCli(['start', '--json', '--no-site', '--keys', '2', '--transport', 'udp', '--touch', 'manual'], labEnv);
    await firstLine(lab);
    writeFileSync(join(state, 'pin'), 'owner-1234\n');
    writeFileSync(join(state, 'wrong'), 'wrong-1234\n');
    const { status, stderr } = await runCli(['pin', 'set', 'lab:1'], labEnv, 'owner-1234\n');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });
  afterAll(() => {
    lab.kill('SIGKILL');
    rmSync(state, { recursive: true });
  });
  /** All checks take minutes over a socket in real time: these are enough to see a run from its begin to its end. */
  const SOME = ['--only', 'authenticatorGetInfo', '--only', 'makeCredential.*'];
  const judge = (...args: readonly string[]) => runCli(['conformance', ...args], labEnv);
  const pin = (name = 'pin') => ['--pin-file', join(state, name)];
  const retries = async () => {
    const { stdout } = await runCli(['pin', 'status', 'lab:1', '--json'], labEnv);
    return (JSON.parse(stdout) as { retries: number }).retries;
  };

  it('is touched by its lab, keeps its PIN and what is on it', async () => {
    const { status, stdout, stderr } = await judge('lab:1', ...pin(), ...SOME, '--report', file('run.json'));
    expect(stderr).toMatch(/^.* \(udp:127\.0\.0\.1:\d+\): \d+ checks\.\n$/);
    expect([status, stdout]).toEqual([0, expect.stringContaining('0 failed')]);
    const run = read('run.json');
    expect(run.key).toMatchObject({ virtual: false, carrier: 'hid' });
    expect(run.counts.passed).toBeGreaterThan(20);
    expect(run.results.filter(({ outcome, reason }) => outcome === 'not-run' && !reason)).toEqual([]);
    expect(await retries()).toBe(8);
    const passkeys = await runCli(['passkeys', 'list', 'lab:1', '--json', ...pin()], labEnv);
    expect([passkeys.status, passkeys.stdout]).toEqual([0, expect.not.stringContaining('ctaplab.example')]);
    const { stdout: keys } = await runCli(['list', '--json'], labEnv);
    expect(keys).toContain('lab');
  });

  it('costs one attempt where the PIN is wrong, and nothing else', async () => {
    const { status, stderr } = await judge('lab:1', ...pin('wrong'), '--only', 'getInfo.*');
    expect([status, stderr]).toEqual([4, expect.stringContaining('CTAP2_ERR_PIN_INVALID')]);
    expect(await retries()).toBe(7);
  });

  it('ends at once after the check under way, and goes on where it stopped', async () => {
    const child = spawnCli(['conformance', 'lab:1', ...pin(), ...SOME, '--report', file('run.json')], labEnv);
    child.stdin.end();
    let told = '';
    child.stderr.on('data', (data: Buffer) => {
      const first = told === '';
      told += data;
      if (first) child.kill('SIGINT'); // it has told how many checks there are: the first one is under way
    });
    const status = await new Promise((resolve) => child.once('close', resolve));
    expect([status, told]).toEqual([1, expect.stringContaining('The run ends after this check;')]);
    const first = read('run.json');
    expect(first.complete).toBe(false);
    const left = first.results.filter(({ reason }) => reason === 'the run was interrupted').map(({ id }) => id);
    expect(left.length).toBeGreaterThan(0);

    const again = await judge('lab:1', ...pin(), ...SOME, '--resume', file('run.json'));
    expect([again.status, again.stdout]).toEqual([0, expect.stringContaining('0 failed')]);
    const second = read('run.json');
    expect(second.complete).toBe(true);
    const before = first.results.filter(({ outcome }) => outcome === 'passed');
    for (const result of before) expect(second.results).toContainEqual(result);
    // some find only by asking that they do not apply
    const tried = ['passed', 'not-applicable'];
    expect(second.results.filter(({ id, outcome }) => left.includes(id) && !tried.includes(outcome))).toEqual([]);
  });

  it('ends and keeps its report when it is interrupted twice', async () => {
    const words = ['--slow', '--only', 'hid.pause.timeout', '--report', file('left.json')];
    const child = spawnCli(['conformance', 'lab:1', ...pin(), ...words], labEnv);
    child.stdin.end();
    let told = '';
    child.stderr.on('data', (data: Buffer) => {
      told += data;
      child.kill('SIGINT'); // after what it has told first, and after its answer to that
    });
    const status = await new Promise((resolve) => child.once('close', resolve));
    expect([status, told]).toEqual([1, expect.stringContaining('at once with another Ctrl-C')]);
    expect(read('left.json')).toMatchObject({ complete: false, results: [{ outcome: 'not-run' }] });
  });

  it('is not resumed with the report of another key', async () => {
    await conformance('virtual:ctap2.0', '--only', 'getInfo.*', '--report', file('run.json'));
    const { status, stderr } = await judge('lab:2', '--resume', file('run.json'));
    expect([status, stderr]).toEqual([2, expect.stringContaining('is of another key')]);
  });

  it('is reset for checks that need that, with leave alone, and is as it was made afterwards', async () => {
    const without = await judge('lab:2', '--only', 'clientPin.*', '--report', file('without.json'));
    expect([without.status, without.stdout]).toEqual([0, expect.stringContaining('--allow-reset')]);
    const held = read('without.json').results.filter(({ reason }) => reason?.includes('--allow-reset'));
    const run = await judge('lab:2', '--only', 'clientPin.*', '--allow-reset', '--report', file('run.json'));
    expect([run.status, run.stdout]).toEqual([0, expect.stringContaining('0 failed')]);
    const after = read('run.json').results.filter(({ id }) => held.some((result) => result.id === id));
    expect(after.filter(({ outcome, reason = '' }) => outcome !== 'passed' && !reason.includes('--slow'))).toEqual([]);
    const { stdout } = await runCli(['info', 'lab:2', '--json'], labEnv);
    expect((JSON.parse(stdout) as { info: { options: object } }).info.options).toMatchObject({ clientPin: false });
  });
});
