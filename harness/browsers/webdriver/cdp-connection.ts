/** A connection to Chromium's DevTools Protocol, all of its sessions in one. */
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { json } from 'node:stream/consumers';
import WebSocket from 'ws';

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: unknown;
  readonly result?: unknown;
  readonly error?: { readonly message: string };
  readonly sessionId?: string;
}

interface Waiting {
  resolve(result: unknown): void;
  reject(error: Error): void;
}

export class CdpError extends Error {
  override readonly name = 'CdpError';
}

export class CdpConnection {
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, Waiting>();
  readonly #listeners = new Map<string, (params: never, session: string) => void>();
  #last = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on('message', (data) => this.#receive(JSON.parse(String(data)) as Message));
    socket.on('close', () => this.#end(new CdpError('the browser has closed the connection')));
    socket.on('error', (error) => this.#end(error));
  }

  /** @param address `HOST:PORT`, the member debuggerAddress of a session's goog:chromeOptions */
  static async open(address: string): Promise<CdpConnection> {
    const [response] = (await once(get(`http://${address}/json/version`), 'response')) as [IncomingMessage];
    const { webSocketDebuggerUrl } = (await json(response)) as { webSocketDebuggerUrl: string };
    const socket = new WebSocket(webSocketDebuggerUrl, { perMessageDeflate: false });
    await once(socket, 'open');
    return new CdpConnection(socket);
  }

  /** @throws CdpError with what the browser answers */
  send<T>(method: string, params: object = {}, sessionId?: string): Promise<T> {
    this.#last += 1;
    const id = this.#last;
    return new Promise<unknown>((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#socket.send(JSON.stringify({ id, method, params, sessionId }), (error) => {
        if (error) this.#settle(id, (waiting) => waiting.reject(error));
      });
    }) as Promise<T>;
  }

  /** One listener for each event; it is told the session. */
  on<T>(event: string, listener: (params: T, session: string) => void): void {
    this.#listeners.set(event, listener);
  }

  close(): void {
    this.#socket.close();
  }

  #receive({ id, method, params, result, error, sessionId = '' }: Message): void {
    if (method !== undefined) this.#listeners.get(method)?.(params as never, sessionId);
    else if (error === undefined) this.#settle(id!, (waiting) => waiting.resolve(result));
    else this.#settle(id!, (waiting) => waiting.reject(new CdpError(error.message)));
  }

  #settle(id: number, settle: (waiting: Waiting) => void): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (waiting !== undefined) settle(waiting);
  }

  #end(error: Error): void {
    for (const id of [...this.#waiting.keys()]) this.#settle(id, (waiting) => waiting.reject(error));
  }
}
