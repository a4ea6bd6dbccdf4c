/// <reference lib="dom" />
/** What the page knows of the lab: all of it from the lab's events, so that several panels agree. */
import type { TraceEntry } from '../../../../ctap/trace/entry.ts';
import type { ClockJSON } from '../../api/clock.ts';
import type { LabKeyJSON } from '../../api/schemas.ts';
import type { TokenJSON } from '../../api/token-json.ts';

export type KeyState = LabKeyJSON;

export interface LinksState {
  readonly site?: string | null;
  readonly dashboard?: string | null;
  readonly mailbox?: string | null;
}

export type LabMessage =
  | {
      readonly type: 'lab';
      readonly keys: readonly KeyState[];
      readonly tokens: readonly TokenJSON[];
      readonly clock: ClockJSON;
      readonly links: LinksState;
    }
  | { readonly type: 'key'; readonly key: KeyState }
  | { readonly type: 'key-removed' | 'token-removed'; readonly id: string }
  | { readonly type: 'token'; readonly token: TokenJSON }
  | { readonly type: 'clock'; readonly clock: ClockJSON }
  | { readonly type: 'typed'; readonly key: string; readonly text: string }
  | { readonly type: 'traffic'; readonly key: string; readonly entry: TraceEntry };

/** Told of what has changed; `change` is the message, `undefined` where only the choice of the person has. */
export type StateListener = (state: LabState, change: LabMessage | undefined) => void;

export class LabState {
  readonly keys = new Map<string, KeyState>();
  readonly tokens = new Map<string, TokenJSON>();
  links: LinksState = {};
  clock: ClockJSON = { now: new Date().toISOString(), frozen: false, offset: 0 };
  #clockReadAt = performance.now();
  #selected: string | undefined;
  readonly #listeners = new Set<StateListener>();

  /** The key that the person looks at; the first one until somebody picks another. */
  get selected(): KeyState | undefined {
    const picked = this.#selected === undefined ? undefined : this.keys.get(this.#selected);
    return picked ?? this.keys.values().next().value;
  }

  /** The key whose question is the oldest. */
  get asking(): KeyState | undefined {
    const since = (key: KeyState) => key.pending[0]?.since ?? '';
    const asking = [...this.keys.values()].filter(({ pending }) => pending.length > 0);
    return asking.sort((a, b) => since(a).localeCompare(since(b)))[0];
  }

  /** The lab's clock now, in milliseconds since the epoch. */
  now(): number {
    const { now, frozen } = this.clock;
    return Date.parse(now) + (frozen ? 0 : performance.now() - this.#clockReadAt);
  }

  select(id: string): void {
    this.#selected = id;
    this.#tell(undefined);
  }

  onChange(listener: StateListener): void {
    this.#listeners.add(listener);
  }

  apply(message: LabMessage): void {
    switch (message.type) {
      case 'lab':
        this.keys.clear();
        this.tokens.clear();
        for (const key of message.keys) this.keys.set(key.id, key);
        for (const token of message.tokens) this.tokens.set(token.id, token);
        this.links = message.links;
        this.#setClock(message.clock);
        break;
      case 'key':
        this.keys.set(message.key.id, message.key);
        break;
      case 'key-removed':
        this.keys.delete(message.id);
        break;
      case 'token':
        this.tokens.set(message.token.id, message.token);
        break;
      case 'token-removed':
        this.tokens.delete(message.id);
        break;
      case 'clock':
        this.#setClock(message.clock);
        break;
    }
    this.#tell(message);
  }

  #setClock(clock: ClockJSON): void {
    this.clock = clock;
    this.#clockReadAt = performance.now();
  }

  #tell(change: LabMessage | undefined): void {
    for (const listener of this.#listeners) listener(this, change);
  }
}
