/** A key on a USB bus without a HID device of it: our own USB transport, its keyboard there and in evdev, and udev's rules. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { utf8 } from '../../ctap/bytes.ts';
import { hotp } from '../../ctap/otp/hotp.ts';
import { succeed } from './commands.ts';
import { bootKernel } from './kernel.ts';
import { CTAPLAB } from './lab.ts';
import { GadgetKey } from './usb/gadget.ts';

const USB = 'usb:349e:0022';
const SECRET = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ';
const SEED = utf8('12345678901234567890');
const DRIVER = '/sys/bus/usb/drivers/usbhid';

const kernel = await bootKernel();
let key: GadgetKey;
beforeAll(async () => {
  key = await GadgetKey.plugIn(kernel, 'token2-r3');
});
afterAll(async () => {
  await key.unplug();
  await succeed(kernel, 'rm -f /etc/udev/rules.d/70-ctaplab.rules && udevadm control --reload');
});

/** What the key types to `ctaplab otp press` when it is touched. */
async function pressed(words: string): Promise<unknown> {
  const press = await kernel.spawn(`exec ${CTAPLAB} otp press ${words} --json`);
  await press.waitForLine(/^Touch the key\.$/, { timeout: 120 });
  key.touch();
  const { stdout } = await press.ended;
  return JSON.parse(stdout);
}

describe('rules of udev', () => {
  it('let users reach the key once scripts/setup --udev has installed them', async () => {
    await succeed(kernel, 'scripts/setup --udev --yes && udevadm settle');
    expect(await succeed(kernel, `stat -c '%a %G' ${key.node}`)).toBe('660 plugdev\n');
    expect(await succeed(kernel, 'scripts/setup --udev --check')).toContain('is there already');
  });
});

describe('without a HID device of it', () => {
  beforeAll(async () => {
    // the FIDO interface alone: the keyboard stays the kernel's
    await succeed(kernel, `echo 1-1:1.0 >${DRIVER}/unbind && ! [ -e ${key.node} ]`);
  });

  it('the key is reached over USB', async () => {
    const info = JSON.parse(await succeed(kernel, `${CTAPLAB} info ${USB} --json`));
    expect(info).toMatchObject({ device: USB, info: { versions: expect.arrayContaining(['FIDO_2_1']) } });
  });

  it('takes a secret over USB, and types codes to our USB transport', async () => {
    await succeed(kernel, `echo ${SECRET} | ${CTAPLAB} otp slot ${USB} --write --yes`);
    expect(await pressed(USB)).toEqual({ code: hotp(SEED, 0) });
  });
});

describe('with its HID device back', () => {
  it('types codes to evdev', async () => {
    await succeed(kernel, `echo 1-1:1.0 >${DRIVER}/bind && udevadm settle`);
    // the kernel numbers anew: the only key there is
    expect(await pressed('')).toEqual({ code: hotp(SEED, 1) });
  });
});
