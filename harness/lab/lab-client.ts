/** Talks to a running lab over its control API. */
import type { EnrollFeedbackName } from '../../ctap/commands/bio-enrollment.ts';
import type { Stroke } from '../../ctap/otp/keyboard-usages.ts';
import type { PublishedMetadata } from '../../emulator/attestation/metadata-blob.ts';
import type { LabKeyJSON, PendingJSON } from '../../emulator/lab/api/schemas.ts';
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

interface ProblemJSON {
  readonly code?: string;
  readonly detail?: string;
}

export class LabClient {
  readonly url: string;
  readonly #token: string;

  constructor(address: LabAddress) {
    this.url = address.url;
    this.#token = address.token;
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

  /** Gives a key a Yubico OTP to type (public id in modhex, the rest in hexadecimal); undefined takes it away. */
  async yubicoOtp(id: string, slot: { publicId: string; privateId: string; key: string } | undefined): Promise<void> {
    await this.#ask(slot ? 'PUT' : 'DELETE', `/keys/${encodeURIComponent(id)}/yubico-otp`, slot);
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

  async #ask(method: string, path: string, content?: object, signal?: AbortSignal): Promise<unknown> {
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
    const answer: unknown = await response.json();
    if (response.ok) return answer;
    const { code, detail } = answer as ProblemJSON;
    const kind = code === 'no_such_key' ? 'no-device' : response.status === 401 ? 'refused' : 'failed';
    throw new LabError(kind, detail ?? `the lab answered ${response.status} to ${method} ${path}`);
  }
}
