/** A programmable token of a lab: the device, how fast its crystal runs, and the reader that it lies on. */
import type { ProgrammableTokenModel } from '../../ctap/token2/models.ts';
import type { Sm4 } from '../../ctap/token2/sm4.ts';
import type { Environment } from '../environment.ts';
import { ProgrammableToken } from '../programmable-token.ts';
import { StoreError } from '../store/store-error.ts';
import type { Attachment } from '../transports/attachment.ts';

/** What a lab that lasts keeps of a token beside the token's own records. */
export interface TokenSettings {
  /** The name of its model. */
  readonly model: string;
  /** Parts per million by which its crystal runs fast. */
  readonly driftPpm: number;
  readonly timeSync?: 'restricted' | 'unrestricted' | undefined;
  /** Port of the virtual reader that it lies on. */
  readonly port?: number | undefined;
}

/** @throws StoreError for what is none */
export function readTokenSettings(json: Readonly<Record<string, unknown>> = {}): TokenSettings {
  const { model, driftPpm, timeSync, port } = json;
  if (typeof model !== 'string' || typeof driftPpm !== 'number') {
    throw new StoreError(`a token's settings: expected a model and its drift, got ${JSON.stringify(json)}`);
  }
  return {
    model,
    driftPpm,
    ...(timeSync === 'restricted' || timeSync === 'unrestricted' ? { timeSync } : {}),
    ...(typeof port === 'number' ? { port } : {}),
  };
}

export interface LabTokenParts {
  readonly id: string;
  readonly model: ProgrammableTokenModel;
  readonly environment: Pick<Environment, 'clock' | 'random' | 'store'>;
  readonly sm4: Sm4;
  readonly settings: TokenSettings;
  /** Keeps changed settings; what asked for the change waits for it. */
  readonly save: (settings: TokenSettings) => Promise<void>;
  readonly changed: () => void;
}

export class LabToken {
  readonly id: string;
  readonly #parts: LabTokenParts;
  #settings: TokenSettings;
  #token: ProgrammableToken;
  #attachment: Attachment | undefined;

  private constructor(parts: LabTokenParts, token: ProgrammableToken) {
    this.id = parts.id;
    this.#parts = parts;
    this.#settings = parts.settings;
    this.#token = token;
  }

  static async open(parts: LabTokenParts): Promise<LabToken> {
    const token = new LabToken(parts, await openToken(parts, parts.settings));
    await token.#plugIn();
    return token;
  }

  /** The device; another object after its drift was changed. */
  get token(): ProgrammableToken {
    return this.#token;
  }

  get settings(): TokenSettings {
    return this.#settings;
  }

  /** Where programs find it; undefined where it lies on no reader. */
  get device(): string | undefined {
    return this.#attachment?.device;
  }

  /** All that it keeps. */
  get records(): ReadonlyMap<string, Uint8Array> {
    return new Map(this.#parts.environment.store.list(''));
  }

  get model(): ProgrammableTokenModel {
    return this.#parts.model;
  }

  /** Seconds by which its clock is ahead of the lab's. */
  get ahead(): number {
    return this.#token.clock.now() - this.#parts.environment.clock.now() / 1000;
  }

  /** Lets its crystal run at another speed from now on: a power cycle. */
  async setDrift(driftPpm: number): Promise<void> {
    await this.#token.clock.set(this.#token.clock.now());
    const settings = { ...this.#settings, driftPpm };
    await this.#parts.save(settings);
    this.#settings = settings;
    await this.#attachment?.detach();
    this.#token = await openToken(this.#parts, settings);
    await this.#plugIn();
    this.#parts.changed();
  }

  /** Sets its clock, to the lab's where no other time is given. @param seconds since 1970 */
  async sync(seconds: number = this.#parts.environment.clock.now() / 1000): Promise<void> {
    await this.#token.clock.set(seconds);
    this.#parts.changed();
  }

  /** Tells whoever watches that something is other than before. */
  changed(): void {
    this.#parts.changed();
  }

  async close(): Promise<void> {
    await this.#attachment?.detach();
    await this.#parts.environment.store.close();
  }

  async #plugIn(): Promise<void> {
    const { port } = this.#settings;
    if (port === undefined) return;
    const { attachVpcd } = await import('../transports/pcsc-vpcd.ts');
    this.#attachment = await attachVpcd(this.#token, { port });
  }
}

function openToken({ environment, sm4, model }: LabTokenParts, settings: TokenSettings): Promise<ProgrammableToken> {
  const { driftPpm, timeSync } = settings;
  return ProgrammableToken.open({ environment, sm4, model, driftPpm, timeSync });
}
