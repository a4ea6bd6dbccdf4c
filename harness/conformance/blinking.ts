/** Sees in the reports of a key when it begins to wait for its user. */
import { HidCommand, isInitPacket, packetCommand } from '../../ctap/hid/packet.ts';
import type { HidConnection } from '../transports/connection.ts';

/** The keepalive status of a key that waits for its user (CTAP 2.3 §11.2.9.1.7). */
const UPNEEDED = 2;
/** Where the first byte of a message stands in its packet. */
const DATA = 7;

/**
 * The same connection; `asked` is called once for each time that the key waits.
 * @param ready what a report has to wait for before it is sent
 */
export function watchBlinking(connection: HidConnection, asked: () => void, ready: () => Promise<void>): HidConnection {
  let waits = false;
  const look = (report: Uint8Array) => {
    if (report.length <= DATA || !isInitPacket(report)) return;
    const now = packetCommand(report) === HidCommand.KEEPALIVE && report[DATA] === UPNEEDED;
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
