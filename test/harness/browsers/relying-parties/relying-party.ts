/** A relying party made of somebody else's packages: their code in the page, their code behind it, and a little between. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { rolldown } from 'rolldown';

/**
 * What its pages offer as `window.register()` and `window.signIn()`. Each resolves to `done`, or to what the packages
 * say of the failure, in the page or behind it.
 */
export interface Offered {
  register(): Promise<string>;
  signIn(): Promise<string>;
}

export interface RelyingParty {
  readonly origin: string;
  /** True for a refusal that is a defect of the packages: the key has signed well. Default: there is none. */
  readonly misreads?: (refusal: string) => boolean;
  close(): Promise<void>;
}

/** Answers what is no page; `body` is the request's JSON. False where it has no such path. */
export type Answer = (request: IncomingMessage, response: ServerResponse, origin: string) => Promise<void> | undefined;

/** Serves one page with the script of that file, packages included, at http://localhost. */
export async function serveRelyingParty(script: string, answer: Answer): Promise<RelyingParty> {
  const bundle = await rolldown({ input: join(import.meta.dirname, script), platform: 'browser', onLog: () => {} });
  const { output } = await bundle.generate({ format: 'esm', codeSplitting: false });
  let origin = '';
  const server = createServer((request, response) => {
    if (request.url === '/page.js')
      return void response.setHeader('content-type', 'text/javascript').end(output[0].code);
    const answered = answer(request, response, origin);
    if (answered === undefined) {
      return void response
        .setHeader('content-type', 'text/html')
        .end('<!doctype html><title>Relying party</title><script type="module" src="/page.js"></script>');
    }
    answered.catch((error: unknown) => {
      response.statusCode = 400;
      response.end(JSON.stringify({ message: error instanceof Error ? error.message : String(error) }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
  origin = `http://localhost:${(server.address() as AddressInfo).port}`;
  return {
    origin,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** A server whose paths take JSON and give JSON; what a handler throws goes to the page as its message. */
export function jsonApi(handlers: Record<string, (body: never, origin: string) => unknown>): Answer {
  return (request, response, origin) => {
    const handler = handlers[request.url ?? ''];
    if (handler === undefined) return undefined;
    return (async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const body = JSON.parse(Buffer.concat(chunks).toString() || 'null') as never;
      const result = await handler(body, origin);
      response.setHeader('content-type', 'application/json').end(JSON.stringify(result ?? null));
    })();
  };
}
