import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../emulator/clock.ts';
import { ManualPresence } from '../../../emulator/presence.ts';
import type { Attachment } from '../../../emulator/transports/attachment.ts';
import { attachUdp } from '../../../emulator/transports/udp.ts';
import { CtapHidDevice } from '../../../harness/client/ctap-hid.ts';
import { Ctap2Client } from '../../../harness/client/ctap2.ts';
import { PinClient } from '../../../harness/client/pin.ts';
import { openUdp } from '../../../harness/transports/udp.ts';
import { openKey, type TestKeyOptions } from '../client/keys.ts';

let closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.reverse()) await close();
  closing = [];
});

async function attach(options?: TestKeyOptions): Promise<Attachment & { port: number }> {
  const key = await openKey(options);
  const attachment = await attachUdp(key, { port: 0 });
  closing.push(() => key.close(), attachment.detach);
  return { ...attachment, port: Number(attachment.device.split(':').at(-1)) };
}

async function connect(port: number, host = '127.0.0.1'): Promise<CtapHidDevice> {
  const device = await CtapHidDevice.open(await openUdp({ host, port }), { name: `udp:${host}:${port}` });
  closing.push(() => device.close());
  return device;
}

describe('a key behind UDP', () => {
  it('is used from end to end', async () => {
    const { port } = await attach();
    const ctap2 = new Ctap2Client(await connect(port));
    const pin = new PinClient(ctap2);
    await pin.setPin('1234');
    const clientDataHash = new Uint8Array(32);
    const request = { clientDataHash, rp: { id: 'example.com' }, user: { id: Uint8Array.of(1) } };
    const token = await pin.getPinUvAuthToken({ pin: '1234', permissions: 3, rpId: 'example.com' });
    const authorized = {
      pinUvAuthParam: token.authenticate(clientDataHash),
      pinUvAuthProtocol: token.protocol.version,
    };
    await ctap2.makeCredential({
      ...request,
      ...authorized,
      pubKeyCredParams: [{ alg: -7, type: 'public-key' }],
      options: { rk: true },
    });
    const { user } = await ctap2.getAssertion({ rpId: 'example.com', clientDataHash });
    expect(user?.id).toEqual(Uint8Array.of(1));
  });

  it('carries the longest messages', async () => {
    const { port } = await attach();
    const device = await connect(port);
    const data = Uint8Array.from({ length: 7609 }, (_, index) => index);
    expect(await device.ping(data)).toEqual(data);
  });

  it('serves several hosts at once', async () => {
    const { port } = await attach();
    const devices = await Promise.all([connect(port), connect(port, 'localhost'), connect(port)]);
    const echoes = devices.map((device, index) => device.ping(new Uint8Array(300).fill(index)));
    expect((await Promise.all(echoes)).map((echo) => echo[299])).toEqual([0, 1, 2]);
  });

  it('can be told to stop waiting for a touch', async () => {
    const { port } = await attach({ presence: new ManualPresence(systemClock) });
    const device = await connect(port);
    const controller = new AbortController();
    const call = new Ctap2Client(device).selection({
      signal: controller.signal,
      onKeepalive: (status) => status === 2 && controller.abort(),
    });
    await expect(call).rejects.toMatchObject({ statusName: 'CTAP2_ERR_KEEPALIVE_CANCEL' });
  });

  it('is gone when it is unplugged', async () => {
    const { port, detach } = await attach();
    const device = await connect(port);
    await device.ping(new Uint8Array(1));
    await detach();
    await expect(device.ping(new Uint8Array(1))).rejects.toMatchObject({ name: 'DeviceGoneError', code: 'ENODEV' });
  });
});

describe('a connection over UDP', () => {
  it('fails where nobody listens', async () => {
    const socket = createSocket('udp4').bind(0, '127.0.0.1');
    await once(socket, 'listening');
    const { port } = socket.address();
    socket.close();
    await once(socket, 'close');
    const connection = await openUdp({ host: '127.0.0.1', port });
    closing.push(connection.close);
    await expect(CtapHidDevice.open(connection)).rejects.toThrow(`udp:127.0.0.1:${port}: no key listens there`);
  });

  it('hears its own key alone', async () => {
    const { port } = await attach();
    const connection = await openUdp({ host: '127.0.0.1', port });
    const strays: Uint8Array[] = [];
    const device = await CtapHidDevice.open(connection, { onStray: (report) => strays.push(report) });
    closing.push(() => device.close());
    await device.ping(new Uint8Array(1));
    expect(strays).toEqual([]);
  });

  it('refuses to send once it is closed', async () => {
    const { port } = await attach();
    const connection = await openUdp({ host: '127.0.0.1', port });
    await connection.close();
    await connection.close();
    await expect(connection.write(new Uint8Array(64))).rejects.toThrow('is closed');
  });

  it('wants a host that there is', async () => {
    await expect(openUdp({ host: 'no-such-host.invalid', port: 1 })).rejects.toMatchObject({ code: 'ENOTFOUND' });
  });
});
