/// <reference lib="dom" />
import type { KeyState } from './lab-state.ts';

/** A part of the details. */
export interface Part {
  readonly title: string;
  readonly body: HTMLElement;
  /** Shows the key; called again whenever anything of it has changed. Answers whether there is anything to show. */
  show(key: KeyState): boolean;
}
