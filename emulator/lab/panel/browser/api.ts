/// <reference lib="dom" />
/** Asks the lab over its control API. */

/** The lab's refusal, in its own words. */
export class Refused extends Error {}

export class LabApi {
  readonly #token: string;

  constructor(token: string) {
    this.#token = token;
  }

  /** Resolves to the answer. @throws Refused with the lab's sentence, or where it cannot be reached */
  async ask<T>(method: string, path: string, body?: object): Promise<T> {
    const response = await this.#fetch(method, path, body);
    return (response.status === 204 ? undefined : await response.json()) as T;
  }

  /** Hands the answer to the person as a file. */
  async download(path: string, name: string): Promise<void> {
    const address = URL.createObjectURL(await (await this.#fetch('GET', path)).blob());
    const link = document.createElement('a');
    link.href = address;
    link.download = name;
    link.click();
    URL.revokeObjectURL(address);
  }

  async #fetch(method: string, path: string, body?: object): Promise<Response> {
    const headers: Record<string, string> = { Authorization: `Bearer ${this.#token}` };
    if (body !== undefined) headers['Content-Type'] = 'application/json';
    let response: Response;
    try {
      response = await fetch(path, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    } catch (cause) {
      throw new Refused('The lab cannot be reached. It may have ended.', { cause });
    }
    if (response.ok) return response;
    const problem = (await response.json().catch(() => ({}))) as { detail?: string };
    throw new Refused(problem.detail ?? `The lab answered ${response.status} to ${method} ${path}.`);
  }
}

/** The path of something of a key. */
export function keyPath(id: string, rest = ''): string {
  return `/keys/${encodeURIComponent(id)}${rest}`;
}
