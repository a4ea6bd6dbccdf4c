/** The key's keyboard in a real kernel: key events, characters on a console, logins through PAM; and its OTP applet. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { utf8 } from '../../ctap/bytes.ts';
import { hotp } from '../../ctap/otp/hotp.ts';
import { fail, succeed } from './commands.ts';
import { bootKernel } from './kernel.ts';
import { CTAPLAB, type Lab, startLab } from './lab.ts';

const SECRET = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ';
const SEED = utf8('12345678901234567890');
const HEX = '3132333435363738393031323334353637383930';
const NAME = 'TOKEN2 FIDO2 Security Key';

/** Key codes of linux/input-event-codes.h. */
const KEY_ENTER = 28;
const KEY_NUMLOCK = 69;
const KEY_KPENTER = 96;
const TOP_ROW: Readonly<Record<string, number>> = { 1: 2, 2: 3, 3: 4, 4: 5, 5: 6, 6: 7, 7: 8, 8: 9, 9: 10, 0: 11 };
const KEYPAD: Readonly<Record<string, number>> = {
  1: 79,
  2: 80,
  3: 81,
  4: 75,
  5: 76,
  6: 77,
  7: 71,
  8: 72,
  9: 73,
  0: 82,
};

const kernel = await bootKernel();
let lab: Lab;
/** The counter of the next password that the key types. */
let counter = 0;
beforeAll(async () => {
  lab = await startLab(kernel, '--touch', 'manual', '--no-site', '--model', 'token2-r3');
  await succeed(kernel, `echo ${SECRET} | ${CTAPLAB} otp slot ${lab.keys[0]!.devices[0]} --write`);
});
afterAll(() => lab.stop());

const slot = (...options: readonly string[]) => succeed(kernel, `${CTAPLAB} otp slot lab:1 ${options.join(' ')}`);
const press = () => lab.ask('POST', '/keys/1/touch');
const pressed = (...codes: readonly number[]) =>
  codes.flatMap((code) => [
    [code, 1],
    [code, 0],
  ]);
const keysOf = (code: string, keys: Readonly<Record<string, number>>) => Array.from(code, (digit) => keys[digit]!);

/** Touches the key, and resolves to the key events up to the release of `end`. */
async function eventsOfTouch(end: number, times = 1): Promise<unknown> {
  const reader = await kernel.spawn(`exec python3 test/system/python/read_keys.py '${NAME}' ${end} ${times}`);
  await reader.waitForLine(/^ready$/);
  await press();
  const { stdout, stderr } = await reader.ended;
  const [, json] = stdout.split('\n');
  if (json === undefined) throw new Error(stderr);
  return JSON.parse(json);
}

describe('the keyboard', () => {
  it('types the HOTP on the top row, then Enter', async () => {
    const code = hotp(SEED, counter++);
    expect(await eventsOfTouch(KEY_ENTER)).toEqual(pressed(...keysOf(code, TOP_ROW), KEY_ENTER));
  });

  it('types on the keypad between two taps on NumLock, which is off', async () => {
    await slot('--keys', 'keypad', '--no-enter');
    const code = hotp(SEED, counter++);
    expect(await eventsOfTouch(KEY_NUMLOCK, 2)).toEqual(pressed(KEY_NUMLOCK, ...keysOf(code, KEYPAD), KEY_NUMLOCK));
    await slot('--enter');
    const next = hotp(SEED, counter++);
    expect(await eventsOfTouch(KEY_NUMLOCK, 2)).toEqual(
      pressed(KEY_NUMLOCK, ...keysOf(next, KEYPAD), KEY_KPENTER, KEY_NUMLOCK),
    );
    await slot('--keys', 'top-row');
  });

  it('types on after the key was pulled out and put back', async () => {
    await lab.replug();
    const code = hotp(SEED, counter++);
    expect(await eventsOfTouch(KEY_ENTER)).toEqual(pressed(...keysOf(code, TOP_ROW), KEY_ENTER));
  });

  it('is gone with the next power-up once it is switched off', async () => {
    await succeed(kernel, `${CTAPLAB} otp interfaces lab:1 --off keyboard`);
    await lab.replug();
    await fail(kernel, `grep -l '^${NAME}$' /sys/class/input/event*/device/name`);
    await succeed(kernel, `${CTAPLAB} otp interfaces lab:1 --on keyboard`);
    await lab.replug();
    await succeed(kernel, `grep -l '^${NAME}$' /sys/class/input/event*/device/name`);
  });
});

describe('a login with the typed password', () => {
  const USERS = '/etc/users.oath';
  /** A PAM stack that only pam_oath decides. */
  const RULES = `auth required pam_oath.so usersfile=${USERS} window=20 digits=6\naccount required pam_permit.so\nsession required pam_permit.so\n`;
  beforeAll(async () => {
    await kernel.writeFile('/usr/local/bin/tell-login', '#!/bin/sh\necho "$USER on $(tty)" >/tmp/logged-in\n', 0o755);
    await succeed(kernel, 'useradd --create-home --shell /usr/local/bin/tell-login alice');
    for (const service of ['login', 'ctaplab-oath']) await kernel.writeFile(`/etc/pam.d/${service}`, RULES);
    await kernel.writeFile(USERS, `HOTP alice - ${HEX}\n`, 0o600);
    // As many passwords as were used up above; pam_oath looks 20 ahead.
    expect(counter).toBeLessThan(20);
  });

  /** Starts login on a clear console, and waits until its prompt shows on the screen. */
  async function loginOnConsole() {
    // Before the login begins: the prompt of one before must not be taken for its own.
    await succeed(kernel, String.raw`printf '\033[2J\033[H' >/dev/tty1`);
    const login = await kernel.spawn('exec setsid --ctty --wait login alice </dev/tty1 >/dev/tty1 2>&1');
    await succeed(kernel, 'until grep -qa "One-time password" /dev/vcs1; do sleep 0.1; done');
    return login;
  }

  it('succeeds on a console, and fails when the same password comes again', async () => {
    const code = hotp(SEED, counter++);
    const login = await loginOnConsole();
    await press();
    expect(await login.ended).toMatchObject({ status: 0 });
    expect(await succeed(kernel, 'cat /tmp/logged-in')).toBe('alice on /dev/tty1\n');
    expect(await succeed(kernel, `cat ${USERS}`)).toContain(`\t${code}\t`);
    const replay = await fail(kernel, `echo ${code} | pamtester ctaplab-oath alice authenticate`);
    expect(replay.stderr).toMatch(/Authentication failure/);
  });

  it('succeeds with passwords typed on the keypad', async () => {
    await succeed(kernel, `rm -f /tmp/logged-in && ${CTAPLAB} otp slot lab:1 --keys keypad`);
    const login = await loginOnConsole();
    await press();
    expect(await login.ended).toMatchObject({ status: 0 });
    expect(await succeed(kernel, 'cat /tmp/logged-in')).toBe('alice on /dev/tty1\n');
  });
});

describe('the OTP applet', () => {
  it('answers in interrupt reports, through hidraw', async () => {
    const device = `hidraw:${lab.node}`;
    await succeed(kernel, `echo ${SECRET} | ${CTAPLAB} otp add ${device} --account alice`);
    const listed = JSON.parse(await succeed(kernel, `${CTAPLAB} otp list ${device} --json`));
    expect(listed.entries).toMatchObject([{ account: 'alice', code: expect.stringMatching(/^\d{6}$/) }]);
    expect(JSON.parse(await succeed(kernel, `${CTAPLAB} info ${device} --json`))).toBeDefined();
  });

  it('answers in feature reports', async () => {
    const ask = (apdu: string) => succeed(kernel, `python3 test/system/python/feature_reports.py ${lab.node} ${apdu}`);
    expect(await ask('80c502000a')).toMatch(/^00[0-9a-f]{18}9000\n$/);
    expect(await ask('80c5010000')).toMatch(/^[0-9a-f]{128}9000\n$/);
    expect(await ask('80c505000903000000000000003b')).toBe(`01c1001e06000005616c696365063238373038329000\n`);
    expect(await ask('80c505001202')).toBe('6700\n');
  });
});
