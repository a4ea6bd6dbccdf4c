/** A virtual key plugged straight into this process. */
import type { PluggableCard, PluggableKey } from '../../emulator/transports/attachment.ts';
import { type CardConnection, DeviceGoneError, type HidConnection } from './connection.ts';

/**
 * Plugs `key` in; close() unplugs it. Reports reach the listener in order, never from within write().
 * Nobody tells a host in the same process that the key is closed: it falls silent.
 */
export function connectInProcess(key: PluggableKey): HidConnection {
  let listener: ((report: Uint8Array) => void) | undefined;
  let waiting: Uint8Array[] = [];
  let open = true;
  const deliver = () => {
    const reports = waiting;
    waiting = [];
    for (const report of reports) if (open) listener?.(report);
  };
  const plug = key.plugIn((report) => {
    // One microtask for all the packets of an answer: framing costs next to nothing.
    if (waiting.push(report) === 1) queueMicrotask(deliver);
  });
  return {
    product: key.identity.product,
    async write(report) {
      if (!open) throw new DeviceGoneError('the connection to the virtual key is closed');
      plug.receive(report);
    },
    onReport(next) {
      listener = next;
    },
    onGone() {},
    async close() {
      if (!open) return;
      open = false;
      plug.unplug();
    },
  };
}

/** Puts `card` into a reader of this process; close() takes it out. */
export function connectCardInProcess(card: PluggableCard, name = 'virtual card'): CardConnection {
  const plug = card.insertCard();
  let open = true;
  return {
    name,
    atr: card.atr,
    async transmit(apdu) {
      if (!open) throw new DeviceGoneError('the virtual card was taken out');
      return plug.transmit(apdu);
    },
    async reset() {
      if (!open) throw new DeviceGoneError('the virtual card was taken out');
      plug.reset();
    },
    async close() {
      if (!open) return;
      open = false;
      plug.remove();
    },
  };
}
