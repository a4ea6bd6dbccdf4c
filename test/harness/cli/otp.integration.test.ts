import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PNG } from 'pngjs';
import encodeQR from 'qr';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fromHex, toHex } from '../../../ctap/bytes.ts';
import { readYubicoOtp, toModhex } from '../../../ctap/otp/yubico-otp.ts';
import { environment, firstLine, runCli, spawnCli } from './run-cli.ts';

const SECRET = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ';

let folder: string;
let env: NodeJS.ProcessEnv;
let lab: ReturnType<typeof spawnCli>;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ctaplab-otp-'));
  env = environment(folder);
  lab = spawnCli(
    ['start', '--transport', 'udp', '--touch', 'manual', '--no-site', '--model', 'token2-r3', '--json'],
    env,
  );
  await firstLine(lab);
});
afterAll(async () => {
  lab.kill();
  await once(lab, 'close');
  rmSync(folder, { recursive: true });
});

const run = (...words: string[]) => runCli(words, env, `${SECRET}\n`);
async function json(...words: string[]): Promise<Record<string, unknown>> {
  const { status, stdout, stderr } = await run(...words, '--json');
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return JSON.parse(stdout) as Record<string, unknown>;
}

/** A PNG of a QR code, eight pixels a module, with its quiet zone. */
function qrImage(text: string): string {
  const modules = encodeQR(text, 'raw', { border: 4 });
  const scale = 8;
  const size = modules.length * scale;
  const image = new PNG({ width: size, height: size });
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const shade = modules[Math.floor(y / scale)]![Math.floor(x / scale)] ? 0 : 255;
      image.data.set([shade, shade, shade, 255], 4 * (y * size + x));
    }
  }
  const path = join(folder, 'code.png');
  writeFileSync(path, PNG.sync.write(image));
  return path;
}

describe('ctaplab otp', () => {
  it('adds from stdin, a file and a QR code, lists, shows a code, and deletes', async () => {
    expect((await json('otp', 'add', 'lab:1', '--account', 'alice', '--app', 'Example')).written).toMatchObject({
      type: 'totp',
      digits: 6,
    });
    const uri = `otpauth://hotp/Counter:bob?secret=${SECRET}&counter=0&digits=8`;
    const file = join(folder, 'secret.txt');
    writeFileSync(file, `${uri}\n`);
    await json('otp', 'add', 'lab:1', '--secret-file', file);
    await json(
      'otp',
      'add',
      'lab:1',
      '--qr',
      qrImage(`otpauth://totp/Corp:carol?secret=${SECRET}&algorithm=SHA256&period=60`),
    );
    const { entries } = await json('otp', 'list', 'lab:1');
    expect(entries).toMatchObject([
      { app: 'Corp', account: 'carol', algorithm: 'SHA256', period: 60, code: expect.stringMatching(/^\d{6}$/) },
      { app: 'Counter', account: 'bob', type: 'hotp', digits: 8 },
      { app: 'Example', account: 'alice', code: expect.stringMatching(/^\d{6}$/) },
    ]);
    const codes = [
      await json('otp', 'code', 'bob', 'lab:1', '--app', 'Counter'),
      await json('otp', 'code', 'bob', 'lab:1', '--app', 'Counter'),
    ];
    expect(codes.map(({ code }) => code)).toEqual(['84755224', '94287082']);
    await json('otp', 'delete', 'bob', 'lab:1', '--app', 'Counter');
    const gone = await run('otp', 'code', 'bob', 'lab:1', '--app', 'Counter');
    expect([gone.status, gone.stderr]).toEqual([1, expect.stringMatching(/6A83: there is no such entry/)]);
  });

  it('waits for the touch of an entry that wants one, and of erasing', async () => {
    await json('otp', 'add', 'lab:1', '--account', 'touched', '--touch');
    const code = run('otp', 'code', 'touched', 'lab:1');
    await json('touch', '1', '--wait', '30000');
    expect(await code).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/^\d{6}\n$/),
      stderr: 'Touch the key.\n',
    });
    const denied = run('otp', 'erase', 'lab:1');
    await json('touch', '1', '--wait', '30000', '--deny');
    expect((await denied).status).toBe(4);
    const erased = run('otp', 'erase', 'lab:1');
    await json('touch', '1', '--wait', '30000');
    expect((await erased).status).toBe(0);
    expect((await json('otp', 'list', 'lab:1')).entries).toEqual([]);
  });

  it('types the HOTP of the slot, and shows what layouts read', async () => {
    expect(await run('touch')).toMatchObject({ status: 1, stderr: expect.stringMatching(/it asks for no touch now/) });
    expect(await json('otp', 'slot', 'lab:1', '--write')).toMatchObject({
      programmed: true,
      enter: true,
      press: 'short',
      keys: 'top-row',
    });
    const french = await json('type', '--layout', 'fr');
    expect(french).toMatchObject({ typed: '755224\n', readings: [{ layout: 'fr', text: "è((éé'\n", right: false }] });
    expect(await run('type', '--layout', 'de')).toMatchObject({
      stdout: expect.stringMatching(/^287082⏎ .*\nde +287082⏎ +German\n$/),
    });
    await json('otp', 'slot', 'lab:1', '--no-enter', '--keys', 'keypad', '--press', 'long');
    expect((await run('type')).stderr).toMatch(/it asks for no touch now/);
    expect(await json('type', '--long', '--layout', 'fr')).toMatchObject({
      keypad: true,
      typed: '359152',
      readings: [{ right: true }],
    });
    expect(await json('touch', '--long')).toMatchObject({ answer: 'touched', typed: expect.any(Array) });
    await json('otp', 'slot', 'lab:1', '--delete');
    expect(await run('type', '--long')).toMatchObject({ status: 1 });
  });

  it('gives a key a Yubico OTP, which a validation server reads', async () => {
    const [privateId, aes] = ['010203040506', '000102030405060708090a0b0c0d0e0f'];
    const given = await runCli(
      ['otp', 'yubico', '--public-id', 'vvccccbdefgh', '--json'],
      env,
      `${privateId}\n${aes}\n`,
    );
    expect([given.status, given.stderr]).toEqual([0, '']);
    expect(JSON.parse(given.stdout)).toEqual({ key: '1', programmed: true, publicId: 'vvccccbdefgh' });
    const { typed } = (await json('type', '--long', '--layout', 'us')) as { typed: string };
    expect(typed).toMatch(/^vvccccbdefgh[cbdefghijklnrtuv]{32}$/); // Enter is off since the test before
    const { publicId, fields } = readYubicoOtp(fromHex(aes), typed.trim())!;
    expect([toModhex(publicId), toHex(fields.privateId)]).toEqual(['vvccccbdefgh', privateId]);
    const short = await runCli(['otp', 'yubico', 'lab:1'], env, `${privateId}\nsecret\n`);
    expect([short.status, short.stderr]).toEqual([2, expect.stringMatching(/AES key: expected 32 hexadecimal digits/)]);
    expect(short.stderr).not.toContain('secret');
    expect(await json('otp', 'yubico', '1', '--delete')).toEqual({ key: '1', programmed: false });
    expect(await run('type', '--long')).toMatchObject({ status: 1 });
  });

  it('switches interfaces, but never all of them off', async () => {
    expect((await json('otp', 'interfaces', 'virtual:token2-r3.3-pin-plus')).interfaces).toEqual({
      fido: true,
      keyboard: false,
      ccid: true,
    });
    expect((await json('otp', 'interfaces', 'virtual', '--off', 'ccid')).interfaces).toMatchObject({ ccid: false });
    expect(await run('otp', 'interfaces', 'virtual', '--off', 'fido,keyboard,ccid')).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/leaves the key an interface/),
    });
  });

  it.each([
    [['otp', 'add', 'virtual'], /expected an account, got none/],
    [['otp', 'add', 'virtual', '--account', 'zoë'], /account: expected ASCII, got "zoë"/],
    [['otp', 'add', 'virtual', '--account', 'a', '--qr', 'package.json'], /expected a PNG image/],
    [['otp', 'slot', 'virtual', '--write', '--delete'], /contradict/],
    [['otp', 'yubico', '--public-id', 'abc'], /modhex: expected an even number of letters, got 3/],
    [['otp', 'yubico', '--public-id', 'cc'.repeat(17)], /expected at most 16 bytes, got 17/],
    [['type', '--code', '12a4'], /--code: expected a decimal digit, got "a"/],
    [['type', '--code', '1', '--layout', 'xx'], /there is no keyboard layout "xx"/],
    [['token', 'convert', 'package.json'], /expected --duo FILE/],
    [['token', 'start', '--drift', 'fast'], /expected parts per million/],
    [['token', 'info', 'virtual'], /expected a card reader, got virtual/],
  ])('tells a wrong %j', async (words, message) => {
    expect(await run(...words)).toMatchObject({ status: 2, stderr: expect.stringMatching(message) });
  });

  it('keeps secrets out of what it says about a wrong one', async () => {
    const { status, stderr } = await runCli(['otp', 'add', 'virtual', '--account', 'a'], env, 'SECRETSECRET1\n');
    expect([status, stderr]).toEqual([2, expect.stringMatching(/character 13 is none/)]);
    expect(stderr).not.toContain('SECRETSECRET');
  });
});
