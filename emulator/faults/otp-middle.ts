/** Between a host and Token2's OTP applet: opens what the host seals, and seals it again for the applet. */
import { concat } from '../../ctap/bytes.ts';
import type { EcdhKeyPair } from '../../ctap/crypto.ts';
import {
  type CommandApdu,
  type CommandFields,
  decodeCommand,
  decodeResponse,
  encodeCommand,
  encodeResponse,
  type ResponseApdu,
  StatusWord,
  StatusWordError,
} from '../../ctap/iso7816/apdu.ts';
import { OtpCommand, type OtpCommandName, otpCommandName } from '../../ctap/token2/otp-applet.ts';
import {
  decodeEntry,
  encodeDeletion,
  encodeEntry,
  type OtpEntryName,
  type OtpEntryWithSeed,
} from '../../ctap/token2/otp-entries.ts';
import { BUTTON_SEED_IV, ENTRY_IV, seal, unseal } from '../../ctap/token2/sealing.ts';
import type { FaultContext } from './fault.ts';

const POINT_SIZE = 64;
const BLOCK_SIZE = 16;

export type Next = (command: Uint8Array) => Promise<Uint8Array>;

/** A command of the applet, as a fault looks at it. */
export interface SeenOtpCommand {
  readonly name: OtpCommandName | undefined;
  readonly command: CommandApdu;
}

/** Undefined for what is no APDU. */
export function seenOtpCommand(apdu: Uint8Array): SeenOtpCommand | undefined {
  try {
    const command = decodeCommand(apdu);
    return { name: otpCommandName(command), command };
  } catch (error) {
    if (error instanceof StatusWordError) return undefined; // malformed on purpose: the key is to refuse it
    throw error;
  }
}

export function said(statusWord: number): Uint8Array {
  return encodeResponse({ data: new Uint8Array(0), statusWord });
}

export function sameName(a: OtpEntryName, b: OtpEntryName): boolean {
  return a.app === b.app && a.account === b.account;
}

/** A host's key agreement ends here, and another one with the applet begins. */
export class OtpMiddle {
  /** Entries that hosts have written since, with their seeds; those of one name once, the last one last. */
  readonly entries: OtpEntryWithSeed[] = [];
  readonly #context: FaultContext;
  #pair: EcdhKeyPair | undefined;

  constructor(context: FaultContext) {
    this.#context = context;
  }

  find(name: OtpEntryName): OtpEntryWithSeed | undefined {
    return this.entries.find((entry) => sameName(entry, name));
  }

  /** Answers for the applet: its public key. */
  async publicKey(command: Uint8Array, next: Next): Promise<Uint8Array> {
    const answer = decodeResponse(await next(command));
    if (answer.statusWord !== StatusWord.NO_ERROR) return encodeResponse(answer);
    this.#pair = this.#newPair();
    return encodeResponse({ ...answer, data: this.#pair.publicKey });
  }

  /** What a body seals; undefined where it is not sealed as it should be. */
  open({ name, command: { data } }: SeenOtpCommand): Uint8Array | undefined {
    const iv = ivOf(name);
    if (iv === undefined || this.#pair === undefined || data.length === 0) return undefined;
    try {
      return unseal(this.#context.crypto, this.#pair.privateKey, iv, data);
    } catch (error) {
      if (error instanceof TypeError || error instanceof RangeError) return undefined;
      throw error;
    }
  }

  /** What is wrong with a sealed body of whole blocks: its point, or its padding. */
  flaw({ name, command: { data } }: SeenOtpCommand): 'point' | 'padding' | undefined {
    const iv = ivOf(name);
    const size = data.length - POINT_SIZE;
    if (iv === undefined || this.#pair === undefined || size < BLOCK_SIZE || size % BLOCK_SIZE !== 0) return undefined;
    const { crypto } = this.#context;
    try {
      unseal(crypto, this.#pair.privateKey, iv, data);
      return undefined;
    } catch (error) {
      if (error instanceof RangeError) return 'point';
      if (error instanceof TypeError) return 'padding';
      throw error;
    }
  }

  /** Sends a sealed body of this command to the applet. */
  async send(name: 'writeEntry' | 'writeButtonSeed', plain: Uint8Array, next: Next): Promise<Uint8Array> {
    const { data: publicKey } = await call({ ...OtpCommand.getPublicKey, le: 256 }, next);
    const data = seal(this.#context.crypto, this.#newPair(), publicKey, ivOf(name)!, plain);
    const answer = await next(encodeCommand({ ...OtpCommand[name], data }));
    if (name === 'writeEntry' && decodeResponse(answer).statusWord === StatusWord.NO_ERROR) this.#remember(plain);
    return answer;
  }

  write(entry: OtpEntryWithSeed, next: Next): Promise<Uint8Array> {
    return this.send('writeEntry', encodeEntry(entry), next);
  }

  remove(name: OtpEntryName, next: Next): Promise<Uint8Array> {
    return this.send('writeEntry', encodeDeletion(name), next);
  }

  #remember(plain: Uint8Array): void {
    const decoded = decodeEntry(plain);
    const name = 'write' in decoded ? decoded.write : decoded.remove;
    const index = this.entries.findIndex((entry) => sameName(entry, name));
    if (index >= 0) this.entries.splice(index, 1);
    if ('write' in decoded) this.entries.push(decoded.write);
  }

  #newPair(): EcdhKeyPair {
    const { crypto, random } = this.#context;
    return crypto.generateEcdhKeyPair((length) => random.bytes(length));
  }
}

/** A command to its answer, which is whole. */
export async function call(command: CommandFields, next: Next): Promise<ResponseApdu> {
  let response = decodeResponse(await next(encodeCommand(command)));
  const parts = [response.data];
  while (response.statusWord >> 8 === 0x61) {
    response = decodeResponse(await next(Uint8Array.of(0x00, 0xc0, 0x00, 0x00, response.statusWord & 0xff)));
    parts.push(response.data);
  }
  return { data: concat(...parts), statusWord: response.statusWord };
}

function ivOf(name: OtpCommandName | undefined): Uint8Array | undefined {
  if (name === 'writeEntry') return ENTRY_IV;
  return name === 'writeButtonSeed' ? BUTTON_SEED_IV : undefined;
}
