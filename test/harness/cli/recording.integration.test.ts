import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createBrowserlessClient } from '../../../harness/browsers/index.ts';
import { Recorder } from '../../../harness/recording/index.ts';
import { creation, ORIGIN } from '../webauthn/page.ts';
import { environment, runCli } from './run-cli.ts';

let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ctaplab-recording-cli-'));
  for (const [name, seed] of [
    ['one', '01'],
    ['two', '02'],
  ] as const) {
    const recorder = new Recorder({ seed });
    const client = await createBrowserlessClient({ origin: ORIGIN, recorder });
    await client.create(creation());
    await client.close();
    await recorder.save(join(folder, `${name}.json`));
  }
});
afterAll(() => rmSync(folder, { recursive: true }));

const recording = (...args: string[]) => runCli(['recording', ...args], environment(folder));
const file = (name: string) => join(folder, `${name}.json`);

describe('ctaplab recording', () => {
  it('shows what was asked and answered', async () => {
    const { status, stdout } = await recording('show', file('one'));
    expect(status).toBe(0);
    expect(stdout).toMatch(/#1 +create +by https:\/\/login\.example\.com/);
    expect(stdout).toMatch(/authenticatorMakeCredential +CTAP2_OK, touched/);
  });

  it('replays it to the byte', async () => {
    expect(await recording('replay', file('one'))).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/^All \d+ answers are the same, to the byte\.\n$/),
    });
  });

  it('compares two, and says where they part', async () => {
    expect(await recording('diff', file('one'), file('one'))).toMatchObject({ status: 0 });
    const { status, stdout, stderr } = await recording('diff', file('one'), file('two'));
    expect(status).toBe(1);
    expect(stdout).toContain('key.seed: expected "01", got "02"');
    expect(stdout).toMatch(/response\.members\.authData\.credentialId: expected /);
    expect(stderr).toMatch(/the recordings are not the same: \d+ differences/);
  });

  it('says what is wrong with a file', async () => {
    writeFileSync(file('bad'), '{"format":"har"}');
    expect(await recording('show', file('bad'))).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('bad.json: format: expected "ctaplab recording", got "har"'),
    });
    expect(await recording('replay', file('none'))).toMatchObject({ status: 1 });
  });
});
