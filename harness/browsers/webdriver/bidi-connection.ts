/** A connection of WebDriver BiDi: commands, their answers, and events. */
import { once } from 'node:events';
import WebSocket from 'ws';

interface Waiting {
  resolve(result: unknown): void;
  reject(error: Error): void;
}

interface Message {
  readonly id?: number;
  readonly type?: string;
  readonly method?: string;
  readonly params?: unknown;
  readonly result?: unknown;
  readonly error?: string;
  readonly message?: string;
}

export class BidiError extends Error {
  override readonly name = 'BidiError';
}

export class BidiConnection {
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, Waiting>();
  readonly #listeners = new Map<string, (params: never) => void>();
  #last = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on('message', (data) => this.#receive(JSON.parse(String(data)) as Message));
    socket.on('close', () => this.#end(new BidiError('the browser has closed the connection')));
    socket.on('error', (error) => this.#end(error));
  }

  /** @param url capability webSocketUrl of a session */
  static async open(url: string): Promise<BidiConnection> {
    const socket = new WebSocket(url, { perMessageDeflate: false });
    await once(socket, 'open');
    return new BidiConnection(socket);
  }

  /** @throws BidiError with what the browser answers */
  send(method: string, params: object): Promise<unknown> {
    this.#last += 1;
    const id = this.#last;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#socket.send(JSON.stringify({ id, method, params }), (error) => {
        if (error) this.#settle(id, (waiting) => waiting.reject(error));
      });
    });
  }

  /** One listener for each event. */
  on<T>(event: string, listener: (params: T) => void): void {
    this.#listeners.set(event, listener);
  }

  close(): void {
    this.#socket.close();
  }

  #receive({ id, type, method, params, result, error, message }: Message): void {
    if (type === 'event') this.#listeners.get(method!)?.(params as never);
    else if (type === 'success') this.#settle(id!, (waiting) => waiting.resolve(result));
    else if (id !== undefined) this.#settle(id, (waiting) => waiting.reject(new BidiError(`${error}: ${message}`)));
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
