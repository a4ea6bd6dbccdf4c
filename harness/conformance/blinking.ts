/** Sees in the reports of a key, or in how long its answer takes, that it waits for its user. */
import { HidCommand, isInitPacket, packetCommand } from '../../ctap/hid/packet.ts';
import { decodeResponse } from '../../ctap/iso7816/apdu.ts';
import { STATUS_UPDATE } from '../../ctap/iso7816/fido-applet.ts';
import { isBusyFrame, isCarrierFrame } from '../../ctap/token2/hid-carrier.ts';
import type { CardConnection, HidConnection } from '../transports/connection.ts';

/** The keepalive status of a key that waits for its user (CTAP 2.3 §11.2.9.1.7). */
const UPNEEDED = 2;
/** Where the first byte of a message stands in its packet. */
const DATA = 7;
/** Milliseconds after which a card that has not answered is waiting, as the OTP applet of Token2 does. */
const LATE = 1000;

/**
 * The same connection; `asked` is called once for each time that the key waits.
 * @param ready what a report has to wait for before it is sent
 */
export function watchBlinking(connection: HidConnection, asked: () => void, ready: () => Promise<void>): HidConnection {
  let waits = false;
  const look = (report: Uint8Array) => {
    const now = isWaiting(report);
    if (now === undefined) return;
    if (now && !waits) asked();
    waits = now;
  };
  return {
    product: connection.product,
    async write(report) {
      await ready();
      await connection.write(report);
    },
    onReport: (listener) =>
      connection.onReport((report) => {
        look(report);
        listener(report);
      }),
    onGone: (listener) => connection.onGone(listener),
    close: () => connection.close(),
  };
}

/** Undefined for a report that does not tell. */
function isWaiting(report: Uint8Array): boolean | undefined {
  if (isCarrierFrame(report)) return isBusyFrame(report);
  if (report.length <= DATA || !isInitPacket(report)) return undefined;
  return packetCommand(report) === HidCommand.KEEPALIVE && report[DATA] === UPNEEDED;
}

/** The same of a card, which says so when it is polled, or answers late. */
export function watchCard(connection: CardConnection, asked: () => void, ready: () => Promise<void>): CardConnection {
  let waits = false;
  return {
    name: connection.name,
    atr: connection.atr,
    async transmit(command) {
      await ready();
      const timer = setTimeout(asked, LATE);
      try {
        const answer = await connection.transmit(command);
        const now = isUpdate(answer);
        if (now && !waits) asked();
        waits = now;
        return answer;
      } finally {
        clearTimeout(timer);
      }
    },
    ...(connection.reset === undefined ? {} : { reset: () => connection.reset!() }),
    close: () => connection.close(),
  };
}

function isUpdate(answer: Uint8Array): boolean {
  if (answer.length < 2) return false;
  const { data, statusWord } = decodeResponse(answer);
  return statusWord === STATUS_UPDATE && data[0] === UPNEEDED;
}
