import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dissect } from '../../system/usb/tshark.ts';
import { environment, MAIN } from '../cli/run-cli.ts';

const SIGN_IN = join(import.meta.dirname, 'sign_in.py');

let folder: string;
beforeAll(() => {
  for (const program of ['python3', 'curl', 'sh']) {
    const { error } = spawnSync(program, ['--version']);
    if (error !== undefined) throw new Error(`these tests need ${program}`, { cause: error });
  }
  folder = mkdtempSync(join(tmpdir(), 'ctaplab-languages-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs a command with a key plugged in that waits for touches; what it printed. */
async function exec(...command: string[]): Promise<string> {
  const args = [MAIN, 'exec', '--transport', 'udp', '--touch', 'manual', '--', ...command];
  const child = spawn(process.execPath, args, { env: environment(folder), stdio: ['ignore', 'pipe', 'pipe'] });
  const [[status], stdout, stderr] = await Promise.all([once(child, 'close'), text(child.stdout), text(child.stderr)]);
  expect([status, stderr]).toEqual([0, '']);
  return stdout;
}

const OUTCOME = { signedIn: true, forged: false, passkeys: 1 };
const COMMANDS = ['CTAPHID_INIT', 'authenticatorMakeCredential', 'authenticatorGetAssertion'];

describe('a lab', () => {
  it('is driven through a sign-in by Python with its standard library', async () => {
    const outcome = JSON.parse(await exec('python3', '-I', SIGN_IN));
    expect(outcome).toEqual({ ...OUTCOME, asked: ['makeCredential', 'getAssertion'], trace: COMMANDS });
  });

  it('is driven through a sign-in by curl', async () => {
    const script = `
      set -eu
      ask() { curl -sS --fail-with-body -H "Authorization: Bearer $CTAPLAB_TOKEN" "$@"; }
      TOUCH=others python3 -I "$1" & client=$!
      for operation in makeCredential getAssertion; do
        ask "$CTAPLAB_URL/keys/1/pending?wait=60000" | grep -o "\\"operation\\":\\"$operation\\""
        ask -X POST "$CTAPLAB_URL/keys/1/touch"; echo
      done
      wait $client
      ask "$CTAPLAB_URL/keys/1/idle?wait=60000"; echo
      ask -X PUT -H 'Content-Type: application/json' -d '{"advance":60000}' "$CTAPLAB_URL/clock" >/dev/null
      ask -o "$2" "$CTAPLAB_URL/keys/1/trace?format=pcapng"
      ask -X POST "$CTAPLAB_URL/keys/1/remove" | grep -o '"led":"off"'`;
    const capture = join(folder, 'trace.pcapng');
    const lines = (await exec('sh', '-c', script, 'sh', SIGN_IN, capture)).trim().split('\n');
    const [first, touched, second, again, outcome, idle, led] = lines;
    expect([first, second]).toEqual(['"operation":"makeCredential"', '"operation":"getAssertion"']);
    expect([touched, again, idle, led]).toEqual([
      '{"touched":true}',
      '{"touched":true}',
      '{"idle":true}',
      '"led":"off"',
    ]);
    expect(JSON.parse(outcome!)).toMatchObject(OUTCOME);
    const { status } = spawnSync(process.execPath, [MAIN, 'trace', capture, '--json']);
    expect(status).toBe(0);
    const bytes = readFileSync(capture);
    expect(await dissect(bytes, '_ws.malformed || _ws.expert.severity == "error"', 'frame.number')).toEqual([]);
    const reports = await dissect(bytes, 'usbhid.data', 'usbhid.data');
    // the first is a host's CTAPHID_INIT
    expect(reports[0]?.[0]?.replaceAll(':', '')).toMatch(/^ffffffff860008/);
  });
});
