/** Token2's programmable TOTP tokens as devices: they answer APDUs, keep a clock of their own, and show codes. */
import { ByteReader, uintBytes } from '../ctap/byte-reader.ts';
import { fromUtf8, timingSafeEqual, utf8 } from '../ctap/bytes.ts';
import { type CommandApdu, decodeCommand, encodeResponse, StatusWord, StatusWordError } from '../ctap/iso7816/apdu.ts';
import { encodeAtr } from '../ctap/iso7816/atr.ts';
import { totp } from '../ctap/otp/totp.ts';
import type { ProgrammableTokenModel } from '../ctap/token2/models.ts';
import {
  AWAITING_BUTTON,
  challengeAnswer,
  customerSm4Key,
  DEFAULT_CUSTOMER_KEY,
  decryptBody,
  decryptNewKey,
  encodeTokenInfo,
  MAX_TITLE,
  MAX_TOKEN_SEED,
  openSecureCommand,
  SINGLE_PROFILE_KEY,
  TokenInstruction,
} from '../ctap/token2/programmable-token.ts';
import type { Sm4 } from '../ctap/token2/sm4.ts';
import { decodeSettings, encodeProfile, PUBLIC_TAG, type TokenFamily } from '../ctap/token2/token-settings.ts';
import type { Environment } from './environment.ts';
import { TokenClock } from './programmable-token/clock.ts';
import { type TokenProfileState, TokenProfiles } from './programmable-token/profiles.ts';
import type { CardPlug, PluggableCard } from './transports/attachment.ts';

const KEY_PATH = 'token/key';
const SERIAL_PATH = 'token/serial';
const TRIES_PATH = 'token/tries';
const CHALLENGE_SIZE = 8;
/** Wrong answers until the key is locked: assumed. */
const MAX_TRIES = 8;
const UNIT_DIGITS = 6;
const MOLTO2_SERIAL_DIGITS = 8;
const NOTHING = new Uint8Array();

export interface ProgrammableTokenOptions {
  /** Its crystal's world: clock, random, store. Nothing asks its user, so presence is not needed. */
  readonly environment: Pick<Environment, 'clock' | 'random' | 'store'>;
  readonly sm4: Sm4;
  readonly model: ProgrammableTokenModel;
  /** How far the crystal is off: parts per million, positive for a clock that runs fast. Default 0. */
  readonly driftPpm?: number | undefined;
  /** Default: what the model does. */
  readonly timeSync?: ProgrammableTokenModel['timeSync'] | undefined;
  /** Told of errors that are no status word: defects, answered as 6F00. */
  readonly onDefect?: ((error: unknown) => void) | undefined;
}

export class ProgrammableToken implements PluggableCard {
  readonly model: ProgrammableTokenModel;
  readonly serial: string;
  readonly clock: TokenClock;
  readonly #environment: ProgrammableTokenOptions['environment'];
  readonly #sm4: Sm4;
  readonly #profiles: TokenProfiles;
  readonly #family: TokenFamily;
  readonly #timeSync: ProgrammableTokenModel['timeSync'];
  readonly #onDefect: (error: unknown) => void;
  #challenge: Uint8Array | undefined;
  #authenticated = false;
  /** What the button confirms: a new key, or erasing everything. */
  #awaiting: (() => Promise<void>) | undefined;

  private constructor(options: ProgrammableTokenOptions, serial: string) {
    const { environment, model, driftPpm = 0, timeSync = model.timeSync } = options;
    this.model = model;
    this.serial = serial;
    this.clock = new TokenClock(environment, driftPpm);
    this.#environment = environment;
    this.#sm4 = options.sm4;
    this.#profiles = new TokenProfiles(environment.store, model.profiles);
    this.#family = model.profiles > 1 ? 'molto2' : 'single';
    this.#timeSync = timeSync;
    this.#onDefect = options.onDefect ?? ((error) => console.error('ctaplab: defect in the token:', error));
  }

  /** A fresh store gets its serial number, and the clock of this moment. */
  static async open(options: ProgrammableTokenOptions): Promise<ProgrammableToken> {
    const { environment, model } = options;
    const stored = environment.store.get(SERIAL_PATH);
    if (stored !== undefined) return new ProgrammableToken(options, fromUtf8(stored));
    const digits = model.prefix === '' ? MOLTO2_SERIAL_DIGITS : UNIT_DIGITS;
    const unit = Array.from(environment.random.bytes(digits), (byte) => byte % 10).join('');
    const token = new ProgrammableToken(options, `${model.prefix}${unit}`);
    await environment.store.commit([{ path: SERIAL_PATH, value: utf8(token.serial) }]);
    await token.clock.set(environment.clock.now() / 1000);
    return token;
  }

  get atr(): Uint8Array {
    return encodeAtr(utf8('TOKEN2'));
  }

  /** What the display shows when the button is pressed; undefined for a profile without a seed. @throws RangeError */
  code(profile = 0): string | undefined {
    const { seed, config } = this.#profiles.get(profile);
    return seed && totp(seed, this.clock.now(), config);
  }

  /** What a profile holds. @throws RangeError for one that the token does not have */
  profile(number: number): TokenProfileState {
    return this.#profiles.get(number);
  }

  /** Fills a profile as its maker does, without a tool. @throws RangeError for one that the token does not have */
  async fill(number: number, changes: Partial<TokenProfileState>): Promise<void> {
    await this.#profiles.change(number, changes);
  }

  /** Presses the button, which confirms what waits for that. False where nothing does. */
  async press(): Promise<boolean> {
    const confirmed = this.#awaiting;
    this.#awaiting = undefined;
    await confirmed?.();
    return confirmed !== undefined;
  }

  insertCard(): CardPlug {
    let turn: Promise<unknown> = Promise.resolve();
    this.#powerCycle();
    return {
      reset: () => this.#powerCycle(),
      remove: () => this.#powerCycle(),
      transmit: (apdu) => {
        const answer = turn.then(() => this.#answer(apdu));
        turn = answer;
        return answer;
      },
    };
  }

  #powerCycle(): void {
    this.#challenge = undefined;
    this.#authenticated = false;
  }

  async #answer(apdu: Uint8Array): Promise<Uint8Array> {
    try {
      const command = decodeCommand(apdu);
      const data = await this.#process(command);
      const statusWord = this.#awaiting !== undefined && asksButton(command) ? AWAITING_BUTTON : StatusWord.NO_ERROR;
      return encodeResponse({ data, statusWord });
    } catch (error) {
      if (!(error instanceof StatusWordError)) this.#onDefect(error);
      const statusWord = error instanceof StatusWordError ? error.statusWord : StatusWord.NO_PRECISE_DIAGNOSIS;
      return encodeResponse({ data: NOTHING, statusWord });
    }
  }

  #process(command: CommandApdu): Promise<Uint8Array> | Uint8Array {
    if (command.cla === 0x84) return this.#secure(command);
    if (command.cla !== 0x80)
      throw new StatusWordError(StatusWord.CLA_NOT_SUPPORTED, `there is no class ${command.cla}`);
    switch (command.ins) {
      case TokenInstruction.READ:
        return this.#read(command);
      case TokenInstruction.GET_CHALLENGE:
        this.#challenge = this.#environment.random.bytes(CHALLENGE_SIZE);
        return this.#challenge;
      case TokenInstruction.ANSWER_CHALLENGE:
        return this.#authenticate(command.data);
      case TokenInstruction.DELETE_SEED:
        return this.#deleteSeed(command);
      case TokenInstruction.RESET:
        this.#needMolto2();
        this.#awaiting = () => this.#reset();
        return NOTHING;
      default:
        throw new StatusWordError(StatusWord.INS_NOT_SUPPORTED, `there is no instruction ${command.ins}`);
    }
  }

  #needMolto2(): void {
    if (this.#family === 'molto2') return;
    throw new StatusWordError(StatusWord.INS_NOT_SUPPORTED, 'a single-profile token does not have this');
  }

  #read({ p2, data }: CommandApdu): Uint8Array {
    if (this.#family === 'molto2' && data.length === 1 && data[0] === PUBLIC_TAG) {
      const { title, seed, config, configured } = this.#profiles.get(this.#profileOf(p2));
      return encodeProfile({ title, seedPresent: seed !== undefined, config: configured ? config : undefined });
    }
    return encodeTokenInfo({ serial: this.serial, time: this.clock.now() });
  }

  #key(): Uint8Array {
    if (this.#family === 'single') return SINGLE_PROFILE_KEY;
    return this.#environment.store.get(KEY_PATH) ?? customerSm4Key(DEFAULT_CUSTOMER_KEY);
  }

  /** The try is counted before the answer is compared. */
  async #authenticate(answer: Uint8Array): Promise<Uint8Array> {
    const challenge = this.#challenge;
    this.#challenge = undefined;
    if (challenge === undefined) {
      throw new StatusWordError(StatusWord.CONDITIONS_NOT_SATISFIED, 'a challenge has to be got first');
    }
    const left = this.#triesLeft();
    if (left === 0) throw new StatusWordError(StatusWord.AUTHENTICATION_BLOCKED, 'the key is locked');
    await this.#setTriesLeft(left - 1);
    if (!timingSafeEqual(answer, challengeAnswer(this.#sm4, this.#key(), challenge))) {
      this.#authenticated = false;
      const wrong = this.#family === 'molto2' ? 0x6300 | (left - 1) : StatusWord.AUTHENTICATION_BLOCKED;
      throw new StatusWordError(wrong, 'the answer is wrong');
    }
    await this.#setTriesLeft(MAX_TRIES);
    this.#authenticated = true;
    return NOTHING;
  }

  #triesLeft(): number {
    const stored = this.#environment.store.get(TRIES_PATH);
    return stored === undefined ? MAX_TRIES : new ByteReader(stored, TRIES_PATH).uint(1, 'tries');
  }

  async #setTriesLeft(tries: number): Promise<void> {
    await this.#environment.store.commit([{ path: TRIES_PATH, value: uintBytes(tries, 1) }]);
  }

  async #secure(command: CommandApdu): Promise<Uint8Array> {
    if (!this.#authenticated) {
      throw new StatusWordError(StatusWord.SECURITY_STATUS_NOT_SATISFIED, 'the challenge has to be answered first');
    }
    const key = this.#key();
    const body = openSecureCommand(this.#sm4, key, command);
    switch (command.ins) {
      case TokenInstruction.WRITE_SEED: {
        const seed = decryptBody(this.#sm4, key, body, MAX_TOKEN_SEED);
        await this.#profiles.change(this.#profileOf(command.p2), { seed });
        return NOTHING;
      }
      case TokenInstruction.WRITE_CONFIG:
        return this.#writeSettings(command, body);
      case TokenInstruction.WRITE_TITLE: {
        this.#needMolto2();
        const title = readTitle(decryptBody(this.#sm4, key, body, MAX_TITLE));
        await this.#profiles.change(this.#profileOf(command.p2), { title });
        return NOTHING;
      }
      case TokenInstruction.WRITE_KEY: {
        this.#needMolto2();
        const value = decryptNewKey(this.#sm4, key, body);
        this.#awaiting = async () => this.#environment.store.commit([{ path: KEY_PATH, value }]);
        return NOTHING;
      }
      default:
        throw new StatusWordError(StatusWord.INS_NOT_SUPPORTED, `there is no instruction ${command.ins}`);
    }
  }

  /** Restricted time sync: whoever could set the clock could make the token show codes of the future, so the seed goes. */
  async #writeSettings(command: CommandApdu, body: Uint8Array): Promise<Uint8Array> {
    const { time, config } = decodeSettings(this.#family, body);
    const profile = this.#profileOf(command.p2);
    await this.#profiles.change(profile, {
      ...(config === undefined ? {} : { config, configured: true }),
      ...(this.#timeSync === 'restricted' ? { seed: undefined } : {}),
    });
    await this.clock.set(time);
    return NOTHING;
  }

  async #deleteSeed({ p2 }: CommandApdu): Promise<Uint8Array> {
    this.#needMolto2();
    const profile = this.#profileOf(p2);
    if (this.#profiles.get(profile).seed === undefined) {
      throw new StatusWordError(StatusWord.RECORD_NOT_FOUND, 'the profile has no seed');
    }
    await this.#profiles.change(profile, { seed: undefined });
    return NOTHING;
  }

  async #reset(): Promise<void> {
    await this.#profiles.removeAll([
      { path: KEY_PATH, value: undefined },
      { path: TRIES_PATH, value: undefined },
    ]);
    this.#powerCycle();
  }

  #profileOf(p2: number): number {
    if (p2 < this.model.profiles) return p2;
    throw new StatusWordError(StatusWord.WRONG_P1_P2, `expected a profile below ${this.model.profiles}, got ${p2}`);
  }
}

function asksButton({ cla, ins }: CommandApdu): boolean {
  return (cla === 0x80 && ins === TokenInstruction.RESET) || (cla === 0x84 && ins === TokenInstruction.WRITE_KEY);
}

function readTitle(bytes: Uint8Array): string {
  try {
    return fromUtf8(bytes);
  } catch (error) {
    throw new StatusWordError(StatusWord.WRONG_DATA, 'expected a title in UTF-8', { cause: error });
  }
}
