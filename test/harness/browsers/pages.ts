/** A server of bare pages for tests in browsers: one script in each, which offers itself to the test. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Pages {
  /** `http://localhost:PORT`. */
  readonly origin: string;
  /** The same pages under another site: `http://127-0-0-1.localhost` would be the same; this one is `http://other.localhost:PORT`. */
  readonly other: string;
  close(): Promise<void>;
}

const bytes = (text: string) => `new TextEncoder().encode(${JSON.stringify(text)})`;

/** What each page can do, as expressions of JavaScript that give promises. */
export const script = {
  create: (more = '{}', request = '{}') => `navigator.credentials.create({
    publicKey: {
      rp: { name: 'Example' },
      user: { id: ${bytes('user handle')}, name: 'alice', displayName: 'Alice' },
      challenge: ${bytes('a challenge')},
      pubKeyCredParams: [{ type: 'public-key', alg: -7 }],
      ...${more},
    },
    ...${request},
  }).then((credential) => (window.credential = credential))`,
  get: (more = '{}', request = '{}') => `navigator.credentials.get({
    publicKey: { challenge: ${bytes('a challenge')}, allowCredentials: [], ...${more} },
    ...${request},
  }).then((credential) => (window.credential = credential))`,
  allowed: '{ allowCredentials: [{ type: "public-key", id: window.credential.rawId }] }',
  /** The outcome of a promise as a text: `done`, or the error's name. */
  outcome: (promise: string) => `(async () => ${promise})().then(() => 'done', (error) => error.name)`,
};

export async function servePages(): Promise<Pages> {
  const server: Server = createServer((request, response) => {
    const { searchParams } = new URL(request.url ?? '/', 'http://localhost');
    const [frame, allow] = [searchParams.get('frame'), searchParams.get('allow') ?? ''];
    response.setHeader('content-type', 'text/html');
    const inner = frame === null ? '' : `<iframe src="${encodeURI(frame)}" allow="${encodeURI(allow)}"></iframe>`;
    response.end(`<!doctype html><title>Page</title><input id="code">${inner}`);
  });
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://localhost:${port}`,
    other: `http://other.localhost:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
