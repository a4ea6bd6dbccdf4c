/** The Web Platform Tests for WebAuthn, served by their own server from the sources of Debian's Firefox. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../../../emulator/lab/listening.ts';
import { VENDOR_FILES } from './vendor.ts';

const FETCH = join(import.meta.dirname, '../../../../scripts/web-platform-tests');

/** Where the tests are, or undefined where scripts/setup has not brought them. */
export function testsFolder(): string | undefined {
  const { status, stdout } = spawnSync(FETCH, ['--cached'], { encoding: 'utf8' });
  return status === 0 ? stdout.trim() : undefined;
}

/** Browsers take it, and its subdomains, for this machine without asking a name server. */
const HOST = 'web-platform.localhost';

/** The files of the tests that need no person; the others there are helpers. */
export async function listTests(folder: string): Promise<string[]> {
  const files = await readdir(join(folder, 'webauthn'));
  return files.filter((file) => /\.(html|window\.js)$/.test(file) && !/-manual\./.test(file)).sort();
}

export interface TestServer {
  /** Where the test of that file is served. */
  urlOf(file: string): string;
  close(): Promise<void>;
}

/** Their launcher wants the whole tree; this is the part of it that serves. */
const LAUNCH = [
  'import sys',
  'sys.path.insert(0, ".")',
  'from tools import localpaths',
  'from tools.serve import serve',
  'serve.run(**vars(serve.get_parser().parse_args()))',
].join('\n');

/** @throws Error with what the server wrote, where it does not serve within a minute */
export async function startTestServer(folder: string): Promise<TestServer> {
  for (const [file, text] of Object.entries(VENDOR_FILES)) await writeFile(join(folder, 'resources', file), text);
  const own = await mkdtemp(join(tmpdir(), 'ctaplab-web-platform-'));
  const config = join(own, 'config.json');
  const ports = { http: await freePort(), https: await freePort() };
  const unused = Object.fromEntries(
    ['http-private', 'http-public', 'https-private', 'https-public', 'ws', 'wss', 'webtransport-h3'].map((scheme) => [
      scheme,
      [null],
    ]),
  );
  await writeFile(
    config,
    JSON.stringify({
      browser_host: HOST,
      alternate_hosts: { alt: 'not-web-platform.localhost' },
      server_host: '127.0.0.1',
      bind_address: false,
      check_subdomains: false,
      ports: { http: [ports.http, null], https: [ports.https, null], ...unused },
      ssl: { type: 'openssl', openssl: { base_path: join(own, 'certificates') } },
    }),
  );
  const child = spawn('python3', ['-c', LAUNCH, '--no-h2', '--config', config], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
    // Its processes of one port each end with it.
    detached: true,
  });
  const ended = once(child, 'exit');
  let log = '';
  const listening = new Promise<void>((resolve, reject) => {
    const read = (data: Buffer) => {
      log += data;
      if (/Starting http server/.test(log) && /Starting https server/.test(log)) resolve();
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    void ended.then(() => reject(new Error(`expected the tests' server to serve, it ended:\n${log}`)));
    setTimeout(
      () => reject(new Error(`expected the tests' server within a minute, it wrote:\n${log}`)),
      60_000,
    ).unref();
  });
  const close = async () => {
    if (child.exitCode === null && child.pid !== undefined) process.kill(-child.pid, 'SIGTERM');
    await ended;
    await rm(own, { recursive: true, force: true });
  };
  try {
    await listening;
  } catch (error) {
    await close();
    throw error;
  }
  return {
    urlOf(file) {
      const scheme = /\.https\./.test(file) ? 'https' : 'http';
      return `${scheme}://${HOST}:${ports[scheme]}/webauthn/${file.replace(/\.window\.js$/, '.window.html')}`;
    },
    close,
  };
}
