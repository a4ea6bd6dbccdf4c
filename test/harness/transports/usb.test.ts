import { describe, expect, it } from 'vitest';
import { findKeyboardLayout, readWithLayout } from '../../../ctap/otp/keyboard-layouts.ts';
import { readStrokes } from '../../../ctap/otp/keyboard-usages.ts';
import { CtapHidDevice } from '../../../harness/client/ctap-hid.ts';
import { Ctap2Client } from '../../../harness/client/ctap2.ts';
import { openUsb, openUsbKeyboard, usbKeys } from '../../../harness/transports/usb.ts';
import { openKey } from '../client/keys.ts';
import { type ScriptedOptions, ScriptedUsbDevice } from './usb-device.ts';

const linux = process.platform === 'linux';
const only = (...calls: readonly string[]) => calls.filter((call) => linux || !/^(de|at)tach/.test(call));

async function device(options?: ScriptedOptions) {
  return new ScriptedUsbDevice(await openKey(), options);
}

async function opened(options?: ScriptedOptions) {
  const usb = await device(options);
  return { usb, client: new Ctap2Client(await CtapHidDevice.open(await openUsb(usb))) };
}

describe('a key over USB', () => {
  it('is found by its ids', async () => {
    const usb = await device();
    const library = { getDevices: async () => [usb] };
    expect(await usbKeys({ vendorId: 0x349e, productId: 0x0022 }, library)).toEqual([usb]);
    expect(await usbKeys({ vendorId: 0x349e, productId: 0x0014 }, library)).toEqual([]);
  });

  it('is spoken to through its FIDO interface, which the kernel gets back', async () => {
    const { usb, client } = await opened();
    expect((await client.getInfo()).versions).toContain('FIDO_2_1');
    expect(client.device.name).toBe('FIDO2 Security Key');
    await client.device.close();
    const giving = only('detach 1', 'claim 1', 'release 1', 'attach 1');
    const kept = only('detach 2', 'claim 2', 'controlIn 6 8704 2');
    const written = ['transferOut 2 64', 'transferOut 2 64'];
    expect(usb.calls).toEqual(['open', ...giving, ...kept, ...written, ...only('release 2', 'attach 2'), 'close']);
  });

  it('takes reports through the control pipe where it has no OUT endpoint', async () => {
    const { usb, client } = await opened({ noOut: true });
    expect((await client.getInfo()).versions).toContain('FIDO_2_1');
    await client.device.close();
    expect(usb.calls.filter((call) => call.startsWith('controlOut'))).toEqual([
      'controlOut 9 512 2',
      'controlOut 9 512 2',
    ]);
  });

  it('is left to no driver where it had none', async () => {
    const { usb, client } = await opened({ noDriver: true });
    await client.device.close();
    expect(usb.calls.filter((call) => /^(de|at)tach/.test(call))).toEqual(linux ? [] : expect.anything());
  });

  it('is gone when it is unplugged', async () => {
    const { usb, client } = await opened();
    usb.unplug();
    await expect(client.getInfo()).rejects.toMatchObject({
      name: 'DeviceGoneError',
      message: expect.stringContaining('usb:349e:0022 (bus 001, device 7): the key was unplugged'),
    });
    await client.device.close();
    expect(usb.calls.at(-1)).toBe('close');
    expect(usb.calls).not.toContain('release 2');
  });

  it.each([
    ['open', 'open error: permission denied (errno 13)', 'EACCES', /you may not open it/],
    ['claim', 'claimInterface error: interface is busy (errno 16)', 'EBUSY', /another program uses it/],
    ['open', 'open error: no such device (errno 19)', 'ENODEV', /cannot be opened/],
  ])('that cannot be had by %s says why: %s', async (call, text, code, message) => {
    const usb = await device({ failures: { [call]: text } });
    await expect(openUsb(usb)).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
    if (call !== 'open') expect(usb.calls.at(-1)).toBe('close');
  });

  it('of another kind is refused, and closed', async () => {
    const usb = new ScriptedUsbDevice(undefined);
    await expect(openUsb(usb)).rejects.toThrow('expected a FIDO interface, it has none');
    expect(usb.calls.at(-1)).toBe('close');
  });
});

describe('the keyboard of a key over USB', () => {
  it('types to whoever has it', async () => {
    const usb = await device();
    const keyboard = await openUsbKeyboard(usb);
    const reports: Uint8Array[] = [];
    const ended = new Promise<void>((resolve) => {
      keyboard.onReport((report) => {
        reports.push(report);
        if (reports.length === 4) resolve();
      });
    });
    for (const usage of [0x1e, 0, 0x28, 0]) usb.send(5, Uint8Array.of(0, 0, usage, 0, 0, 0, 0, 0));
    await ended;
    await keyboard.close();
    expect(readWithLayout(readStrokes(reports), findKeyboardLayout('us'))).toBe('1\n');
    expect(usb.calls).toContain('controlOut 11 0 1');
    expect(usb.calls.slice(-3)).toEqual(only('release 1', 'attach 1', 'close').slice(-3));
  });
});
