/** CTAPHID packets of one direction of a channel put together, by a witness who goes on whatever comes. */
import {
  CONTINUATION_HEADER,
  CONTINUATION_PAYLOAD,
  INIT_HEADER,
  INIT_PAYLOAD,
  isInitPacket,
  PACKET_SIZE,
  packetCommand,
  packetLength,
} from '../hid/packet.ts';
import { type HidMessage, Reassembler } from '../hid/reassembler.ts';
import { hidCommandName } from './explain-ctaphid.ts';

/** A message that has begun. */
interface Begun {
  readonly command: number;
  readonly length: number;
  readonly at: number;
  readonly packets: number;
}

export type AssemblyStep =
  | {
      readonly kind: 'whole';
      readonly message: HidMessage;
      readonly at: number;
      readonly packets: number;
      readonly problem?: string | undefined;
    }
  | {
      readonly kind: 'broken';
      readonly name: string;
      readonly at: number;
      readonly packets: number;
      readonly header: number;
      readonly problem: string;
    };

export class HidAssembly {
  readonly #reassembler = new Reassembler();
  #begun: Begun | undefined;

  get inProgress(): boolean {
    return this.#begun !== undefined;
  }

  /** Takes a packet with at least its header. */
  accept(at: number, report: Uint8Array): AssemblyStep[] {
    if (!isInitPacket(report)) return this.#continue(at, report);
    const steps = this.giveUp(`${hidCommandName(packetCommand(report))} came`);
    const begun = { command: packetCommand(report), length: packetLength(report), at, packets: 1 };
    return [...steps, ...this.#reassemble(begun, report, INIT_HEADER)];
  }

  /** Ends a message that has begun; `reason` says why it does not go on. */
  giveUp(reason: string): AssemblyStep[] {
    const begun = this.#begun;
    if (begun === undefined) return [];
    this.#begun = undefined;
    this.#reassembler.reset();
    const { length, at, packets } = begun;
    const problem = `expected ${length} bytes, got ${bytesIn(packets)} before ${reason}`;
    return [{ kind: 'broken', name: hidCommandName(begun.command), at, packets, header: 0, problem }];
  }

  #continue(at: number, report: Uint8Array): AssemblyStep[] {
    const begun = this.#begun;
    if (begun !== undefined)
      return this.#reassemble({ ...begun, packets: begun.packets + 1 }, report, CONTINUATION_HEADER);
    const name = `continuation packet ${packetCommand(report)}`;
    return [{ kind: 'broken', name, at, packets: 1, header: CONTINUATION_HEADER, problem: 'it belongs to no message' }];
  }

  #reassemble(begun: Begun, report: Uint8Array, header: number): AssemblyStep[] {
    const { at, packets, command } = begun;
    try {
      const message = this.#reassembler.accept(report);
      this.#begun = message === undefined ? begun : undefined;
      const wrong = report.length !== PACKET_SIZE;
      const problem = wrong ? `expected reports of ${PACKET_SIZE} bytes, got one of ${report.length}` : undefined;
      return message === undefined ? [] : [{ kind: 'whole', message, at, packets, problem }];
    } catch (error) {
      this.#begun = undefined;
      return [
        { kind: 'broken', name: hidCommandName(command), at, packets, header, problem: (error as Error).message },
      ];
    }
  }
}

function bytesIn(packets: number): number {
  return INIT_PAYLOAD + (packets - 1) * CONTINUATION_PAYLOAD;
}
