/** A connection to Chromium's DevTools Protocol, all of its sessions in one. */
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { json } from 'node:stream/consumers';
import { CommandSocket, openSocket } from './command-socket.ts';

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: unknown;
  readonly result?: unknown;
  readonly error?: { readonly message: string };
  readonly sessionId?: string;
}

export class CdpError extends Error {
  override readonly name = 'CdpError';
}

export class CdpConnection extends CommandSocket<Message> {
  readonly #listeners = new Map<string, (params: never, session: string) => void>();

  /** @param address `HOST:PORT`, the member debuggerAddress of a session's goog:chromeOptions */
  static async open(address: string): Promise<CdpConnection> {
    const [response] = (await once(get(`http://${address}/json/version`), 'response')) as [IncomingMessage];
    const { webSocketDebuggerUrl } = (await json(response)) as { webSocketDebuggerUrl: string };
    const socket = await openSocket(webSocketDebuggerUrl);
    return new CdpConnection(socket, () => new CdpError('the browser has closed the connection'));
  }

  /** @throws CdpError with what the browser answers */
  send<T>(method: string, params: object = {}, sessionId?: string): Promise<T> {
    return this.command({ method, params, sessionId }) as Promise<T>;
  }

  /** One listener for each event; it is told the session. */
  on<T>(event: string, listener: (params: T, session: string) => void): void {
    this.#listeners.set(event, listener);
  }

  protected override receive({ id, method, params, result, error, sessionId = '' }: Message): void {
    if (method !== undefined) this.#listeners.get(method)?.(params as never, sessionId);
    else if (error === undefined) this.resolve(id!, result);
    else this.reject(id!, new CdpError(error.message));
  }
}
