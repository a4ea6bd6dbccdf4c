/** Faults of Token2's OTP applet over HID. */
import { CARRIER_MAGIC, isBusyFrame, isCarrierFrame, isCarrierReport } from '../../ctap/token2/hid-carrier.ts';
import type { Fault, FaultHooks } from './fault.ts';
import { otpFault } from './otp-faults.ts';

const HEADER_SIZE = 3;
const CHUNK_SIZE = 61;
const MORE = 0x20;
const FLAGS = 0xf0;
const SEQUENCE = 0x0f;
/** What a shorter frame holds of the first one. */
const SHORT = 60;

type Report = (report: Uint8Array, next: (report: Uint8Array) => void) => void;

/** Frames of hosts. */
function received(id: string, summary: string, make: () => Report): Fault {
  return otpFault(id, summary, () => {
    const hook = make();
    return { received: (report, next) => (isCarrierReport(report) ? hook(report, next) : next(report)) };
  });
}

/** Frames of the key. */
function sent(id: string, summary: string, make: () => Report): Fault {
  return otpFault(id, summary, () => {
    const hook = make();
    return { sent: (report, next) => (isCarrierFrame(report) ? hook(report, next) : next(report)) };
  });
}

function hasMore(report: Uint8Array): boolean {
  return (report[1]! & FLAGS) === MORE;
}

function framed(second: number, chunk: Uint8Array, fill = 0): Uint8Array {
  const report = new Uint8Array(HEADER_SIZE + CHUNK_SIZE).fill(fill);
  report.set([CARRIER_MAGIC, second, chunk.length]);
  report.set(chunk, HEADER_SIZE);
  return report;
}

export const token2HidFaults: readonly Fault[] = [
  sent('token2-sends-short-frames', 'fills no first frame of several to its end', () => {
    let message: number[] = [];
    return (report, next) => {
      if (isBusyFrame(report)) return next(report);
      message.push(...report.subarray(HEADER_SIZE, HEADER_SIZE + report[2]!));
      if (hasMore(report)) return;
      const whole = Uint8Array.from(message);
      message = [];
      const ends = whole.length > CHUNK_SIZE ? [SHORT] : [whole.length];
      while (ends.at(-1)! < whole.length) ends.push(ends.at(-1)! + CHUNK_SIZE);
      for (const [index, end] of ends.entries()) {
        const flags = end < whole.length ? MORE : 0;
        next(framed(flags | (index & SEQUENCE), whole.subarray(ends[index - 1] ?? 0, end)));
      }
    };
  }),
  sent(
    'token2-pads-frames-with-rests',
    'leaves what was in its buffer behind the data of a frame',
    () => (report, next) => {
      next(
        isBusyFrame(report) ? report : framed(report[1]!, report.subarray(HEADER_SIZE, HEADER_SIZE + report[2]!), 0xa5),
      );
    },
  ),
  received('token2-takes-full-frames-alone', 'does not hear a command whose first frame is not full', () => {
    let deaf = false;
    return (report, next) => {
      if ((report[1]! & SEQUENCE) === 0) deaf = hasMore(report) && report[2] === 2;
      if (!deaf) next(report);
    };
  }),
  received(
    'token2-takes-lengths-beyond-frame',
    'takes a frame that declares more bytes than it has for a full one',
    () => (report, next) => {
      const chunk = report.subarray(HEADER_SIZE);
      next(
        report[2]! > CHUNK_SIZE
          ? framed(report[1]!, chunk.subarray(0, chunk.findLastIndex((byte) => byte !== 0) + 1))
          : report,
      );
    },
  ),
  received('token2-stuck-after-wrong-sequence', 'hears nothing more after a frame that is not the next one', () => {
    let due = 0;
    let stuck = false;
    return (report, next) => {
      const sequence = report[1]! & SEQUENCE;
      stuck ||= sequence !== due && sequence !== 0;
      due = hasMore(report) ? (sequence + 1) & SEQUENCE : 0;
      if (!stuck) next(report);
    };
  }),
  received('token2-waits-for-the-rest', 'takes a first frame for the next one of a command that was not ended', () => {
    let open = false;
    return (report, next) => {
      const isFirst = (report[1]! & SEQUENCE) === 0;
      const lost = open && isFirst;
      open = hasMore(report);
      if (!lost) next(report);
    };
  }),
  otpFault(
    'token2-deaf-to-ctap-after-otp',
    'does not hear CTAPHID after a command of its OTP applet',
    ({ authenticator }): FaultHooks => {
      let deafSince: number | undefined;
      return {
        received: (report, next) => {
          if (isCarrierReport(report)) deafSince = authenticator.powerUps;
          else if (deafSince === authenticator.powerUps) return;
          next(report);
        },
      };
    },
  ),
  sent('token2-silent-while-busy', 'says nothing while it waits for a touch to give a code', () => (report, next) => {
    if (!isBusyFrame(report)) next(report);
  }),
];
