/** One key of a lab: the device, its user, and where it is plugged in. */
import type { Stroke } from '../../ctap/otp/keyboard-usages.ts';
import type { Clock } from '../environment.ts';
import type { PresentedFingerprints } from '../fingerprint.ts';
import type { VirtualKey } from '../key.ts';
import type { PendingPresence } from '../presence.ts';
import type { Attachment, KeyboardPlug } from '../transports/attachment.ts';
import type { LabPresence } from './touch-policy.ts';
import { attach, type TransportChoice } from './transport.ts';

export interface LabKeyParts {
  readonly id: string;
  readonly key: VirtualKey;
  readonly presence: LabPresence;
  /** Only of models with a sensor. */
  readonly fingerprints?: PresentedFingerprints | undefined;
  readonly clock: Clock;
  readonly transports: readonly TransportChoice[];
}

export class LabKey {
  /** Names the key within its lab. */
  readonly id: string;
  readonly key: VirtualKey;
  readonly presence: LabPresence;
  /** The fingers that somebody names; only of models with a sensor. */
  readonly fingerprints: PresentedFingerprints | undefined;
  readonly #clock: Clock;
  readonly #transports: readonly TransportChoice[];
  #attachments: Attachment[] = [];
  #keyboard: KeyboardPlug | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor(parts: LabKeyParts) {
    this.id = parts.id;
    this.key = parts.key;
    this.presence = parts.presence;
    this.fingerprints = parts.fingerprints;
    this.#clock = parts.clock;
    this.#transports = parts.transports;
  }

  /** Where programs find it, as `hidraw:/dev/hidraw0` or `udp:127.0.0.1:7112`; empty while it is out. */
  get devices(): readonly string[] {
    return this.#attachments.map((attachment) => attachment.device);
  }

  get inserted(): boolean {
    return this.#attachments.length > 0;
  }

  /** Plugs it in: a power-up. False where it is in already. A transport that fails leaves it out altogether. */
  insert(): Promise<boolean> {
    return this.#inTurn(async () => {
      if (this.inserted) return false;
      const attachments: Attachment[] = [];
      try {
        for (const transport of this.#transports) attachments.push(await attach(this.key, transport));
      } catch (error) {
        await detachAll(attachments);
        throw error;
      }
      this.#attachments = attachments;
      // Whoever touches the key through the lab is told what it types, whether a kernel has its keyboard or not.
      this.#keyboard = this.key.keyboard?.plugIn(() => {});
      return true;
    });
  }

  /** Pulls it out, in the middle of whatever it does. False where it is out already. */
  remove(): Promise<boolean> {
    return this.#inTurn(async () => {
      if (!this.inserted) return false;
      const attachments = this.#attachments;
      this.#attachments = [];
      this.#keyboard?.unplug();
      this.#keyboard = undefined;
      await detachAll(attachments);
      return true;
    });
  }

  /**
   * A finger on the key: answers the question that has waited longest, else types where a slot is set up for that.
   * @returns false where a touch does nothing
   */
  async touch(press: 'short' | 'long'): Promise<{ readonly typed?: readonly Stroke[] } | false> {
    if (this.presence.manual.touch()) return {};
    const typed = await this.key.touch(press);
    return typed === undefined ? false : { typed };
  }

  /**
   * What waits for a touch: at once where something does, else as soon as something does,
   * or nothing after `wait` milliseconds.
   */
  pending(wait: number, signal?: AbortSignal): Promise<readonly PendingPresence[]> {
    const { manual } = this.presence;
    if (manual.pending.length > 0 || wait <= 0) return Promise.resolve(manual.pending);
    return new Promise((resolve) => {
      const end = () => {
        stop();
        timer.cancel();
        signal?.removeEventListener('abort', end);
        resolve(manual.pending);
      };
      const stop = manual.onChange(() => manual.pending.length > 0 && end());
      const timer = this.#clock.after(wait, end);
      signal?.addEventListener('abort', end, { once: true });
    });
  }

  /** Pulls it out and closes its store. */
  async close(): Promise<void> {
    await this.remove();
    await this.key.close();
  }

  /** Insert and remove that come together are done one after the other. */
  #inTurn<T>(action: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(action);
    this.#last = turn.catch(() => undefined); // the caller has the failure; the next turn does not care
    return turn;
  }
}

async function detachAll(attachments: readonly Attachment[]): Promise<void> {
  const results = await Promise.allSettled(attachments.map((attachment) => attachment.detach()));
  const failed = results.find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}
