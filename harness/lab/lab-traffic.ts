/** What is said to the keys of a running lab, live over its control API. */
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { WebSocket } from 'ws';
import type { TraceEntry } from '../../ctap/trace/entry.ts';
import type { LabAddress } from '../../emulator/lab/state-file.ts';
import { LabError } from './lab-client.ts';

/** Entries, plugs and transactions are counted for each key. */
export interface LabTraffic {
  readonly key: string;
  /** Its secrets are hidden. */
  readonly entry: TraceEntry;
}

/** Another watcher is too slow (RFC 6455: try again later). */
const FELL_BEHIND = 1013;

/**
 * What goes by from now on, until `signal` is aborted or the lab ends.
 * @throws LabError where the lab does not let us in, or lets us go because we are too slow
 */
export async function* labTraffic({ url, token }: LabAddress, signal: AbortSignal): AsyncGenerator<LabTraffic> {
  const socket = new WebSocket(`${url.replace(/^http/, 'ws')}/events?traffic=1`, ['ctaplab'], {
    headers: { authorization: `Bearer ${token}` },
  });
  const waiting: LabTraffic[] = [];
  let ended: Error | 'ended' | undefined;
  let wake = () => {};
  const end = (reason: Error | 'ended') => {
    ended ??= reason;
    wake();
  };
  socket.on('message', (data) => {
    const message = JSON.parse(String(data)) as { readonly type: string } & LabTraffic;
    if (message.type !== 'traffic') return;
    waiting.push({ key: message.key, entry: message.entry });
    wake();
  });
  socket.on('unexpected-response', (_, response: IncomingMessage) => {
    end(new LabError('failed', `the lab at ${url} shows no traffic: it answered ${response.statusCode}`));
  });
  socket.on('error', (cause) => end(new LabError('no-lab', `no lab answers at ${url}`, undefined, { cause })));
  socket.on('close', (code, reason) => {
    end(code === FELL_BEHIND ? new LabError('failed', `the lab has let us go: ${String(reason)}`) : 'ended');
  });
  const abort = () => end('ended');
  signal.addEventListener('abort', abort);
  try {
    while (!signal.aborted) {
      const next = waiting.shift();
      if (next !== undefined) yield next;
      else if (ended !== undefined) break;
      else {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    }
    if (ended instanceof Error) throw ended;
  } finally {
    signal.removeEventListener('abort', abort);
    if (socket.readyState === WebSocket.OPEN) {
      socket.close();
      await once(socket, 'close');
    } else socket.terminate();
  }
}
