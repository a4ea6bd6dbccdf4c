/** Keys and tokens as smart cards, through pcscd: on this machine itself, with no kernel of its own. */
import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { toHex, utf8 } from '../../ctap/bytes.ts';
import { totp } from '../../ctap/otp/totp.ts';
import type { Run } from '../../harness/conformance/result.ts';
import { environment, firstLine, MAIN } from '../harness/cli/run-cli.ts';
import { PcscDaemon, READER } from './pcsc/daemon.ts';

const SECRET = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ';
const SEED = utf8('12345678901234567890');
const MINUTE = 60_000;

const folder = mkdtempSync(join(tmpdir(), 'ctaplab-pcsc-'));
const daemon = await PcscDaemon.start();
const env = { ...environment(folder), PCSCLITE_CSOCK_NAME: daemon.env.PCSCLITE_CSOCK_NAME };
const running = new Set<ChildProcessWithoutNullStreams>();
afterAll(async () => {
  await Promise.all([...running].map(end));
  await daemon.stop();
  rmSync(folder, { recursive: true });
});

async function end(child: ChildProcessWithoutNullStreams): Promise<void> {
  running.delete(child);
  if (child.exitCode !== null) return;
  child.kill();
  await once(child, 'close');
}

async function start(...words: string[]): Promise<{ child: ChildProcessWithoutNullStreams; ready: Ready }> {
  const child = spawn(process.execPath, [MAIN, ...words, '--json'], { env });
  running.add(child);
  return { child, ready: JSON.parse(await firstLine(child)) as Ready };
}

interface Ready {
  readonly serial?: string;
  readonly keys?: readonly { readonly serialNumber: string; readonly devices: readonly string[] }[];
}

function run(command: string, words: readonly string[], input = ''): string {
  const { status, stdout, stderr, error } = spawnSync(command, words, {
    env,
    input,
    encoding: 'utf8',
    timeout: 10 * MINUTE, // the judge's checks of a card take one on an idle machine
  });
  if (status !== 0)
    throw new Error(`${command} ${words.join(' ')}: status ${status} ${error ?? ''}\n${stdout}\n${stderr}`);
  return stdout;
}

const ctaplab = (words: readonly string[], input?: string) => run(process.execPath, [MAIN, ...words], input);
const json = (words: readonly string[], input?: string) => JSON.parse(ctaplab([...words, '--json'], input));
const apdu = (...hex: string[]) =>
  run('opensc-tool', ['--reader', '0', ...hex.flatMap((text) => ['--send-apdu', text])]);

/** Runs `show` within one time step, and gives what it showed with the step's code. */
function withinStep<T>(show: () => T, options: Parameters<typeof totp>[2] = {}): [shown: T, code: string] {
  for (;;) {
    const code = totp(SEED, Date.now() / 1000, options);
    const shown = show();
    if (totp(SEED, Date.now() / 1000, options) === code) return [shown, code];
  }
}

describe('a key as a smart card', () => {
  let serial: string;
  let lab: ChildProcessWithoutNullStreams;
  beforeAll(async () => {
    const { child, ready } = await start(
      ...[
        'start',
        '--no-site',
        '--touch',
        'auto',
        '--model',
        'token2-r3.3-pin-plus',
        '--transport',
        `vpcd:${daemon.port}`,
      ],
    );
    lab = child;
    const [key] = ready.keys!;
    expect(key?.devices).toEqual([`pcsc:${READER}`]);
    serial = key!.serialNumber;
  });
  afterAll(() => end(lab));

  it('has an ATR that pcsc_scan sees, and that ends in the serial number', async () => {
    const scan = spawn('pcsc_scan', ['-n'], { env });
    let seen = '';
    for await (const data of scan.stdout) {
      seen += data;
      if (/ATR: .*\n/.test(seen)) break;
    }
    scan.kill();
    const suffix = toHex(utf8(serial.slice(-8)))
      .toUpperCase()
      .replace(/..(?!$)/g, '$& ');
    expect(seen).toMatch(new RegExp(`Virtual PCD 00 00[\\s\\S]*ATR: 3B .*86 8E 00 22 .*${suffix} ..\n`));
  });

  it('exchanges APDUs with each of its applets', () => {
    expect(apdu('00:A4:04:00:08:A0:00:00:06:47:2F:00:01')).toMatch(/SW1=0x90, SW2=0x00[\s\S]*U2F_V2/);
    expect(apdu('00:A4:04:00:08:F0:00:00:01:4F:74:70:01', '80:C5:02:00:0A')).toMatch(/SW1=0x90[\s\S]*SW1=0x90/);
    expect(apdu('00:A4:04:00:07:A0:00:00:05:27:21:01')).toMatch(/SW1=0x90, SW2=0x00[\s\S]*79 03 05/);
    expect(apdu('00:A4:04:00:05:A0:00:00:03:97')).toMatch(/SW1=0x6A, SW2=0x82/);
    // An answer of many parts, which opensc-tool gets by GET RESPONSE: the info of the key.
    const info = apdu('00:A4:04:00:08:A0:00:00:06:47:2F:00:01', '80:10:00:00:01:04:10');
    expect(info).toMatch(/SW1=0x90, SW2=0x00\)[\s\S]*SW1=0x90, SW2=0x00\):\n00 [AB]/);
    expect(info).toContain('FIDO_2');
  });

  it('is an OATH device to ykman, with and without a password', () => {
    const ykman = (...words: string[]) => run('ykman', ['--reader', READER, 'oath', ...words]);
    ykman('accounts', 'add', '--force', 'Example:alice', SECRET);
    ykman('accounts', 'add', '--force', '--oath-type', 'HOTP', '--digits', '8', 'counter', SECRET);
    ykman('accounts', 'add', '--force', '--algorithm', 'SHA512', '--period', '60', 'slow', SECRET);
    expect(ykman('accounts', 'list').trim().split('\n').sort()).toEqual(['60/slow', 'Example:alice', 'counter']);
    const code = (name: string) => ykman('accounts', 'code', '--single', name).trim();
    expect([code('counter'), code('counter')]).toEqual(['84755224', '94287082']);
    const [alice, expected] = withinStep(() => code('alice'));
    expect(alice).toBe(expected);
    const slow = { algorithm: 'SHA512', period: 60 } as const;
    const [shown, slowCode] = withinStep(() => code('slow'), slow);
    expect(shown).toBe(slowCode);
    ykman('access', 'change', '--new-password', 'secret');
    expect(() => ykman('accounts', 'list', '--password', 'wrong')).toThrow(/Authentication to the YubiKey failed/);
    ykman('accounts', 'rename', '--force', 'counter', 'renamed', '--password', 'secret');
    ykman('accounts', 'delete', '--force', 'alice', '--password', 'secret');
    expect(ykman('accounts', 'list', '--password', 'secret').trim().split('\n').sort()).toEqual(['60/slow', 'renamed']);
    ykman('reset', '--force');
    expect(ykman('accounts', 'list')).toBe('');
  });

  it('registers and signs in by python3-fido2 over PC/SC', () => {
    const seen = JSON.parse(run('/usr/bin/python3', ['test/system/python/fido2_card.py']));
    expect(seen).toMatchObject({ versions: expect.arrayContaining(['FIDO_2_1']), format: 'packed' });
    expect(seen.counter).toBeGreaterThan(1);
  });

  it('is judged as a card and by its OTP applet, and reset where a check asks for that', () => {
    const report = join(folder, 'run.json');
    ctaplab(['conformance', `pcsc:${READER}`, '--only', 'token2.*', '--only', 'card.*', '--report', report]);
    const { key, counts, results } = JSON.parse(readFileSync(report, 'utf8')) as Run;
    expect(key.carrier).toBe('card');
    expect(counts).toMatchObject({ failed: 0, warning: 0 });
    expect(counts.passed).toBeGreaterThan(100);
    const passed = results.filter(({ outcome }) => outcome === 'passed').map(({ id }) => id);
    expect(passed).toEqual(expect.arrayContaining(['card.reset.select', 'token2.select.reset', 'token2.touch.code']));
  });

  it('is listed, asked and filled by this program', () => {
    const device = `pcsc:${READER}`;
    expect(json(['list'])).toEqual(expect.arrayContaining([expect.objectContaining({ device, lab: '1' })]));
    expect(json(['info', device]).info.versions ?? json(['info', device]).versions).toContain('FIDO_2_1');
    json(['otp', 'add', device, '--account', 'alice'], `${SECRET}\n`);
    const [entries, code] = withinStep(() => json(['otp', 'list', device]).entries);
    expect(entries).toMatchObject([{ account: 'alice', code }]);
    expect(json(['otp', 'slot', device, '--write'], `${SECRET}\n`)).toMatchObject({
      programmed: true,
      keyboard: false,
    });
  });
});

describe('a programmable token', () => {
  const device = `pcsc:${READER}`;
  const startToken = (...words: string[]) => start('token', 'start', '--port', String(daemon.port), ...words);
  async function code(child: ChildProcessWithoutNullStreams): Promise<string | null> {
    child.stdin.write('\n');
    return (JSON.parse(await firstLine(child)) as { code: string | null }).code;
  }

  it('is read, configured, seeded and set by this program, and shows the codes of its seed', async () => {
    const { child, ready } = await startToken('--model', 'otpc-p2-i');
    expect(json(['token', 'info'])).toMatchObject({
      device,
      serial: ready.serial,
      model: 'otpc-p2-i',
      timeSync: 'restricted',
    });
    expect(await code(child)).toBeNull();
    json(['token', 'config', device, '--period', '60', '--algorithm', 'SHA256', '--yes']);
    json(['token', 'seed', device, '--yes'], `${SECRET}\n`);
    for (;;) {
      const options = { period: 60, algorithm: 'SHA256' } as const;
      const before = totp(SEED, Date.now() / 1000, options);
      const shown = await code(child);
      if (totp(SEED, Date.now() / 1000, options) !== before) continue;
      expect(shown).toBe(before);
      break;
    }
    expect(json(['token', 'sync', device, '--yes'])).toMatchObject({ seedDeleted: true });
    expect(await code(child)).toBeNull();
    await end(child);
  });

  it('of unrestricted time sync keeps its seed', async () => {
    const { child } = await startToken('--model', 'c302-i', '--drift', '-100');
    json(['token', 'seed', device, '--yes'], `${SECRET}\n`);
    expect(json(['token', 'sync', device, '--yes'])).toMatchObject({ seedDeleted: false });
    expect(await code(child)).toMatch(/^\d{6}$/);
    await end(child);
  });

  it('is provisioned from a list, and becomes a line of Duo’s import', async () => {
    const { child, ready } = await startToken();
    const [list, duo] = [join(folder, 'tokens.csv'), join(folder, 'duo.csv')];
    writeFileSync(list, `serial,secret,step\n${ready.serial},${SECRET},60\n8659632999999,${SECRET},30\n`);
    expect(json(['token', 'provision', list, '--duo', duo, '--yes'])).toEqual({
      provisioned: [ready.serial],
      left: ['8659632999999'],
    });
    expect(readFileSync(duo, 'utf8')).toBe(`${ready.serial},${toHex(SEED)},60\n`);
    expect(statSync(duo).mode & 0o777).toBe(0o600);
    const [{ code: shown }, expected] = [{ code: await code(child) }, /^\d{6}$/];
    expect(shown).toMatch(expected);
    await end(child);
  });
});
