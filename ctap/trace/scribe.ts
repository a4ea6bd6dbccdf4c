/** Numbers entries and transactions, and writes entries down. */
import type { TraceEntry, TraceOptions } from './entry.ts';
import type { Explained } from './explain.ts';
import { type Opener, Secrets } from './secrets.ts';

/** A command that waits for its answer. */
export interface Transaction {
  readonly number: number;
  /** When its first packet went by. */
  readonly at: number;
  readonly keepalives: { processing: number; upNeeded: number };
  /** Opens what the answer has encrypted. */
  opener?: Opener | undefined;
}

/** What went by, as a carrier has put it together. */
export interface Passed {
  readonly at: number;
  readonly plug: number;
  readonly direction: TraceEntry['direction'];
  readonly carrier: TraceEntry['carrier'];
  readonly channel?: string | undefined;
  readonly message: Uint8Array;
  readonly packets: number;
}

export interface Said {
  readonly type: TraceEntry['type'];
  readonly protocol: TraceEntry['protocol'];
  readonly explained: Explained;
  readonly secrets: Secrets;
  readonly transaction?: Transaction | undefined;
  /** Of an answer: when its last packet went by. */
  readonly end?: number | undefined;
}

export class Scribe {
  readonly #options: TraceOptions;
  #entries = 0;
  #transactions = 0;

  constructor(options: TraceOptions) {
    this.#options = options;
  }

  begin(at: number): Transaction {
    return { number: ++this.#transactions, at, keepalives: { processing: 0, upNeeded: 0 } };
  }

  /** What a message has of secrets; `opener` is its transaction's. */
  secrets(opener?: Opener): Secrets {
    return new Secrets(this.#options, opener);
  }

  write(passed: Passed, { type, protocol, explained, secrets, transaction, end }: Said): TraceEntry {
    const { name, subcommand, status, failed, fields, problems, opaqueFrom } = explained;
    const { at, plug, direction, carrier, channel, message, packets } = passed;
    return {
      ...{ entry: ++this.#entries, at, plug, direction, type, carrier },
      ...(channel === undefined ? {} : { channel }),
      ...(transaction === undefined ? {} : { transaction: transaction.number }),
      ...{ protocol, name },
      ...(subcommand === undefined ? {} : { subcommand }),
      ...(status === undefined ? {} : { status }),
      ...(failed === undefined ? {} : { failed }),
      ...(transaction === undefined || end === undefined
        ? {}
        : { duration: microseconds(end - transaction.at), keepalives: { ...transaction.keepalives } }),
      ...(fields === undefined ? {} : { fields }),
      ...{ bytes: message.length, packets, hex: secrets.mask(message, opaqueFrom) },
      ...(problems === undefined ? {} : { problems }),
    };
  }

  /** What makes no message: its report in hexadecimal, without the payload. */
  fragment(
    passed: Passed,
    protocol: TraceEntry['protocol'],
    name: string,
    problem: string,
    header: number,
  ): TraceEntry {
    const explained = { name, problems: [problem], opaqueFrom: header };
    return this.write(passed, { type: 'fragment', protocol, explained, secrets: this.secrets() });
  }
}

/** Clocks that count finer than they measure give no more digits than that. */
function microseconds(duration: number): number {
  return Math.round(duration * 1000) / 1000;
}
