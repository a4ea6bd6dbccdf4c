/** Where traffic is written to, as its file's name says. */
import { closeSync, openSync, writeSync } from 'node:fs';
import { extname } from 'node:path';
import { formatLogLine } from '../../ctap/trace/capture/hidraw-log.ts';
import { UsbCaptureWriter } from '../../ctap/trace/capture/usb-writer.ts';
import { TraceDecoder } from '../../ctap/trace/decoder.ts';
import type { TraceEntry, TraceOptions } from '../../ctap/trace/entry.ts';
import { formatTraceEntry } from '../../ctap/trace/text.ts';
import type { Traffic } from '../../ctap/trace/traffic.ts';

export const TRACE_FILE_HELP =
  'by its name: .pcapng for Wireshark, .json for an entry a line, .log for the bare reports; others: text for people';

export interface TraceFile {
  write(traffic: Traffic): void;
  close(): void;
}

interface Format {
  write(traffic: Traffic): string | Uint8Array;
  end(): string | Uint8Array;
}

/** Opens a file for traffic; `-` is stderr, as text. What was written is there whenever the program ends. */
export function openTraceFile(path: string, options: TraceOptions = {}): TraceFile {
  const format = formatOf(path, options);
  // Ciphertexts of PINs are in it: nobody else's business.
  const file = path === '-' ? 2 : openSync(path, 'w', 0o600);
  return {
    write: (traffic) => writeAll(file, format.write(traffic)),
    close() {
      writeAll(file, format.end());
      if (file !== 2) closeSync(file);
    },
  };
}

function formatOf(path: string, options: TraceOptions): Format {
  switch (path === '-' ? '' : extname(path)) {
    case '.pcapng': {
      const writer = new UsbCaptureWriter();
      return { write: (traffic) => writer.write(traffic), end: () => writer.end() };
    }
    case '.log':
      return { write: (traffic) => `${formatLogLine(traffic)}\n`, end: () => '' };
    case '.json':
      return decoded(options, (entry) => JSON.stringify(entry));
    default: {
      let start: number | undefined;
      return decoded(options, (entry) => {
        start ??= entry.at;
        return formatTraceEntry(entry, { start });
      });
    }
  }
}

function decoded(options: TraceOptions, line: (entry: TraceEntry) => string): Format {
  const decoder = new TraceDecoder(options);
  const lines = (entries: readonly TraceEntry[]) => entries.map((entry) => `${line(entry)}\n`).join('');
  return { write: (traffic) => lines(decoder.accept(traffic)), end: () => lines(decoder.finish()) };
}

function writeAll(file: number, content: string | Uint8Array): void {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content;
  for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
}
