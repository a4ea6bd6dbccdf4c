/** Token2's OTP applet as a judge uses it: any command, right or wrong, and entries that are the judge's own. */
import { uintBytes } from '../../ctap/byte-reader.ts';
import { concat, utf8 } from '../../ctap/bytes.ts';
import {
  type CommandFields,
  decodeResponse,
  formatStatusWord,
  type ResponseApdu,
  StatusWord,
} from '../../ctap/iso7816/apdu.ts';
import { exchangeCommand } from '../../ctap/iso7816/chaining.ts';
import { type DeviceDetails, decodeDeviceInfo, OtpCommand } from '../../ctap/token2/otp-applet.ts';
import {
  decodePage,
  decodeReading,
  encodeDeletion,
  encodeEntry,
  encodeReadRequest,
  type OtpEntryName,
  type OtpEntryReading,
  type OtpEntryWithSeed,
} from '../../ctap/token2/otp-entries.ts';
import { ENTRY_IV, seal } from '../../ctap/token2/sealing.ts';
import type { CardConnection } from '../transports/connection.ts';
import { CheckFailure } from './check-failure.ts';
import { expect } from './expect.ts';
import { NotApplicable } from './not-applicable.ts';
import type { Subject } from './subject.ts';

/** How the accounts of all entries begin that checks write: nobody else has such. */
const OUR_ACCOUNTS = 'ctaplab.check';
/** The seed of RFC 4226 appendix D and RFC 6238 appendix B. */
export const RFC_SEED = utf8('12345678901234567890');
/** What is read of one entry is read for this moment (RFC 6238 appendix B). */
export const TIME = 2_000_000_000;
/** What is read of all entries, the owner's among them, is read for this one: codes of 1970 are worth nothing. */
export const PAST = 140;
const INFO_SIZE = 10;
const POINT_SIZE = 64;
/** A key that never ends its pages would keep a judge for ever. */
const MOST_PAGES = 1000;

const NOT_FOUND: readonly number[] = [StatusWord.WRONG_DATA, StatusWord.RECORD_NOT_FOUND];

export function isOurs({ account }: OtpEntryName): boolean {
  return account.startsWith(OUR_ACCOUNTS);
}

/** An entry of the judge's own; `of` tells it from others. */
export function entryNamed(of: string, settings: Partial<OtpEntryWithSeed> = {}): OtpEntryWithSeed {
  return {
    type: 'totp',
    algorithm: 'SHA1',
    period: 30,
    digits: 6,
    touch: false,
    app: 'ctaplab',
    account: `${OUR_ACCOUNTS}.${of}`,
    seed: RFC_SEED,
    ...settings,
  };
}

export function expectWord({ statusWord }: ResponseApdu, ...wanted: readonly number[]): void {
  expect(wanted.includes(statusWord), wanted.map(formatStatusWord).join(' or '), formatStatusWord(statusWord));
}

/** The key says no, in whatever words: where what is public of the applet names none. */
export function expectRefusal({ statusWord }: ResponseApdu): void {
  expect(statusWord !== StatusWord.NO_ERROR && statusWord >> 8 !== 0x61, 'a refusal', formatStatusWord(statusWord));
}

export function expectNotFound(answer: ResponseApdu): void {
  expectWord(answer, ...NOT_FOUND);
}

/** The data of an answer that is 9000. @throws CheckFailure for another */
export function accepted(answer: ResponseApdu): Uint8Array {
  expectWord(answer, StatusWord.NO_ERROR);
  return answer.data;
}

export class OtpApplet {
  readonly #key: Subject;
  readonly #card: CardConnection;

  private constructor(key: Subject, card: CardConnection) {
    this.#key = key;
    this.#card = card;
  }

  /** Selects it where it has to be selected: over a card nothing else can be asked afterwards. */
  static async open(key: Subject): Promise<OtpApplet> {
    return new OtpApplet(key, await key.token2());
  }

  /** One APDU as it is. */
  async raw(...bytes: readonly number[]): Promise<ResponseApdu> {
    return decodeResponse(await this.#card.transmit(Uint8Array.from(bytes)));
  }

  /** A command to its whole answer; in extended length where its data need that. */
  send(command: CommandFields): Promise<ResponseApdu> {
    const extended = (command.data?.length ?? 0) > 255;
    return exchangeCommand((apdu) => this.#card.transmit(apdu), command, { extended });
  }

  async publicKey(): Promise<Uint8Array> {
    return accepted(await this.send({ ...OtpCommand.getPublicKey, le: 256 }));
  }

  /** A sealed command. @param spoil makes what is sent of what should be */
  async sealed(
    command: CommandFields,
    iv: Uint8Array,
    plain: Uint8Array,
    spoil: (sealed: Uint8Array) => Uint8Array = (sealed) => sealed,
  ): Promise<ResponseApdu> {
    const { crypto } = this.#key.bench;
    const point = (await this.publicKey()).subarray(-POINT_SIZE); // how long it is, a check of its own tells
    const random = (length: number) => globalThis.crypto.getRandomValues(new Uint8Array(length));
    let sealed: Uint8Array;
    try {
      sealed = seal(crypto, crypto.generateEcdhKeyPair(random), point, iv, plain);
    } catch (error) {
      throw new CheckFailure(`expected a point of P-256 as public key: ${(error as Error).message}`);
    }
    return this.send({ ...command, data: spoil(sealed) });
  }

  /** Writes an entry as bytes. */
  writePlain(plain: Uint8Array, spoil?: (sealed: Uint8Array) => Uint8Array): Promise<ResponseApdu> {
    return this.sealed(OtpCommand.writeEntry, ENTRY_IV, plain, spoil);
  }

  write(entry: OtpEntryWithSeed): Promise<ResponseApdu> {
    return this.writePlain(encodeEntry(entry));
  }

  delete(name: OtpEntryName): Promise<ResponseApdu> {
    return this.writePlain(encodeDeletion(name));
  }

  /** @throws CheckFailure where the key refuses; NotApplicable where its entries are switched off */
  async put(...entries: readonly OtpEntryWithSeed[]): Promise<void> {
    for (const entry of entries) {
      const answer = await this.write(entry);
      if (answer.statusWord === StatusWord.CONDITIONS_NOT_SATISFIED && !(await this.details()).totpSupported) {
        throw new NotApplicable('the entries of the key are switched off');
      }
      accepted(answer);
    }
  }

  readOne(name: OtpEntryName, time: number = TIME): Promise<ResponseApdu> {
    const data = encodeReadRequest({ time: BigInt(time), one: name });
    return this.send({ ...OtpCommand.readEntries, data, le: 256 });
  }

  async reading(name: OtpEntryName, time?: number): Promise<OtpEntryReading> {
    return decodeReading(accepted(await this.readOne(name, time)));
  }

  async code(name: OtpEntryName, time?: number): Promise<string | undefined> {
    return (await this.reading(name, time)).code;
  }

  readAll(): Promise<ResponseApdu> {
    return this.send({ ...OtpCommand.readEntries, data: encodeReadRequest({ time: BigInt(PAST) }), le: 256 });
  }

  nextPage(): Promise<ResponseApdu> {
    return this.send({ ...OtpCommand.readNextPage, data: uintBytes(PAST, 8), le: 256 });
  }

  /** All entries, in pages as the key tells them; none where it says that it has none. */
  async pages(): Promise<readonly (readonly OtpEntryReading[])[]> {
    const first = await this.readAll();
    if (NOT_FOUND.includes(first.statusWord)) return [];
    if (accepted(first).length === 0) return []; // wrong, and another check's
    let page = decodePage(first.data);
    const pages = [page.entries];
    while (page.more) {
      expect(pages.length < MOST_PAGES, `at most ${MOST_PAGES} pages of entries`);
      page = decodePage(accepted(await this.nextPage()));
      pages.push(page.entries);
    }
    return pages;
  }

  /** What reading all tells of entries of ours. */
  async listed(...names: readonly OtpEntryName[]): Promise<readonly OtpEntryReading[]> {
    const all = (await this.pages()).flat();
    return all.filter(({ app, account }) => names.some((name) => name.app === app && name.account === account));
  }

  /** The device info as it came. */
  async info(): Promise<Uint8Array> {
    return accepted(await this.send({ ...OtpCommand.readDeviceInfo, le: INFO_SIZE }));
  }

  /** @throws NotApplicable where the key tells only which interfaces are off, as some firmware does over CCID */
  async details(): Promise<DeviceDetails> {
    const info = await this.info();
    if (info.length < INFO_SIZE) throw new NotApplicable(`the device info has ${info.length} bytes`);
    return decodeDeviceInfo(info).details!;
  }
}

/** Writes entries for an act, and takes them away again. */
export async function withEntries(
  key: Subject,
  entries: readonly OtpEntryWithSeed[],
  act: (otp: OtpApplet) => Promise<void>,
): Promise<void> {
  return leavingNone(key, entries, async (otp) => {
    await otp.put(...entries);
    await act(otp);
  });
}

/** An act that may leave entries of these names, which are taken away then. */
export async function leavingNone(
  key: Subject,
  names: readonly OtpEntryName[],
  act: (otp: OtpApplet) => Promise<void>,
): Promise<void> {
  const otp = await OtpApplet.open(key);
  if (key.bench.virtual) return act(otp); // nobody uses the key after the check
  const clean = async (applet: OtpApplet) => {
    for (const name of names) await applet.writePlain(encodeName(name));
  };
  await clean(otp); // an interrupted run may have left some
  try {
    await act(otp);
  } finally {
    // what cannot be taken away here is told of when the run ends
    await OtpApplet.open(key)
      .then(clean)
      .catch(() => undefined);
  }
}

/** A deletion, of names that are too long or too short, too. */
function encodeName({ app, account }: OtpEntryName): Uint8Array {
  const text = (value: string) => concat(Uint8Array.of(value.length), utf8(value));
  return concat(new Uint8Array(6), text(app), text(account), Uint8Array.of(0));
}
