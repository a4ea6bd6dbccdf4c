import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { toBase64Url, utf8 } from '../../../ctap/bytes.ts';
import { CtapHidDevice } from '../../../harness/client/ctap-hid.ts';
import { openUdp } from '../../../harness/transports/udp.ts';
import { WebAuthnClient } from '../../../harness/webauthn/index.ts';
import { type CliResult, environment, firstLine, runCli, spawnCli } from './run-cli.ts';

const PIN = '735917';

let folder: string;
let pinFile: string;
let env: NodeJS.ProcessEnv;
let lab: ChildProcessWithoutNullStreams;

// One lab for all: each describe leaves its key as the next one expects it, by number.
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ctaplab-management-'));
  pinFile = join(folder, 'pin');
  writeFileSync(pinFile, `${PIN}\n`);
  env = environment(folder);
  const model = ['--model', 'ctap2.3-everything', '--keys', '4'];
  lab = spawnCli(['start', '--transport', 'udp', '--touch', 'auto', '--no-site', '--json', ...model], env);
  await firstLine(lab);
});
afterAll(async () => {
  lab.kill('SIGTERM');
  await once(lab, 'close');
  rmSync(folder, { recursive: true });
});

/** Runs a verb that must succeed and say nothing on stderr. */
async function succeed(args: readonly string[], stdin = ''): Promise<string> {
  const result = await runCli(args, env, stdin);
  expect({ ...result, stdout: '' }).toEqual({ status: 0, signal: null, stdout: '', stderr: '' });
  return result.stdout;
}

/** The same with the PIN from a file; resolves to the JSON document. */
async function manage(...args: readonly string[]) {
  return JSON.parse(await succeed([...args, '--pin-file', pinFile, '--json']));
}

/** Runs a verb that must fail so. */
async function fail(status: number, ...args: readonly string[]): Promise<CliResult> {
  const result = await runCli(args, env);
  expect(result).toMatchObject({ status, stdout: '' });
  return result;
}

/** Creates passkeys on a key, as sites do. */
async function createPasskeys(key: string, ...accounts: readonly (readonly [rpId: string, user: string])[]) {
  const listed = JSON.parse(await succeed(['list', '--json'])) as { device: string; lab?: string }[];
  const [, host = '', port = ''] = /^udp:(.+):(\d+)$/.exec(listed.find((one) => one.lab === key)!.device)!;
  const device = await CtapHidDevice.open(await openUdp({ host, port: Number(port) }));
  try {
    for (const [rpId, name] of accounts) {
      const client = new WebAuthnClient({
        origin: `https://${rpId}`,
        authenticators: device,
        ui: { pin: () => PIN },
      });
      await client.create({
        rp: { id: rpId, name: `Site ${rpId}` },
        user: { id: toBase64Url(utf8(name)), name: `${name}@${rpId}`, displayName: name },
        challenge: 'Y2hhbGxlbmdl',
        pubKeyCredParams: [{ type: 'public-key', alg: -7 }],
        authenticatorSelection: { residentKey: 'required' },
        extensions: { largeBlob: { support: 'required' } },
      });
    }
  } finally {
    await device.close();
  }
}

interface ListedRp {
  readonly id: string;
  readonly passkeys: readonly { readonly id: string; readonly hex: string; readonly user: { readonly name: string } }[];
}

async function list(key: string): Promise<ListedRp[]> {
  return (await manage('passkeys', 'list', key)).rps;
}

describe('passkeys and blobs', () => {
  const key = 'lab:1';
  beforeAll(async () => {
    await succeed(['pin', 'set', key], `${PIN}\n`);
    await createPasskeys('1', ['one.example', 'alice'], ['one.example', 'bob'], ['two.example', 'carol']);
  });

  it('are listed by relying party', async () => {
    const rps = await list(key);
    expect(rps.map(({ id, passkeys }) => [id, passkeys.map(({ user }) => user.name).sort()])).toEqual([
      ['one.example', ['alice@one.example', 'bob@one.example']],
      ['two.example', ['carol@two.example']],
    ]);
    const text = await succeed(['passkeys', 'list', key], `${PIN}\n`);
    expect(text).toMatch(/^one\.example {2}Site one\.example\n( {2}[0-9a-f]{16,} .* ES256 .*\n){2}two\.example /);
    expect(text).toMatch(/\n3 passkeys; 997 more may fit\.\n$/);
  });

  it('get other names', async () => {
    const [, two] = await list(key);
    const { hex } = two!.passkeys[0]!;
    const renamed = await manage('passkeys', 'rename', hex.slice(0, 20), key, '--display-name', 'Caroline');
    expect(renamed.user).toEqual({ name: 'carol@two.example', displayName: 'Caroline' });
    const { stderr } = await fail(2, 'passkeys', 'rename', hex, key, '--pin-file', pinFile);
    expect(stderr).toMatch(/expected a new name.*\n.*--display-name/);
  });

  it('have blobs: stored, read, listed, deleted', async () => {
    const file = join(folder, 'certificate');
    writeFileSync(file, 'ssh-cert AAAA');
    expect(await manage('blobs', 'set', 'two.example', file, key)).toMatchObject({ rpId: 'two.example', size: 13 });
    expect(await succeed(['blobs', 'get', 'two.example', key, '--pin-file', pinFile])).toBe('ssh-cert AAAA');
    expect(await manage('blobs', 'get', 'two.example', key)).toMatchObject({
      blob: toBase64Url(utf8('ssh-cert AAAA')),
    });

    // by stdin, and by the id of one passkey out of two
    const [one] = await list(key);
    const { id } = one!.passkeys[0]!;
    await succeed(['blobs', 'set', id, '-', key, '--pin-file', pinFile], 'piped');
    const out = join(folder, 'out');
    await manage('blobs', 'get', id, key, '--out', out);
    expect(readFileSync(out, 'utf8')).toBe('piped');

    const listed = await manage('blobs', 'list', key);
    expect(listed).toMatchObject({ capacity: 16_384, elements: 2, intact: true });
    expect(listed.passkeys.map(({ size }: { size: number | null }) => size).sort()).toEqual([13, 5, null]);
    await manage('blobs', 'delete', id, key);
    await fail(1, 'blobs', 'get', id, key, '--pin-file', pinFile);
    expect((await manage('blobs', 'list', key)).elements).toBe(1);
  });

  it('are named so that one is meant', async () => {
    const several = await fail(2, 'blobs', 'get', 'one.example', key, '--pin-file', pinFile);
    expect(several.stderr).toMatch(/one\.example has 2 passkeys\n.*passkeys list/);
    const none = await fail(1, 'passkeys', 'delete', 'feedfeed', key, '--pin-file', pinFile);
    expect(none.stderr).toMatch(/has no passkey "feedfeed"\n.*passkeys list/);
    const stdin = await fail(2, 'blobs', 'set', 'two.example', '-', key);
    expect(stdin.stderr).toContain('--pin-file');
  });

  it('are deleted, the blob with its passkey', async () => {
    const [one, two] = await list(key);
    expect(await manage('passkeys', 'delete', two!.passkeys[0]!.id, key)).toMatchObject({
      deleted: two!.passkeys[0]!.id,
      rpId: 'two.example',
      largeBlob: true,
    });
    expect((await manage('blobs', 'list', key)).elements).toBe(0);
    expect(await manage('blobs', 'clean', key)).toMatchObject({ deleted: 0 });
    const text = await succeed(['passkeys', 'delete', one!.passkeys[1]!.id, key, '--pin-file', pinFile]);
    expect(text).toBe(`Deleted the passkey of ${one!.passkeys[1]!.user.name} at one.example.\n`);
    expect((await list(key)).map(({ passkeys }) => passkeys.length)).toEqual([1]);
  });

  it('want the right PIN', async () => {
    const wrong = await runCli(['passkeys', 'list', key], env, '000000\n');
    expect(wrong).toMatchObject({
      status: 4,
      stdout: '',
      stderr: expect.stringMatching(/PIN_INVALID.*\n.*pin status/),
    });
    const nothing = await runCli(['passkeys', 'list', key], env, '');
    expect(nothing).toMatchObject({ status: 2, stderr: expect.stringContaining('got nothing') });
  });

  it('take a PIN', async () => {
    const { stderr } = await fail(4, 'passkeys', 'list', 'lab:2', '--pin-file', pinFile);
    expect(stderr).toMatch(/no PIN is set.*\n.*pin set/);
  });
});

describe('fingerprints', () => {
  const key = 'lab:2';
  beforeAll(async () => {
    await succeed(['pin', 'set', key], `${PIN}\n`);
  });

  it('are enrolled sample by sample, listed, renamed and deleted', async () => {
    expect(await succeed(['fingerprints', 'list', key], `${PIN}\n`)).toMatch(/^No finger is enrolled/);
    const text = await succeed(['fingerprints', 'enrol', key, '--name', 'thumb'], `${PIN}\n`);
    expect(text).toMatch(
      / {2}sample 1: good \(2 to go\)\n {2}sample 2: .*\n {2}sample 3: good \(done\)\nEnrolled thumb/,
    );
    const second = await manage('fingerprints', 'enroll', key);
    expect(second).toMatchObject({ name: null, samples: [{ feedback: 'FP_GOOD', remaining: 2 }, {}, {}] });
    await manage('fingerprints', 'rename', second.id.slice(0, 6), 'index', key);
    const { sensor, fingers } = await manage('fingerprints', 'list', key);
    expect(sensor).toEqual({ kind: 'touch', samplesToEnroll: 3, maxNameLength: 64 });
    expect(fingers.map(({ name }: { name: string }) => name)).toEqual(['thumb', 'index']);
    await manage('fingerprints', 'delete', fingers[0].id, key);
    expect((await manage('fingerprints', 'list', key)).fingers).toEqual([{ id: second.id, name: 'index' }]);
  });

  it('have names that fit, and a sensor', async () => {
    const { stderr } = await fail(2, 'fingerprints', 'enrol', key, '--name', 'x'.repeat(65), '--pin-file', pinFile);
    expect(stderr).toContain('expected a name of at most 64 bytes of UTF-8, got 65');
    const without = await fail(1, 'fingerprints', 'list', 'virtual:ctap2.1');
    expect(without.stderr).toMatch(/no fingerprint sensor\n.*info/);
  });
});

describe('settings', () => {
  const key = 'lab:3';
  const show = async () => JSON.parse(await succeed(['config', 'show', key, '--json']));
  beforeAll(async () => {
    await succeed(['pin', 'set', key], `${PIN}\n`);
  });

  it('are shown and changed', async () => {
    expect(await show()).toMatchObject({ configurable: true, alwaysUv: false, minPinLength: 4, forcePinChange: false });
    expect(await manage('config', 'always-uv', 'on', key)).toMatchObject({ alwaysUv: true });
    // what is on is not toggled
    expect(await manage('config', 'always-uv', 'on', key)).toMatchObject({ alwaysUv: true });
    expect(await manage('config', 'always-uv', 'off', key)).toMatchObject({ alwaysUv: false });
    expect(await manage('config', 'enterprise-attestation', key)).toMatchObject({ enterpriseAttestation: true });
    expect(await manage('config', 'long-touch-reset', key)).toMatchObject({ longTouchForReset: true });
    const rps = ['--rp', 'one.example', '--rp', 'two.example'];
    expect(await manage('config', 'min-pin-length', '6', key, ...rps)).toMatchObject({ minPinLength: 6 });
    expect(await succeed(['config', 'show', key])).toMatch(/^least length of a PIN +6$/m);
  });

  it('are refused where they make no sense', async () => {
    const lower = await fail(4, 'config', 'min-pin-length', '5', key, '--pin-file', pinFile);
    expect(lower.stderr).toMatch(/is 6 already\n.*reset/);
    expect((await fail(2, 'config', 'always-uv', 'maybe', key)).stderr).toContain('on, off');
    expect((await fail(2, 'config', 'min-pin-length', '64', key)).stderr).toContain('from 4 to 63');
    expect((await fail(1, 'config', 'always-uv', 'on', 'virtual:ctap2.0')).stderr).toContain('no option alwaysUv');
    expect((await fail(4, 'config', 'force-pin-change', 'virtual:ctap2.1')).stderr).toMatch(/no PIN is set/);
  });

  it('make the PIN good for nothing but its change', async () => {
    expect(await manage('pin', 'force-change', key)).toMatchObject({ forcePinChange: true });
    expect(await manage('config', 'force-pin-change', key)).toMatchObject({ forcePinChange: true });
    const { stderr } = await fail(4, 'passkeys', 'list', key, '--pin-file', pinFile);
    expect(stderr).toMatch(/has to be changed.*\n.*pin change/);
    await succeed(['pin', 'change', key], `${PIN}\n291846\n`);
    expect(await show()).toMatchObject({ forcePinChange: false });
  });
});

describe('a reset', () => {
  it('pulls the key of a lab out and in, and leaves nothing', async () => {
    await succeed(['pin', 'set', 'lab:4'], `${PIN}\n`);
    await createPasskeys('4', ['one.example', 'alice']);
    const { status, stdout } = await runCli(['reset', 'lab:4', '--json'], env);
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ reset: true });
    expect(JSON.parse(await succeed(['pin', 'status', 'lab:4', '--json']))).toMatchObject({ set: false });
    await succeed(['pin', 'set', 'lab:4'], `${PIN}\n`);
    expect(await list('lab:4')).toEqual([]);
  });

  it('is done to a fresh key as well', async () => {
    expect((await runCli(['reset', 'virtual'], env)).stdout).toBe('FIDO2 Security Key (virtual) is as it was made.\n');
  });

  it('is refused by a hand that says no', async () => {
    const elsewhere = { ...env, XDG_RUNTIME_DIR: join(folder, 'denying') };
    const child = spawnCli(['start', '--transport', 'udp', '--touch', 'deny', '--no-site', '--json'], elsewhere);
    await firstLine(child);
    const denied = await runCli(['reset', 'lab:1'], elsewhere);
    child.kill('SIGTERM');
    await once(child, 'close');
    expect(denied).toMatchObject({ status: 4, stdout: '' });
    expect(denied.stderr).toContain('OPERATION_DENIED');
  });
});
