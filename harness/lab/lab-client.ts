/** Talks to a running lab over its control API. */
import type { EnrollFeedbackName } from '../../ctap/commands/bio-enrollment.ts';
import type { Stroke } from '../../ctap/otp/keyboard-usages.ts';
import type { TraceEntry } from '../../ctap/trace/entry.ts';
import type { PublishedMetadata } from '../../emulator/attestation/metadata-blob.ts';
import type { ClockJSON } from '../../emulator/lab/api/clock.ts';
import type { OtpJSON } from '../../emulator/lab/api/otp.ts';
import type { PasskeyJSON } from '../../emulator/lab/api/passkeys.ts';
import type { LabKeyJSON, PendingJSON } from '../../emulator/lab/api/schemas.ts';
import type { TokenJSON } from '../../emulator/lab/api/token-json.ts';
import type { ProblemJSON } from '../../emulator/lab/problem.ts';
import { type LabAddress, labDirectory, runningLabs } from '../../emulator/lab/state-file.ts';

/** A lab that is not there, or refuses. */
export class LabError extends Error {
  /** `usage`: it is not clear which lab is meant. `no-lab`: none runs, or answers. */
  readonly kind: 'usage' | 'no-lab' | 'no-device' | 'refused' | 'failed';
  readonly next: string | undefined;

  constructor(kind: LabError['kind'], message: string, next?: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'LabError';
    this.kind = kind;
    this.next = next;
  }
}

/**
 * The lab to talk to: CTAPLAB_URL and CTAPLAB_TOKEN, else the one that runs.
 * Undefined where none does; a LabError where several do, or the environment is half set.
 */
export function findLab(environment: NodeJS.ProcessEnv = process.env): LabAddress | undefined {
  const { CTAPLAB_URL: url, CTAPLAB_TOKEN: token } = environment;
  if (url) {
    if (!token) throw new LabError('usage', 'CTAPLAB_URL is set, but CTAPLAB_TOKEN is not', 'Set both, or neither.');
    return { url: url.replace(/\/$/, ''), token };
  }
  const labs = runningLabs(labDirectory(environment));
  if (labs.length <= 1) return labs[0];
  const list = labs.map((lab) => `${lab.url} (process ${lab.pid})`).join(', ');
  throw new LabError('usage', `several labs run: ${list}`, 'Say which with CTAPLAB_URL and CTAPLAB_TOKEN.');
}

/** As {@link findLab}; a LabError where no lab runs. */
export function requireLab(): LabClient {
  const address = findLab();
  if (address === undefined) throw new LabError('no-lab', 'no lab is running');
  return new LabClient(address);
}

/** What a new key has of its own; the rest it has of its lab. */
export interface NewLabKey {
  readonly model?: string;
  /** `auto`, `manual`, `deny` or `after=MS`. */
  readonly touch?: string;
  /** `uhid`, `udp`, `udp:PORT`, `vpcd` or `vpcd:PORT`. */
  readonly transports?: readonly string[];
  readonly inserted?: boolean;
}

/** Exactly one of them; `set` is ISO 8601, `advance` milliseconds. */
export type ClockChangeJSON =
  | { readonly set: string }
  | { readonly advance: number }
  | { readonly frozen: boolean }
  | { readonly system: true };

export class LabClient {
  readonly url: string;
  readonly #token: string;

  constructor(address: LabAddress) {
    this.url = address.url;
    this.#token = address.token;
  }

  /** Where it is, and what opens it: a secret. */
  get address(): LabAddress {
    return { url: this.url, token: this.#token };
  }

  /** How many keys it has; rejects where it does not answer. */
  async health(): Promise<number> {
    return ((await this.#ask('GET', '/health')) as { keys: number }).keys;
  }

  async keys(): Promise<readonly LabKeyJSON[]> {
    return ((await this.#ask('GET', '/keys')) as { keys: LabKeyJSON[] }).keys;
  }

  async key(id: string): Promise<LabKeyJSON> {
    return (await this.#ask('GET', `/keys/${encodeURIComponent(id)}`)) as LabKeyJSON;
  }

  /** What waits for a touch; waits up to `wait` milliseconds until something does. */
  async pending(id: string, wait: number, signal?: AbortSignal): Promise<readonly PendingJSON[]> {
    const path = `/keys/${encodeURIComponent(id)}/pending?wait=${wait}`;
    const answer = await this.#ask('GET', path, undefined, signal);
    return (answer as { pending: PendingJSON[] }).pending;
  }

  /** Touches the key; `typed` is what it typed where nothing waited and it types. */
  async touch(id: string, press: 'short' | 'long' = 'short'): Promise<{ readonly typed?: readonly Stroke[] }> {
    const answer = await this.#ask('POST', `/keys/${encodeURIComponent(id)}/touch?press=${press}`);
    return answer as { typed?: Stroke[] };
  }

  /** Has the key answer the next questions for a touch so: `auto`, `manual`, `deny` or `after=MS`. */
  async setTouchPolicy(id: string, touch: string): Promise<void> {
    await this.#ask('PUT', `/keys/${encodeURIComponent(id)}/touch-policy`, { touch });
  }

  async deny(id: string): Promise<void> {
    await this.#ask('POST', `/keys/${encodeURIComponent(id)}/deny`);
  }

  /** Puts a finger on the sensor of a key. */
  async finger(id: string, finger: string, feedback: EnrollFeedbackName): Promise<void> {
    await this.#ask('POST', `/keys/${encodeURIComponent(id)}/fingers`, { finger, feedback });
  }

  /** Takes away the fingers that the key has not read yet. */
  async liftFingers(id: string): Promise<void> {
    await this.#ask('DELETE', `/keys/${encodeURIComponent(id)}/fingers`);
  }

  /** Gives a key a Yubico OTP to type (public id in modhex, the rest in hexadecimal); undefined takes it away. */
  async yubicoOtp(id: string, slot: { publicId: string; privateId: string; key: string } | undefined): Promise<void> {
    await this.#ask(slot ? 'PUT' : 'DELETE', `/keys/${encodeURIComponent(id)}/yubico-otp`, slot);
  }

  /** Makes a key, and plugs it in. */
  async createKey(options: NewLabKey = {}): Promise<LabKeyJSON> {
    return (await this.#ask('POST', '/keys', options)) as LabKeyJSON;
  }

  /** Pulls a key out, and forgets it with all that it holds. */
  async deleteKey(id: string): Promise<void> {
    await this.#ask('DELETE', `/keys/${encodeURIComponent(id)}`);
  }

  /** Takes a key back to how it was made, whatever its own rules for that. */
  async reset(id: string): Promise<LabKeyJSON> {
    return ((await this.#ask('POST', `/keys/${encodeURIComponent(id)}/reset`)) as { key: LabKeyJSON }).key;
  }

  /** Gives a key a PIN, whatever it had. */
  async setPin(id: string, pin: string): Promise<LabKeyJSON> {
    return ((await this.#ask('PUT', `/keys/${encodeURIComponent(id)}/pin`, { pin })) as { key: LabKeyJSON }).key;
  }

  /** Whether a key neither works nor asks for anything; waits up to `wait` milliseconds for that. */
  async idle(id: string, wait: number, signal?: AbortSignal): Promise<boolean> {
    const path = `/keys/${encodeURIComponent(id)}/idle?wait=${wait}`;
    return ((await this.#ask('GET', path, undefined, signal)) as { idle: boolean }).idle;
  }

  async passkeys(id: string): Promise<readonly PasskeyJSON[]> {
    const answer = await this.#ask('GET', `/keys/${encodeURIComponent(id)}/passkeys`);
    return (answer as { passkeys: PasskeyJSON[] }).passkeys;
  }

  /** Makes a passkey; one of the same user at the same site is replaced. `user.id` is base64url. */
  async addPasskey(
    id: string,
    passkey: {
      readonly rp: { readonly id: string; readonly name?: string };
      readonly user: { readonly id: string; readonly name?: string; readonly displayName?: string };
    },
  ): Promise<PasskeyJSON> {
    return (await this.#ask('POST', `/keys/${encodeURIComponent(id)}/passkeys`, passkey)) as PasskeyJSON;
  }

  /** @param credentialId base64url */
  async deletePasskey(id: string, credentialId: string): Promise<void> {
    await this.#ask('DELETE', `/keys/${encodeURIComponent(id)}/passkeys/${encodeURIComponent(credentialId)}`);
  }

  /** What a touch types, and the entries with their codes of now. */
  async otp(id: string): Promise<OtpJSON> {
    return (await this.#ask('GET', `/keys/${encodeURIComponent(id)}/otp`)) as OtpJSON;
  }

  /** Touches an idle key, so that it types. @returns what a US keyboard layout reads */
  async type(id: string, press: 'short' | 'long' = 'short'): Promise<string> {
    const answer = await this.#ask('POST', `/keys/${encodeURIComponent(id)}/otp/type?press=${press}`);
    return (answer as { text: string }).text;
  }

  async clock(): Promise<ClockJSON> {
    return (await this.#ask('GET', '/clock')) as ClockJSON;
  }

  async setClock(change: ClockChangeJSON): Promise<ClockJSON> {
    return (await this.#ask('PUT', '/clock', change)) as ClockJSON;
  }

  /** All faults that a key can be given. */
  async faults(): Promise<readonly { readonly id: string; readonly summary: string }[]> {
    return ((await this.#ask('GET', '/faults')) as { faults: { id: string; summary: string }[] }).faults;
  }

  /** @returns what is on now */
  async setFault(id: string, fault: string, on: boolean): Promise<readonly string[]> {
    const path = `/keys/${encodeURIComponent(id)}/faults/${encodeURIComponent(fault)}`;
    return ((await this.#ask(on ? 'PUT' : 'DELETE', path)) as { active: string[] }).active;
  }

  /** What was said between hosts and a key lately, decoded. */
  async trace(id: string): Promise<readonly TraceEntry[]> {
    return ((await this.#ask('GET', `/keys/${encodeURIComponent(id)}/trace`)) as { entries: TraceEntry[] }).entries;
  }

  /** Programmable tokens. */
  async tokens(): Promise<readonly TokenJSON[]> {
    return ((await this.#ask('GET', '/tokens')) as { tokens: TokenJSON[] }).tokens;
  }

  async createToken(options: { model?: string; driftPpm?: number } = {}): Promise<TokenJSON> {
    return (await this.#ask('POST', '/tokens', options)) as TokenJSON;
  }

  /** The whole lab as a file: whoever has it has the keys. */
  async snapshot(): Promise<object> {
    return (await this.#ask('GET', '/snapshot')) as object;
  }

  /** Makes the lab what a file says; where that cannot be, nothing changes. */
  async restore(snapshot: object): Promise<void> {
    await this.#ask('PUT', '/snapshot', snapshot);
  }

  /** Plugs a key in: its power-up. */
  async insert(id: string): Promise<LabKeyJSON> {
    return ((await this.#ask('POST', `/keys/${encodeURIComponent(id)}/insert`)) as { key: LabKeyJSON }).key;
  }

  /** Pulls a key out, whatever it does. */
  async remove(id: string): Promise<void> {
    await this.#ask('POST', `/keys/${encodeURIComponent(id)}/remove`);
  }

  /** FIDO metadata of these models, of all where none is named. */
  async metadata(models: readonly string[]): Promise<PublishedMetadata> {
    const query = models.map((name) => `model=${encodeURIComponent(name)}`).join('&');
    return (await this.#ask('GET', `/metadata?${query}`)) as PublishedMetadata;
  }

  /** What went over the wire of a key lately, as a pcapng file. */
  async capture(id: string): Promise<Uint8Array> {
    const response = await this.#fetch('GET', `/keys/${encodeURIComponent(id)}/trace?format=pcapng`);
    return new Uint8Array(await response.arrayBuffer());
  }

  async #ask(method: string, path: string, content?: object, signal?: AbortSignal): Promise<unknown> {
    return (await this.#fetch(method, path, content, signal)).json();
  }

  /** An answer that is no refusal. */
  async #fetch(method: string, path: string, content?: object, signal?: AbortSignal): Promise<Response> {
    const headers: Record<string, string> = { Authorization: `Bearer ${this.#token}` };
    if (content) headers['Content-Type'] = 'application/json';
    const body = content && JSON.stringify(content);
    let response: Response;
    try {
      response = await fetch(`${this.url}${path}`, {
        method,
        headers,
        ...(body === undefined ? {} : { body }),
        ...(signal === undefined ? {} : { signal }),
      });
    } catch (error) {
      signal?.throwIfAborted();
      throw new LabError('no-lab', `no lab answers at ${this.url}`, undefined, { cause: error });
    }
    if (response.ok) return response;
    const { code, detail } = (await response.json()) as Partial<ProblemJSON>;
    const kind = code === 'no_such_key' ? 'no-device' : response.status === 401 ? 'refused' : 'failed';
    throw new LabError(kind, detail ?? `the lab answered ${response.status} to ${method} ${path}`);
  }
}
