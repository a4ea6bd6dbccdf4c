/** The OATH applet, as newer releases carry it: YKOATH. */
import { ByteReader, readUint64, uintBytes } from '../../ctap/byte-reader.ts';
import { concat, timingSafeEqual, toHex, utf8 } from '../../ctap/bytes.ts';
import { type CommandApdu, StatusWord, StatusWordError } from '../../ctap/iso7816/apdu.ts';
import { decodeSetCode, decodeValidation, encodeCode } from '../../ctap/oath/codes.ts';
import {
  decodeName,
  decodePut,
  decodeRename,
  encodeList,
  encodePut,
  encodeSelection,
  encodeTag,
  OATH_AID,
  OATH_RESET,
  OATH_TRUNCATED,
  type OathCredential,
  OathInstruction,
  OathReader,
  OathTag,
} from '../../ctap/oath/messages.ts';
import { type OtpAlgorithm, otpMac } from '../../ctap/otp/hotp.ts';
import type { Environment, StoreChange } from '../environment.ts';
import type { Exchange } from '../exchange.ts';
import type { CardApplet } from './applet.ts';
import { needTouch, wrongData } from './checks.ts';

const CREDENTIALS = 'oath/credential/';
const CODE = 'oath/code';
const ID = 'oath/id';
const ID_SIZE = 8;
const CHALLENGE_SIZE = 8;
const COUNTER_SIZE = 8;
/** The version that has renaming, which came last. */
const VERSION = [5, 4, 3] as const;
/** Assumed. */
const MAX_CREDENTIALS = 64;
const NOTHING = new Uint8Array();

const CODE_ALGORITHMS: readonly OtpAlgorithm[] = ['SHA1', 'SHA256', 'SHA512'];

interface Stored {
  readonly credential: OathCredential;
  readonly counter: bigint;
}

export class OathApplet implements CardApplet {
  readonly aid = OATH_AID;
  readonly continuation = OathInstruction.SEND_REMAINING;
  readonly #environment: Environment;
  /** What VALIDATE has to answer; drawn at each selection. */
  #challenge: Uint8Array = NOTHING;
  #unlocked = false;

  private constructor(environment: Environment) {
    this.#environment = environment;
  }

  /** Draws the device id of a fresh key. */
  static async open(environment: Environment): Promise<OathApplet> {
    const { store, random } = environment;
    if (store.get(ID) === undefined) await store.commit([{ path: ID, value: random.bytes(ID_SIZE) }]);
    return new OathApplet(environment);
  }

  select(): Uint8Array {
    const code = this.#code();
    this.#unlocked = code === undefined;
    this.#challenge = this.#environment.random.bytes(CHALLENGE_SIZE);
    const lock = code && { challenge: this.#challenge, algorithm: code.algorithm };
    return encodeSelection({ version: VERSION, id: this.#environment.store.get(ID)!, ...lock });
  }

  powerCycle(): void {
    this.#unlocked = false;
    this.#challenge = NOTHING;
  }

  async process(command: CommandApdu, exchange: Exchange): Promise<Uint8Array> {
    const { cla, ins, data } = command;
    if (cla !== 0) throw new StatusWordError(StatusWord.CLA_NOT_SUPPORTED, `expected class 00, got ${cla}`);
    if (ins === OathInstruction.VALIDATE) return this.#validate(data);
    if (ins === OathInstruction.RESET) return this.#reset(command);
    if (!Object.values(OathInstruction).some((known) => known === ins)) {
      throw new StatusWordError(StatusWord.INS_NOT_SUPPORTED, `there is no instruction ${ins}`);
    }
    if (!this.#unlocked) throw new StatusWordError(StatusWord.SECURITY_STATUS_NOT_SATISFIED, 'a password is set');
    switch (ins) {
      case OathInstruction.PUT:
        return this.#put(wrongData(() => decodePut(data)));
      case OathInstruction.DELETE:
        return this.#delete(wrongData(() => decodeName(data)));
      case OathInstruction.SET_CODE:
        return this.#setCode(data);
      case OathInstruction.RENAME:
        return this.#rename(data);
      case OathInstruction.LIST:
        return encodeList(this.#all().map(({ credential }) => credential));
      case OathInstruction.CALCULATE:
        return this.#calculate(command, exchange);
      case OathInstruction.CALCULATE_ALL:
        return this.#calculateAll(command);
      default: // SEND REMAINING reaches the applet when nothing remains
        throw new StatusWordError(StatusWord.CONDITIONS_NOT_SATISFIED, 'no answer waits to be got');
    }
  }

  #code(): { readonly algorithm: OtpAlgorithm; readonly key: Uint8Array } | undefined {
    const stored = this.#environment.store.get(CODE);
    return stored && { algorithm: CODE_ALGORITHMS[stored[0]!]!, key: stored.slice(1) };
  }

  #validate(data: Uint8Array): Uint8Array {
    const { response, challenge } = wrongData(() => decodeValidation(data));
    const code = this.#code();
    if (code === undefined) throw new StatusWordError(StatusWord.REFERENCE_DATA_UNUSABLE, 'no password is set');
    const expected = otpMac(code.algorithm, code.key, this.#challenge);
    this.#challenge = this.#environment.random.bytes(CHALLENGE_SIZE); // one guess a selection
    if (!timingSafeEqual(response, expected)) throw new StatusWordError(StatusWord.WRONG_DATA, 'the password is wrong');
    this.#unlocked = true;
    return encodeTag(OathTag.RESPONSE, otpMac(code.algorithm, code.key, challenge));
  }

  async #setCode(data: Uint8Array): Promise<Uint8Array> {
    const code = wrongData(() => decodeSetCode(data));
    if (code === undefined) {
      await this.#environment.store.commit([{ path: CODE, value: undefined }]);
      return NOTHING;
    }
    const { algorithm, key, challenge, response } = code;
    if (!timingSafeEqual(response, otpMac(algorithm, key, challenge))) {
      throw new StatusWordError(StatusWord.WRONG_DATA, 'the response does not fit the challenge');
    }
    const value = concat(Uint8Array.of(CODE_ALGORITHMS.indexOf(algorithm)), key);
    await this.#environment.store.commit([{ path: CODE, value }]);
    return NOTHING;
  }

  /** Erases credentials and password in one commit, and draws another id. */
  async #reset({ p1, p2 }: CommandApdu): Promise<Uint8Array> {
    if (p1 !== OATH_RESET.p1 || p2 !== OATH_RESET.p2) {
      throw new StatusWordError(StatusWord.WRONG_P1_P2, 'expected P1 DE and P2 AD');
    }
    const { store, random } = this.#environment;
    const removals = Array.from(store.list(CREDENTIALS), ([path]): StoreChange => ({ path, value: undefined }));
    const id = { path: ID, value: random.bytes(ID_SIZE) };
    await store.commit([...removals, { path: CODE, value: undefined }, id]);
    this.#unlocked = true;
    return NOTHING;
  }

  async #put(credential: OathCredential): Promise<Uint8Array> {
    const { store } = this.#environment;
    if (store.count(CREDENTIALS) >= MAX_CREDENTIALS && store.get(pathOf(credential.name)) === undefined) {
      throw new StatusWordError(StatusWord.NOT_ENOUGH_MEMORY, `the key holds ${MAX_CREDENTIALS} entries, and has them`);
    }
    await store.commit([change({ credential, counter: BigInt(credential.counter) })]);
    return NOTHING;
  }

  async #delete(name: string): Promise<Uint8Array> {
    this.#find(name);
    await this.#environment.store.commit([{ path: pathOf(name), value: undefined }]);
    return NOTHING;
  }

  async #rename(data: Uint8Array): Promise<Uint8Array> {
    const { from, to } = wrongData(() => decodeRename(data));
    const { credential, counter } = this.#find(from);
    const { store } = this.#environment;
    if (store.get(pathOf(to)) !== undefined) throw new StatusWordError(StatusWord.WRONG_DATA, 'that name is taken');
    await store.commit([
      { path: pathOf(from), value: undefined },
      change({ credential: { ...credential, name: to }, counter }),
    ]);
    return NOTHING;
  }

  async #calculate({ data, p2 }: CommandApdu, exchange: Exchange): Promise<Uint8Array> {
    const { name, challenge } = wrongData(() => {
      const reader = new OathReader(data);
      const asked = new TextDecoder().decode(reader.need(OathTag.NAME));
      const moving = reader.next === undefined ? NOTHING : reader.need(OathTag.CHALLENGE);
      reader.end();
      return { name: asked, challenge: moving };
    });
    const { credential } = this.#find(name);
    if (credential.touch) {
      const request = { operation: 'otpCode', userName: name } as const;
      await needTouch(this.#environment, request, exchange, StatusWord.CONDITIONS_NOT_SATISFIED);
    }
    const moving = credential.type === 'totp' ? challenge : await this.#nextCounter(name);
    return encodeCode(credential.digits, macOf(credential, moving), p2 === OATH_TRUNCATED);
  }

  /** The HOTP counter to use now, the next one being stored already. */
  async #nextCounter(name: string): Promise<Uint8Array> {
    const { credential, counter } = this.#find(name); // as it is after a touch
    await this.#environment.store.commit([change({ credential, counter: counter + 1n })]);
    return uintBytes(counter, COUNTER_SIZE);
  }

  #calculateAll({ data, p2 }: CommandApdu): Uint8Array {
    const challenge = wrongData(() => {
      const reader = new OathReader(data);
      const moving = reader.need(OathTag.CHALLENGE);
      reader.end();
      return moving;
    });
    return concat(
      ...this.#all().flatMap(({ credential }) => [
        encodeTag(OathTag.NAME, utf8(credential.name)),
        listedCode(credential, challenge, p2 === OATH_TRUNCATED),
      ]),
    );
  }

  #all(): Stored[] {
    return Array.from(this.#environment.store.list(CREDENTIALS), ([, bytes]) => decodeStored(bytes));
  }

  #find(name: string): Stored {
    const stored = this.#environment.store.get(pathOf(name));
    if (stored !== undefined) return decodeStored(stored);
    throw new StatusWordError(StatusWord.REFERENCE_DATA_UNUSABLE, 'there is no such entry');
  }
}

function listedCode(credential: OathCredential, challenge: Uint8Array, truncated: boolean): Uint8Array {
  const digits = Uint8Array.of(credential.digits);
  if (credential.type === 'hotp') return encodeTag(OathTag.HOTP, digits);
  if (credential.touch) return encodeTag(OathTag.TOUCH, digits);
  return encodeCode(credential.digits, macOf(credential, challenge), truncated);
}

function macOf({ algorithm, key }: OathCredential, moving: Uint8Array): Uint8Array {
  return otpMac(algorithm, key, moving);
}

function pathOf(name: string): string {
  return `${CREDENTIALS}${toHex(utf8(name))}`;
}

function change({ credential, counter }: Stored): StoreChange {
  const value = concat(uintBytes(counter, COUNTER_SIZE), encodePut({ ...credential, counter: 0 }));
  return { path: pathOf(credential.name), value };
}

function decodeStored(bytes: Uint8Array): Stored {
  const reader = new ByteReader(bytes, 'OATH record');
  const counter = readUint64(reader.bytes(COUNTER_SIZE, 'counter'));
  return { counter, credential: decodePut(reader.bytes(reader.remaining, 'credential')) };
}
