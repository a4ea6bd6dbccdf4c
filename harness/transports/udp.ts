/** A key behind a UDP port: raw 64-byte CTAPHID reports, one a datagram. */
import { createSocket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import { DeviceGoneError, type HidConnection } from './connection.ts';

export interface UdpAddress {
  /** Name or address; an IPv6 address may stand in brackets. */
  readonly host: string;
  readonly port: number;
}

/**
 * Connects a socket of its own. UDP knows no opening: that nobody listens shows with the first report,
 * as a connection that is gone.
 */
export async function openUdp({ host, port }: UdpAddress): Promise<HidConnection> {
  const { address, family } = await lookup(host.replace(/^\[(.*)\]$/, '$1'));
  const socket = createSocket(family === 6 ? 'udp6' : 'udp4');
  socket.connect(port, address);
  try {
    await once(socket, 'connect');
  } catch (error) {
    socket.close();
    throw error;
  }

  let gone: DeviceGoneError | undefined;
  let closed: Promise<void> | undefined;
  let onReport: ((report: Uint8Array) => void) | undefined;
  let onGone: ((error: Error) => void) | undefined;
  const lose = (cause: Error): DeviceGoneError => {
    if (gone === undefined) {
      const refused = 'code' in cause && cause.code === 'ECONNREFUSED';
      const reason = refused ? 'no key listens there' : cause.message;
      gone = new DeviceGoneError(`udp:${host}:${port}: ${reason}`, { cause });
      if (closed === undefined) onGone?.(gone);
    }
    return gone;
  };
  socket.on('error', lose);
  socket.on('message', (datagram) => {
    if (closed === undefined) onReport?.(datagram);
  });

  return {
    write(report) {
      return new Promise((resolve, reject) => {
        if (gone !== undefined) reject(gone);
        else if (closed !== undefined) reject(new DeviceGoneError(`the connection to udp:${host}:${port} is closed`));
        else socket.send(report, (error) => (error ? reject(lose(error)) : resolve()));
      });
    },
    onReport(listener) {
      onReport = listener;
    },
    onGone(listener) {
      onGone = listener;
      if (gone !== undefined) listener(gone);
    },
    close() {
      closed ??= new Promise((resolve) => socket.close(resolve));
      return closed;
    },
  };
}
