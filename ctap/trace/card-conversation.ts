/** What is said to a smart card in one reader: chaining, GET RESPONSE and polling put together (ISO/IEC 7816-4, CTAP 2.3 §11.3). */
import { concat } from '../bytes.ts';
import {
  type CommandApdu,
  decodeCommand,
  decodeResponse,
  encodeCommand,
  encodeResponse,
  Instruction,
  type ResponseApdu,
  StatusWord,
} from '../iso7816/apdu.ts';
import { CHAINING, CommandAssembler } from '../iso7816/chaining.ts';
import { FidoInstruction, POLL_CANCEL, STATUS_UPDATE } from '../iso7816/fido-applet.ts';
import { OathInstruction } from '../oath/messages.ts';
import type { TraceEntry } from './entry.ts';
import {
  type AppletName,
  explainApdu,
  explainApduAnswer,
  isCtapMessage,
  isSelect,
  selectedApplet,
} from './explain-apdu.ts';
import type { Passed, Scribe, Transaction } from './scribe.ts';
import type { ApduTraffic } from './traffic.ts';

/** ISO 7816-4 §5.3.4: more of the answer waits. */
const MORE = 0x61;

interface CardTransaction extends Transaction {
  readonly command: CommandApdu;
  readonly applet: AppletName | undefined;
  /** Parts of its answer. */
  readonly parts: Uint8Array[];
  packets: number;
  answeredAt: number | undefined;
}

export class CardConversation {
  readonly #scribe: Scribe;
  readonly #plug: number;
  readonly #chain = new CommandAssembler();
  /** The chained command that is not whole yet. */
  #chained: { at: number; packets: number } | undefined;
  #current: CardTransaction | undefined;
  #applet: AppletName | undefined;

  constructor(scribe: Scribe, plug: number) {
    this.#scribe = scribe;
    this.#plug = plug;
  }

  accept({ at, direction, apdu }: ApduTraffic): TraceEntry[] {
    return direction === 'in' ? this.#command(at, apdu) : this.#answer(at, apdu);
  }

  #passed(at: number, direction: TraceEntry['direction'], message: Uint8Array, packets = 1): Passed {
    return { at, plug: this.#plug, direction, carrier: 'apdu', message, packets };
  }

  #fragment(
    at: number,
    direction: TraceEntry['direction'],
    apdu: Uint8Array,
    name: string,
    error: unknown,
  ): TraceEntry {
    return this.#scribe.fragment(this.#passed(at, direction, apdu), 'iso7816', name, (error as Error).message, 4);
  }

  #command(at: number, apdu: Uint8Array): TraceEntry[] {
    try {
      const part = decodeCommand(apdu);
      const current = this.#current;
      if (current !== undefined && this.#continues(part, current)) {
        current.packets++;
        return this.#isPollCancel(part) ? [this.#cancel(at, apdu, current)] : [];
      }
      this.#current = undefined;
      const { packets = 0, at: begun = at } = this.#chained ?? {};
      this.#chained = (part.cla & CHAINING) === 0 ? undefined : { at: begun, packets: packets + 1 };
      const command = this.#chain.accept(part);
      return command === undefined ? [] : [this.#begin(begun, command, apdu, packets + 1)];
    } catch (error) {
      this.#chained = undefined;
      this.#chain.reset();
      this.#current = undefined;
      return [this.#fragment(at, 'in', apdu, 'command APDU', error)];
    }
  }

  #begin(at: number, command: CommandApdu, apdu: Uint8Array, packets: number): TraceEntry {
    const secrets = this.#scribe.secrets();
    const { protocol, explained } = explainApdu(command, this.#applet, secrets);
    const state = { command, applet: this.#applet, parts: [], packets: 0, answeredAt: undefined };
    const transaction: CardTransaction = { ...this.#scribe.begin(at), opener: secrets.opener, ...state };
    this.#current = transaction;
    const message = packets === 1 ? apdu : encodeCommand(command, { extended: true });
    const body = message.length - command.data.length; // where a message in it is opaque, the header is not
    const opaqueFrom = explained.opaqueFrom === undefined ? undefined : Math.min(body, 8);
    return this.#scribe.write(this.#passed(at, 'in', message, packets), {
      ...{ type: 'command', protocol, secrets, transaction },
      explained: { ...explained, opaqueFrom },
    });
  }

  /** GET RESPONSE in its forms: the answer to the command before goes on. */
  #continues({ cla, ins }: CommandApdu, { applet, answeredAt }: CardTransaction): boolean {
    if (answeredAt === undefined) return false;
    if (ins === Instruction.GET_RESPONSE) return cla === 0x00 || cla === 0x80;
    if (applet === 'oath') return cla === 0x00 && ins === OathInstruction.SEND_REMAINING;
    return applet === 'fido' && cla === 0x80 && ins === FidoInstruction.GET_RESPONSE;
  }

  #isPollCancel({ ins, p1 }: CommandApdu): boolean {
    return ins === FidoInstruction.GET_RESPONSE && p1 === POLL_CANCEL;
  }

  #cancel(at: number, apdu: Uint8Array, transaction: CardTransaction): TraceEntry {
    const explained = { name: 'NFCCTAP_GET_RESPONSE', subcommand: 'cancel' };
    const said = {
      type: 'command',
      protocol: 'iso7816',
      explained,
      secrets: this.#scribe.secrets(),
      transaction,
    } as const;
    return this.#scribe.write(this.#passed(at, 'in', apdu), said);
  }

  #answer(at: number, apdu: Uint8Array): TraceEntry[] {
    let response: ResponseApdu;
    try {
      response = decodeResponse(apdu);
    } catch (error) {
      return [this.#fragment(at, 'out', apdu, 'response APDU', error)];
    }
    const { statusWord } = response;
    const current = this.#current;
    if (current === undefined && this.#chained !== undefined && statusWord === StatusWord.NO_ERROR) return [];
    if (current === undefined) return [this.#write(at, response, undefined)];
    current.answeredAt ??= at;
    if (statusWord === STATUS_UPDATE && isCtapMessage(current.command, current.applet)) {
      if (response.data[0] === 2) current.keepalives.upNeeded++;
      else current.keepalives.processing++;
      return [];
    }
    current.parts.push(response.data);
    if (statusWord >> 8 === MORE) return [];
    const { command } = current;
    if (isSelect(command) && statusWord === StatusWord.NO_ERROR) this.#applet = selectedApplet(command);
    this.#current = undefined;
    return [this.#write(at, { data: concat(...current.parts), statusWord }, current)];
  }

  #write(at: number, response: ResponseApdu, transaction: CardTransaction | undefined): TraceEntry {
    const secrets = this.#scribe.secrets(transaction?.opener);
    const { protocol, explained } = explainApduAnswer(transaction?.command, transaction?.applet, response, secrets);
    const passed = this.#passed(
      transaction?.answeredAt ?? at,
      'out',
      encodeResponse(response),
      (transaction?.packets ?? 0) + 1,
    );
    return this.#scribe.write(passed, { type: 'answer', protocol, explained, secrets, transaction, end: at });
  }
}
