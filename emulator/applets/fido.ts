/** The FIDO applet of a smart card: CTAP 2.3 §11.3 (NFC), and U2F over the same selection. */
import { utf8 } from '../../ctap/bytes.ts';
import {
  type CommandApdu,
  decodeResponse,
  encodeCommand,
  type ResponseApdu,
  StatusWord,
  StatusWordError,
} from '../../ctap/iso7816/apdu.ts';
import { FIDO_AID, FidoInstruction, POLL_CANCEL, POLLED, STATUS_UPDATE } from '../../ctap/iso7816/fido-applet.ts';
import { encodeSerial } from '../../ctap/token2/otp-applet.ts';
import type { Clock } from '../environment.ts';
import { type Exchange, KeepaliveStatus, type MessageHandler } from '../exchange.ts';
import type { CardApplet } from './applet.ts';

/** Milliseconds that a poll waits for the answer. */
const POLL_WAIT = 100;

export interface FidoCardKey extends Pick<MessageHandler, 'cbor' | 'msg'> {
  readonly serial: string;
  readonly clock: Clock;
  /** Undefined where the key has no U2F. */
  readonly u2f: boolean;
}

/** A command that the client polls. */
interface Polled {
  readonly answer: Promise<Uint8Array>;
  readonly abort: AbortController;
  readonly state: { status: number };
}

export class FidoApplet implements CardApplet {
  readonly aid = FIDO_AID;
  readonly #key: FidoCardKey;
  #polled: Polled | undefined;

  constructor(key: FidoCardKey) {
    this.#key = key;
  }

  select(): Uint8Array {
    this.#giveUp();
    return utf8(this.#key.u2f ? 'U2F_V2' : 'FIDO_2_0');
  }

  powerCycle(): void {
    this.#giveUp();
  }

  async process(command: CommandApdu, exchange: Exchange): Promise<Uint8Array> {
    const { cla, ins, p1, data } = command;
    if (cla === 0x00) return this.#u2f(command, exchange);
    if (cla !== 0x80) throw new StatusWordError(StatusWord.CLA_NOT_SUPPORTED, `there is no class ${cla}`);
    switch (ins) {
      case FidoInstruction.MSG:
        this.#giveUp();
        if (data.length === 0)
          throw new StatusWordError(StatusWord.WRONG_LENGTH, 'expected a CTAP command, got nothing');
        return (p1 & POLLED) === 0 ? this.#key.cbor(data.slice(), exchange) : this.#begin(data.slice());
      case FidoInstruction.GET_RESPONSE:
        return this.#poll(p1);
      case FidoInstruction.CONTROL:
        this.#giveUp();
        return new Uint8Array();
      case FidoInstruction.SERIAL:
        return encodeSerial(this.#key.serial);
      default:
        throw new StatusWordError(StatusWord.INS_NOT_SUPPORTED, `there is no instruction ${ins}`);
    }
  }

  async #u2f(command: CommandApdu, exchange: Exchange): Promise<Uint8Array> {
    const apdu = encodeCommand({ ...command, le: 65536 }, { extended: true });
    const { data, statusWord }: ResponseApdu = decodeResponse(await this.#key.msg(apdu, exchange));
    if (statusWord !== StatusWord.NO_ERROR) throw new StatusWordError(statusWord, 'U2F says so');
    return data;
  }

  #begin(request: Uint8Array): Promise<Uint8Array> {
    const abort = new AbortController();
    const state = { status: KeepaliveStatus.PROCESSING as number };
    const exchange: Exchange = {
      transport: 'nfc',
      signal: abort.signal,
      keepalive: (status) => {
        state.status = status;
      },
    };
    const polled: Polled = { abort, state, answer: this.#key.cbor(request, exchange) };
    this.#polled = polled;
    return this.#wait(polled);
  }

  #poll(p1: number): Promise<Uint8Array> {
    const polled = this.#polled;
    if (polled === undefined) {
      throw new StatusWordError(StatusWord.CONDITIONS_NOT_SATISFIED, 'no command is at work');
    }
    if (p1 === POLL_CANCEL) polled.abort.abort(new DOMException('the client gave it up', 'AbortError'));
    return this.#wait(polled);
  }

  /** The answer, or after a while that the key is still at work. */
  async #wait(polled: Polled): Promise<Uint8Array> {
    const first = await new Promise<Uint8Array | undefined>((resolve) => {
      const timer = this.#key.clock.after(POLL_WAIT, () => resolve(undefined));
      void polled.answer.then((answer) => {
        timer.cancel();
        resolve(answer);
      });
    });
    if (first === undefined) throw new StillAtWork(Uint8Array.of(polled.state.status));
    if (this.#polled === polled) this.#polled = undefined;
    return first;
  }

  #giveUp(): void {
    this.#polled?.abort.abort(new DOMException('the client began another command', 'AbortError'));
    this.#polled = undefined;
  }
}

/** 9100, which has data beside its status word. */
export class StillAtWork extends StatusWordError {
  readonly data: Uint8Array;

  constructor(data: Uint8Array) {
    super(STATUS_UPDATE, 'the key is still at work');
    this.name = 'StillAtWork';
    this.data = data;
  }
}
