/**
 * The system's PC/SC library, called by its C interface (PC/SC part 5): pcsc-lite on Linux, the framework on macOS,
 * winscard on Windows. A binding that is compiled at installation is so avoided.
 */
import type { LibraryHandle, TypeObject } from 'koffi';

/** A function of the library; `async` calls it on a thread of its own. */
type Native = ReturnType<LibraryHandle['func']>;

/** What the library's functions answer. */
export const PcscStatus = {
  SUCCESS: 0,
  TIMEOUT: 0x8010000a,
  SHARING_VIOLATION: 0x8010000b,
  NO_SMARTCARD: 0x8010000c,
  UNKNOWN_READER: 0x80100009,
  NO_SERVICE: 0x8010001d,
  SERVICE_STOPPED: 0x8010001e,
  NO_READERS_AVAILABLE: 0x8010002e,
  READER_UNAVAILABLE: 0x80100017,
  RESET_CARD: 0x80100068,
  REMOVED_CARD: 0x80100069,
  INSUFFICIENT_BUFFER: 0x80100008,
} as const;

const MEANINGS: Readonly<Record<number, string>> = {
  [PcscStatus.SHARING_VIOLATION]: 'another program uses the card alone',
  [PcscStatus.NO_SMARTCARD]: 'there is no card in the reader',
  [PcscStatus.UNKNOWN_READER]: 'there is no reader of that name',
  [PcscStatus.NO_SERVICE]: 'the PC/SC service does not run (package pcscd on Debian)',
  [PcscStatus.SERVICE_STOPPED]: 'the PC/SC service has stopped',
  [PcscStatus.NO_READERS_AVAILABLE]: 'there are no readers',
  [PcscStatus.READER_UNAVAILABLE]: 'the reader is gone',
  [PcscStatus.RESET_CARD]: 'the card was reset by another program',
  [PcscStatus.REMOVED_CARD]: 'the card was taken out',
};

/** A function of the library failed. */
export class PcscError extends Error {
  readonly status: number;
  /** ENODEV where the card, the reader or the service is not there. */
  readonly code: string;

  constructor(action: string, status: number) {
    super(`${action}: ${MEANINGS[status] ?? `PC/SC error 0x${status.toString(16)}`}`);
    this.name = 'PcscError';
    this.status = status;
    this.code = status === PcscStatus.SHARING_VIOLATION ? 'EBUSY' : 'ENODEV';
  }
}

/** There is no PC/SC on this system. */
export class PcscMissingError extends Error {
  constructor(library: string, options: ErrorOptions) {
    super(`expected the PC/SC library ${library}, it cannot be loaded (Debian: package libpcsclite1)`, options);
    this.name = 'PcscMissingError';
  }
}

/** The library's functions, each on a thread of its own while it waits. Contexts and cards are plain numbers. */
export interface PcscLibrary {
  establishContext(): Promise<number>;
  releaseContext(context: number): Promise<void>;
  listReaders(context: number): Promise<readonly string[]>;
  /** Shares the card; takes T=0 or T=1 as the card offers. */
  connect(context: number, reader: string): Promise<{ readonly card: number; readonly protocol: number }>;
  /** Its answer to reset. */
  atr(card: number): Promise<Uint8Array>;
  transmit(card: number, protocol: number, apdu: Uint8Array): Promise<Uint8Array>;
  /** Resets the card, which stays connected. @returns the protocol from now on */
  reset(card: number): Promise<number>;
  disconnect(card: number): Promise<void>;
}

const LIBRARIES: Readonly<Partial<Record<NodeJS.Platform, string>>> = {
  linux: 'libpcsclite.so.1',
  darwin: '/System/Library/Frameworks/PCSC.framework/PCSC',
  win32: 'winscard.dll',
};

const SCOPE_SYSTEM = 2;
const SHARE_SHARED = 2;
const PROTOCOLS_ANY = 3;
const LEAVE_CARD = 0;
const RESET_CARD = 1;
const MAX_ATR = 33;
/** Extended APDUs answer at most so much. */
const MAX_RESPONSE = 65538;

type Word = readonly [number];

let loaded: Promise<PcscLibrary> | undefined;

/** Loads the library at first use. @throws PcscMissingError where it is not there */
export function pcscLibrary(): Promise<PcscLibrary> {
  loaded ??= load();
  return loaded;
}

async function load(): Promise<PcscLibrary> {
  const { default: koffi } = await import('koffi'); // a native library: loaded where it is needed
  const name = LIBRARIES[process.platform] ?? 'libpcsclite.so.1';
  let library: ReturnType<typeof koffi.load>;
  try {
    library = koffi.load(name);
  } catch (cause) {
    throw new PcscMissingError(name, { cause });
  }
  // pcsc-lite's DWORD is a long; on macOS and Windows it has 32 bits. Handles are longs, but on macOS.
  const word = process.platform === 'linux' ? 'unsigned long' : 'uint32_t';
  const handle = process.platform === 'darwin' ? 'int32_t' : process.platform === 'win32' ? 'uintptr_t' : 'long';
  const request = koffi.struct({ protocol: word, length: word });
  const ansi = process.platform === 'win32' ? 'A' : '';
  const out = (type: string) => koffi.out(koffi.pointer(type));
  const inout = (type: string) => koffi.inout(koffi.pointer(type));
  type Argument = string | TypeObject | ReturnType<typeof out>;
  const declare = (symbol: string, ...types: Argument[]): Native => library.func(symbol, 'int32_t', types);

  const establish = declare('SCardEstablishContext', word, 'void *', 'void *', out(handle));
  const release = declare('SCardReleaseContext', handle);
  const list = declare(`SCardListReaders${ansi}`, handle, 'void *', 'void *', inout(word));
  const connect = declare(`SCardConnect${ansi}`, handle, 'str', word, word, out(handle), out(word));
  const status = declare(
    `SCardStatus${ansi}`,
    handle,
    'void *',
    inout(word),
    out(word),
    out(word),
    'void *',
    inout(word),
  );
  const transmit = declare(
    'SCardTransmit',
    handle,
    koffi.pointer(request),
    'void *',
    word,
    'void *',
    'void *',
    inout(word),
  );
  const reconnect = declare('SCardReconnect', handle, word, word, word, out(word));
  const disconnect = declare('SCardDisconnect', handle, word);

  return {
    async establishContext() {
      const context: Word = [0];
      await call('PC/SC', establish, SCOPE_SYSTEM, null, null, context);
      return context[0];
    },
    async releaseContext(context) {
      await call('PC/SC', release, context);
    },
    async listReaders(context) {
      const size: Word = [0];
      const first = await run(list, context, null, null, size);
      if (first === PcscStatus.NO_READERS_AVAILABLE) return [];
      if (first !== PcscStatus.SUCCESS) throw new PcscError('listing the card readers', first);
      const names = new Uint8Array(size[0]);
      await call('listing the card readers', list, context, null, names, size);
      return new TextDecoder()
        .decode(names.subarray(0, size[0]))
        .split('\0')
        .filter((text) => text !== '');
    },
    async connect(context, reader) {
      const [card, protocol]: [Word, Word] = [[0], [0]];
      await call(`pcsc:${reader}`, connect, context, reader, SHARE_SHARED, PROTOCOLS_ANY, card, protocol);
      return { card: card[0], protocol: protocol[0] };
    },
    async atr(card) {
      const [nameSize, state, protocol, size]: Word[] = [[0], [0], [0], [MAX_ATR]];
      const atr = new Uint8Array(MAX_ATR);
      await call('the answer to reset', status, card, null, nameSize, state, protocol, atr, size);
      return atr.slice(0, size![0]);
    },
    async transmit(card, protocol, apdu) {
      const size: Word = [MAX_RESPONSE];
      const response = new Uint8Array(MAX_RESPONSE);
      const header = { protocol, length: koffi.sizeof(request) };
      await call('an APDU', transmit, card, header, apdu, apdu.length, null, response, size);
      return response.slice(0, size[0]);
    },
    async reset(card) {
      const protocol: Word = [0];
      await call('the reset of a card', reconnect, card, SHARE_SHARED, PROTOCOLS_ANY, RESET_CARD, protocol);
      return protocol[0];
    },
    async disconnect(card) {
      await call('PC/SC', disconnect, card, LEAVE_CARD);
    },
  };
}

/** Calls a function on a thread of its own; resolves to its status, unsigned. */
function run(native: Native, ...parameters: unknown[]): Promise<number> {
  return new Promise((resolve, reject) => {
    native.async(...parameters, (error: Error | null, status: number) =>
      error ? reject(error) : resolve(status >>> 0),
    );
  });
}

/** @throws PcscError for any status but success */
async function call(action: string, native: Native, ...parameters: unknown[]): Promise<void> {
  const status = await run(native, ...parameters);
  if (status !== PcscStatus.SUCCESS) throw new PcscError(action, status);
}
