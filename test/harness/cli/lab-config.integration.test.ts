import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { labConfigSchema } from '../../../harness/cli/lab-config.ts';
import { environment, runCli } from './run-cli.ts';

const SCHEMA = join(import.meta.dirname, '../../../ctaplab.schema.json');

let folder: string;
let file: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ctaplab-config-'));
  file = join(folder, 'ctaplab.json');
});
afterAll(() => rmSync(folder, { recursive: true }));

const config = {
  $schema: './node_modules/ctaplab/ctaplab.schema.json',
  keys: [
    { model: 'token2-bio3', pin: '904718', touch: 'manual', transports: ['udp', 'udp'] },
    { model: 'ctap2.1', transports: ['udp'] },
    { model: 'u2f-only', inserted: false },
  ],
  tokens: [{ model: 'molto2', driftPpm: 20 }],
  clock: '2031-02-03T04:05:06Z',
};

/** Prints what the command sees of the lab. */
const LOOK = `
  const ask = async (path) => (await fetch(process.env.CTAPLAB_URL + path, { headers: { authorization: 'Bearer ' + process.env.CTAPLAB_TOKEN } })).json();
  const { keys } = await ask('/keys');
  const { tokens } = await ask('/tokens');
  const { now } = await ask('/clock');
  const { CTAPLAB_DEVICE: device, CTAPLAB_DEVICES: devices } = process.env;
  console.log(JSON.stringify({ keys, tokens, now, device, devices: devices.split(' ') }));`;

describe('ctaplab.json', () => {
  it('has the schema that is published', () => {
    expect(JSON.parse(readFileSync(SCHEMA, 'utf8'))).toEqual(labConfigSchema());
    const ajv = new Ajv2020();
    addFormats.default(ajv);
    const validate = ajv.compile(labConfigSchema());
    expect(validate(config)).toBe(true);
    expect(validate({ keys: [{ modle: 'ctap2.1' }] })).toBe(false);
  });

  it('gives a command several keys of several kinds', async () => {
    writeFileSync(file, JSON.stringify(config));
    const args = [
      'exec',
      '--config',
      file,
      '--transport',
      'udp',
      '--',
      process.execPath,
      '--input-type=module',
      '-e',
      LOOK,
    ];
    const { status, stdout, stderr } = await runCli(args, environment(folder));
    expect([status, stderr]).toEqual([0, '']);
    const { keys, tokens, now, device, devices } = JSON.parse(stdout);
    expect(keys).toMatchObject([
      { model: 'token2-bio3', pin: { set: true }, touch: 'manual', transports: [{}, {}] },
      { model: 'ctap2.1', touch: 'auto', inserted: true },
      { model: 'u2f-only', inserted: false },
    ]);
    expect(tokens).toMatchObject([{ model: 'molto2', driftPpm: 20 }]);
    expect(now).toMatch(/^2031-02-03T04:0/);
    expect(devices).toHaveLength(3);
    expect(device).toBe(devices[0]);
  });

  it.each([
    ['{', 'expected JSON'],
    ['{}', 'keys: expected array, got nothing'],
    ['{"keys":[]}', 'keys: expected at least 1 elements'],
    ['{"keys":[{"model":"token3"}]}', 'keys.0.model: expected'],
    ['{"keys":[{"modle":"ctap2.1"}]}', 'keys.0: expected no member "modle"'],
    ['{"keys":[{"touch":"often"}]}', 'keys.0.touch: expected auto, manual, deny or after=MS'],
  ])('is refused as %s', async (text, message) => {
    writeFileSync(file, text);
    const { status, stderr } = await runCli(['exec', '--config', file, '--', 'true'], environment(folder));
    expect([status, stderr]).toEqual([2, expect.stringContaining(message)]);
  });
});
