/** How APDUs travel to Token2's OTP applet over HID, frame by frame. */
import { concat } from '../../../ctap/bytes.ts';
import { HidCommand } from '../../../ctap/hid/packet.ts';
import { decodeResponse, encodeCommand, type ResponseApdu, StatusWord } from '../../../ctap/iso7816/apdu.ts';
import {
  CARRIER_MAGIC,
  CarrierAssembler,
  encodeCarrierFrames,
  isBusyFrame,
  isCarrierFrame,
} from '../../../ctap/token2/hid-carrier.ts';
import { OtpCommand } from '../../../ctap/token2/otp-applet.ts';
import { encodeReadRequest } from '../../../ctap/token2/otp-entries.ts';
import type { CheckGroup } from '../check.ts';
import { CheckFailure } from '../check-failure.ts';
import { expect, expectEqual } from '../expect.ts';
import { NotApplicable } from '../not-applicable.ts';
import { accepted, entryNamed, expectWord, TIME, withEntries } from '../otp-applet.ts';
import type { Subject } from '../subject.ts';
import { check, TOKEN2_HID } from './token2-steps.ts';

const CARRIER = 'HID carrier';
const REPORT_SIZE = 64;
const HEADER_SIZE = 3;
const CHUNK_SIZE = REPORT_SIZE - HEADER_SIZE;
const MORE = 0x20;
/** Milliseconds that a key may take for what needs no thought. */
const SOON = 1000;
/** Seconds within which a key ends its waiting for a touch. */
const TOUCH_SECONDS = 60;

const INFO = encodeCommand({ ...OtpCommand.readDeviceInfo, le: 10 });
const PUBLIC_KEY = encodeCommand({ ...OtpCommand.getPublicKey, le: 256 });
const TOUCHED = entryNamed('touched', { touch: true });
const READ_TOUCHED = encodeCommand({
  ...OtpCommand.readEntries,
  data: encodeReadRequest({ time: BigInt(TIME), one: TOUCHED }),
  le: 256,
});

function frame(flags: number, chunk: Uint8Array, size = chunk.length): Uint8Array {
  const report = new Uint8Array(REPORT_SIZE);
  report.set([CARRIER_MAGIC, flags, size]);
  report.set(chunk.subarray(0, CHUNK_SIZE), HEADER_SIZE);
  return report;
}

/** The frames of one answer, busy ones left out. @throws CheckFailure where none come, or too few */
async function framesOf({ wire }: Subject, limit = SOON): Promise<readonly Uint8Array[]> {
  const frames: Uint8Array[] = [];
  for (;;) {
    const report = await wire.nextOf(isCarrierFrame, limit);
    if (report === undefined)
      throw new CheckFailure(`expected an answer within ${limit} ms, got ${frames.length} frames of one`);
    if (isBusyFrame(report)) continue;
    frames.push(report);
    if ((report[1]! & 0xf0) !== MORE) return frames;
  }
}

async function answerTo(key: Subject, ...frames: readonly Uint8Array[]): Promise<ResponseApdu> {
  key.wire.drain();
  await key.wire.send(...frames);
  return answerOf(await framesOf(key));
}

function answerOf(frames: readonly Uint8Array[]): ResponseApdu {
  const assembler = new CarrierAssembler();
  for (const report of frames) {
    const step = assembler.accept(report);
    if (step.kind === 'whole') return decodeResponse(step.message);
  }
  throw new CheckFailure(`expected a whole answer, got ${frames.length} frames of one`);
}

const needs = TOKEN2_HID;

export const token2HidChecks: CheckGroup = {
  name: 'Token2 OTP applet over HID',
  checks: [
    check(
      'hid.frames',
      CARRIER,
      'The frames of an answer are full but for the last, which alone says that it is the last.',
      'sends-short-frames',
      async (key) => {
        key.wire.drain();
        await key.wire.send(...encodeCarrierFrames(PUBLIC_KEY));
        const frames = await framesOf(key);
        const full = frames.slice(0, -1).map((report) => report[2]!);
        expect(full.length > 0 && full.every((length) => length === CHUNK_SIZE), `lengths of ${CHUNK_SIZE}`, full);
      },
      { needs, severity: 'warning' },
    ),
    check(
      'hid.padding',
      CARRIER,
      'What a frame does not fill is zero.',
      'pads-frames-with-rests',
      async (key) => {
        key.wire.drain();
        await key.wire.send(...encodeCarrierFrames(INFO));
        const last = (await framesOf(key)).at(-1)!;
        const padding = last.subarray(HEADER_SIZE + last[2]!);
        expect(
          padding.every((byte) => byte === 0),
          'zeros',
          padding,
        );
      },
      { needs },
    ),
    check(
      'hid.chunks',
      CARRIER,
      'A command in frames that are not full is put together by their lengths.',
      'takes-full-frames-alone',
      async (key) => {
        const chunks = [INFO.subarray(0, 2), INFO.subarray(2)];
        accepted(await answerTo(key, frame(MORE | 0, chunks[0]!), frame(1, chunks[1]!)));
      },
      { needs, severity: 'warning' },
    ),
    check(
      'hid.length.beyond',
      CARRIER,
      'A frame that declares more bytes than it has is no command.',
      'takes-lengths-beyond-frame',
      async (key) => {
        key.wire.drain();
        await key.wire.send(frame(0, INFO, CHUNK_SIZE + 20));
        const report = await key.wire.nextOf(isCarrierFrame, SOON);
        if (report !== undefined && !isBusyFrame(report)) {
          const { statusWord } = answerOf([report]);
          expect(statusWord !== StatusWord.NO_ERROR, 'a refusal or silence', '9000');
        }
        accepted(await answerTo(key, ...encodeCarrierFrames(INFO)));
      },
      { needs },
    ),
    check(
      'hid.sequence.wrong',
      CARRIER,
      'After a frame that is not the next one the key takes commands as before.',
      'stuck-after-wrong-sequence',
      async (key) => {
        await key.wire.send(frame(MORE | 0, INFO.subarray(0, 2)), frame(2, INFO.subarray(2)));
        await key.wire.nextOf(isCarrierFrame, SOON); // whatever it says to that
        accepted(await answerTo(key, ...encodeCarrierFrames(INFO)));
      },
      { needs },
    ),
    check(
      'hid.sequence.anew',
      CARRIER,
      'A first frame begins a command anew where another was not ended.',
      'waits-for-the-rest',
      async (key) => {
        await key.wire.send(frame(MORE | 0, PUBLIC_KEY.subarray(0, 3)));
        const answer = await answerTo(key, ...encodeCarrierFrames(INFO));
        expectWord(answer, StatusWord.NO_ERROR);
        expect(answer.data.length < CHUNK_SIZE, 'a device info', answer.data);
      },
      { needs, severity: 'warning' },
    ),
    check(
      'hid.ctapAfter',
      CARRIER,
      'CTAPHID goes on beside the OTP applet.',
      'deaf-to-ctap-after-otp',
      async (key) => {
        const { wire } = key;
        const channel = await wire.open();
        accepted(await answerTo(key, ...encodeCarrierFrames(INFO)));
        const data = concat(Uint8Array.of(1, 2, 3));
        const answer = await wire.transact(channel, HidCommand.PING, data);
        expectEqual(answer.command, HidCommand.PING, 'the command of the answer');
        expectEqual(answer.data, data, 'the data of CTAPHID_PING');
      },
      { needs },
    ),
    check(
      'hid.busy',
      CARRIER,
      'While a touch is awaited busy frames come.',
      'silent-while-busy',
      (key) =>
        withEntries(key, [TOUCHED], async () => {
          const { wire } = key;
          wire.drain();
          key.user('absent');
          await wire.send(...encodeCarrierFrames(READ_TOUCHED));
          const first = await wire.nextOf(isCarrierFrame, TOUCH_SECONDS * 1000);
          const isBusy = first !== undefined && isBusyFrame(first);
          if (isBusy) await framesOf(key, TOUCH_SECONDS * 1000);
          key.user('touches');
          if (first !== undefined && !isBusy && answerOf([first]).statusWord === StatusWord.NO_ERROR) {
            throw new NotApplicable('the key waits for no touch');
          }
          expect(isBusy, 'a busy frame', first ?? 'none');
        }),
      { needs: { ...needs, seconds: TOUCH_SECONDS } },
    ),
  ],
};
