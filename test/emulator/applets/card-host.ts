/** A bare host before a key's smart card: APDUs in hexadecimal or as fields, answers as data and status word. */
import { fromHex } from '../../../ctap/bytes.ts';
import type { Crypto } from '../../../ctap/crypto.ts';
import { type CommandFields, decodeResponse, selectCommand } from '../../../ctap/iso7816/apdu.ts';
import { exchangeCommand } from '../../../ctap/iso7816/chaining.ts';
import { OtpCommand } from '../../../ctap/token2/otp-applet.ts';
import { seal } from '../../../ctap/token2/sealing.ts';
import { nodeCrypto } from '../../../emulator/crypto-node.ts';
import { systemRandom } from '../../../emulator/random.ts';
import type { CardPlug, PluggableCard } from '../../../emulator/transports/attachment.ts';

export class CardHost {
  readonly card: CardPlug;

  constructor(card: PluggableCard) {
    this.card = card.insertCard();
  }

  async raw(hex: string) {
    return decodeResponse(await this.card.transmit(fromHex(hex.replaceAll(' ', ''))));
  }

  send(command: CommandFields, options: Parameters<typeof exchangeCommand>[2] = {}) {
    return exchangeCommand((apdu) => this.card.transmit(apdu), command, options);
  }

  /** The status word of a command. */
  async status(command: CommandFields): Promise<string> {
    return (await this.send(command)).statusWord.toString(16);
  }

  select(aid: Uint8Array) {
    return this.send(selectCommand(aid));
  }

  /** Sends a sealed body to the OTP applet. */
  async sealed(command: CommandFields, iv: Uint8Array, plain: Uint8Array, crypto: Crypto = nodeCrypto) {
    const { data: deviceKey } = await this.send({ ...OtpCommand.getPublicKey, le: 256 });
    const hostKey = crypto.generateEcdhKeyPair((length) => systemRandom.bytes(length));
    return this.send({ ...command, data: seal(crypto, hostKey, deviceKey, iv, plain) });
  }
}
