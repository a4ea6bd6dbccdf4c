import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { Lab } from '../../../emulator/lab/lab.ts';
import { type ControlServer, type ControlServerOptions, serveControlApi } from '../../../emulator/lab/server.ts';
import { defaultModel } from '../../../emulator/models/index.ts';

interface Message {
  readonly type: string;
  readonly [member: string]: unknown;
}

let lab: Lab;
let server: ControlServer;
let defects: unknown[];

async function serve(options: Partial<ControlServerOptions> = {}): Promise<void> {
  server = await serveControlApi(lab, { onDefect: (error) => defects.push(error), ...options });
}

beforeEach(async () => {
  defects = [];
  lab = await Lab.open({ model: defaultModel, keys: 2, touch: 'manual', transports: [{ kind: 'udp', port: 0 }] });
  await serve();
});
afterEach(async () => {
  await server.close();
  await lab.close();
  expect(defects).toEqual([]);
});

/** A watcher that remembers what it was sent. */
class Watcher {
  readonly socket: WebSocket;
  readonly messages: Message[] = [];
  readonly #seen = new Set<() => void>();

  constructor(query = '', token = server.token) {
    const url = `${server.url.replace('http', 'ws')}/events${query}`;
    this.socket = new WebSocket(url, ['ctaplab', `bearer.${token}`]);
    this.socket.on('message', (data) => {
      this.messages.push(JSON.parse(String(data)) as Message);
      for (const seen of this.#seen) seen();
    });
  }

  /** The first message of which that holds, come or to come. */
  until(isIt: (message: Message) => boolean): Promise<Message> {
    return new Promise((resolve) => {
      const look = () => {
        const found = this.messages.find(isIt);
        if (found === undefined) return;
        this.#seen.delete(look);
        resolve(found);
      };
      this.#seen.add(look);
      look();
    });
  }
}

const ask = (method: string, path: string) =>
  fetch(`${server.url}${path}`, { method, headers: { authorization: `Bearer ${server.token}` } });

/** Something that waits for the key's user, as a command in a transport would. */
function question(id: string) {
  const request = { operation: 'getAssertion', rpId: 'example.com', userName: 'alice' } as const;
  return lab.keys.get(id)!.presence.request(request, { signal: new AbortController().signal });
}

describe('a watcher', () => {
  it('is told everything first, and then what changes', async () => {
    lab.links = { site: 'https://site.localhost' };
    const watcher = new Watcher();
    const first = await watcher.until(() => true);
    expect(first).toMatchObject({ type: 'lab', tokens: [], links: lab.links, clock: { frozen: false } });
    expect(first.keys).toEqual(((await (await ask('GET', '/keys')).json()) as { keys: unknown }).keys);
    const answer = question('2');
    const blinking = await watcher.until(({ type, key }) => type === 'key' && (key as { led: string }).led === 'touch');
    expect(blinking.key).toMatchObject({ id: '2', pending: [{ operation: 'getAssertion', rpId: 'example.com' }] });
    await ask('POST', '/keys/2/touch');
    expect(await answer).toBe('touched');
    await watcher.until(({ type, key }) => type === 'key' && (key as { led: string }).led === 'idle');
    await ask('POST', '/keys/1/remove');
    await watcher.until(({ type, key }) => type === 'key' && (key as { led: string }).led === 'off');
    await ask('DELETE', '/keys/1');
    expect(await watcher.until(({ type }) => type === 'key-removed')).toEqual({ type: 'key-removed', id: '1' });
  });

  it('agrees with every other', async () => {
    const watchers = Array.from({ length: 5 }, () => new Watcher());
    for (const watcher of watchers) await watcher.until(({ type }) => type === 'lab');
    await ask('POST', '/keys/1/remove');
    const told = await Promise.all(watchers.map((watcher) => watcher.until(({ type }) => type === 'key')));
    expect(new Set(told.map((message) => JSON.stringify(message))).size).toBe(1);
  });

  it('is told what a key types', async () => {
    const watcher = new Watcher();
    await watcher.until(({ type }) => type === 'lab');
    await lab.keys
      .get('1')!
      .key.writeYubicoSlot({ publicId: new Uint8Array(6), privateId: new Uint8Array(6), key: new Uint8Array(16) });
    await ask('POST', '/keys/1/touch');
    const typed = await watcher.until(({ type }) => type === 'typed');
    expect(typed).toMatchObject({ key: '1', text: expect.stringMatching(/^[cbdefghijklnrtuv]{44}\n$/) });
  });

  it('gets traffic only where it asked for that', async () => {
    const [curious, plain] = [new Watcher('?traffic=1'), new Watcher()];
    for (const watcher of [curious, plain]) await watcher.until(({ type }) => type === 'lab');
    const plug = lab.keys.get('1')!.key.plugIn(() => {});
    plug.receive(Uint8Array.from([0xff, 0xff, 0xff, 0xff, 0x86, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8, ...new Uint8Array(49)]));
    plug.unplug();
    const { entry } = await curious.until(({ type }) => type === 'traffic');
    expect(entry).toMatchObject({ direction: 'in', type: 'command', name: 'CTAPHID_INIT' });
    await ask('POST', '/keys/1/remove');
    await plain.until(({ key }) => (key as { inserted?: boolean } | undefined)?.inserted === false);
    expect(plain.messages.filter(({ type }) => type === 'traffic')).toEqual([]);
  });

  it('is dropped where it does not read, and nobody waits for it', async () => {
    await server.close();
    await serve({ maxBuffered: 64 * 1024 });
    const [slow, quick] = [new Watcher(), new Watcher()];
    for (const watcher of [slow, quick]) await watcher.until(({ type }) => type === 'lab');
    slow.socket.pause();
    const closed = once(slow.socket, 'close');
    // What it does not read fills the system's buffers first, and then ours.
    const strokes = Array.from({ length: 40_000 }, () => ({ usage: 4 }));
    for (let round = 0; round < 320; round++) {
      lab.events.emit({ type: 'typed', id: '1', strokes });
      if (round % 20 === 0) await ask('GET', '/health');
    }
    slow.socket.resume();
    await closed;
    expect(slow.messages.length).toBeLessThan(321);
    await ask('POST', '/keys/1/remove');
    await quick.until(({ key }) => (key as { inserted?: boolean } | undefined)?.inserted === false);
  });

  it('has nothing to say', async () => {
    const watcher = new Watcher();
    await watcher.until(() => true);
    watcher.socket.send('touch');
    expect((await once(watcher.socket, 'close'))[0]).toBe(1003);
  });
});
