/** The traffic of the keys of a running lab, live over its control API. */
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { WebSocket } from 'ws';
import { fromHex } from '../../ctap/bytes.ts';
import type { Traffic } from '../../ctap/trace/traffic.ts';
import type { LabAddress } from '../../emulator/lab/state-file.ts';
import { LabError } from './lab-client.ts';

/** Each key's plugs are counted from 1, so several keys need numbers of their own. */
export interface LabTraffic {
  readonly key: string;
  readonly traffic: Traffic;
}

interface TrafficMessage {
  readonly type: 'traffic';
  readonly key: string;
  readonly entry: {
    readonly at: number;
    readonly plug: number;
    readonly direction: 'in' | 'out';
    readonly report?: string;
    readonly apdu?: string;
  };
}

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
    const message = JSON.parse(String(data)) as { readonly type: string };
    if (message.type !== 'traffic') return;
    waiting.push(read(message as TrafficMessage));
    wake();
  });
  socket.on('unexpected-response', (_, response: IncomingMessage) => {
    end(new LabError('failed', `the lab at ${url} gives no traffic: it answered ${response.statusCode}`));
  });
  socket.on('error', (cause) => end(new LabError('no-lab', `the lab at ${url} does not answer`, undefined, { cause })));
  socket.on('close', (code, reason) => {
    end(code === 1013 ? new LabError('failed', `the lab has let us go: ${String(reason)}`) : 'ended');
  });
  const abort = () => end('ended');
  signal.addEventListener('abort', abort);
  try {
    while (ended === undefined || waiting.length > 0) {
      const next = waiting.shift();
      if (next !== undefined) yield next;
      else
        await new Promise<void>((resolve) => {
          wake = resolve;
          if (ended !== undefined || waiting.length > 0 || signal.aborted) resolve();
        });
      if (signal.aborted) return;
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

function read({ key, entry }: TrafficMessage): LabTraffic {
  const { at, plug, direction, report, apdu } = entry;
  const passing = { at, plug, direction };
  const traffic =
    report === undefined ? { ...passing, apdu: fromHex(apdu ?? '') } : { ...passing, report: fromHex(report) };
  return { key, traffic };
}
