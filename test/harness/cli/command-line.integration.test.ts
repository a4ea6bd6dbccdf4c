import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { environment, runCli } from './run-cli.ts';

let folder: string;
let env: NodeJS.ProcessEnv;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ctaplab-cli-'));
  env = environment(folder);
});
afterAll(() => rmSync(folder, { recursive: true }));

const verbs = [
  'start',
  'demo',
  'exec',
  'list',
  'info',
  'pin',
  'passkeys',
  'fingerprints',
  'blobs',
  'config',
  'reset',
  'touch',
  'load',
  'bench',
];

const subcommands = [
  'pin set',
  'pin change',
  'pin status',
  'pin force-change',
  'passkeys list',
  'passkeys delete',
  'passkeys rename',
  'fingerprints list',
  'fingerprints enrol',
  'fingerprints rename',
  'fingerprints delete',
  'blobs list',
  'blobs get',
  'blobs set',
  'blobs delete',
  'blobs clean',
  'config show',
  'config always-uv',
  'config min-pin-length',
  'config force-pin-change',
  'config enterprise-attestation',
  'config long-touch-reset',
];

describe('the command line', () => {
  it('tells the version of the package', async () => {
    const { version } = JSON.parse(readFileSync(resolve(import.meta.dirname, '../../../package.json'), 'utf8'));
    for (const flag of ['--version', '-V']) {
      expect(await runCli([flag], env)).toEqual({ status: 0, signal: null, stdout: `${version}\n`, stderr: '' });
    }
  });

  it('lists its verbs and exit codes', async () => {
    const { status, stdout, stderr } = await runCli(['--help'], env);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    for (const name of verbs) expect(stdout).toMatch(new RegExp(`^ {2}${name} `, 'm'));
    expect(stdout).toMatch(/Exit codes:\n {2}0 /);
  });

  it.each([...verbs, ...subcommands])('has an example in the help of %s', async (name) => {
    const { status, stdout, stderr } = await runCli([...name.split(' '), '--help'], env);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toMatch(new RegExp(`Example:\n(  \\$ .*\n)*  \\$ (.*\\| )?ctaplab ${name}`));
    expect(stdout).toContain('--json');
  });

  it('gives the same help to "help VERB"', async () => {
    expect(await runCli(['help', 'start'], env)).toEqual(await runCli(['start', '--help'], env));
  });

  it.each([
    [[], 'expected a verb, got none'],
    [['stat'], "unknown command 'stat'"],
    [['--loud'], "unknown option '--loud'"],
    [['start', '--loud'], "unknown option '--loud'"],
    [['start', 'now'], 'too many arguments'],
    [['start', '--keys', '0'], 'expected a number from 1 to 1000, got "0"'],
    [['start', '--keys', '1e2'], 'got "1e2"'],
    [['start', '--port', '70000'], 'expected a number from 1 to 65533, got "70000"'],
    [['start', '--touch', 'never'], 'expected auto, manual, deny or after=MS, got "never"'],
    [['start', '--transport', 'bluetooth'], 'expected uhid, udp, udp:PORT, vpcd or vpcd:PORT'],
    [['start', '--seed', 'xyz'], 'expected 1 to 64 bytes in hexadecimal, got "xyz"'],
    [['start', '--model', 'brick'], 'there is no model "brick"; known models: token2-r1, '],
    [['demo', '--touch', 'manual'], 'nobody is there to touch the key of a demo'],
    [['exec'], "missing required argument 'command'"],
    [['exec', '--'], "missing required argument 'command'"],
    [['touch', '--wait', '-1'], 'got "-1"'],
    [['bench', '--rounds', '4'], 'expected a number from 5 to 1000, got "4"'],
    [['bench', '--only', 'speed'], 'there is no bench row "speed"'],
    [['info', 'parrot:1'], 'expected a DEVICE'],
    [['info', 'udp:127.0.0.1'], 'expected udp:HOST:PORT'],
  ])('refuses %j with status 2 and a next step', async (args, sentence) => {
    const plain = await runCli(args, env);
    expect(plain).toMatchObject({ status: 2, stdout: '' });
    expect(plain.stderr).toContain(`error: `);
    expect(plain.stderr).toContain(sentence);
    expect(plain.stderr.trimEnd().split('\n').length).toBeGreaterThan(1);
  });

  it('tells errors as JSON where asked', async () => {
    const result = await runCli(['start', '--keys', '0', '--json'], env);
    expect(result).toMatchObject({ status: 2, stdout: '' });
    const { error } = JSON.parse(result.stderr);
    expect(error).toMatchObject({ code: 'usage', exitCode: 2, next: 'See: ctaplab start --help' });
    expect(error.message).toContain('got "0"');
  });

  it('does not take the --json of a command to run for its own', async () => {
    const { status, stderr } = await runCli(['exec', '--keys', '0', '--', 'true', '--json'], env);
    expect(status).toBe(2);
    expect(stderr).toMatch(/^error: /);
  });

  it('says so where no lab runs', async () => {
    const { status, stderr } = await runCli(['touch'], env);
    expect(status).toBe(3);
    expect(stderr).toBe('error: no lab is running\nStart one with: ctaplab start\n');
    const half = await runCli(['touch'], { ...env, CTAPLAB_URL: 'http://127.0.0.1:1' });
    expect(half.status).toBe(2);
    expect(half.stderr).toContain('CTAPLAB_TOKEN');
    const gone = await runCli(['touch'], { ...env, CTAPLAB_URL: 'http://127.0.0.1:1', CTAPLAB_TOKEN: 'x' });
    expect(gone.status).toBe(3);
    expect(gone.stderr).toContain('no lab answers at http://127.0.0.1:1');
  });

  it('prints no colour in a pipe, even in CI', async () => {
    const { status, stdout } = await runCli(['info', 'virtual'], env);
    expect(status).toBe(0);
    expect(stdout).not.toContain('\u001b');
    expect(stdout).not.toContain('\r');
  });
});
