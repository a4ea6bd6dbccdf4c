import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { environment, runCli } from './run-cli.ts';

let folder: string;
let env: NodeJS.ProcessEnv;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ctaplab-demo-'));
  env = environment(folder);
});
afterAll(() => rmSync(folder, { recursive: true }));

interface Told {
  readonly ok: boolean;
  readonly steps: readonly { readonly step: string; readonly ok: boolean; readonly detail: string }[];
}

describe('ctaplab demo', () => {
  it('registers and signs in, and tells each step', async () => {
    const { status, stdout, stderr } = await runCli(['demo'], env);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const lines = stdout.trimEnd().split('\n');
    expect(lines.at(-1)).toBe('All steps held.');
    expect(lines.slice(0, -1).every((line) => /^ok {4} {2}\S/.test(line))).toBe(true);
    expect(stdout).toMatch(/the site accepts the registration/);
    expect(stdout).toMatch(/the site accepts the sign-in/);
    expect(stdout).toMatch(
      /a touch of the idle key types it +\d{6} and Enter\n.*the verifier takes the HOTP +counter 0\n/,
    );
    expect(stdout).toMatch(/the token shows a TOTP +\d{6}\n.*the verifier takes the TOTP +time step \d+\n/);
  });

  it('gives the steps as JSON', async () => {
    const { status, stdout } = await runCli(['demo', '--json', '--touch', 'after=20'], env);
    expect(status).toBe(0);
    const { ok, steps } = JSON.parse(stdout) as Told;
    expect(ok).toBe(true);
    expect(steps.length).toBeGreaterThan(5);
    expect(steps.every((step) => step.ok)).toBe(true);
  });

  it('switches on the keyboard of a model that has it off, and does without where there is none', async () => {
    const told = async (model: string) => {
      const { status, stdout } = await runCli(['demo', '--json', '--model', model], env);
      expect(status).toBe(0);
      return (JSON.parse(stdout) as Told).steps;
    };
    expect(await told('token2-r3.3-pin-plus')).toContainEqual({
      step: 'program an HOTP on the key',
      ok: true,
      detail: '6 digits; keyboard switched on, key plugged in again',
    });
    expect((await told('ctap2.1')).map(({ step }) => step)).not.toContain('program an HOTP on the key');
  });

  it('fails where touch is denied, at the step that needs it', async () => {
    const { status, stdout, stderr } = await runCli(['demo', '--json', '--touch', 'deny'], env);
    expect(status).toBe(4);
    const { ok, steps } = JSON.parse(stdout) as Told;
    expect(ok).toBe(false);
    expect(steps.at(-1)).toMatchObject({ step: 'the key makes a credential', ok: false });
    expect(steps.slice(0, -1).every((step) => step.ok)).toBe(true);
    expect(JSON.parse(stderr).error).toMatchObject({ code: 'refused', exitCode: 4 });
    const plain = await runCli(['demo', '--touch', 'deny'], env);
    expect(plain.status).toBe(4);
    expect(plain.stdout).toMatch(/^failed {2}the key makes a credential/m);
    expect(plain.stderr).toMatch(/^error: .*\n.*--touch auto/);
  });
});
