/** A pcscd of the tests' own, with a virtual reader, apart from any other on this machine. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Its driver makes two readers, of this name and the next, on this port and the next. */
export const READER = 'Virtual PCD 00 00';
const PATIENCE = 20_000;

export class PcscDaemon {
  /** Where the first virtual reader listens. */
  readonly port: number;
  /** By which PC/SC clients find it. */
  readonly env: NodeJS.ProcessEnv;
  readonly #child: ChildProcess;
  readonly #folder: string;

  private constructor(child: ChildProcess, port: number, folder: string) {
    this.#child = child;
    this.#folder = folder;
    this.port = port;
    // The socket's place is built in, so the daemon has a /run of its own; clients reach it from outside.
    this.env = { ...process.env, PCSCLITE_CSOCK_NAME: `/proc/${child.pid}/root/run/pcscd/pcscd.comm` };
  }

  static async start(): Promise<PcscDaemon> {
    const port = await freePort();
    const folder = mkdtempSync(join(tmpdir(), 'ctaplab-pcscd-'));
    const hex = `0x${port.toString(16)}`;
    const driver = '/usr/lib/pcsc/drivers/serial/libifdvpcd.so';
    const reader = [
      'FRIENDLYNAME "Virtual PCD"',
      `DEVICENAME /dev/null:${hex}`,
      `LIBPATH ${driver}`,
      `CHANNELID ${hex}`,
    ];
    writeFileSync(join(folder, 'vpcd'), `${reader.join('\n')}\n`);
    const script = `mount -t tmpfs none /run && mkdir /run/pcscd && exec pcscd --foreground --error --config "${folder}"`;
    const root = process.getuid?.() === 0 ? [] : ['--map-root-user'];
    const child = spawn('unshare', ['--mount', ...root, 'sh', '-c', script], { stdio: 'inherit' });
    const daemon = new PcscDaemon(child, port, folder);
    await until(async () => existsSync(daemon.env.PCSCLITE_CSOCK_NAME!) && (await listens(port)), child);
    return daemon;
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode === null) {
      this.#child.kill();
      await once(this.#child, 'exit');
    }
    rmSync(this.#folder, { recursive: true });
  }
}

/** A port that is free now, and the next one is likely to be. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('expected a port of the loopback');
  return address.port;
}

async function listens(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false; // not yet
  } finally {
    socket.destroy();
  }
}

async function until(holds: () => Promise<boolean>, child: ChildProcess): Promise<void> {
  const deadline = performance.now() + PATIENCE;
  while (!(await holds())) {
    if (child.exitCode !== null) throw new Error(`expected pcscd to run, it ended with status ${child.exitCode}`);
    if (performance.now() > deadline) throw new Error(`expected pcscd to be ready within ${PATIENCE / 1000} s`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
