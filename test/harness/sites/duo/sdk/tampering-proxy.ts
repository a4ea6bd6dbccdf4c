import { once } from 'node:events';
import { createServer, request, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { buffer, text } from 'node:stream/consumers';
import type { LocalAuthority } from '../../../../../harness/sites/duo/tls/local-authority.ts';

/** Changes the body of an answer. */
export type Tampering = (body: string) => string | Promise<string>;

/** Stands between an SDK and the service, under a certificate of the same authority, and changes answers. */
export class TamperingProxy {
  readonly #server: Server;
  #tampering: Tampering = (body) => body;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(authority: LocalAuthority, hostname: string, target: number): Promise<TamperingProxy> {
    const server = createServer(authority.issue([hostname]));
    const proxy = new TamperingProxy(server);
    server.on('request', async (incoming, outgoing) => {
      const { method, url: path, headers } = incoming;
      const options = { host: '127.0.0.1', servername: hostname, port: target, ca: authority.certificate };
      const forward = request({ ...options, method, path, headers });
      forward.end(await buffer(incoming));
      const [answer] = (await once(forward, 'response')) as [import('node:http').IncomingMessage];
      const body = await proxy.#tampering(await text(answer));
      outgoing.writeHead(answer.statusCode ?? 500, { 'content-type': answer.headers['content-type'] });
      outgoing.end(body);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  tamper(tampering: Tampering): void {
    this.#tampering = tampering;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
