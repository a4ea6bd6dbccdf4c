/** A YKOATH applet as a host uses it. */
import { equalBytes } from '../../ctap/bytes.ts';
import { StatusWord, StatusWordError, selectCommand } from '../../ctap/iso7816/apdu.ts';
import { exchangeCommand } from '../../ctap/iso7816/chaining.ts';
import {
  decodeCalculation,
  decodeCalculations,
  encodeCalculation,
  encodeCalculationOfAll,
  encodeSetCode,
  encodeValidation,
  type OathCalculated,
  oathPasswordKey,
} from '../../ctap/oath/codes.ts';
import {
  decodeList,
  decodeSelection,
  encodeName,
  encodePut,
  encodeRename,
  encodeTag,
  OATH_AID,
  OATH_RESET,
  OATH_TRUNCATED,
  type OathCredential,
  OathInstruction,
  type OathListed,
  type OathRename,
  type OathSelection,
  OathTag,
} from '../../ctap/oath/messages.ts';
import { otpMac } from '../../ctap/otp/hotp.ts';
import { timeStep } from '../../ctap/otp/totp.ts';
import type { CardConnection } from '../transports/connection.ts';
import { ProtocolError } from './protocol-error.ts';

const CHALLENGE_SIZE = 8;

const EXPLANATIONS: Readonly<Record<number, string>> = {
  [StatusWord.SECURITY_STATUS_NOT_SATISFIED]: 'a password is set',
  [StatusWord.REFERENCE_DATA_UNUSABLE]: 'there is no such entry',
  [StatusWord.NOT_ENOUGH_MEMORY]: 'the key is full',
  [StatusWord.WRONG_DATA]: 'the key does not take these data',
  [StatusWord.CONDITIONS_NOT_SATISFIED]: 'the key was not touched',
  [StatusWord.FILE_NOT_FOUND]: 'the key has no OATH applet',
};

export class OathClient {
  readonly #card: CardConnection;
  #selection: OathSelection;

  private constructor(card: CardConnection, selection: OathSelection) {
    this.#card = card;
    this.#selection = selection;
  }

  /** @throws StatusWordError 6A82 where the key has no OATH applet */
  static async open(card: CardConnection): Promise<OathClient> {
    return new OathClient(card, await select(card));
  }

  get version(): readonly [number, number, number] {
    return this.#selection.version;
  }

  /** True where {@link unlock} has to come first. */
  get locked(): boolean {
    return this.#selection.challenge !== undefined;
  }

  /** Tells the password. @throws StatusWordError 6A80 where it is wrong; ProtocolError where the key does not know it itself */
  async unlock(password: string): Promise<void> {
    const { id, challenge, algorithm = 'SHA1' } = this.#selection;
    if (challenge === undefined) return;
    const key = oathPasswordKey(password, id);
    const own = freshChallenge();
    const response = otpMac(algorithm, key, challenge);
    const answer = await this.#call(OathInstruction.VALIDATE, encodeValidation({ response, challenge: own }));
    if (!equalBytes(answer, encodeTag(OathTag.RESPONSE, otpMac(algorithm, key, own)))) {
      throw new ProtocolError('expected the key to prove that it knows the password, it did not');
    }
    this.#selection = { version: this.#selection.version, id };
  }

  /** Sets a password; undefined removes it. */
  async setPassword(password: string | undefined): Promise<void> {
    if (password === undefined) {
      await this.#call(OathInstruction.SET_CODE, encodeSetCode(undefined));
      return;
    }
    const key = oathPasswordKey(password, this.#selection.id);
    const challenge = freshChallenge();
    const code = { algorithm: 'SHA1', key, challenge, response: otpMac('SHA1', key, challenge) } as const;
    await this.#call(OathInstruction.SET_CODE, encodeSetCode(code));
  }

  async put(credential: OathCredential): Promise<void> {
    await this.#call(OathInstruction.PUT, encodePut(credential));
  }

  async delete(name: string): Promise<void> {
    await this.#call(OathInstruction.DELETE, encodeName(name));
  }

  async rename(names: OathRename): Promise<void> {
    await this.#call(OathInstruction.RENAME, encodeRename(names));
  }

  async list(): Promise<readonly OathListed[]> {
    return decodeList(await this.#call(OathInstruction.LIST));
  }

  /** The code of one entry: a TOTP's at that moment, an HOTP's next. */
  async calculate(
    name: string,
    at: { readonly seconds: number; readonly period?: number } | undefined,
  ): Promise<string> {
    const step = at && timeStep(at.seconds, at.period);
    return decodeCalculation(
      await this.#call(OathInstruction.CALCULATE, encodeCalculation(name, step), OATH_TRUNCATED),
    );
  }

  async calculateAll(seconds: number, period = 30): Promise<readonly OathCalculated[]> {
    const body = encodeCalculationOfAll(timeStep(seconds, period));
    return decodeCalculations(await this.#call(OathInstruction.CALCULATE_ALL, body, OATH_TRUNCATED));
  }

  /** Erases entries and password. */
  async reset(): Promise<void> {
    const { p1, p2 } = OATH_RESET;
    await exchange(this.#card, OathInstruction.RESET, new Uint8Array(), p1, p2);
    this.#selection = await select(this.#card);
  }

  #call(ins: number, data: Uint8Array = new Uint8Array(), p2 = 0): Promise<Uint8Array> {
    return exchange(this.#card, ins, data, 0, p2);
  }
}

async function select(card: CardConnection): Promise<OathSelection> {
  const { data, statusWord } = await exchangeCommand((apdu) => card.transmit(apdu), selectCommand(OATH_AID));
  if (statusWord !== StatusWord.NO_ERROR) throw refusal(statusWord);
  return decodeSelection(data);
}

async function exchange(
  card: CardConnection,
  ins: number,
  data: Uint8Array,
  p1: number,
  p2: number,
): Promise<Uint8Array> {
  const { data: answer, statusWord } = await exchangeCommand(
    (apdu) => card.transmit(apdu),
    { cla: 0, ins, p1, p2, data, le: 256 },
    { continuation: OathInstruction.SEND_REMAINING },
  );
  if (statusWord !== StatusWord.NO_ERROR) throw refusal(statusWord);
  return answer;
}

function refusal(statusWord: number): StatusWordError {
  return new StatusWordError(statusWord, EXPLANATIONS[statusWord] ?? 'the key refused');
}

function freshChallenge(): Uint8Array {
  return globalThis.crypto.getRandomValues(new Uint8Array(CHALLENGE_SIZE));
}
