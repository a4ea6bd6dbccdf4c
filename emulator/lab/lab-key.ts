/** One key of a lab: the device, its user, and where it is plugged in. */
import type { Stroke } from '../../ctap/otp/keyboard-usages.ts';
import type { PresentedFingerprints } from '../fingerprint.ts';
import type { VirtualKey } from '../key.ts';
import type { PendingPresence } from '../presence.ts';
import type { Attachment, KeyboardPlug } from '../transports/attachment.ts';
import type { KeySettings } from './key-settings.ts';
import type { LabEvent } from './lab-events.ts';
import type { LabPresence, TouchPolicy } from './touch-policy.ts';
import { attach, type TransportChoice } from './transport.ts';
import { waitUntil } from './wait-until.ts';

/** The key was deleted before its turn came. */
export class KeyGoneError extends Error {
  constructor(id: string) {
    super(`key ${id} was deleted meanwhile`);
    this.name = 'KeyGoneError';
  }
}

export interface LabKeyParts {
  readonly id: string;
  readonly key: VirtualKey;
  readonly presence: LabPresence;
  /** Only of models with a sensor. */
  readonly fingerprints?: PresentedFingerprints | undefined;
  readonly transports: readonly TransportChoice[];
  readonly settings?: KeySettings;
  /** Keeps changed settings; what asked for the change waits for it. */
  readonly save?: (settings: KeySettings) => Promise<void> | void;
  readonly emit?: (event: LabEvent) => void;
}

/** A way that a key is plugged in by; `device` only while it is. */
export interface KeyLink {
  /** Names it among the links of its key. */
  readonly id: string;
  readonly choice: TransportChoice;
  readonly device: string | undefined;
}

interface Link {
  readonly id: string;
  readonly choice: TransportChoice;
  attachment: Attachment | undefined;
}

export class LabKey {
  /** Names the key within its lab. */
  readonly id: string;
  readonly key: VirtualKey;
  readonly presence: LabPresence;
  /** The fingers that somebody names; only of models with a sensor. */
  readonly fingerprints: PresentedFingerprints | undefined;
  readonly #save: (settings: KeySettings) => Promise<void> | void;
  readonly #emit: (event: LabEvent) => void;
  readonly #stops: readonly (() => void)[];
  #settings: KeySettings;
  #links: readonly Link[];
  #lastLink: number;
  #inserted = false;
  #closed = false;
  #keyboard: KeyboardPlug | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor(parts: LabKeyParts) {
    this.id = parts.id;
    this.key = parts.key;
    this.presence = parts.presence;
    this.fingerprints = parts.fingerprints;
    this.#settings = parts.settings ?? {};
    this.#save = parts.save ?? (() => {});
    this.#emit = parts.emit ?? (() => {});
    const transports = this.#settings.transports ?? parts.transports;
    this.#links = transports.map((choice, index) => ({ id: String(index + 1), choice, attachment: undefined }));
    this.#lastLink = transports.length;
    const changed = () => this.changed();
    this.#stops = [this.presence.onChange(changed), this.key.onActivity(changed)];
  }

  get settings(): KeySettings {
    return this.#settings;
  }

  get links(): readonly KeyLink[] {
    return this.#links.map(({ id, choice, attachment }) => ({ id, choice, device: attachment?.device }));
  }

  /** Where programs find it, as `hidraw:/dev/hidraw0` or `udp:127.0.0.1:7112`; empty while it is out. */
  get devices(): readonly string[] {
    return this.#links.flatMap(({ attachment }) => (attachment === undefined ? [] : [attachment.device]));
  }

  get inserted(): boolean {
    return this.#inserted;
  }

  /** True while it neither works nor asks for anything. */
  get idle(): boolean {
    return !this.key.busy && !this.presence.asking;
  }

  /** Plugs it in: a power-up. False where it is in already. A transport that fails leaves it out altogether. */
  insert(): Promise<boolean> {
    return this.#inTurn(async () => {
      if (this.#inserted) return false;
      await this.#plugIn();
      if (this.#settings.removed) await this.#change({ removed: false });
      else this.changed();
      return true;
    });
  }

  /** Pulls it out, in the middle of whatever it does. False where it is out already. */
  remove(): Promise<boolean> {
    return this.#inTurn(async () => {
      if (!this.#inserted) return false;
      await this.#pullOut();
      await this.#change({ removed: true });
      return true;
    });
  }

  /** One more way to plug it in; used at once where the key is in. */
  addLink(choice: TransportChoice): Promise<KeyLink> {
    return this.#inTurn(async () => {
      this.#lastLink += 1;
      const attachment = this.#inserted ? await attach(this.key, choice) : undefined;
      const link: Link = { id: String(this.#lastLink), choice, attachment };
      this.#links = [...this.#links, link];
      await this.#changeLinks();
      return { id: link.id, choice, device: attachment?.device };
    });
  }

  /** Takes one way away, while the others stay. False where there is none of that id. */
  removeLink(id: string): Promise<boolean> {
    return this.#inTurn(async () => {
      const link = this.#links.find((other) => other.id === id);
      if (link === undefined) return false;
      this.#links = this.#links.filter((other) => other !== link);
      await link.attachment?.detach();
      await this.#changeLinks();
      return true;
    });
  }

  async setTouchPolicy(policy: TouchPolicy): Promise<void> {
    await this.#inTurn(async () => {
      this.presence.policy = policy;
      await this.#change({ touch: policy });
    });
  }

  /**
   * A finger on the key: answers the question that has waited longest, else types where a slot is set up for that.
   * @returns false where a touch does nothing
   * @throws KeyboardGoneError where the key was pulled out while it typed
   */
  async touch(press: 'short' | 'long'): Promise<{ readonly typed?: readonly Stroke[] } | false> {
    // Whether it types is decided in turn; what it types is not waited for, so that it can be pulled out meanwhile.
    const { touched, typing } = await this.#inTurn(async () => {
      const answered = this.presence.manual.touch();
      return { touched: answered, typing: answered || !this.#inserted ? undefined : this.key.touch(press) };
    });
    if (touched) return {};
    const typed = await typing;
    if (typed === undefined) return false;
    this.#emit({ type: 'typed', id: this.id, strokes: typed });
    return { typed };
  }

  /** Refuses the question that has waited longest. False where none does. */
  deny(): Promise<boolean> {
    return this.#inTurn(async () => this.presence.manual.deny());
  }

  /**
   * What waits for a touch: at once where something does, else as soon as something does,
   * or nothing after `wait` milliseconds.
   */
  async pending(wait: number, signal?: AbortSignal): Promise<readonly PendingPresence[]> {
    const { manual } = this.presence;
    await waitUntil(
      () => manual.pending.length > 0,
      (check) => manual.onChange(check),
      { wait, signal },
    );
    return manual.pending;
  }

  /** Resolves when the key is idle, or after `wait` milliseconds. @returns whether it is */
  waitIdle(wait: number, signal?: AbortSignal): Promise<boolean> {
    const watch = (check: () => void) => {
      const stops = [this.presence.onChange(check), this.key.onActivity(check)];
      return () => {
        for (const stop of stops) stop();
      };
    };
    return waitUntil(() => this.idle, watch, { wait, signal });
  }

  /** Tells whoever watches that something is other than before. */
  changed(): void {
    this.#emit({ type: 'key', id: this.id });
  }

  /** Pulls it out and closes its store. */
  async close(): Promise<void> {
    await this.#inTurn(async () => {
      this.#closed = true;
      if (this.#inserted) await this.#pullOut();
    });
    for (const stop of this.#stops) stop();
    await this.key.close();
  }

  async #plugIn(): Promise<void> {
    try {
      for (const link of this.#links) link.attachment = await attach(this.key, link.choice);
    } catch (error) {
      await this.#detachAll();
      throw error;
    }
    this.#inserted = true;
    // Whoever touches the key through the lab is told what it types, whether a kernel has its keyboard or not.
    this.#keyboard = this.key.keyboard?.plugIn(() => {});
  }

  async #pullOut(): Promise<void> {
    this.#inserted = false;
    this.#keyboard?.unplug();
    this.#keyboard = undefined;
    this.fingerprints?.clear();
    await this.#detachAll();
  }

  async #detachAll(): Promise<void> {
    const attachments = this.#links.map(({ attachment }) => attachment);
    for (const link of this.#links) link.attachment = undefined;
    const results = await Promise.allSettled(attachments.map((attachment) => attachment?.detach()));
    const failed = results.find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  #changeLinks(): Promise<void> {
    return this.#change({ transports: this.#links.map(({ choice }) => choice) });
  }

  async #change(settings: KeySettings): Promise<void> {
    this.#settings = { ...this.#settings, ...settings };
    await this.#save(this.#settings);
    this.changed();
  }

  /** What contradicts each other is done one after the other. */
  #inTurn<T>(action: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(() => {
      if (this.#closed) throw new KeyGoneError(this.id);
      return action();
    });
    this.#last = turn.catch(() => undefined); // the caller has the failure; the next turn does not care
    return turn;
  }
}
