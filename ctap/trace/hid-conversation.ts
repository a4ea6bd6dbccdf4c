/** What is said on the CTAPHID channels of one plug: CTAP 2.3 §11.2. */
import { equalBytes } from '../bytes.ts';
import { Command } from '../commands/index.ts';
import { decodeInitResponse, INIT_NONCE_SIZE } from '../hid/channel-messages.ts';
import {
  BROADCAST_CHANNEL,
  CONTINUATION_HEADER,
  HidCommand,
  HidError,
  INIT_HEADER,
  isInitPacket,
  PACKET_SIZE,
  packetChannel,
} from '../hid/packet.ts';
import type { HidMessage } from '../hid/reassembler.ts';
import type { TraceEntry } from './entry.ts';
import { type Explained, explainAnswer, explainCommand } from './explain.ts';
import { channelName, explainHidAnswer, explainHidCommand } from './explain-ctaphid.ts';
import { explainU2fAnswer, explainU2fCommand } from './explain-u2f.ts';
import { type AssemblyStep, HidAssembly } from './hid-assembly.ts';
import type { Passed, Scribe, Transaction } from './scribe.ts';
import type { Opener, Secrets } from './secrets.ts';
import type { ReportTraffic } from './traffic.ts';

/** Commands without an answer that are remembered on a channel. */
const MOST_OPEN = 32;
/** Channels that are remembered, the ones used last. */
const MOST_CHANNELS = 1024;

interface HidTransaction extends Transaction {
  /** Undefined where the trace began after it: it takes any answer. */
  readonly command: number | undefined;
  readonly request: Uint8Array;
}

interface Channel {
  readonly in: HidAssembly;
  readonly out: HidAssembly;
  open: HidTransaction[];
  /** Opens the secrets of the last getAssertion, for those that getNextAssertion gets. */
  assertionOpener: Opener | undefined;
}

export class HidConversation {
  readonly #scribe: Scribe;
  readonly #plug: number;
  readonly #channels = new Map<number, Channel>();
  /** Channels that the key has given away. */
  readonly #allocated = new Set<number>();

  constructor(scribe: Scribe, plug: number) {
    this.#scribe = scribe;
    this.#plug = plug;
  }

  /** True for a channel that the key was seen to give away. */
  knows(channel: number): boolean {
    return this.#allocated.has(channel);
  }

  accept({ at, direction, report }: ReportTraffic): TraceEntry[] {
    const header = report.length >= CONTINUATION_HEADER && isInitPacket(report) ? INIT_HEADER : CONTINUATION_HEADER;
    if (report.length < header) {
      const problem = `expected a report of ${PACKET_SIZE} bytes, got ${report.length}`;
      const passed = { at, plug: this.#plug, direction, carrier: 'ctaphid', message: report, packets: 1 } as const;
      return [this.#scribe.fragment(passed, 'ctaphid', 'report', problem, CONTINUATION_HEADER)];
    }
    const channel = packetChannel(report);
    const state = this.#channel(channel);
    return state[direction].accept(at, report).flatMap((step) => this.#step(step, { at, direction, channel, report }));
  }

  /** What was never whole. */
  finish(): TraceEntry[] {
    const report = new Uint8Array();
    return [...this.#channels].flatMap(([channel, state]) =>
      (['in', 'out'] as const).flatMap((direction) =>
        state[direction]
          .giveUp('the trace ended')
          .flatMap((step) => this.#step(step, { at: 0, direction, channel, report })),
      ),
    );
  }

  #channel(channel: number): Channel {
    const state = this.#channels.get(channel) ?? {
      in: new HidAssembly(),
      out: new HidAssembly(),
      open: [],
      assertionOpener: undefined,
    };
    this.#channels.delete(channel);
    this.#channels.set(channel, state);
    if (this.#channels.size > MOST_CHANNELS) this.#channels.delete(this.#channels.keys().next().value!);
    return state;
  }

  #step(
    step: AssemblyStep,
    now: { at: number; direction: TraceEntry['direction']; channel: number; report: Uint8Array },
  ): TraceEntry[] {
    const { direction, channel, report } = now;
    const passed = {
      at: step.at,
      plug: this.#plug,
      direction,
      carrier: 'ctaphid',
      channel: channelName(channel),
      packets: step.packets,
    } as const;
    if (step.kind === 'broken') {
      const message = step.header === 0 ? new Uint8Array() : report;
      return [this.#scribe.fragment({ ...passed, message }, 'ctaphid', step.name, step.problem, step.header)];
    }
    const { message, problem } = step;
    const whole = { ...passed, message: message.data };
    return direction === 'in'
      ? [this.#command(whole, channel, message, problem)]
      : this.#answer(whole, channel, message, problem, now.at);
  }

  #command(passed: Passed, channel: number, { command, data }: HidMessage, problem: string | undefined): TraceEntry {
    const state = this.#channel(channel);
    if (command === HidCommand.CANCEL) {
      const explained = withProblem(explainHidCommand(command, data), problem);
      const transaction = state.open.find((open) => isCancelable(open.command));
      return this.#scribe.write(passed, {
        type: 'command',
        protocol: 'ctaphid',
        explained,
        secrets: this.#scribe.secrets(),
        transaction,
      });
    }
    const aborted = command === HidCommand.INIT && channel !== BROADCAST_CHANNEL ? state.open.splice(0) : [];
    const transaction: HidTransaction = { ...this.#scribe.begin(passed.at), command, request: data };
    state.open.push(transaction);
    if (state.open.length > MOST_OPEN) state.open.shift();
    const secrets = this.#scribe.secrets();
    const { protocol, explained } = explainIn(command, data, secrets);
    transaction.opener = assertionOpener(state, transaction) ?? secrets.opener;
    if (isCtap2(transaction, Command.authenticatorGetAssertion)) state.assertionOpener = secrets.opener;
    const fields =
      aborted.length === 0 ? explained.fields : { ...explained.fields, aborts: aborted.map(({ number }) => number) };
    return this.#scribe.write(passed, {
      type: 'command',
      protocol,
      explained: withProblem({ ...explained, fields }, problem),
      secrets,
      transaction,
    });
  }

  #answer(
    passed: Passed,
    channel: number,
    { command, data }: HidMessage,
    problem: string | undefined,
    end: number,
  ): TraceEntry[] {
    const state = this.#channel(channel);
    if (command === HidCommand.KEEPALIVE && data.length === 1) {
      this.#keepalive(state, passed.at, data[0]!);
      return [];
    }
    // An error in the middle of a command ends that.
    const broken = command === HidCommand.ERROR && state.open.length === 0 ? state.in.giveUp('the key answered') : [];
    const fragments = broken.flatMap((step) =>
      this.#step(step, { at: end, direction: 'in', channel, report: new Uint8Array() }),
    );
    const transaction = takeOpen(state, command, data);
    const secrets = this.#scribe.secrets(transaction?.opener);
    const { protocol, explained } = explainOut(command, data, transaction, secrets);
    if (command === HidCommand.INIT && explained.problems === undefined) {
      this.#allocated.add(decodeInitResponse(data).channel);
      if (this.#allocated.size > MOST_CHANNELS) this.#allocated.delete(this.#allocated.values().next().value!);
    }
    const said = {
      type: 'answer',
      protocol,
      explained: withProblem(explained, problem),
      secrets,
      transaction,
      end,
    } as const;
    return [...fragments, this.#scribe.write(passed, said)];
  }

  #keepalive(state: Channel, at: number, status: number): void {
    let transaction = state.open.find((open) => isCancelable(open.command));
    if (transaction === undefined) {
      transaction = { ...this.#scribe.begin(at), command: undefined, request: new Uint8Array() };
      state.open.push(transaction);
    }
    if (status === 2) transaction.keepalives.upNeeded++;
    else transaction.keepalives.processing++;
  }
}

function withProblem(explained: Explained, problem: string | undefined): Explained {
  return problem === undefined ? explained : { ...explained, problems: [...(explained.problems ?? []), problem] };
}

function isCtap2({ command, request }: HidTransaction, code: number): boolean {
  return command === HidCommand.CBOR && request[0] === code;
}

/** getNextAssertion has no key agreement of its own. */
function assertionOpener(state: Channel, transaction: HidTransaction): Opener | undefined {
  return isCtap2(transaction, Command.authenticatorGetNextAssertion) ? state.assertionOpener : undefined;
}

/** Commands on which a key may work for long. */
function isCancelable(command: number | undefined): boolean {
  return command === undefined || command === HidCommand.CBOR || command === HidCommand.MSG;
}

/** The command that an answer belongs to, taken out of those that wait. */
function takeOpen(state: Channel, command: number, data: Uint8Array): HidTransaction | undefined {
  const { open } = state;
  const fits = ({ command: asked, request }: HidTransaction) =>
    asked === undefined ||
    (asked === command && (command !== HidCommand.INIT || equalBytes(request, data.subarray(0, INIT_NONCE_SIZE))));
  // A key that is busy refuses the newest.
  const busy = command === HidCommand.ERROR && data[0] === HidError.CHANNEL_BUSY;
  const index = command === HidCommand.ERROR ? (busy ? open.length - 1 : 0) : open.findIndex(fits);
  return index < 0 ? undefined : open.splice(index, 1)[0];
}

interface Told {
  readonly protocol: TraceEntry['protocol'];
  readonly explained: Explained;
}

function explainIn(command: number, data: Uint8Array, secrets: Secrets): Told {
  if (command === HidCommand.CBOR) return { protocol: 'ctap2', explained: explainCommand(data, secrets) };
  if (command === HidCommand.MSG) return { protocol: 'u2f', explained: explainU2fCommand(data) };
  return { protocol: 'ctaphid', explained: explainHidCommand(command, data) };
}

function explainOut(
  command: number,
  data: Uint8Array,
  transaction: HidTransaction | undefined,
  secrets: Secrets,
): Told {
  if (command === HidCommand.CBOR)
    return { protocol: 'ctap2', explained: explainAnswer(transaction?.request[0], data, secrets) };
  if (command === HidCommand.MSG)
    return { protocol: 'u2f', explained: explainU2fAnswer(transaction?.request[1], data) };
  return { protocol: 'ctaphid', explained: explainHidAnswer(command, data) };
}
