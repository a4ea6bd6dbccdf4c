/** A smart card in vsmartcard's virtual reader: PC/SC programs see it through pcscd, and no kernel module is needed. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { concat } from '../../ctap/bytes.ts';
import type { Attachment, PluggableCard } from './attachment.ts';

/** Where the first virtual reader listens; each next one has the next port. */
export const VPCD_PORT = 35963;
const LOOPBACK = '127.0.0.1';
/** Milliseconds in which pcscd, which looks at its readers several times a second, must find the card. */
const PATIENCE = 30_000;
const LENGTH_SIZE = 2;

/** Messages of one byte control the card; longer ones are APDUs. */
const Control = { OFF: 0, ON: 1, RESET: 2, ATR: 4 } as const;

export interface VpcdOptions {
  /** Default 35963. */
  readonly port?: number;
}

/**
 * Puts a card into the virtual reader that listens on `port` of the loopback, and waits until pcscd has found it there.
 * When pcscd ends, the card is out.
 * @throws Error that tells the way out where no reader listens, or it has another card
 */
export async function attachVpcd(card: PluggableCard, { port = VPCD_PORT }: VpcdOptions = {}): Promise<Attachment> {
  const socket = await open(port);
  const plug = card.insertCard();
  let detached = false;
  const leave = () => {
    if (detached) return;
    detached = true;
    plug.remove();
  };
  let onPower = () => {};
  const powered = new Promise<void>((resolve) => {
    onPower = resolve;
  });
  let turn: Promise<unknown> = Promise.resolve();
  const answer = (message: Uint8Array) => {
    if (message.length !== 1) return plug.transmit(message);
    if (message[0] === Control.ATR) return card.atr;
    if (message[0] === Control.OFF || message[0] === Control.ON || message[0] === Control.RESET) plug.reset();
    // The request for the ATR alone is but a look whether a card is there; to show it to programs, pcscd powers it.
    if (message[0] === Control.ON) onPower();
    return undefined; // control has no answer, but for the ATR
  };
  readMessages(socket, (message) => {
    turn = turn.then(async () => {
      if (detached) return; // a reader asks on until it has seen that the card is out
      const response = await answer(message);
      if (response !== undefined && socket.writable) socket.write(frame(response));
    });
  });
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  socket.on('close', leave);
  socket.on('error', leave); // a reader that is gone; 'close' follows
  const attachment = {
    device: `pcsc:${readerName(port)}`,
    async detach() {
      leave();
      socket.setTimeout(PATIENCE, () => socket.destroy()); // a pcscd that hangs
      socket.end();
      await closed;
    },
  };
  if (await isFound(powered, socket)) return attachment;
  await attachment.detach();
  throw new Error(
    `expected pcscd to find the card in the virtual reader on port ${port} of ${LOOPBACK} within ${PATIENCE / 1000} s: another card may be in it`,
  );
}

async function isFound(powered: Promise<void>, socket: Socket): Promise<boolean> {
  const waiting = new AbortController();
  const { signal } = waiting;
  try {
    return await Promise.race([
      powered.then(() => true),
      once(socket, 'close', { signal }).then(() => false),
      sleep(PATIENCE, false, { signal }),
    ]);
  } finally {
    waiting.abort();
  }
}

/** Readers that Debian's package could have, from the first port on; it has two. */
const MAX_READERS = 16;

/** The name that pcscd gives the reader of that port; a port of the user's own is taken for his only reader's. */
function readerName(port: number): string {
  const index = port - VPCD_PORT;
  const number = index >= 0 && index < MAX_READERS ? index : 0;
  return `Virtual PCD 00 ${number.toString(16).toUpperCase().padStart(2, '0')}`;
}

async function open(port: number): Promise<Socket> {
  const socket = connect(port, LOOPBACK);
  try {
    await once(socket, 'connect');
    return socket;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const reason =
      code === 'ECONNREFUSED' ? 'nothing does: install vsmartcard-vpcd, and start pcscd' : (error as Error).message;
    throw new Error(`expected a virtual reader (vpcd) to listen on port ${port} of ${LOOPBACK}, but ${reason}`, {
      cause: error,
    });
  }
}

/** Each message comes after its length in two bytes. */
function readMessages(socket: Socket, onMessage: (message: Uint8Array) => void): void {
  let pending: Uint8Array = new Uint8Array();
  socket.on('data', (data) => {
    pending = concat(pending, data);
    for (;;) {
      if (pending.length < LENGTH_SIZE) return;
      const end = LENGTH_SIZE + ((pending[0]! << 8) | pending[1]!);
      if (pending.length < end) return;
      onMessage(pending.slice(LENGTH_SIZE, end));
      pending = pending.slice(end);
    }
  });
}

function frame(message: Uint8Array): Uint8Array {
  return concat(Uint8Array.of(message.length >> 8, message.length & 0xff), message);
}
