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

/** Sends a request while nobody touches the key, and cancels it as soon as the key asks for a touch. Over HID alone. */
export async function untouched(key: Subject, command: number, parameters: CborMap): Promise<Untouched> {
  key.user('absent');
  const cancel = new AbortController();
  let asked = false;
  const onKeepalive = (status: number) => {
    if (status !== UPNEEDED) return;
    asked = true;
    cancel.abort();
  };
  const answer = await key.request(command, parameters, { signal: cancel.signal, onKeepalive });
  key.user('touches');
  return { asked, answer };
}
