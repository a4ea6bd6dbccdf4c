/** Turns what happens in a lab into messages for its watchers: each is written once, however many watch. */
import { findKeyboardLayout, readWithLayout } from '../../../ctap/otp/keyboard-layouts.ts';
import { TraceDecoder } from '../../../ctap/trace/decoder.ts';
import type { Lab } from '../lab.ts';
import type { LabEvent } from '../lab-events.ts';
import { clockJSON } from './clock.ts';
import { keyJSON } from './key-json.ts';
import { tokenJSON } from './token-json.ts';

export interface Watcher {
  /** True where it wants all that goes over the wire. */
  readonly traffic: boolean;
  send(message: string): void;
}

/** Milliseconds in which changes of a key are gathered: a key that works changes many times. */
const GATHERING = 15;

export class EventHub {
  readonly #lab: Lab;
  readonly #onDefect: (error: unknown) => void;
  readonly #watchers = new Set<Watcher>();
  readonly #changed = new Set<string>();
  /** What the watchers know of each key, as JSON. */
  readonly #known = new Map<string, string>();
  readonly #unsubscribe: () => void;
  /** Ends the listening to each key's traffic; none while nobody wants it. */
  readonly #taps = new Map<string, () => void>();
  #gathering: NodeJS.Timeout | undefined;

  constructor(lab: Lab, onDefect: (error: unknown) => void) {
    this.#lab = lab;
    this.#onDefect = onDefect;
    this.#unsubscribe = lab.events.subscribe((event) => {
      if (this.#watchers.size > 0) this.#take(event);
    });
  }

  /** Lets it watch, beginning with everything. @returns ends it */
  join(watcher: Watcher): () => void {
    this.#flush();
    if (this.#watchers.size === 0) this.#learn();
    this.#watchers.add(watcher);
    this.#tap();
    const { clock, links } = this.#lab;
    const tokens = [...this.#lab.tokens.values()].map(tokenJSON);
    const rest = JSON.stringify({ tokens, clock: clockJSON(clock), links }).slice(1);
    watcher.send(`{"type":"lab","keys":[${[...this.#known.values()].join(',')}],${rest}`);
    return () => {
      this.#watchers.delete(watcher);
      this.#tap();
    };
  }

  close(): void {
    this.#unsubscribe();
    clearTimeout(this.#gathering);
    this.#watchers.clear();
    this.#tap();
  }

  /** Listens to the traffic of all keys that are there, while somebody wants it. */
  #tap(): void {
    const wanted = [...this.#watchers].some(({ traffic }) => traffic);
    for (const [id, stop] of this.#taps) {
      if (wanted && this.#lab.keys.has(id)) continue;
      stop();
      this.#taps.delete(id);
    }
    if (!wanted) return;
    for (const { id, key } of this.#lab.keys.values()) {
      if (this.#taps.has(id)) continue;
      const decoder = new TraceDecoder();
      const stop = key.onTraffic((traffic) => {
        for (const entry of decoder.accept(traffic)) this.#sendTraffic({ type: 'traffic', key: id, entry });
      });
      this.#taps.set(id, stop);
    }
  }

  #sendTraffic(message: object): void {
    const text = JSON.stringify(message);
    for (const watcher of this.#watchers) if (watcher.traffic) watcher.send(text);
  }

  #learn(): void {
    this.#known.clear();
    for (const key of this.#lab.keys.values()) this.#known.set(key.id, JSON.stringify(keyJSON(key)));
  }

  #take(event: LabEvent): void {
    switch (event.type) {
      case 'key':
        this.#changed.add(event.id);
        this.#gathering ??= setTimeout(() => this.#flushSafely(), GATHERING);
        break;
      case 'key-removed':
        this.#flush();
        this.#known.delete(event.id);
        this.#send({ type: 'key-removed', id: event.id });
        break;
      case 'token': {
        const token = this.#lab.tokens.get(event.id);
        if (token !== undefined) this.#send({ type: 'token', token: tokenJSON(token) });
        break;
      }
      case 'token-removed':
        this.#send({ type: 'token-removed', id: event.id });
        break;
      case 'clock':
        this.#send({ type: 'clock', clock: clockJSON(this.#lab.clock) });
        break;
      case 'typed': {
        const text = readWithLayout(event.strokes, findKeyboardLayout('us'));
        this.#send({ type: 'typed', key: event.id, text });
        break;
      }
    }
  }

  #flushSafely(): void {
    try {
      this.#flush();
    } catch (error) {
      this.#onDefect(error); // nobody waits for a timer
    }
  }

  #flush(): void {
    clearTimeout(this.#gathering);
    this.#gathering = undefined;
    const ids = [...this.#changed];
    this.#changed.clear();
    this.#tap();
    if (this.#watchers.size === 0) return;
    for (const id of ids) {
      const key = this.#lab.keys.get(id);
      if (key === undefined) continue;
      const text = JSON.stringify(keyJSON(key));
      if (this.#known.get(id) === text) continue;
      this.#known.set(id, text);
      this.#sendText(`{"type":"key","key":${text}}`);
    }
  }

  #send(message: object): void {
    this.#sendText(JSON.stringify(message));
  }

  #sendText(text: string): void {
    for (const watcher of this.#watchers) watcher.send(text);
  }
}
