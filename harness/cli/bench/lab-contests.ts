/** A lab of a thousand keys on disk against one with a single key: touching, watching, starting. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { WebSocket } from 'ws';
import { Command } from '../../../ctap/commands/index.ts';
import { Lab } from '../../../emulator/lab/lab.ts';
import { type ControlServer, serveControlApi } from '../../../emulator/lab/server.ts';
import { defaultModel } from '../../../emulator/models/index.ts';
import { LabClient } from '../../lab/lab-client.ts';
import type { Contest, Operation } from './rounds.ts';

const MANY = 1000;
const WATCHERS = 50;

export const labContests: readonly (readonly [string, () => Promise<Contest>])[] = [
  ['lab-touch-1000-keys', touchContest],
  ['lab-events-50-watchers', watchersContest],
  ['lab-start-1000-keys', startContest],
];

interface OpenLab {
  readonly lab: Lab;
  readonly server: ControlServer;
  readonly state: string;
  close(): Promise<void>;
}

async function openLab(keys: number): Promise<OpenLab> {
  const state = await mkdtemp(join(tmpdir(), 'ctaplab-bench-'));
  const transports = [{ kind: 'udp', port: 0 }] as const;
  const lab = await Lab.open({ model: defaultModel, keys, touch: 'manual', transports, state });
  const server = await serveControlApi(lab, {
    rateLimit: { burst: Number.MAX_SAFE_INTEGER, perSecond: Number.MAX_SAFE_INTEGER },
    onDefect: (error) => {
      throw error;
    },
  });
  return {
    lab,
    server,
    state,
    async close() {
      await server.close();
      await lab.close();
      await rm(state, { recursive: true });
    },
  };
}

/** A question of a key, a touch over the API, the answer. */
function touches({ lab, server }: OpenLab): Operation {
  const client = new LabClient(server);
  const keys = [...lab.keys.values()];
  const exchange = { signal: new AbortController().signal, keepalive() {} };
  let next = 0;
  return async (count) => {
    for (let i = 0; i < count; i++) {
      const held = keys[next++ % keys.length]!;
      const answer = held.key.cbor(Uint8Array.of(Command.authenticatorSelection), exchange);
      await held.pending(60_000);
      await client.touch(held.id);
      await answer;
    }
  };
}

async function touchContest(): Promise<Contest> {
  const [many, one] = [await openLab(MANY), await openLab(1)];
  return {
    name: 'lab-touch-1000-keys',
    subject: touches(many),
    against: 'the same in a lab of one key',
    reference: touches(one),
    async close() {
      await many.close();
      await one.close();
    },
  };
}

/** A change that every one of so many watchers is told of. */
async function changes({ lab, server }: OpenLab, watchers: number): Promise<{ run: Operation; close(): void }> {
  let told = 0;
  let onTold: () => void = () => {};
  const sockets = Array.from({ length: watchers }, () => {
    const url = `${server.url.replace('http', 'ws')}/events`;
    return new WebSocket(url, ['ctaplab', `bearer.${server.token}`]);
  });
  await Promise.all(sockets.map((socket) => once(socket, 'message')));
  for (const socket of sockets) {
    socket.on('message', () => {
      told += 1;
      if (told === watchers) onTold();
    });
  }
  return {
    async run(count) {
      for (let i = 0; i < count; i++) {
        told = 0;
        const all = new Promise<void>((resolve) => {
          onTold = resolve;
        });
        lab.events.emit({ type: 'clock' });
        await all;
      }
    },
    close() {
      for (const socket of sockets) socket.terminate();
    },
  };
}

async function watchersContest(): Promise<Contest> {
  const [many, one] = [await openLab(MANY), await openLab(MANY)];
  const [all, single] = [await changes(many, WATCHERS), await changes(one, 1)];
  return {
    name: 'lab-events-50-watchers',
    subject: all.run,
    against: 'the same with one watcher',
    reference: single.run,
    async close() {
      all.close();
      single.close();
      await many.close();
      await one.close();
    },
  };
}

/** A process that opens the lab of a folder, runs nothing, and ends. */
function starts(state: string): Operation {
  const main = fileURLToPath(new URL('../main.js', import.meta.url));
  const args = [main, 'exec', '--state', state, '--transport', 'udp', '--', process.execPath, '--version'];
  return async (count) => {
    for (let i = 0; i < count; i++) {
      const [status] = await once(spawn(process.execPath, args, { stdio: 'ignore' }), 'exit');
      if (status !== 0) throw new Error(`expected a lab to start, but its status was ${status}`);
    }
  };
}

async function startContest(): Promise<Contest> {
  const folders: string[] = [];
  for (const keys of [MANY, 1]) {
    const state = await mkdtemp(join(tmpdir(), 'ctaplab-bench-'));
    folders.push(state);
    const lab = await Lab.open({ model: defaultModel, keys, touch: 'auto', transports: [], state });
    await lab.close();
  }
  return {
    name: 'lab-start-1000-keys',
    subject: starts(folders[0]!),
    against: 'a process with a lab of one stored key',
    reference: starts(folders[1]!),
    async close() {
      for (const folder of folders) await rm(folder, { recursive: true });
    },
  };
}
