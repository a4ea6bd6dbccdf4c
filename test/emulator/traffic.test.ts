import { beforeEach, describe, expect, it } from 'vitest';
import { fromHex, toHex } from '../../ctap/bytes.ts';
import { BROADCAST_CHANNEL, encodeMessage, HidCommand } from '../../ctap/hid/packet.ts';
import { FIDO_AID } from '../../ctap/iso7816/fido-applet.ts';
import { encodeCarrierFrames } from '../../ctap/token2/hid-carrier.ts';
import type { Traffic } from '../../ctap/trace/traffic.ts';
import { CardHost } from './applets/card-host.ts';
import { Platform, START } from './authenticator/platform.ts';

const NONCE = fromHex('0102030405060708');
const init = encodeMessage(BROADCAST_CHANNEL, HidCommand.INIT, NONCE)[0]!;
const deviceInfo = encodeCarrierFrames(fromHex('80c502000a'))[0]!;

let platform: Platform;
let heard: Traffic[];
let stop: () => void;
beforeEach(async () => {
  platform = await Platform.open({ model: { applets: ['token2-otp'] } });
  heard = [];
  stop = platform.key.onTraffic((traffic) => heard.push(traffic));
});

function heads(): string[] {
  return heard.map((traffic) => {
    const bytes = 'report' in traffic ? traffic.report : traffic.apdu;
    return `${traffic.plug} ${traffic.direction} ${toHex(bytes.subarray(0, 5))}`;
  });
}

describe('traffic of a key', () => {
  it('is each report of each plug, both ways, at the time of the clock', () => {
    const sent: Uint8Array[] = [];
    const first = platform.key.plugIn((report) => sent.push(report));
    const second = platform.key.plugIn(() => {});
    first.receive(init);
    platform.clock.advance(250);
    second.receive(init);
    expect(heads()).toEqual(['1 in ffffffff86', '1 out ffffffff86', '2 in ffffffff86', '2 out ffffffff86']);
    expect(heard.map(({ at }) => at)).toEqual([START, START, START + 250, START + 250]);
    expect(heard[1]).toMatchObject({ report: new Uint8Array(sent[0]!) });
  });

  it('has the frames of the carrier, in feature reports, too', async () => {
    const plug = platform.key.plugIn(() => {});
    plug.setFeature?.(deviceInfo);
    await expect.poll(() => plug.getFeature?.()?.[1]).toBe(0);
    const [asked, ...answers] = heads();
    expect(asked).toBe('1 in 21000580c5');
    expect(answers.at(-1)).toMatch(/^1 out 21000c/);
  });

  it('has the APDUs of a card, and their answers', async () => {
    await new CardHost(platform.key).select(FIDO_AID);
    expect(heads()).toEqual(['1 in 00a4040008', '1 out 5532465f56']);
    expect(heard.every((traffic) => 'apdu' in traffic)).toBe(true);
  });

  it('is a copy of what goes by: a host may use its buffer again', () => {
    const plug = platform.key.plugIn(() => {});
    const buffer = Buffer.from(init);
    plug.receive(buffer);
    buffer.fill(0);
    expect(heard[0]).toMatchObject({ report: init });
  });

  it('is told to all listeners until each has had enough', () => {
    const others: Traffic[] = [];
    const stopOther = platform.key.onTraffic((traffic) => others.push(traffic));
    const plug = platform.key.plugIn(() => {});
    plug.receive(init);
    stop();
    stop();
    plug.receive(init);
    stopOther();
    plug.receive(init);
    expect(heard).toHaveLength(2);
    expect(others).toHaveLength(4);
  });

  it('goes on where a listener throws, which is told as a defect', () => {
    const failure = new Error('a listener of others');
    platform.key.onTraffic(() => {
      throw failure;
    });
    platform.key.plugIn(() => {}).receive(init);
    expect(heard).toHaveLength(2);
    expect(platform.defects).toEqual([failure, failure]);
  });
});
