/** A key as a smart card, over NFC or CCID: CTAP 2.3 §11.3. */
import { fromUtf8 } from '../../ctap/bytes.ts';
import { HidCapability } from '../../ctap/hid/packet.ts';
import {
  type CommandFields,
  decodeCommand,
  encodeResponse,
  formatStatusWord,
  type ResponseApdu,
  StatusWord,
  StatusWordError,
  selectCommand,
} from '../../ctap/iso7816/apdu.ts';
import { exchangeCommand } from '../../ctap/iso7816/chaining.ts';
import { FIDO_AID, FidoInstruction, POLL_CANCEL, POLLED, STATUS_UPDATE } from '../../ctap/iso7816/fido-applet.ts';
import { CtapError } from '../../ctap/status.ts';
import type { CardConnection } from '../transports/connection.ts';
import type { CtapDevice, ExchangeOptions } from './device.ts';
import { ProtocolError } from './protocol-error.ts';

const MSG = { cla: 0x80, ins: FidoInstruction.MSG, p1: POLLED, p2: 0x00 } as const;
const GET_RESPONSE = { cla: 0x80, ins: FidoInstruction.GET_RESPONSE, p1: 0x00, p2: 0x00 } as const;

/** Calls queue: a card does one thing at a time. */
export class CtapCardDevice implements CtapDevice {
  readonly name: string;
  readonly hid: CtapDevice['hid'];
  readonly #card: CardConnection;
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(card: CardConnection, version: string) {
    this.#card = card;
    this.name = card.name;
    const capabilities = HidCapability.CBOR | (version === 'U2F_V2' ? 0 : HidCapability.NMSG);
    this.hid = { protocolVersion: 0, deviceVersion: [0, 0, 0], capabilities };
  }

  /** Selects the FIDO applet. @throws StatusWordError where the card has none */
  static async open(card: CardConnection): Promise<CtapCardDevice> {
    const { data, statusWord } = await exchangeCommand((apdu) => card.transmit(apdu), selectCommand(FIDO_AID));
    if (statusWord !== StatusWord.NO_ERROR) throw new StatusWordError(statusWord, `${card.name} has no FIDO applet`);
    return new CtapCardDevice(card, fromUtf8(data));
  }

  async cbor(request: Uint8Array, options: ExchangeOptions = {}): Promise<Uint8Array> {
    const answer = await this.#inTurn(() => this.#poll(request, options));
    const status = answer[0];
    if (status === undefined) throw new ProtocolError('expected a status byte in the answer to NFCCTAP_MSG, got none');
    if (status !== 0) throw new CtapError(status);
    return answer.subarray(1);
  }

  msg(request: Uint8Array): Promise<Uint8Array> {
    const { cla, ins, p1, p2, data } = decodeCommand(request);
    return this.#inTurn(async () => encodeResponse(await this.#exchange({ cla, ins, p1, p2, data, le: 256 })));
  }

  ping(): Promise<Uint8Array> {
    return Promise.reject(new Error('a card has no CTAPHID_PING'));
  }

  wink(): Promise<void> {
    return Promise.reject(new Error('a card has no CTAPHID_WINK'));
  }

  close(): Promise<void> {
    return this.#card.close();
  }

  async #poll(request: Uint8Array, { signal, onKeepalive }: ExchangeOptions): Promise<Uint8Array> {
    let response = await this.#exchange({ ...MSG, data: request, le: 256 });
    while (response.statusWord === STATUS_UPDATE) {
      const [status] = response.data;
      if (status !== undefined) onKeepalive?.(status);
      const p1 = signal?.aborted === true ? POLL_CANCEL : GET_RESPONSE.p1;
      response = await this.#exchange({ ...GET_RESPONSE, p1, le: 256 });
    }
    if (response.statusWord === StatusWord.NO_ERROR) return response.data;
    throw new ProtocolError(
      `expected NFCCTAP_MSG to be answered with 9000, got ${formatStatusWord(response.statusWord)}`,
    );
  }

  #exchange(command: CommandFields): Promise<ResponseApdu> {
    return exchangeCommand((apdu) => this.#card.transmit(apdu), command);
  }

  #inTurn<T>(action: () => Promise<T>): Promise<T> {
    const running = this.#turn.then(action);
    this.#turn = running.catch(() => undefined); // whoever asked has the failure
    return running;
  }
}
