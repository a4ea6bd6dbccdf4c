/** `ctaplab probe`: what a key is, how fast, how much it takes, and whether what is said of it is so. */
import { readFile, writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import type { BlobSources } from '../probe/metadata-blob.ts';
import type { ProbeResult } from '../probe/probe-result.ts';
import type { ProbedKey } from '../probe/probed-key.ts';
import { closing } from './closing.ts';
import { consent } from './consent.ts';
import type { DeviceWay } from './device-way.ts';
import { findDevice } from './devices.ts';
import { explainInfo, infoToJSON } from './explain-info.ts';
import { Failure } from './failure.ts';
import { DEVICE_HELP } from './info.ts';
import { integer } from './key-options.ts';
import { Output, printable } from './output.ts';
import { readSecrets } from './secret-input.ts';
import { verb } from './verb.ts';
import { packageVersion } from './version.ts';

interface ProbeVerbOptions {
  readonly json?: boolean;
  readonly html?: string;
  readonly report?: string;
  readonly mds?: string;
  readonly mdsRoot?: string;
  readonly mdsCrl?: readonly string[];
  readonly pinFile?: string;
  readonly touches: number;
  readonly yes?: boolean;
}

export function command(): Command {
  return verb('probe', 'what a key is, how fast, how much it takes, and whether its metadata is so', [
    'probe virtual',
    'probe hidraw:/dev/hidraw0 --html key.html',
    'probe lab:1 --mds blob.jwt --mds-root root.pem --json',
  ])
    .argument('[device]', DEVICE_HELP)
    .option('--html <file>', 'write a page')
    .option('--report <file>', 'write what was found there, as JSON')
    .option('--mds <file>', 'BLOB of a metadata service, whose statement of the key is compared with it')
    .option('--mds-root <file>', 'PEM of the certificate that the BLOB is signed under')
    .option('--mds-crl <file...>', 'revocation lists of the authorities in between, DER or PEM')
    .option('--touches <n>', 'how many credentials are made for timings, each with a touch', integer(0, 100), 3)
    .option('--pin-file <file>', 'file whose first line is the PIN of the key (default: asked for on a terminal)')
    .option('--yes', 'use a PIN from a file on a physical key without asking')
    .addHelpText(
      'after',
      '\nCredentials that it makes are not kept on the key. The exit code is 1 where a claim of the metadata does not\nhold, where the metadata is not to be trusted, or where it tells of a weakness.',
    )
    .action(runProbe);
}

async function runProbe(name: string | undefined, options: ProbeVerbOptions): Promise<void> {
  const output = new Output(options);
  const metadata = await sourcesOf(options);
  await closing(async (onClose) => {
    const way = await findDevice(name);
    const key = await openProbed(way, onClose);
    const pin = await pinOf(key, way, options);
    const { probe } = await import('../probe/probe.ts');
    const result = await probe(key, {
      program: `ctaplab ${packageVersion()}`,
      pin,
      touches: options.touches,
      onTouch: () => {
        output.clearProgress();
        if (way.physical) output.instruct('Touch the key.');
      },
      onStep: (step) => output.progress(`${step} ...`),
      metadata,
      explain: explainInfo,
      toJson: infoToJSON,
      now: Date.now(),
    });
    output.clearProgress();
    await write(result, options);
    output.document(result);
    tell(result, output);
    for (const file of [options.report, options.html]) if (file !== undefined) output.line(`written: ${file}`);
    process.exitCode = isGood(result) ? 0 : 1;
  });
}

async function sourcesOf({ mds, mdsRoot, mdsCrl = [] }: ProbeVerbOptions): Promise<BlobSources | undefined> {
  if (mds === undefined && mdsRoot === undefined && mdsCrl.length === 0) return undefined;
  if (mds === undefined || mdsRoot === undefined) throw new Failure('usage', '--mds and --mds-root go together');
  const [blob, root, ...crls] = await Promise.all([mds, mdsRoot, ...mdsCrl].map((file) => readFile(file)));
  return { blob: blob!.toString('utf8'), root: root!.toString('utf8'), crls };
}

async function openProbed(way: DeviceWay, onClose: (close: () => unknown) => void): Promise<ProbedKey> {
  const [{ CtapHidDevice }, { CtapCardDevice }, { Ctap2Client }, { PinClient }, { Token2HidCard }] = await Promise.all([
    import('../client/ctap-hid.ts'),
    import('../client/ctap-card.ts'),
    import('../client/ctap2.ts'),
    import('../client/pin.ts'),
    import('../client/token2-hid.ts'),
  ]);
  const { name, kind } = way;
  const connection = await way.connect();
  onClose(() => connection.close());
  const isCard = 'transmit' in connection;
  const device = isCard
    ? await CtapCardDevice.open(connection)
    : await CtapHidDevice.open(connection, { name: connection.product ?? name });
  const ctap2 = new Ctap2Client(device);
  const otpApplet = async () => {
    const other = isCard ? connection : await way.connect();
    if ('transmit' in other) return { card: other, selects: true, close: async () => {} };
    const card = new Token2HidCard(other, { silence: TOKEN2_SILENCE });
    return { card, selects: false, close: () => card.close() };
  };
  const atr = isCard ? connection.atr : undefined;
  return { name, carrier: kind, device, ctap2, pin: new PinClient(ctap2), atr, otpApplet };
}

/** Milliseconds after which a key that says nothing to Token2's reports is none of theirs. */
const TOKEN2_SILENCE = 1000;

/** The PIN of a key that has one, where its user gives it; without it the probe finds less. */
async function pinOf(key: ProbedKey, way: DeviceWay, options: ProbeVerbOptions): Promise<string | undefined> {
  const hasCbor = (key.device.hid.capabilities & 0x04) !== 0;
  const info = hasCbor ? await key.ctap2.getInfo({ cached: true }) : undefined;
  if (info?.options?.clientPin !== true) return undefined;
  if (options.pinFile === undefined && !process.stdin.isTTY) return undefined;
  if (options.pinFile !== undefined) {
    const question = `Use the PIN of ${way.name}? A wrong one costs an attempt.`;
    await consent(way, options, question, `a wrong PIN would cost ${way.name} an attempt`);
  }
  const [pin] = await readSecrets([{ name: `PIN of ${way.name}`, file: options.pinFile, fresh: false }]);
  return pin;
}

async function write(result: ProbeResult, { html, report }: ProbeVerbOptions): Promise<void> {
  if (report !== undefined) await writeFile(report, `${JSON.stringify(result)}\n`);
  if (html === undefined) return;
  const { probePage } = await import('../probe/probe-page.ts');
  await writeFile(html, await probePage(result));
}

function isGood({ metadata }: ProbeResult): boolean {
  if (metadata === null) return true;
  return metadata.trusted && metadata.weaknesses.length === 0 && metadata.claims.every(({ holds }) => holds !== false);
}

function tell({ identity, timings, limits, explained, metadata }: ProbeResult, output: Output): void {
  const { bold, red, green, yellow } = output.colors;
  const { usb, token2, product, device, aaguid, versions, capabilities, atr, reportDescriptor } = identity;
  const row = (name: string, value: string | undefined) =>
    value === undefined || value === '' ? [] : [[name, printable(value)]];
  output.line(bold(`${printable(product)} (${device})`));
  output.table([
    ...row('versions', versions.join(', ')),
    ...row('AAGUID', aaguid),
    ...row('device version', identity.deviceVersion),
    ...row('capabilities', capabilities.join(', ')),
    ...row('USB', usb && `${usb.vendorId}:${usb.productId}, release ${usb.release}, ${usb.manufacturer ?? ''}`),
    ...row('serial number', token2?.serialNumber ?? usb?.serialNumber),
    ...row('Token2 model', token2?.model),
    ...row('answer to reset', atr),
    ...row('report descriptor', reportDescriptor),
  ]);
  output.line();
  output.table(explained.map(({ member, value, meaning }) => [member, printable(value), meaning]));
  output.line();
  output.table([
    ['limit', 'it says', 'it takes', ''],
    ...limits.map(({ what, claimed, found, refusedBeyond, note = '' }) => [
      what,
      String(claimed ?? '-'),
      found === null ? '-' : `${found}${refusedBeyond ? '' : ' or more'}`,
      note,
    ]),
  ]);
  output.line();
  output.table([
    ['timing', 'median', 'samples', ''],
    ...timings.map(({ what, milliseconds, samples, note = '' }) => [
      what,
      milliseconds === null ? '-' : `${milliseconds} ms`,
      String(samples),
      note,
    ]),
  ]);
  if (metadata === null) return;
  output.line();
  const { trusted, no, nextUpdate, description, claims, problems, weaknesses } = metadata;
  if (trusted)
    output.line(
      `${bold('metadata')}  number ${no ?? 'unknown'}, next on ${nextUpdate ?? 'an unknown day'}: ${printable(description ?? 'no entry')}`,
    );
  for (const problem of problems) output.line(yellow(printable(problem)));
  for (const weakness of weaknesses) output.line(red(printable(weakness)));
  const wrong = claims.filter(({ holds }) => holds === false);
  const seen = claims.filter(({ holds }) => holds !== null).length;
  for (const { claim, said, found } of wrong)
    output.line(red(printable(`${claim}: the statement says ${said}, the key ${found}`)));
  if (claims.length > 0)
    output.line((wrong.length > 0 ? red : green)(`${seen - wrong.length} of ${seen} claims that can be seen hold`));
}
