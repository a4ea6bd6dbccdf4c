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
  readonly steps: readonly {
    readonly number: number;
    readonly chapter: string;
    readonly step: string;
    readonly ok: boolean;
    readonly detail: string;
  }[];
}

describe('ctaplab demo', () => {
  it('tells the guide, each step with its number and outcome', async () => {
    const { status, stdout, stderr } = await runCli(['demo'], env);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const lines = stdout.trimEnd().split('\n');
    const steps = lines.filter((line) => /^ ?\d+ {2}/.test(line));
    expect(lines.at(-1)).toBe(`All ${steps.length} steps held.`);
    expect(steps.length).toBeGreaterThan(30);
    expect(steps.filter((line, index) => !line.startsWith(`${String(index + 1).padStart(2)}  ok      `))).toEqual([]);
    const order = [
      /Policy has security keys off: none to choose +the wizard offers: This device$/,
      /Policy: switch security keys on +Policy saved/,
      /Send Email with Device Enrollment +Enrollment e-mail sent/,
      /read the mail/,
      /Get Started/,
      /choose Security Key, Continue/,
      /Success! Device added/,
      /the link is refused now/,
      /signed in +Your devices/,
      /a copied answer is refused +wrong key/,
      /Add a device: a spare key/,
      /a touch of the idle key types it +\d{6} and Enter/,
      /the same HOTP is refused +passcode replayed/,
      /out of step +\d{6}: invalid passcode/,
      /Resync by three codes/,
      /its clock drifts +\d+ seconds fast/,
      /its TOTP is refused +invalid passcode/,
      /set its clock/,
      /the same TOTP is refused +passcode replayed/,
      /Log: every attempt is in it +\d+ successes, \d+ denials/,
    ];
    const places = order.map((expected) => steps.findIndex((line) => expected.test(line)));
    expect(places).not.toContain(-1);
    expect(places).toEqual(places.toSorted((one, other) => one - other));
  });

  it('gives the steps as JSON', async () => {
    const { status, stdout } = await runCli(['demo', '--json', '--touch', 'after=20'], env);
    expect(status).toBe(0);
    const { ok, steps } = JSON.parse(stdout) as Told;
    expect(ok).toBe(true);
    expect(steps.map(({ number }) => number)).toEqual(steps.map((_, index) => index + 1));
    expect(steps.every((step) => step.ok && step.chapter !== '')).toBe(true);
  });

  it('switches on the keyboard of a model that has it off, and does without where there is none', async () => {
    const told = async (model: string) => {
      const { status, stdout } = await runCli(['demo', '--json', '--model', model], env);
      expect(status).toBe(0);
      return (JSON.parse(stdout) as Told).steps;
    };
    expect(await told('token2-r3.3-pin-plus')).toContainEqual(
      expect.objectContaining({
        step: 'program an HOTP on the key',
        ok: true,
        detail: '6 digits; keyboard switched on, key plugged in again',
      }),
    );
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
    expect(plain.stdout).toMatch(/^\d+ {2}failed {2}the key makes a credential/m);
    expect(plain.stderr).toMatch(/^error: .*\n.*--touch auto/);
  });
});
