/** `ctaplab start`: a lab in the foreground. */
import type { Command } from 'commander';
import type { Lab } from '../../emulator/lab/lab.ts';
import type { DuoSite } from '../sites/duo/index.ts';
import { closing } from './closing.ts';
import { addKeyOptions, integer, type KeyOptions, labOptions } from './key-options.ts';
import { Output } from './output.ts';
import { PROGRAM } from './program-name.ts';
import { announceTouches, readKeys, StopRequest } from './terminal.ts';
import { verb } from './verb.ts';

interface StartOptions extends KeyOptions {
  readonly json?: boolean;
  readonly port?: number;
  readonly site: boolean;
}

export function command(): Command {
  const start = verb('start', 'run a lab in the foreground: keys, control API and the site', [
    'start',
    'start --transport udp:7112 --touch after=2000 --state ./keys',
    'start --keys 2 --json',
  ]);
  return addKeyOptions(start, 'manual on a terminal, else auto')
    .option(
      '--port <p>',
      'port of the control API; the site takes the next one (default: free ones)',
      integer(1, 65534),
    )
    .option('--no-site', 'without the site')
    .addHelpText('after', '\nOn a terminal: space touches, d denies, q ends. SIGINT and SIGTERM end it cleanly.')
    .action(run);
}

function run(options: StartOptions): Promise<void> {
  return closing(async (onClose) => {
    const output = new Output(options);
    const stop = new StopRequest();
    onClose(() => stop.close());
    const [{ Lab }, { serveControlApi }, { announceLab }, site] = await Promise.all([
      import('../../emulator/lab/lab.ts'),
      import('../../emulator/lab/server.ts'),
      import('../../emulator/lab/state-file.ts'),
      options.site ? import('../sites/duo/index.ts') : undefined,
    ]);
    const lab = await Lab.open(labOptions(options, process.stdin.isTTY && output.terminal ? 'manual' : 'auto'));
    onClose(() => lab.close());
    const { port } = options;
    const server = await serveControlApi(lab, { port, onDefect: complain });
    onClose(() => server.close());
    const duo = await site?.startDuoSite({ port: port === undefined ? 0 : port + 1 });
    if (duo !== undefined) onClose(() => duo.close());
    onClose(announceLab(server));
    onClose(announceTouches(lab, output));
    tellReady(output, lab, server.url, duo);
    onClose(readKeys(lab, stop));
    await stop.requested;
  });
}

function complain(error: unknown): void {
  process.stderr.write(`ctaplab: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
}

function tellReady(output: Output, lab: Lab, url: string, site: DuoSite | undefined): void {
  const keys = [...lab.keys.values()];
  output.document({
    pid: process.pid,
    url,
    site: site?.url ?? null,
    keys: keys.map(({ id, key, devices }) => ({ id, serialNumber: key.identity.serial ?? null, devices })),
  });
  const { bold, green } = output.colors;
  const devices = keys.map(({ id, devices }) => `key ${id}: ${bold(devices.join(', '))}`);
  const pages = site === undefined ? [] : [`site: ${bold(site.url)}`];
  output.line([green('ready'), ...pages, `control: ${bold(url)}`, ...devices].join('  '));
  for (const line of nextSteps(keys[0]?.devices ?? [], site)) output.line(line);
}

function nextSteps(devices: readonly string[], site: DuoSite | undefined): string[] {
  const [device] = devices;
  const steps: string[] = [];
  const uhid = devices.some((name) => name.startsWith('hidraw:'));
  if (uhid && site !== undefined) steps.push(`Open ${site.url} in a browser, enrol the key and sign in.`);
  if (device !== undefined) steps.push(`Ask the key:       ${PROGRAM} info ${device}`);
  if (!uhid) steps.push(`See it at work:    ${PROGRAM} demo`);
  if (!uhid) steps.push('Browsers see a key by --transport uhid alone: Linux with /dev/uhid writable (scripts/setup).');
  steps.push(process.stdin.isTTY ? 'Keys: space touches, d denies, q ends.' : 'End it:            Ctrl-C or SIGTERM');
  return steps;
}
