/** `ctaplab start`: a lab in the foreground. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Command, Option } from 'commander';
import type { Lab } from '../../emulator/lab/lab.ts';
import type { ControlServer } from '../../emulator/lab/server.ts';
import { SITE_PROFILE_NAMES, type SiteProfileName } from '../sites/duo/domain/profiles.ts';
import type { TenantRadiusOptions } from '../sites/duo/radius/tenant-server.ts';
import type { DuoService } from '../sites/duo/service.ts';
import { closing } from './closing.ts';
import { addKeyOptions, integer, type KeyOptions, labOptions } from './key-options.ts';
import { Output } from './output.ts';
import { PROGRAM } from './program-name.ts';
import { StopRequest } from './terminal.ts';
import { verb } from './verb.ts';

interface StartOptions extends KeyOptions {
  readonly json?: boolean;
  readonly port?: number;
  readonly site: boolean;
  readonly siteProfile: SiteProfileName;
  readonly mailServer?: string;
  readonly radius?: number;
  readonly radiusUnsigned?: boolean;
}

export function command(): Command {
  const start = verb('start', 'run a lab in the foreground: keys, control API and the site', [
    'start',
    'start --transport udp:7112 --touch after=2000 --state ./keys',
    'start --keys 2 --json',
    'start --site-profile entra',
  ]);
  return addKeyOptions(start, 'manual on a terminal, else auto')
    .option(
      '--port <p>',
      'port of the control API; the site takes the next two (default: free ones)',
      integer(1, 65533),
    )
    .option('--no-site', 'without the site')
    .addOption(
      new Option('--site-profile <name>', 'whose WebAuthn options the site sends')
        .choices(SITE_PROFILE_NAMES)
        .default('duo'),
    )
    .option('--mail-server <url>', 'smtp://host:port for the site’s mail (default: a mailbox of its own)')
    .addOption(
      new Option('--radius <port>', 'UDP port of loopback where the site takes RADIUS logins, 0 for a free one')
        .argParser(integer(0, 65535))
        .conflicts('site'),
    )
    .option('--radius-unsigned', 'takes RADIUS requests without Message-Authenticator too (CVE-2024-3596)')
    .addHelpText(
      'after',
      '\nOn a terminal: space touches, l touches long, d denies, r pulls a key out and puts it back, p prints a new link to the panel, q ends.\nSIGINT and SIGTERM end it cleanly.',
    )
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
      options.site ? import('../sites/duo/service.ts') : undefined,
    ]);
    const lab = await Lab.open(labOptions(options, process.stdin.isTTY && output.terminal ? 'manual' : 'auto'));
    onClose(() => lab.close());
    const { port } = options;
    const server = await serveControlApi(lab, { port, onDefect: complain });
    onClose(() => server.close());
    const duo = await site?.startDuoService({
      port: port === undefined ? 0 : port + 1,
      folder: await siteFolder(options.state, onClose),
      profile: options.siteProfile,
      mailServer: options.mailServer,
      radius: radiusOf(options),
      onDefect: complain,
    });
    if (duo !== undefined) onClose(() => duo.close());
    if (duo !== undefined) {
      const { openSiteDoor } = await import('../lab/with-key/site-door.ts');
      const door = await openSiteDoor(duo, server, { port: port === undefined ? 0 : port + 2 });
      onClose(() => door.close());
      lab.links = linksOf(door.url, duo);
      lab.siteLink = door.link;
    }
    const { showLab } = await import('./lab-terminal.ts');
    onClose(announceLab(server));
    tellReady(output, lab, server, duo); // and from here on each question is told, also one that comes at once
    onClose(showLab({ lab, output, stop, panelLink: server.panelLink }));
    await stop.requested;
  });
}

/** Where the site keeps its database and authority: with the keys, or in a folder that goes with the lab. */
async function siteFolder(state: string | undefined, onClose: (close: () => unknown) => void): Promise<string> {
  if (state !== undefined) return join(state, 'site');
  const folder = await mkdtemp(join(tmpdir(), 'ctaplab-site-'));
  onClose(() => rm(folder, { recursive: true }));
  return folder;
}

function radiusOf({ radius: port, radiusUnsigned = false }: StartOptions): TenantRadiusOptions | undefined {
  return port === undefined ? undefined : { port, requireMessageAuthenticator: !radiusUnsigned, log: tell };
}

function tell(line: string): void {
  process.stderr.write(`ctaplab: ${line}\n`);
}

function complain(error: unknown): void {
  process.stderr.write(`ctaplab: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
}

/** Where the panel leads: the site by its door, which needs no certificate. */
function linksOf(door: string, { mailbox }: DuoService): Record<string, string> {
  return {
    site: door,
    dashboard: `${door}/dashboard`,
    ...(mailbox === undefined ? {} : { mailbox: `${door}/mailbox` }),
  };
}

function tellReady(output: Output, lab: Lab, server: ControlServer, site: DuoService | undefined): void {
  const { url } = server;
  const panel = server.panelLink();
  const keys = [...lab.keys.values()];
  output.document({
    pid: process.pid,
    url,
    panel,
    site: site?.url ?? null,
    ...(site === undefined ? {} : { siteAccess: accessOf(site) }),
    keys: keys.map(({ id, key, devices }) => ({ id, serialNumber: key.identity.serial ?? null, devices })),
  });
  const { bold, green } = output.colors;
  const devices = keys.map(({ id, devices }) => `key ${id}: ${bold(devices.join(', '))}`);
  const pages = site === undefined ? [] : [`site: ${bold(site.url)}`];
  output.line([green('ready'), ...pages, `control: ${bold(url)}`, ...devices].join('  '));
  output.line(`Hold the keys:     ${bold(panel)} (opens once)`);
  for (const line of nextSteps(keys[0]?.devices ?? [], site)) output.line(line);
}

/** Where the site's doors are; the password stays in its file. */
function accessOf({ url, certificateAuthorityFile, administrator, mailbox, radius }: DuoService) {
  return {
    dashboard: `${url}/dashboard`,
    certificateAuthorityFile,
    mailbox: mailbox === undefined ? null : `${url}/mailbox`,
    administrator: administrator?.email ?? null,
    passwordFile: administrator?.passwordFile ?? null,
    radius: radius === undefined ? null : `${radius.host}:${radius.port}`,
  };
}

function nextSteps(devices: readonly string[], site: DuoService | undefined): string[] {
  const [device] = devices;
  const steps: string[] = [];
  const uhid = devices.some((name) => name.startsWith('hidraw:'));
  if (site !== undefined) {
    const { administrator } = site;
    steps.push(`Trust the site:    ${site.certificateAuthorityFile} (an authority for names under localhost alone)`);
    steps.push(`Administer it:     ${site.url}/dashboard`);
    if (administrator?.passwordFile !== undefined) {
      steps.push(`  as ${administrator.email}, password in ${administrator.passwordFile}`);
    }
    if (site.mailbox !== undefined) steps.push(`Read its mail:     ${site.url}/mailbox`);
    if (site.radius !== undefined) {
      const { host, port } = site.radius;
      steps.push(`Log in by RADIUS:  ${host}:${port}, its secret at ${site.url}/dashboard/applications`);
    }
    if (uhid) steps.push(`Enroll the key:    Dashboard > Users > Send Email with Device Enrollment`);
  }
  if (device !== undefined) steps.push(`Ask the key:       ${PROGRAM} info ${device}`);
  if (!uhid) steps.push(`See it at work:    ${PROGRAM} demo`);
  if (!uhid) {
    const anyway = site === undefined ? '' : ' The panel opens the site with a key all the same.';
    steps.push(
      `Browsers see a key of their own by --transport uhid: Linux with /dev/uhid writable (scripts/setup).${anyway}`,
    );
  }
  if (!process.stdin.isTTY) steps.push('End it:            Ctrl-C or SIGTERM');
  return steps;
}
