/** What happens in a lab, for whoever watches it. */

import type { Stroke } from '../../ctap/otp/keyboard-usages.ts';

/** `key`, `token`: something of it is other than before, or it is new. */
export type LabEvent =
  | { readonly type: 'key' | 'key-removed' | 'token' | 'token-removed'; readonly id: string }
  | { readonly type: 'clock' }
  | { readonly type: 'typed'; readonly id: string; readonly strokes: readonly Stroke[] };

export type LabListener = (event: LabEvent) => void;

export class LabEvents {
  readonly #listeners = new Set<LabListener>();

  /** @returns ends it */
  subscribe(listener: LabListener): () => void {
    const own: LabListener = (event) => listener(event); // the same function may listen twice
    this.#listeners.add(own);
    return () => void this.#listeners.delete(own);
  }

  emit(event: LabEvent): void {
    for (const listener of this.#listeners) listener(event);
  }
}
