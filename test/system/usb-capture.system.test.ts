/** Captures of a real USB bus, and what Wireshark makes of ours. Keys made by uhid are on no bus that usbmon sees. */
import { beforeAll, describe, expect, it } from 'vitest';
import { toHex } from '../../ctap/bytes.ts';
import { readTraffic } from '../../ctap/trace/capture/read-capture.ts';
import { encodeUsbCapture } from '../../ctap/trace/capture/usb-writer.ts';
import { decodeTrace } from '../../ctap/trace/decoder.ts';
import type { TraceEntry } from '../../ctap/trace/entry.ts';
import type { ReportTraffic, Traffic } from '../../ctap/trace/traffic.ts';
import { CtapCardDevice } from '../../harness/client/ctap-card.ts';
import { Ctap2Client } from '../../harness/client/ctap2.ts';
import { connectCardInProcess } from '../../harness/transports/in-process.ts';
import { openKey, plugIn } from '../harness/client/keys.ts';
import { succeed } from './commands.ts';
import { bootKernel } from './kernel.ts';
import { assert, make } from './libfido2.ts';
import { captureWhile, GadgetKey } from './usb/gadget.ts';
import { dissect } from './usb/tshark.ts';

const kernel = await bootKernel();
const rpId = 'example.com';
const PIN = '314159';
/** Seconds for Chromium's start and two ceremonies in an emulated machine. */
const CHROMIUM_PATIENCE = 600;

/** An entry without what two clocks tell differently. */
function timeless(entries: readonly TraceEntry[]) {
  return entries.map(({ at, duration, plug, ...entry }) => entry);
}

const reports = (traffic: readonly Traffic[]) =>
  traffic.filter((passing): passing is ReportTraffic => 'report' in passing).map(({ report }) => toHex(report));

describe('a capture of the bus while libfido2 registers and signs in with a PIN', () => {
  let capture: Uint8Array;
  let log: Uint8Array;
  beforeAll(async () => {
    const key = await GadgetKey.plugIn(kernel, 'token2-r3');
    capture = await captureWhile(kernel, async () => {
      await succeed(kernel, `printf '%s\\n' ${PIN} ${PIN} | fido2-token -S ${key.node}`);
      const made = await make(kernel, key.node, { rpId, options: '-v', pin: PIN }, undefined, '-v');
      await assert(kernel, key.node, { rpId, options: '-p -v', pin: PIN }, made, '-p -v');
      const u2f = await make(kernel, key.node, { rpId, options: '-u' });
      await assert(kernel, key.node, { rpId, options: '-u -p' }, u2f, '-p');
    });
    log = await key.log();
    await key.unplug();
  });

  it('decodes to the conversation that the key has logged', () => {
    const [captured, logged] = [readTraffic(capture), readTraffic(log)];
    expect(captured.problems).toEqual([]);
    const entries = decodeTrace(captured.traffic);
    expect(timeless(entries)).toEqual(timeless(decodeTrace(logged.traffic)));
    const answered = entries.filter(({ type, status }) => type === 'answer' && status === 'CTAP2_OK');
    expect(answered.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['authenticatorClientPIN', 'authenticatorMakeCredential', 'authenticatorGetAssertion']),
    );
    const u2f = entries.filter(({ protocol }) => protocol === 'u2f').map(({ name }) => name);
    expect(u2f).toEqual(expect.arrayContaining(['U2F_REGISTER', 'U2F_AUTHENTICATE']));
    expect(entries.filter(({ problems }) => problems !== undefined)).toEqual([]);
  });

  it('has the same reports for Wireshark', async () => {
    const told = await dissect(capture, 'usbhid.data', 'usbhid.data');
    expect(told.map(([data]) => data)).toEqual(reports(readTraffic(capture).traffic));
  });
});

it('a capture of the bus while Chromium registers and signs in decodes to what the key has logged', async () => {
  const key = await GadgetKey.plugIn(kernel, 'token2-r3');
  const capture = await captureWhile(kernel, async () => {
    const browser = await kernel.spawn('exec node dist/test/system/browsers/chromium-on-bus.js');
    const [line] = await browser.waitForLine(/^{"signature":.*}$/, { timeout: CHROMIUM_PATIENCE });
    expect(JSON.parse(line).signature).toBeGreaterThan(64);
    expect(await browser.ended).toMatchObject({ status: 0 });
  });
  const [captured, logged] = [readTraffic(capture), readTraffic(await key.log())];
  await key.unplug();
  expect(captured.problems).toEqual([]);
  const entries = decodeTrace(captured.traffic);
  expect(timeless(entries)).toEqual(timeless(decodeTrace(logged.traffic)));
  const answered = entries.filter(({ type, status }) => type === 'answer' && status === 'CTAP2_OK');
  expect(answered.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['authenticatorMakeCredential', 'authenticatorGetAssertion']),
  );
});

describe('our own capture in Wireshark', () => {
  const traffic: Traffic[] = [];
  let capture: Uint8Array;
  beforeAll(async () => {
    const key = await openKey();
    key.onTraffic((passing) => traffic.push(passing));
    await new Ctap2Client(await plugIn(key)).getInfo();
    await new Ctap2Client(await CtapCardDevice.open(connectCardInProcess(key))).getInfo();
    capture = encodeUsbCapture(traffic, { identity: () => key.identity });
    await key.close();
  });

  it('has no frame that its dissectors find malformed', async () => {
    expect(await dissect(capture, '_ws.malformed || _ws.expert.severity == "error"', 'frame.number')).toEqual([]);
  });

  it('is a FIDO device by its descriptors', async () => {
    const identities = await dissect(capture, 'usb.idVendor', 'usb.idVendor', 'usb.idProduct');
    expect(identities[0]).toEqual(['0x349e', '0x0022']);
    const [[address, items] = []] = await dissect(capture, 'usbhid.item.global.usage', 'usb.device_address', 'text');
    expect(address).toBe('1');
    expect(items).toMatch(/^Usage Page \(FIDO Alliance\),.*Usage \(U2F Authenticator Device\)/);
  });

  it('has each report as HID data, from and to the right endpoint', async () => {
    const told = await dissect(capture, 'usbhid.data', 'usb.endpoint_address', 'usbhid.data');
    const sent = traffic.filter((passing): passing is ReportTraffic => 'report' in passing);
    const expected = sent.map(({ direction, report }) => [direction === 'in' ? '0x01' : '0x81', toHex(report)]);
    expect(told).toEqual(expected);
  });

  it('has each APDU as a transfer block of a card reader', async () => {
    const told = await dissect(capture, 'usbccid && data.data', 'usbccid.bMessageType', 'data.data');
    const sent = traffic.flatMap((passing) => ('apdu' in passing ? [passing] : []));
    const expected = sent.map(({ direction, apdu }) => [direction === 'in' ? '0x6f' : '0x80', toHex(apdu)]);
    expect(told).toEqual(expected);
  });
});
