/** A connection to a key, overheard: what a program itself sends and gets. */
import type { TrafficDirection } from '../../ctap/trace/traffic.ts';
import type { CardConnection, HidConnection } from './connection.ts';

/** Takes reports or APDUs as they go by. */
export type Overhear = (direction: TrafficDirection, bytes: Uint8Array) => void;

/** The same connection; `report` gets copies. */
export function overhearHid(connection: HidConnection, report: Overhear): HidConnection {
  return {
    product: connection.product,
    write(bytes) {
      report('in', Uint8Array.from(bytes));
      return connection.write(bytes);
    },
    onReport(listener) {
      connection.onReport((bytes) => {
        report('out', Uint8Array.from(bytes));
        listener(bytes);
      });
    },
    onGone: (listener) => connection.onGone(listener),
    close: () => connection.close(),
  };
}

/** The same card; `apdu` gets copies. */
export function overhearCard(connection: CardConnection, apdu: Overhear): CardConnection {
  return {
    name: connection.name,
    atr: connection.atr,
    async transmit(command) {
      apdu('in', Uint8Array.from(command));
      const answer = await connection.transmit(command);
      apdu('out', Uint8Array.from(answer));
      return answer;
    },
    ...(connection.reset === undefined ? {} : { reset: () => connection.reset!() }),
    close: () => connection.close(),
  };
}
