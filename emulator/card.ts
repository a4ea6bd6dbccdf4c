/** The key as a smart card: from APDU to APDU, over the applet that the host has selected. */
import { equalBytes } from '../ctap/bytes.ts';
import {
  type CommandApdu,
  decodeCommand,
  encodeResponse,
  Instruction,
  type ResponseApdu,
  StatusWord,
  StatusWordError,
} from '../ctap/iso7816/apdu.ts';
import { CommandAssembler, ResponseQueue } from '../ctap/iso7816/chaining.ts';
import type { CardApplet } from './applets/applet.ts';
import { StillAtWork } from './applets/fido.ts';
import type { Exchange } from './exchange.ts';
import type { CardPlug } from './transports/attachment.ts';

const SELECT_BY_NAME = 0x04;

export interface CardOptions {
  readonly applets: readonly CardApplet[];
  /** Told of errors that are no status word: defects, answered as 6F00. */
  readonly onDefect: (error: unknown) => void;
  /** Called when the card is taken out. */
  readonly onRemoved?: (() => void) | undefined;
}

/** One card in one reader. */
export class Card implements CardPlug {
  readonly #options: CardOptions;
  readonly #chain = new CommandAssembler();
  readonly #queue = new ResponseQueue();
  #selected: CardApplet | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  #abort = new AbortController();
  #removed = false;

  constructor(options: CardOptions) {
    this.#options = options;
  }

  reset(): void {
    this.#abort.abort(new DOMException('the card was reset', 'AbortError'));
    this.#abort = new AbortController();
    this.#selected = undefined;
    this.#chain.reset();
    this.#queue.reset();
    for (const applet of this.#options.applets) applet.powerCycle();
  }

  remove(): void {
    if (this.#removed) return;
    this.#removed = true;
    this.reset();
    this.#options.onRemoved?.();
  }

  transmit(apdu: Uint8Array): Promise<Uint8Array> {
    const { signal } = this.#abort;
    const answer = this.#turn.then(() => this.#answer(apdu, signal));
    this.#turn = answer;
    return answer.then(encodeResponse);
  }

  async #answer(apdu: Uint8Array, signal: AbortSignal): Promise<ResponseApdu> {
    try {
      const part = decodeCommand(apdu);
      const command = this.#chain.accept(part);
      if (command === undefined) return { data: new Uint8Array(), statusWord: StatusWord.NO_ERROR };
      if (this.#isContinuation(command)) return this.#queue.next(command.le);
      this.#queue.reset();
      const data = await this.#dispatch(command, signal);
      return this.#queue.begin({ data, statusWord: StatusWord.NO_ERROR }, command.le);
    } catch (error) {
      return this.#refusal(error, signal);
    }
  }

  #refusal(error: unknown, signal: AbortSignal): ResponseApdu {
    const data = error instanceof StillAtWork ? error.data : new Uint8Array();
    if (error instanceof StatusWordError) return { data, statusWord: error.statusWord };
    if (!signal.aborted) this.#options.onDefect(error);
    return { data, statusWord: StatusWord.NO_PRECISE_DIAGNOSIS };
  }

  #isContinuation({ cla, ins }: CommandApdu): boolean {
    if (ins === Instruction.GET_RESPONSE) return cla === 0x00 || cla === 0x80;
    return cla === 0x00 && ins === this.#selected?.continuation;
  }

  #dispatch(command: CommandApdu, signal: AbortSignal): Promise<Uint8Array> | Uint8Array {
    const { cla, ins, p1 } = command;
    if (cla === 0x00 && ins === Instruction.SELECT && p1 === SELECT_BY_NAME) return this.#select(command.data);
    if (this.#selected === undefined) {
      throw new StatusWordError(StatusWord.INS_NOT_SUPPORTED, 'no applet is selected');
    }
    const exchange: Exchange = { transport: 'nfc', signal, keepalive: () => {} };
    return this.#selected.process(command, exchange);
  }

  /** By the whole identifier or by its beginning, as ISO 7816-4 §11.2.2 allows. An unknown one changes nothing. */
  #select(name: Uint8Array): Uint8Array {
    const found = this.#options.applets.find(
      ({ aid }) => name.length >= 5 && name.length <= aid.length && equalBytes(aid.subarray(0, name.length), name),
    );
    if (found === undefined) throw new StatusWordError(StatusWord.FILE_NOT_FOUND, 'there is no such applet');
    this.#selected = found;
    return found.select();
  }
}
