/** What the client of a busy key tells, and the settings that it shares with those who open the key again. */

export const PIN = '123456';
export const WRONG_PIN = '654321';
/** Room for all that many short lives make. */
export const MODEL = { maxDiscoverableCredentials: 100_000 };

export type Told =
  /** Before anything is asked of the key, and before its store is opened. */
  | { readonly kind: 'started' }
  | { readonly kind: 'pinSet' }
  /** The PIN is about to be entered, right or wrong: its answer may never be told. */
  | { readonly kind: 'entering'; readonly right: boolean }
  | { readonly kind: 'retries'; readonly retries: number }
  | { readonly kind: 'made'; readonly id: string; readonly discoverable: boolean; readonly signCount: number }
  | { readonly kind: 'signed'; readonly id: string; readonly signCount: number }
  /** A credential is about to be deleted. */
  | { readonly kind: 'deleting'; readonly id: string }
  | { readonly kind: 'deleted'; readonly id: string };
