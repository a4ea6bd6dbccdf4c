/** `ctaplab trace`: what goes over the wire, decoded: live from a lab, or out of a capture. */
import { readFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import type { Command } from 'commander';
import { readTraffic } from '../../ctap/trace/capture/read-capture.ts';
import type { ReadTraffic } from '../../ctap/trace/capture/usb-reader.ts';
import { decodeTrace } from '../../ctap/trace/decoder.ts';
import type { TraceEntry, TraceOptions } from '../../ctap/trace/entry.ts';
import { formatTraceEntry } from '../../ctap/trace/text.ts';
import type { Traffic } from '../../ctap/trace/traffic.ts';
import { findLab, requireLab } from '../lab/lab-client.ts';
import { Failure } from './failure.ts';
import { Output } from './output.ts';
import { openTraceFile, TRACE_FILE_HELP, type TraceFile } from './trace-file.ts';
import { verb } from './verb.ts';

interface Options {
  readonly json?: boolean;
  readonly full?: boolean;
  readonly secrets?: boolean;
  readonly past?: boolean;
  readonly out?: string;
}

const NOTES = `
A FILE is a capture of usbmon (pcap or pcapng: tcpdump -i usbmon1, Wireshark), or text: what "ctaplab ... --trace x.log"
wrote, hid-recorder of hid-tools, or usbhid-dump -es. Reports as text are lines of seconds, > (to the key) or < (from
it), and hexadecimal: "12.345678 > ffffffff860008...".

The traffic of any verb with a key: ctaplab info --trace info.pcapng`;

export function command(): Command {
  return verb('trace', 'decode what goes over the wire: live from a lab, or out of a capture', [
    'trace lab:1',
    'trace usbmon.pcap',
    'trace usbmon.pcap --out keys.pcapng',
    'trace lab:1 --past --out key.pcapng',
  ])
    .argument('<source>', 'lab:KEY, lab for all its keys, a FILE, or - for stdin')
    .option('--past', 'of a lab: what its keys have said lately, and not what comes')
    .option('--full', 'write byte strings out')
    .option('--secrets', 'show encrypted PINs, tokens and the like, as they went by')
    .option('--out <file>', `also write it to a file, ${TRACE_FILE_HELP}`)
    .addHelpText('after', NOTES)
    .action(trace);
}

async function trace(source: string, options: Options): Promise<void> {
  const isLab = source === 'lab' || source.startsWith('lab:');
  if (options.past === true && !isLab) throw new Failure('usage', `expected lab or lab:KEY with --past, got ${source}`);
  if (isLab && options.past !== true && options.secrets === true) {
    throw new Failure('usage', 'a lab shows no secrets live', 'See what was said lately: --past --secrets');
  }
  const decoding: TraceOptions = { secrets: options.secrets === true ? 'shown' : 'hidden' };
  const file = options.out === undefined ? undefined : openTraceFile(options.out, decoding);
  try {
    if (!isLab) tell(await readFrom(source), options, decoding, file);
    else if (options.past === true) tell(await past(await keysOf(source), 0), options, decoding, file);
    else await live(await keysOf(source), options, file);
  } finally {
    file?.close();
  }
}

async function readFrom(source: string): Promise<ReadTraffic> {
  const bytes = source === '-' ? await buffer(process.stdin) : await readFile(source);
  try {
    const { traffic, problems } = readTraffic(bytes);
    return { traffic, problems: problems.map((problem) => `${source}: ${problem}`) };
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause;
    throw new Failure('usage', `${source}: ${cause.message}`, 'See: ctaplab trace --help', { cause });
  }
}

/** The lab's keys that are meant. */
async function keysOf(source: string): Promise<readonly string[]> {
  const lab = requireLab();
  if (source === 'lab') return (await lab.keys()).map(({ id }) => id);
  return [(await lab.key(source.slice('lab:'.length))).id];
}

/** What went over the wire of these keys since then, as the lab has kept it; plugs are counted through all keys. */
async function past(keys: readonly string[], since: number): Promise<ReadTraffic> {
  const lab = requireLab();
  const traffic: Traffic[] = [];
  let plugs = 0;
  for (const key of keys) {
    const before = plugs;
    for (const passing of readTraffic(await lab.capture(key)).traffic) {
      plugs = Math.max(plugs, before + passing.plug);
      if (passing.at >= since) traffic.push({ ...passing, plug: before + passing.plug });
    }
  }
  return { traffic: traffic.sort((a, b) => a.at - b.at), problems: [] };
}

function tell({ traffic, problems }: ReadTraffic, options: Options, decoding: TraceOptions, file?: TraceFile): void {
  const output = new Output(options);
  for (const passing of traffic) file?.write(passing);
  const entries = decodeTrace(traffic, decoding);
  output.document({ entries, problems });
  const line = lines(output, options);
  for (const entry of entries) output.line(line(entry));
  if (entries.length === 0) output.line('No traffic of a security key is in it.');
  for (const problem of problems) process.stderr.write(`${problem}\n`);
}

/** Until Ctrl-C, or the lab ends. With --json an entry a line, as they come. */
async function live(keys: readonly string[], options: Options, file?: TraceFile): Promise<void> {
  const output = new Output(options);
  const { labTraffic } = await import('../lab/lab-traffic.ts');
  const control = new AbortController();
  const stop = () => control.abort();
  process.once('SIGINT', stop).once('SIGTERM', stop);
  const line = lines(output, options);
  let since: number | undefined;
  output.progress('listening ...');
  for await (const { key, entry } of labTraffic(findLab()!, control.signal)) {
    if (!keys.includes(key)) continue;
    since ??= entry.at;
    output.clearProgress();
    output.document({ key, ...entry });
    output.line(keys.length > 1 ? `${key.padEnd(3)} ${line(entry)}` : line(entry));
  }
  output.clearProgress();
  // the bytes themselves are what the lab has kept
  if (file !== undefined && since !== undefined && findLab() !== undefined) {
    for (const passing of (await past(keys, since)).traffic) file.write(passing);
  }
}

/** Entries as text, times from the first; what failed in red, what is malformed in yellow. */
function lines(output: Output, { full }: Options): (entry: TraceEntry) => string {
  let start: number | undefined;
  const { red, yellow, dim } = output.colors;
  return (entry) => {
    start ??= entry.at;
    const text = formatTraceEntry(entry, { start, full });
    if (entry.problems !== undefined) return yellow(text);
    if (entry.failed === true) return red(text);
    return entry.protocol === 'ctaphid' ? dim(text) : text;
  };
}
