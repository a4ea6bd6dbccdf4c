/** Checks that applets share: each refuses with the status word that the host is told. */
import { StatusWord, StatusWordError } from '../../ctap/iso7816/apdu.ts';
import type { Environment, PresenceRequest } from '../environment.ts';
import { type Exchange, KeepaliveStatus } from '../exchange.ts';

/** What `read` finds wrong with a body, as 6A80. */
export function wrongData<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof TypeError) && !(error instanceof RangeError)) throw error;
    throw new StatusWordError(StatusWord.WRONG_DATA, error.message, { cause: error });
  }
}

/** The one byte of a body. @throws StatusWordError 6700 where there are more or less */
export function oneByte(data: Uint8Array): number {
  const [byte] = data;
  if (byte !== undefined && data.length === 1) return byte;
  throw new StatusWordError(StatusWord.WRONG_LENGTH, `expected one byte, got ${data.length}`);
}

/**
 * Asks for a touch.
 * @throws StatusWordError `timedOut` where none came, 6985 where the user declined; whatever aborted the exchange
 */
export async function needTouch(
  { presence }: Environment,
  request: PresenceRequest,
  exchange: Exchange,
  timedOut: number,
): Promise<void> {
  exchange.keepalive(KeepaliveStatus.UPNEEDED);
  const answer = await presence.request(request, exchange);
  exchange.signal.throwIfAborted();
  exchange.keepalive(KeepaliveStatus.PROCESSING);
  if (answer === 'timeout') throw new StatusWordError(timedOut, 'nobody touched the key');
  if (answer === 'denied') throw new StatusWordError(StatusWord.CONDITIONS_NOT_SATISFIED, 'the user declined');
}
