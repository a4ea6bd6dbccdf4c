import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { PublishedMetadata } from '../../../emulator/attestation/metadata-blob.ts';
import { models } from '../../../emulator/models/index.ts';
import { environment, firstLine, runCli, spawnCli } from './run-cli.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ctaplab-metadata-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

async function metadata(...args: readonly string[]): Promise<PublishedMetadata> {
  const { status, stdout, stderr } = await runCli(['metadata', '--json', ...args], environment(folder));
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return JSON.parse(stdout) as PublishedMetadata;
}

it('describes all models under the root of a seed, the same root each time', async () => {
  const [one, two, other] = [
    await metadata('--seed', '00ff'),
    await metadata('--seed', '00ff'),
    await metadata('--seed', '01'),
  ];
  expect(one.statements.length).toBe(models.size);
  expect([one.attestationRoot, one.metadataRoot]).toEqual([two.attestationRoot, two.metadataRoot]);
  expect(other.attestationRoot).not.toBe(one.attestationRoot);
});

it('writes the files that a relying party reads', async () => {
  const file = (name: string) => join(folder, name);
  const { status, stdout } = await runCli(
    [
      ...['metadata', '--seed', '00ff', '--model', 'token2-r3', '--model', 'ctap2.1'],
      ...['--blob', file('blob'), '--root', file('root'), '--attestation-root', file('attestation')],
    ],
    environment(folder),
  );
  expect(status).toBe(0);
  expect(stdout).toMatch(/^ab32f0c6-2239-afbb-c470-d2ef4e254db7 +Token2 .*\n.*CTAP 2\.1.*\nBLOB: .*\n/);
  const [, payload] = readFileSync(file('blob'), 'utf8').split('.');
  expect(JSON.parse(Buffer.from(payload!, 'base64url').toString()).entries.length).toBe(2);
  expect(new X509Certificate(readFileSync(file('root'))).subject).toMatch(/metadata root/);
  expect(new X509Certificate(readFileSync(file('attestation'))).subject).toMatch(/ctaplab test root/);
});

it('asks the lab that runs, and afterwards the folder that it kept its keys in', async () => {
  const state = join(folder, 'state');
  const env = environment(folder);
  const lab = spawnCli(['start', '--json', '--transport', 'udp', '--state', state], env);
  try {
    await firstLine(lab);
    const running = await metadata('--model', 'token2-r3');
    expect(running.statements.map(({ aaguid }) => aaguid)).toEqual(['ab32f0c6-2239-afbb-c470-d2ef4e254db7']);
    const meanwhile = await runCli(['metadata', '--state', state], env);
    expect(meanwhile.status).toBe(1);
    expect(meanwhile.stderr).toMatch(/in use by process/);
    const { status, stdout } = await runCli(['info', 'lab:1', '--json'], env);
    const info = JSON.parse(stdout) as { model: string; assumed: string[] };
    expect([status, info.model, info.assumed.includes('maxMsgSize')]).toEqual([0, 'token2-r3', true]);
    lab.kill('SIGINT');
    await new Promise((resolve) => lab.once('close', resolve));
    expect((await metadata('--state', state)).attestationRoot).toBe(running.attestationRoot);
  } finally {
    lab.kill('SIGKILL');
  }
});

it('says what is wrong', async () => {
  const run = async (...args: readonly string[]) => {
    const { status, stderr } = await runCli(['metadata', '--json', ...args], environment(folder));
    return [status, (JSON.parse(stderr) as { error: { message: string } }).error.message];
  };
  expect(await run()).toEqual([3, 'no lab is running']);
  expect(await run('--model', 'token3')).toEqual([
    2,
    expect.stringMatching(/there is no model "token3"; known models/),
  ]);
  expect(await run('--seed', '00', '--state', folder)).toEqual([2, expect.stringMatching(/cannot be used with/)]);
});
