/** Calls the Auth API and the Admin API through @duosecurity/duo_api, as an administrator's script would. */
import { createRequire } from 'node:module';
import { answerLines } from './lines.ts';

/** Version 2 signs forms and queries, version 5 JSON too. */
export interface ApiRequest {
  readonly key: string;
  readonly secret: string;
  readonly host: string;
  readonly version: 2 | 5;
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly path: string;
  readonly params: Readonly<Record<string, string | number>>;
}

interface DuoClient {
  jsonApiCall(method: string, path: string, params: object, callback: (answer: unknown) => void): void;
}
const { Client } = createRequire(import.meta.url)('@duosecurity/duo_api') as {
  Client: new (key: string, secret: string, host: string, version: number) => DuoClient;
};

await answerLines<ApiRequest>(({ key, secret, host, version, method, path, params }) => {
  const client = new Client(key, secret, host, version);
  return new Promise((resolve) => client.jsonApiCall(method, path, params, resolve));
});
