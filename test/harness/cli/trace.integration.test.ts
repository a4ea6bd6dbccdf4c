import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isCaptureFile } from '../../../ctap/trace/capture/capture-file.ts';
import { readTraffic } from '../../../ctap/trace/capture/read-capture.ts';
import { decodeTrace } from '../../../ctap/trace/decoder.ts';
import { environment, runCli } from './run-cli.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ctaplab-trace-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const ctaplab = (...args: string[]) => runCli(args, environment(folder));
const file = (name: string) => join(folder, name);

const INFO = ['CTAPHID_INIT', 'CTAPHID_INIT', 'authenticatorGetInfo', 'authenticatorGetInfo'];
const names = (entries: readonly { readonly name: string }[]) => entries.map(({ name }) => name);

describe('--trace', () => {
  it('writes what a verb and a key have said, in the form that the name of the file asks for', async () => {
    for (const name of ['info.pcapng', 'info.log']) {
      expect(await ctaplab('info', 'virtual', '--trace', file(name))).toMatchObject({ status: 0, stderr: '' });
      const { traffic, problems } = readTraffic(readFileSync(file(name)));
      expect(problems).toEqual([]);
      expect(names(decodeTrace(traffic))).toEqual(INFO);
      expect(statSync(file(name)).mode & 0o777).toBe(0o600);
    }
    expect(isCaptureFile(readFileSync(file('info.pcapng')))).toBe(true);
    await ctaplab('info', 'virtual', '--trace', file('info.json'));
    const lines = readFileSync(file('info.json'), 'utf8').trim().split('\n');
    expect(names(lines.map((line) => JSON.parse(line)))).toEqual(INFO);
  });

  it('tells it on stderr, beside what the verb prints', async () => {
    const { status, stdout, stderr } = await ctaplab('info', 'virtual', '--json', '--trace', '-');
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ device: 'virtual' });
    expect(stderr).toMatch(/^ +0\.000 1 ffffffff > #1 +CTAPHID_INIT/);
    expect(stderr).toContain('< #2   authenticatorGetInfo CTAP2_OK');
  });

  it("has Token2's carrier of an OTP verb", async () => {
    const { stderr } = await ctaplab('otp', 'list', 'virtual:token2-r3.3-pin-plus', '--trace', '-');
    expect(stderr).toContain('readEntries');
  });

  it('fails before the key is reached where the file cannot be written', async () => {
    const { status, stdout, stderr } = await ctaplab('info', 'virtual', '--trace', join(folder, 'none', 'x.log'));
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toContain('ENOENT');
  });
});

describe('ctaplab trace', () => {
  it('decodes a file, as text and as JSON', async () => {
    await ctaplab('info', 'virtual', '--trace', file('decode.pcapng'));
    const text = await ctaplab('trace', file('decode.pcapng'));
    expect(text).toMatchObject({ status: 0, stderr: '' });
    expect(text.stdout.trim().split('\n')).toHaveLength(4);
    expect(text.stdout).toContain('aaguid: ab32f0c62239afbbc470d2ef4e254db7');
    const json = JSON.parse((await ctaplab('trace', file('decode.pcapng'), '--json')).stdout);
    expect(names(json.entries)).toEqual(INFO);
    expect(json.problems).toEqual([]);
  });

  it('writes it in another form', async () => {
    await ctaplab('info', 'virtual', '--trace', file('other.log'));
    await ctaplab('trace', file('other.log'), '--out', file('other.pcapng'));
    const [log, capture] = ['other.log', 'other.pcapng'].map((name) => readTraffic(readFileSync(file(name))));
    expect(decodeTrace(capture!.traffic)).toEqual(decodeTrace(log!.traffic));
  });

  it('reads stdin, and shows secrets where it is told to', async () => {
    const report = Buffer.concat([Buffer.from('01020304900016', 'hex'), Buffer.alloc(57)]);
    // clientPIN with a pinUvAuthParam of 16 bytes
    Buffer.from(`06a202010450${'aa'.repeat(16)}`, 'hex').copy(report, 7);
    const log = `1.5 > ${report.toString('hex')}\n`;
    const hidden = await runCli(['trace', '-'], environment(folder), log);
    expect(hidden.stdout).toMatch(/getPINRetries .*pinUvAuthParam: <hidden, 16 bytes>/);
    const shown = await runCli(['trace', '-', '--secrets', '--full'], environment(folder), log);
    expect(shown.stdout).toContain(`pinUvAuthParam: ${'aa'.repeat(16)}`);
  });

  it('says what is wrong with a file', async () => {
    writeFileSync(file('picture'), Uint8Array.of(0x89, 0x50, 0x4e, 0x47));
    expect(await ctaplab('trace', file('picture'))).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('expected a pcap or pcapng capture or a log of reports as text'),
    });
    writeFileSync(file('half.log'), '1.0 > ffffffff8600080102030405060708\nnonsense\n');
    const half = await ctaplab('trace', file('half.log'));
    expect(half.status).toBe(0);
    expect(half.stdout).toContain('! expected reports of 64 bytes, got one of 15');
    expect(half.stderr).toContain('half.log: line 2: expected a report, got "nonsense"');
    expect((await ctaplab('trace', 'lab:1')).status).toBe(3);
  });
});
