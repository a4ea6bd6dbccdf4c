/** authenticatorSelection: CTAP 2.3 §6.9. */
import type { CborValue } from '../../ctap/cbor.ts';
import { CtapError } from '../../ctap/status.ts';
import type { Exchange } from '../exchange.ts';
import type { Authenticator } from './authenticator.ts';

export async function selection(authenticator: Authenticator, _: CborValue, exchange: Exchange): Promise<undefined> {
  const answer = await authenticator.requestPresence({ operation: 'selection' }, exchange);
  if (answer === 'denied') throw new CtapError('CTAP2_ERR_OPERATION_DENIED');
  if (answer === 'timeout') throw new CtapError('CTAP2_ERR_USER_ACTION_TIMEOUT');
}
