/** Which ways a lab's keys are plugged in. */
import { accessSync, constants } from 'node:fs';
import type { VirtualKey } from '../key.ts';
import type { Attachment } from '../transports/attachment.ts';

/** Where the first virtual card reader listens. */
const VPCD_PORT = 35963;

/** `port` is the first key's; the next keys take the next ones. UDP's 0 lets the system choose. */
export type TransportChoice =
  | { readonly kind: 'uhid' }
  | { readonly kind: 'udp'; readonly port: number }
  | { readonly kind: 'vpcd'; readonly port: number };

const FORMS = 'uhid, udp, udp:PORT, vpcd or vpcd:PORT with a port up to 65535';

/**
 * Reads `uhid`, `udp`, `udp:PORT`, `vpcd` or `vpcd:PORT`.
 * @throws RangeError that lists what is possible
 */
export function parseTransport(text: string): TransportChoice {
  if (text === 'uhid') return { kind: 'uhid' };
  if (text === 'vpcd') return { kind: 'vpcd', port: VPCD_PORT };
  const [, kind, digits] = /^(udp|vpcd)(?::(\d{1,5}))?$/.exec(text) ?? [];
  const port = Number(digits ?? 0);
  if (kind === 'udp' && port <= 0xffff) return { kind, port };
  if (kind === 'vpcd' && port > 0 && port <= 0xffff) return { kind, port };
  throw new RangeError(`expected ${FORMS}, got ${JSON.stringify(text)}`);
}

/** As {@link parseTransport} reads it. */
export function formatTransport(choice: TransportChoice): string {
  return choice.kind === 'uhid' || choice.port === 0 ? choice.kind : `${choice.kind}:${choice.port}`;
}

/** The same way for the key of that number, the first being 0. */
export function transportOf(choice: TransportChoice, index: number): TransportChoice {
  return choice.kind !== 'uhid' && choice.port > 0 ? { ...choice, port: choice.port + index } : choice;
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
  if (choice.kind === 'vpcd') {
    const { attachVpcd } = await import('../transports/pcsc-vpcd.ts');
    return attachVpcd(key, { port: choice.port });
  }
  const { attachUdp } = await import('../transports/udp.ts');
  return attachUdp(key, { port: choice.port });
}
