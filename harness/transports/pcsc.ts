/** Cards in the system's readers, through PC/SC. */
import type { CardConnection } from './connection.ts';
import { DeviceGoneError } from './connection.ts';
import { PcscError, type PcscLibrary, PcscMissingError, PcscStatus, pcscLibrary } from './pcsc-library.ts';

/** A reader with a card in it. */
export interface CardReader {
  /** As pcscd and Windows name it. */
  readonly name: string;
  readonly atr: Uint8Array;
}

const NOT_THERE: ReadonlySet<number> = new Set([PcscStatus.NO_SERVICE, PcscStatus.SERVICE_STOPPED]);
const NO_CARD: ReadonlySet<number> = new Set([
  PcscStatus.NO_SMARTCARD,
  PcscStatus.REMOVED_CARD,
  PcscStatus.READER_UNAVAILABLE,
  PcscStatus.SHARING_VIOLATION,
]);

/** The readers that hold a card which can be shared; none where there is no PC/SC, or its service does not run. */
export async function listCards(): Promise<readonly CardReader[]> {
  let library: PcscLibrary;
  let context: number;
  try {
    library = await pcscLibrary();
    context = await library.establishContext();
  } catch (error) {
    if (error instanceof PcscMissingError || (error instanceof PcscError && NOT_THERE.has(error.status))) return [];
    throw error;
  }
  try {
    const cards: CardReader[] = [];
    for (const name of await library.listReaders(context)) {
      const atr = await atrIn(library, context, name);
      if (atr !== undefined) cards.push({ name, atr });
    }
    return cards;
  } finally {
    await library.releaseContext(context);
  }
}

async function atrIn(library: PcscLibrary, context: number, reader: string): Promise<Uint8Array | undefined> {
  try {
    const { card } = await library.connect(context, reader);
    try {
      return await library.atr(card);
    } finally {
      await library.disconnect(card);
    }
  } catch (error) {
    if (error instanceof PcscError && NO_CARD.has(error.status)) return undefined;
    throw error;
  }
}

/** Connects to the card in that reader, which other programs may share. @throws PcscError where there is none */
export async function openCard(reader: string): Promise<CardConnection> {
  const library = await pcscLibrary();
  const context = await library.establishContext();
  try {
    const { card, protocol } = await library.connect(context, reader);
    return connection(library, reader, { context, card, protocol, atr: await library.atr(card) });
  } catch (error) {
    await library.releaseContext(context);
    throw error;
  }
}

interface OpenedCard {
  readonly context: number;
  readonly card: number;
  readonly protocol: number;
  readonly atr: Uint8Array;
}

function connection(library: PcscLibrary, name: string, { context, card, atr, ...opened }: OpenedCard): CardConnection {
  let { protocol } = opened;
  let turn: Promise<unknown> = Promise.resolve();
  let closed: Promise<void> | undefined;
  const inTurn = <T>(action: () => Promise<T>): Promise<T> => {
    if (closed !== undefined) return Promise.reject(new DeviceGoneError(`the connection to pcsc:${name} is closed`));
    const done = turn.then(action);
    turn = done.catch(() => undefined); // whoever asked has the failure
    return done;
  };
  return {
    name,
    atr,
    transmit: (apdu) => inTurn(() => library.transmit(card, protocol, apdu)),
    reset: () =>
      inTurn(async () => {
        protocol = await library.reset(card);
      }),
    close() {
      closed ??= turn.then(async () => {
        await library.disconnect(card).catch(ignoreGone);
        await library.releaseContext(context);
      });
      return closed;
    },
  };
}

/** A card that was taken out needs no disconnecting. */
function ignoreGone(error: unknown): void {
  if (!(error instanceof PcscError)) throw error;
}
