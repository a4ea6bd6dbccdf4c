/** `ctaplab trace`: what goes over the wire, decoded: live from a lab, or out of a capture. */
import { readFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import type { Command } from 'commander';
import { readTraffic } from '../../ctap/trace/capture/read-capture.ts';
import { decodeTrace, TraceDecoder } from '../../ctap/trace/decoder.ts';
import type { TraceEntry, TraceOptions } from '../../ctap/trace/entry.ts';
import { formatTraceEntry } from '../../ctap/trace/text.ts';
import type { Traffic } from '../../ctap/trace/traffic.ts';
import { findLab } from '../lab/lab-client.ts';
import { Failure } from './failure.ts';
import { Output } from './output.ts';
import { openTraceFile, TRACE_FILE_HELP, type TraceFile } from './trace-file.ts';
import { verb } from './verb.ts';

interface Options {
  readonly json?: boolean;
  readonly full?: boolean;
  readonly secrets?: boolean;
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
  ])
    .argument('<source>', 'lab:KEY, lab for all its keys, a FILE, or - for stdin')
    .option('--full', 'write byte strings out')
    .option('--secrets', 'show encrypted PINs, tokens and the like, as they went by')
    .option('--out <file>', `also write it to a file, ${TRACE_FILE_HELP}`)
    .addHelpText('after', NOTES)
    .action(trace);
}

async function trace(source: string, options: Options): Promise<void> {
  const decoding: TraceOptions = { secrets: options.secrets === true ? 'shown' : 'hidden' };
  const file = options.out === undefined ? undefined : openTraceFile(options.out, decoding);
  try {
    if (source === 'lab' || source.startsWith('lab:')) await live(source, options, decoding, file);
    else await recorded(source, options, decoding, file);
  } finally {
    file?.close();
  }
}

async function recorded(source: string, options: Options, decoding: TraceOptions, file?: TraceFile): Promise<void> {
  const output = new Output(options);
  const { traffic, problems } = readAs(source, source === '-' ? await buffer(process.stdin) : await readFile(source));
  for (const passing of traffic) file?.write(passing);
  const entries = decodeTrace(traffic, decoding);
  output.document({ entries, problems });
  const line = lines(output, options);
  for (const entry of entries) output.line(line(entry));
  if (entries.length === 0) output.line('No traffic of a security key is in it.');
  for (const problem of problems) process.stderr.write(`${source}: ${problem}\n`);
}

function readAs(source: string, bytes: Uint8Array): ReturnType<typeof readTraffic> {
  try {
    return readTraffic(bytes);
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause;
    throw new Failure('usage', `${source}: ${cause.message}`, 'See: ctaplab trace --help', { cause });
  }
}

/** Until Ctrl-C, or the lab ends. With --json an entry a line, as they come. */
async function live(source: string, options: Options, decoding: TraceOptions, file?: TraceFile): Promise<void> {
  const output = new Output(options);
  const address = findLab();
  if (address === undefined) throw new Failure('no-device', 'no lab is running', 'Start one with: ctaplab start');
  const wanted = source === 'lab' ? undefined : source.slice('lab:'.length);
  if (wanted !== undefined) {
    const { LabClient } = await import('../lab/lab-client.ts');
    await new LabClient(address).key(wanted);
  }
  const { labTraffic } = await import('../lab/lab-traffic.ts');
  const control = new AbortController();
  const stop = () => control.abort();
  process.once('SIGINT', stop).once('SIGTERM', stop);
  const decoder = new TraceDecoder(decoding);
  const plugs = new PlugNumbers();
  const line = lines(output, options);
  const tell = (entries: readonly TraceEntry[]) => {
    for (const entry of entries) {
      output.document(entry);
      output.line(line(entry));
    }
  };
  output.progress('listening ...');
  for await (const { key, traffic } of labTraffic(address, control.signal)) {
    if (wanted !== undefined && key !== wanted) continue;
    output.clearProgress();
    const passing = plugs.renumber(key, traffic);
    file?.write(passing);
    tell(decoder.accept(passing));
  }
  output.clearProgress();
  tell(decoder.finish());
}

/** Plugs are counted for each key; here for all. */
class PlugNumbers {
  readonly #known = new Map<string, number>();

  renumber(key: string, traffic: Traffic): Traffic {
    const name = `${key} ${traffic.plug}`;
    const plug = this.#known.get(name) ?? this.#known.size + 1;
    this.#known.set(name, plug);
    return { ...traffic, plug };
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
