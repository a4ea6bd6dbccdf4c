import { describe, expect, it, vi } from 'vitest';
import { Command } from '../../../ctap/commands/index.ts';
import { BROADCAST_CHANNEL, encodeMessage, HidCommand, HidError } from '../../../ctap/hid/packet.ts';
import { CtapError } from '../../../ctap/status.ts';
import { systemClock } from '../../../emulator/clock.ts';
import { KeepaliveStatus } from '../../../emulator/exchange.ts';
import { ManualPresence } from '../../../emulator/presence.ts';
import { CtapHidDevice } from '../../../harness/client/ctap-hid.ts';
import { ProtocolError } from '../../../harness/client/protocol-error.ts';
import { openKey, plugIn, sharedPlug } from './keys.ts';
import { afterInit, CHANNEL, commands, ScriptedConnection } from './scripted-connection.ts';

const SELECTION = Uint8Array.of(Command.authenticatorSelection);
const DATA = Uint8Array.of(1, 2, 3);

function status(name: string): unknown {
  return expect.objectContaining({ name: 'CtapError', statusName: name });
}

describe('opening', () => {
  it('takes a channel, and tells what the key says of itself', async () => {
    const device = await plugIn(await openKey());
    expect(device.name).toBe('FIDO2 Security Key');
    expect(device.hid).toMatchObject({ protocolVersion: 2, deviceVersion: [3, 0, 0], capabilities: 0x05 });
  });

  it("is not taken in by other hosts' answers", async () => {
    const connection = new ScriptedConnection(({ data }, self) => {
      self.say(HidCommand.ERROR, Uint8Array.of(HidError.INVALID_CHANNEL), BROADCAST_CHANNEL);
      self.say(HidCommand.INIT, new Uint8Array(17).fill(9), BROADCAST_CHANNEL);
      self.sayInit(data, BROADCAST_CHANNEL);
    });
    const device = await CtapHidDevice.open(connection, { name: 'mine' });
    expect(device.name).toBe('mine');
    expect(device.hid.deviceVersion).toEqual([1, 2, 3]);
  });

  it('gives up on a key that says nothing', async () => {
    const connection = new ScriptedConnection(() => {});
    await expect(CtapHidDevice.open(connection, { silence: 5 })).rejects.toEqual(status('CTAP1_ERR_TIMEOUT'));
  });

  it.each([0, BROADCAST_CHANNEL])('takes no channel %i', async (channel) => {
    const connection = new ScriptedConnection(({ data }, self) => self.sayInit(data, BROADCAST_CHANNEL, channel));
    await expect(CtapHidDevice.open(connection)).rejects.toThrow(/expected a channel of our own/);
  });

  it('wants the whole answer', async () => {
    const connection = new ScriptedConnection(({ data }, self) => {
      self.say(HidCommand.INIT, data, BROADCAST_CHANNEL);
    });
    await expect(CtapHidDevice.open(connection)).rejects.toThrow(ProtocolError);
  });

  it('tries a busy key again', async () => {
    let tries = 0;
    const connection = new ScriptedConnection(({ data }, self) => {
      if (++tries < 3) self.say(HidCommand.ERROR, Uint8Array.of(HidError.CHANNEL_BUSY), BROADCAST_CHANNEL);
      else self.sayInit(data, BROADCAST_CHANNEL);
    });
    await CtapHidDevice.open(connection);
    expect(tries).toBe(3);
  });
});

describe('transactions', () => {
  it.each([0, 1, 57, 58, 116, 117, 7609])('carries %i bytes both ways', async (length) => {
    const device = await plugIn(await openKey());
    const data = Uint8Array.from({ length }, (_, index) => index * 7);
    expect(await device.ping(data)).toEqual(data);
  });

  it('refuses what no CTAPHID message holds, and goes on', async () => {
    const connection = afterInit(({ command, data }, self) => self.say(command, data));
    const device = await CtapHidDevice.open(connection);
    await expect(device.ping(new Uint8Array(7610))).rejects.toThrow(RangeError);
    await device.ping(DATA);
    expect(commands(connection)).toEqual(['INIT', 'PING']);
  });

  it('runs one at a time, in the order of the calls', async () => {
    const answers: (() => void)[] = [];
    const connection = afterInit(({ command, data }, self) => answers.push(() => self.say(command, data)));
    const device = await CtapHidDevice.open(connection);
    const order: number[] = [];
    const calls = [1, 2, 3].map((n) => device.ping(Uint8Array.of(n)).then(() => order.push(n)));
    for (const n of [1, 2, 3]) {
      await vi.waitFor(() => expect(answers).toHaveLength(n));
      expect(commands(connection)).toHaveLength(1 + n);
      answers[n - 1]!();
    }
    await Promise.all(calls);
    expect(order).toEqual([1, 2, 3]);
    expect(commands(connection)).toEqual(['INIT', 'PING 1', 'PING 2', 'PING 3']);
  });

  it('goes on after a call that failed', async () => {
    const device = await plugIn(await openKey());
    const [refused, done] = await Promise.allSettled([device.cbor(Uint8Array.of(0x7e)), device.ping(DATA)]);
    expect(refused).toMatchObject({ status: 'rejected', reason: status('CTAP1_ERR_INVALID_COMMAND') });
    expect(done).toMatchObject({ status: 'fulfilled', value: DATA });
  });

  it('gives the status that an ERROR says, and stays in step', async () => {
    const connection = afterInit(({ command, data }, self) => {
      if (command === HidCommand.WINK) self.say(HidCommand.ERROR, Uint8Array.of(HidError.INVALID_CMD));
      else self.say(command, data);
    });
    const device = await CtapHidDevice.open(connection);
    await expect(device.wink()).rejects.toEqual(status('CTAP1_ERR_INVALID_COMMAND'));
    await device.ping(DATA);
    expect(commands(connection)).toEqual(['INIT', 'WINK', 'PING']);
  });

  it('winks, locks, and calls what the vendor has', async () => {
    let winks = 0;
    const key = await openKey({ onWink: () => winks++ });
    const connect = sharedPlug(key);
    const device = await CtapHidDevice.open(connect());
    const other = await CtapHidDevice.open(connect(), { busyLimit: 0 });
    await device.wink();
    expect(winks).toBe(1);
    await device.lock(10);
    await expect(other.ping(DATA)).rejects.toEqual(status('CTAP1_ERR_CHANNEL_BUSY'));
    await device.ping(DATA);
    await device.lock(0);
    await other.ping(DATA);
    await expect(device.lock(11)).rejects.toEqual(status('CTAP1_ERR_INVALID_PARAMETER'));
    expect(await device.vendor(0x41, new Uint8Array(0))).toEqual(key.atr); // Token2's own
    await expect(device.vendor(0x42, DATA)).rejects.toEqual(status('CTAP1_ERR_INVALID_COMMAND'));
    await expect(device.vendor(0x10, DATA)).rejects.toThrow(RangeError);
  });

  it('passes keepalives on, and ignores the packets of other channels', async () => {
    const strays: number[] = [];
    const connection = afterInit((_, self) => {
      self.say(HidCommand.KEEPALIVE, Uint8Array.of(KeepaliveStatus.PROCESSING));
      self.say(HidCommand.CBOR, Uint8Array.of(0, 0xff), 0x0badf00d);
      self.say(HidCommand.KEEPALIVE, Uint8Array.of(KeepaliveStatus.UPNEEDED));
      self.say(HidCommand.CBOR, Uint8Array.of(0, 0xa0));
      self.say(HidCommand.CBOR, Uint8Array.of(0));
    });
    const device = await CtapHidDevice.open(connection, { onStray: (report) => strays.push(report[0]!) });
    const seen: number[] = [];
    const answer = await device.cbor(SELECTION, { onKeepalive: (state) => seen.push(state) });
    expect(answer).toEqual(Uint8Array.of(0xa0));
    expect(seen).toEqual([1, 2]);
    expect(strays).toEqual([0x0b, 0x01]);
  });
});

describe('cancelling', () => {
  it('ends a request that waits for a touch', async () => {
    const device = await plugIn(await openKey({ presence: new ManualPresence(systemClock) }));
    const controller = new AbortController();
    const onKeepalive = (state: number) => {
      if (state === KeepaliveStatus.UPNEEDED) controller.abort();
    };
    const call = device.cbor(SELECTION, { signal: controller.signal, onKeepalive });
    await expect(call).rejects.toEqual(status('CTAP2_ERR_KEEPALIVE_CANCEL'));
    expect(await device.ping(DATA)).toEqual(DATA);
  });

  it('sends nothing for a call that is cancelled before its turn', async () => {
    const connection = afterInit(({ command, data }, self) => {
      if (command === HidCommand.PING) queueMicrotask(() => self.say(command, data));
    });
    const device = await CtapHidDevice.open(connection);
    const controller = new AbortController();
    const first = device.ping(DATA);
    const second = device.cbor(SELECTION, { signal: controller.signal });
    controller.abort();
    await first;
    await expect(second).rejects.toEqual(status('CTAP2_ERR_KEEPALIVE_CANCEL'));
    expect(commands(connection)).toEqual(['INIT', 'PING']);
  });

  it('takes the answer that was already on its way', async () => {
    const controller = new AbortController();
    const connection = afterInit(({ command }, self) => {
      if (command === HidCommand.CBOR) controller.abort();
      if (command === HidCommand.CANCEL) self.say(HidCommand.CBOR, Uint8Array.of(0, 0xa0));
    });
    const device = await CtapHidDevice.open(connection);
    expect(await device.cbor(SELECTION, { signal: controller.signal })).toEqual(Uint8Array.of(0xa0));
    expect(commands(connection)).toEqual(['INIT', `CBOR ${SELECTION[0]}`, 'CANCEL']);
  });

  it('sends the cancel after the whole request', async () => {
    const controller = new AbortController();
    const connection = afterInit(({ command }, self) => {
      if (command === HidCommand.CANCEL) self.say(HidCommand.CBOR, Uint8Array.of(0x2d));
    });
    const device = await CtapHidDevice.open(connection);
    const long = device.cbor(new Uint8Array(1000), { signal: controller.signal });
    queueMicrotask(() => controller.abort());
    await expect(long).rejects.toEqual(status('CTAP2_ERR_KEEPALIVE_CANCEL'));
    expect(connection.received.map(({ data }) => data.length)).toEqual([8, 1000, 0]);
  });
});

describe('a key that is busy with another host', () => {
  it('is asked again until it is free', async () => {
    const presence = new ManualPresence(systemClock);
    const connect = sharedPlug(await openKey({ presence }));
    const [one, two] = [await CtapHidDevice.open(connect()), await CtapHidDevice.open(connect())];
    let refusals = 0;
    const busy = new Promise<void>((resolve) => {
      const watch = connect();
      watch.onReport((report) => {
        if (report[4] === (HidCommand.ERROR | 0x80) && report[7] === HidError.CHANNEL_BUSY && ++refusals === 2)
          resolve();
      });
    });
    const first = one.cbor(SELECTION);
    await vi.waitFor(() => expect(presence.pending).toHaveLength(1));
    const second = two.ping(DATA);
    await busy;
    presence.touch();
    expect(await first).toHaveLength(0);
    expect(await second).toEqual(DATA);
  });

  it('is given up on in the end', async () => {
    const connection = afterInit((_, self) => self.say(HidCommand.ERROR, Uint8Array.of(HidError.CHANNEL_BUSY)));
    const device = await CtapHidDevice.open(connection, { busyLimit: 30 });
    await expect(device.ping(DATA)).rejects.toEqual(status('CTAP1_ERR_CHANNEL_BUSY'));
    expect(commands(connection)).toEqual(['INIT', 'PING', 'PING', 'PING']); // after 10 and 20 ms
  });

  it('is no longer asked once the call is cancelled', async () => {
    const controller = new AbortController();
    const connection = afterInit((_, self) => {
      self.say(HidCommand.ERROR, Uint8Array.of(HidError.CHANNEL_BUSY));
      controller.abort();
    });
    const device = await CtapHidDevice.open(connection);
    const call = device.cbor(SELECTION, { signal: controller.signal });
    await expect(call).rejects.toEqual(status('CTAP2_ERR_KEEPALIVE_CANCEL'));
    expect(commands(connection)).toHaveLength(2);
  });

  it('is not sent the rest of a message that it has refused', async () => {
    const connection = afterInit(() => {});
    const device = await CtapHidDevice.open(connection, { busyLimit: 0 });
    let packets = 0;
    connection.write = async () => {
      if (++packets === 1) connection.say(HidCommand.ERROR, Uint8Array.of(HidError.CHANNEL_BUSY));
    };
    await expect(device.ping(new Uint8Array(7609))).rejects.toEqual(status('CTAP1_ERR_CHANNEL_BUSY'));
    expect(packets).toBe(1);
  });
});

describe('a key that misbehaves', () => {
  const packet = (command: number, data: Uint8Array, index = 0) => encodeMessage(CHANNEL, command, data)[index]!;
  const LONG = new Uint8Array(100);

  it.each<[string, (self: ScriptedConnection) => void]>([
    ['another command', (self) => self.say(HidCommand.MSG, DATA)],
    ['INIT', (self) => self.sayInit(new Uint8Array(8), CHANNEL)],
    ['a continuation packet first', (self) => self.report(packet(HidCommand.CBOR, LONG, 1))],
    [
      'a packet out of sequence',
      (self) => {
        self.report(packet(HidCommand.CBOR, new Uint8Array(200)));
        self.report(packet(HidCommand.CBOR, new Uint8Array(200), 2));
      },
    ],
    [
      'a keepalive amid its answer',
      (self) => {
        self.report(packet(HidCommand.CBOR, LONG));
        self.say(HidCommand.KEEPALIVE, Uint8Array.of(1));
      },
    ],
    [
      'a length beyond 7609',
      (self) => self.report(Uint8Array.from({ ...packet(HidCommand.CBOR, LONG), 5: 0xff, length: 64 })),
    ],
    ['an ERROR of two bytes', (self) => self.say(HidCommand.ERROR, Uint8Array.of(1, 2))],
    ['a keepalive without status', (self) => self.say(HidCommand.KEEPALIVE, new Uint8Array(0))],
    ['a short report', (self) => self.report(packet(HidCommand.CBOR, LONG).subarray(0, 63))],
    ['an answer without a status byte', (self) => self.say(HidCommand.CBOR, new Uint8Array(0))],
  ])('by saying %s gets an error that says so, and the next call works', async (_, misbehave) => {
    const connection = afterInit(({ command, data }, self) => {
      if (command === HidCommand.CBOR) misbehave(self);
      else self.say(command, data);
    });
    const device = await CtapHidDevice.open(connection);
    await expect(device.cbor(SELECTION)).rejects.toThrow(ProtocolError);
    expect(await device.ping(DATA)).toEqual(DATA);
  });

  it('by changing what it should give back is found out', async () => {
    const connection = afterInit(({ command }, self) => self.say(command, LONG));
    const device = await CtapHidDevice.open(connection);
    await expect(device.ping(DATA)).rejects.toThrow(ProtocolError);
  });

  it('by falling silent is brought back with INIT, and its late answer is not taken for the next', async () => {
    const connection = new ScriptedConnection(({ command, data, channel }, self) => {
      if (command === HidCommand.INIT) {
        if (channel !== BROADCAST_CHANNEL) self.say(HidCommand.CBOR, Uint8Array.of(0, 0xa0));
        self.sayInit(data, channel);
      } else if (command === HidCommand.PING) self.say(command, data);
    });
    const device = await CtapHidDevice.open(connection);
    await expect(device.cbor(SELECTION, { silence: 5 })).rejects.toEqual(status('CTAP1_ERR_TIMEOUT'));
    expect(await device.ping(DATA)).toEqual(DATA);
    expect(connection.received.map(({ channel }) => channel)).toEqual([BROADCAST_CHANNEL, CHANNEL, CHANNEL, CHANNEL]);
    expect(commands(connection)).toEqual(['INIT', `CBOR ${SELECTION[0]}`, 'INIT', 'PING']);
  });

  it('by forgetting the channel makes the host ask for another', async () => {
    const fresh = 0x0a0b0c0d;
    let opened = 0;
    const connection = new ScriptedConnection(({ command, data, channel }, self) => {
      if (channel === BROADCAST_CHANNEL) self.sayInit(data, channel, opened++ === 0 ? CHANNEL : fresh);
      else if (channel !== fresh) self.say(HidCommand.ERROR, Uint8Array.of(HidError.INVALID_CHANNEL), channel);
      else self.say(command, data, channel);
    });
    const device = await CtapHidDevice.open(connection);
    await expect(device.ping(DATA)).rejects.toEqual(status('CTAP1_ERR_INVALID_CHANNEL'));
    expect(await device.ping(DATA)).toEqual(DATA);
  });
});

describe('a key that is gone', () => {
  it('rejects what is under way and what waits', async () => {
    const connection = afterInit(() => {});
    const device = await CtapHidDevice.open(connection);
    const calls = [device.ping(DATA), device.wink(), device.cbor(SELECTION)];
    const settled = Promise.allSettled(calls);
    await vi.waitFor(() => expect(connection.received).toHaveLength(2));
    connection.fail(new Error('unplugged'));
    for (const result of await settled) {
      expect(result).toMatchObject({ status: 'rejected', reason: { message: 'unplugged' } });
    }
    await expect(device.ping(DATA)).rejects.toThrow('unplugged');
  });

  it('rejects when it cannot be written to', async () => {
    const connection = afterInit(() => {});
    const device = await CtapHidDevice.open(connection);
    connection.write = () => Promise.reject(new Error('write failed'));
    await expect(device.ping(DATA)).rejects.toThrow('write failed');
  });

  it('is told to stop when the host closes it amid a request', async () => {
    const connection = afterInit(() => {});
    const device = await CtapHidDevice.open(connection);
    const call = device.cbor(SELECTION);
    const rejection = expect(call).rejects.toMatchObject({ name: 'DeviceGoneError', code: 'ENODEV' });
    await vi.waitFor(() => expect(connection.received).toHaveLength(2));
    await device.close();
    await rejection;
    expect(commands(connection)).toEqual(['INIT', `CBOR ${SELECTION[0]}`, 'CANCEL']);
    expect(connection.closed).toBe(true);
    await expect(device.ping(DATA)).rejects.not.toBeInstanceOf(CtapError);
  });
});
