/** Ids of credentials and fingers as people name them: by the beginning of the id, in hexadecimal or base64url. */
import { toBase64Url, toHex } from '../../ctap/bytes.ts';
import { Failure } from './failure.ts';

/** Characters below which a beginning says too little. */
const LEAST_CHARACTERS = 4;
/** Characters that a list shows at least. */
const SHOWN_CHARACTERS = 16;

/**
 * The one item whose id is `given`, or begins with it.
 * @throws Failure "usage" for too short a beginning or one of several ids, "failed" where there is none
 */
export function findById<T>(
  items: readonly T[],
  idOf: (item: T) => Uint8Array,
  given: string,
  { what, next }: { readonly what: string; readonly next: string },
): T {
  const forms = items.map((item) => ({ item, hex: toHex(idOf(item)), base64Url: toBase64Url(idOf(item)) }));
  const exact = forms.find(({ hex, base64Url }) => hex === given.toLowerCase() || base64Url === given);
  if (exact !== undefined) return exact.item;
  if (given.length < LEAST_CHARACTERS) {
    const expected = `at least ${LEAST_CHARACTERS} characters of the id of a ${what}`;
    throw new Failure('usage', `expected ${expected}, got ${JSON.stringify(given)}`, next);
  }
  const [first, second] = forms.filter(
    ({ hex, base64Url }) => hex.startsWith(given.toLowerCase()) || base64Url.startsWith(given),
  );
  if (first === undefined) throw new Failure('failed', `the key has no ${what} ${JSON.stringify(given)}`, next);
  if (second === undefined) return first.item;
  throw new Failure('usage', `${JSON.stringify(given)} begins the id of more than one ${what}`, 'Give more of it.');
}

/** The ids in hexadecimal, all cut to the same length, at which they still differ. */
export function shortIds(ids: readonly Uint8Array[]): string[] {
  const whole = ids.map(toHex);
  const longest = Math.max(0, ...whole.map((id) => id.length));
  for (let length = SHOWN_CHARACTERS; length < longest; length += 2) {
    const cut = whole.map((id) => id.slice(0, length));
    if (new Set(cut).size === cut.length) return cut;
  }
  return whole;
}
