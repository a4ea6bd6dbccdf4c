/** A key on a loopback UDP port: raw 64-byte CTAPHID reports, one a datagram. */
import { createSocket, type RemoteInfo } from 'node:dgram';
import { once } from 'node:events';
import { BROADCAST_CHANNEL, packetChannel } from '../../ctap/hid/packet.ts';
import { CARRIER_MAGIC } from '../../ctap/token2/hid-carrier.ts';
import type { Attachment, PluggableKey } from './attachment.ts';

const LOOPBACK = '127.0.0.1';
const CHANNEL_BYTES = 4;
const CARRIER_CHANNEL = CARRIER_MAGIC << 24;
/** How many channels' senders are known; the one that was first seen is forgotten first. */
const MAX_PEERS = 4096;

export interface UdpOptions {
  /** 0 lets the system choose. */
  readonly port: number;
}

/**
 * Plugs a key into a loopback port. Several hosts may share it, each on its own channels:
 * a channel's packets go to whoever last sent on it.
 * @throws Error that names the port where it cannot be bound
 */
export async function attachUdp(key: PluggableKey, { port }: UdpOptions): Promise<Attachment> {
  const socket = createSocket('udp4');
  socket.bind(port, LOOPBACK);
  try {
    await once(socket, 'listening');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const reason = code === 'EADDRINUSE' ? 'another program has it; choose another or 0' : String(error);
    throw new Error(`expected UDP port ${port} of ${LOOPBACK} to be free, but ${reason}`, { cause: error });
  }

  const peers = new Map<number, RemoteInfo>();
  const plug = key.plugIn((report) => {
    const peer = peers.get(channelOf(report));
    // What cannot be delivered is lost, as on a bus that nobody reads; a broken socket has its own event.
    if (peer !== undefined) socket.send(report, peer.port, peer.address, () => undefined);
  });
  socket.on('message', (datagram, sender) => {
    if (datagram.length < CHANNEL_BYTES) return;
    const channel = channelOf(datagram);
    // Answers to the broadcast channel leave before the next datagram, so they too find their sender.
    if (channel !== BROADCAST_CHANNEL && !peers.has(channel) && peers.size >= MAX_PEERS) forgetFirst(peers);
    peers.set(channel, sender);
    plug.receive(datagram);
  });

  let detached: Promise<void> | undefined;
  return {
    device: `udp:${LOOPBACK}:${socket.address().port}`,
    detach() {
      detached ??= new Promise((resolve) => {
        plug.unplug();
        socket.close(resolve);
      });
      return detached;
    },
  };
}

/** Token2's carrier has no channels: its frames count as one, which CTAPHID never allocates. */
function channelOf(report: Uint8Array): number {
  return report[0] === CARRIER_MAGIC ? CARRIER_CHANNEL : packetChannel(report);
}

function forgetFirst(peers: Map<number, unknown>): void {
  const [first] = peers.keys();
  if (first !== undefined) peers.delete(first);
}
