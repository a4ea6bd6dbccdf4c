/** Which ways a lab's keys are plugged in. */
import { accessSync, constants } from 'node:fs';
import type { VirtualKey } from '../key.ts';
import type { Attachment } from '../transports/attachment.ts';

/** `port` is the first key's; the next keys take the next ones. 0 lets the system choose. */
export type TransportChoice = { readonly kind: 'uhid' } | { readonly kind: 'udp'; readonly port: number };

/**
 * Reads `uhid`, `udp` or `udp:PORT`.
 * @throws RangeError that lists what is possible
 */
export function parseTransport(text: string): TransportChoice {
  if (text === 'uhid') return { kind: 'uhid' };
  const port = /^udp(?::(\d{1,5}))?$/.exec(text);
  if (port !== null && Number(port[1] ?? 0) <= 0xffff) return { kind: 'udp', port: Number(port[1] ?? 0) };
  throw new RangeError(`expected uhid, udp or udp:PORT with a port up to 65535, got ${JSON.stringify(text)}`);
}

/** The kernel's HID where this user may create devices, else a loopback port. */
export function defaultTransport(): TransportChoice {
  try {
    accessSync('/dev/uhid', constants.R_OK | constants.W_OK);
    return { kind: 'uhid' };
  } catch {
    return { kind: 'udp', port: 0 }; // no such file, or not for this user: both mean another way
  }
}

/** Plugs the key in; the modules of a transport are loaded when it is used. */
export async function attach(key: VirtualKey, choice: TransportChoice): Promise<Attachment> {
  if (choice.kind === 'uhid') {
    const { attachUhid } = await import('../transports/uhid.ts');
    return attachUhid(key);
  }
  const { attachUdp } = await import('../transports/udp.ts');
  return attachUdp(key, { port: choice.port });
}
