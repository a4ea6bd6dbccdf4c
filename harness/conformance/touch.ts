/** Whether a key asks for a touch: it says so in its keepalives, and waits. */
import type { CborMap } from '../../ctap/cbor.ts';
import type { Answer } from './answer.ts';
import type { Subject } from './subject.ts';

/** Status of a keepalive that asks for a touch (CTAP 2.3 §11.2.9.1.7). */
const UPNEEDED = 2;

export interface Untouched {
  /** True where the key asked for a touch. */
  readonly asked: boolean;
  /** What it answered, to a cancel where it had asked. */
  readonly answer: Answer;
}

/** Milliseconds after which a key that has not answered is waiting, whatever its keepalives say. */
const PATIENCE = 3000;
const STEP = 100;

/** Sends a request while nobody touches the key, and cancels it as soon as the key waits for a touch. Over HID alone. */
export async function untouched(key: Subject, command: number, parameters: CborMap): Promise<Untouched> {
  key.user('absent');
  const cancel = new AbortController();
  let ended = false;
  const onKeepalive = (status: number) => {
    if (status === UPNEEDED) cancel.abort();
  };
  const answering = key.request(command, parameters, { signal: cancel.signal, onKeepalive }).finally(() => {
    ended = true;
  });
  const isOver = () => ended || cancel.signal.aborted;
  for (let waited = 0; !isOver() && waited < PATIENCE; waited += STEP) await key.wait(STEP);
  if (!ended) cancel.abort();
  const answer = await answering;
  key.user('touches');
  return { asked: cancel.signal.aborted, answer };
}
