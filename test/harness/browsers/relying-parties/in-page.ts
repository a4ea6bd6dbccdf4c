/// <reference lib="dom" />
/** What the pages of all relying parties do alike. */
import type { Offered } from './relying-party.ts';

/** Sends JSON to the server, and gives its JSON. @throws Error with the server's message */
export async function post<T>(path: string, body: unknown = null): Promise<T> {
  const response = await fetch(path, { method: 'POST', body: JSON.stringify(body) });
  const answer = (await response.json()) as T & { message?: string };
  if (!response.ok) throw new Error(answer.message);
  return answer;
}

/** Offers the flows to the test, once they are there. */
export function offer(flows: { register(): Promise<unknown>; signIn(): Promise<unknown> }): void {
  const told = (flow: () => Promise<unknown>) => () =>
    flow().then(
      () => 'done',
      (error: Error) => `${error.name}: ${error.message}`,
    );
  const offered: Offered = { register: told(flows.register), signIn: told(flows.signIn) };
  Object.assign(window, offered);
}
