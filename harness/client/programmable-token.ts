/** Token2's programmable tokens as a host uses them: reading, provisioning, setting the clock. */
import { type CommandFields, StatusWord, StatusWordError } from '../../ctap/iso7816/apdu.ts';
import { exchangeCommand } from '../../ctap/iso7816/chaining.ts';
import { type ProgrammableTokenModel, programmableTokenOfSerial } from '../../ctap/token2/models.ts';
import {
  AWAITING_BUTTON,
  answerCommand,
  challengeAnswer,
  challengeCommand,
  customerSm4Key,
  DEFAULT_CUSTOMER_KEY,
  decodeTokenInfo,
  deleteSeedCommand,
  readInfoCommand,
  readProfileCommand,
  resetCommand,
  SINGLE_PROFILE_KEY,
  type TokenInfo,
  writeKeyCommand,
  writeSeedCommand,
  writeSettingsCommand,
  writeTitleCommand,
} from '../../ctap/token2/programmable-token.ts';
import type { Sm4 } from '../../ctap/token2/sm4.ts';
import {
  decodeProfile,
  type TokenFamily,
  type TokenProfile,
  type TokenSettings,
} from '../../ctap/token2/token-settings.ts';
import type { CardConnection } from '../transports/connection.ts';
import { ProtocolError } from './protocol-error.ts';

const WRONG_ANSWER = 0x63;

const EXPLANATIONS: Readonly<Record<number, string>> = {
  [StatusWord.AUTHENTICATION_BLOCKED]: 'the token does not take the key, or has locked it',
  [StatusWord.SECURITY_STATUS_NOT_SATISFIED]: 'the token wants its key first',
  [StatusWord.RECORD_NOT_FOUND]: 'there is no seed',
  [StatusWord.WRONG_DATA]: 'the token does not take these data',
  [StatusWord.WRONG_P1_P2]: 'the token has no such profile',
  [StatusWord.INS_NOT_SUPPORTED]: 'the token does not have this command',
};

export interface TokenClientOptions {
  readonly sm4: Sm4;
  /** Molto2's customer key; default: the one of a new device. */
  readonly customerKey?: Uint8Array | undefined;
}

/** What a write came to: `button` means that somebody has to press the token's button for it to count. */
export type TokenOutcome = 'done' | 'button';

export class ProgrammableTokenClient {
  readonly family: TokenFamily;
  /** As the token told it when it was opened. */
  readonly info: TokenInfo;
  readonly #card: CardConnection;
  readonly #sm4: Sm4;
  readonly #key: Uint8Array;
  #authenticated = false;

  private constructor(card: CardConnection, family: TokenFamily, info: TokenInfo, options: TokenClientOptions) {
    this.#card = card;
    this.family = family;
    this.info = info;
    this.#sm4 = options.sm4;
    const { customerKey = DEFAULT_CUSTOMER_KEY } = options;
    this.#key = family === 'single' ? SINGLE_PROFILE_KEY : customerSm4Key(customerKey);
  }

  /** Tells the families apart by their serial numbers. @throws ProtocolError where it is no such token */
  static async open(card: CardConnection, options: TokenClientOptions): Promise<ProgrammableTokenClient> {
    const single = await readInfo(card, 'single');
    if (single !== undefined && programmableTokenOfSerial(single.serial) !== undefined) {
      return new ProgrammableTokenClient(card, 'single', single, options);
    }
    const molto2 = await readInfo(card, 'molto2');
    if (molto2 === undefined)
      throw new ProtocolError(`expected a programmable token in ${card.name}, got another card`);
    return new ProgrammableTokenClient(card, 'molto2', molto2, options);
  }

  /** Undefined where the serial number's prefix is not known, as Molto2's. */
  get model(): ProgrammableTokenModel | undefined {
    return programmableTokenOfSerial(this.info.serial);
  }

  /** Serial number and clock as they are now. */
  async readInfo(): Promise<TokenInfo> {
    return decodeTokenInfo(await this.#call(readInfoCommand(this.family)));
  }

  /** A Molto2's profile as anybody may read it. */
  async readProfile(profile: number): Promise<TokenProfile> {
    return decodeProfile(await this.#call(readProfileCommand(profile)));
  }

  async writeSeed(seed: Uint8Array, profile = 0): Promise<void> {
    await this.#authenticate();
    await this.#call(writeSeedCommand(this.#sm4, this.#key, profile, seed));
  }

  /** Sets the clock and, where settings have it, the configuration. On a token of restricted time sync the seed goes. */
  async writeSettings(settings: TokenSettings, profile = 0): Promise<void> {
    await this.#authenticate();
    await this.#call(writeSettingsCommand(this.#sm4, this.#key, this.family, profile, settings));
  }

  async writeTitle(title: string, profile: number): Promise<void> {
    await this.#authenticate();
    await this.#call(writeTitleCommand(this.#sm4, this.#key, profile, title));
  }

  async deleteSeed(profile: number): Promise<void> {
    await this.#call(deleteSeedCommand(profile));
  }

  async writeCustomerKey(key: Uint8Array): Promise<TokenOutcome> {
    await this.#authenticate();
    return this.#outcome(writeKeyCommand(this.#sm4, this.#key, key));
  }

  async reset(): Promise<TokenOutcome> {
    return this.#outcome(resetCommand());
  }

  /** Answers the token's challenge, once a connection. */
  async #authenticate(): Promise<void> {
    if (this.#authenticated) return;
    const challenge = await this.#call(challengeCommand(this.family));
    await this.#call(answerCommand(challengeAnswer(this.#sm4, this.#key, challenge)));
    this.#authenticated = true;
  }

  async #outcome(command: CommandFields): Promise<TokenOutcome> {
    const { statusWord } = await exchange(this.#card, command);
    if (statusWord === AWAITING_BUTTON) return 'button';
    if (statusWord !== StatusWord.NO_ERROR) throw refusal(statusWord);
    return 'done';
  }

  async #call(command: CommandFields): Promise<Uint8Array> {
    const { data, statusWord } = await exchange(this.#card, command);
    if (statusWord !== StatusWord.NO_ERROR) throw refusal(statusWord);
    return data;
  }
}

/** Undefined where the card has no such answer. */
async function readInfo(card: CardConnection, family: TokenFamily): Promise<TokenInfo | undefined> {
  const { data, statusWord } = await exchange(card, readInfoCommand(family));
  if (statusWord !== StatusWord.NO_ERROR) return undefined;
  try {
    return decodeTokenInfo(data);
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

function exchange(card: CardConnection, command: CommandFields) {
  return exchangeCommand((apdu) => card.transmit(apdu), command);
}

function refusal(statusWord: number): StatusWordError {
  if (statusWord >> 8 === WRONG_ANSWER) {
    return new StatusWordError(statusWord, `the key is wrong; ${statusWord & 0xff} tries are left`);
  }
  return new StatusWordError(statusWord, EXPLANATIONS[statusWord] ?? 'the token refused');
}
