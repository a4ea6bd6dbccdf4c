/** A connection of WebDriver BiDi: commands, their answers, and events. */
import { CommandSocket, openSocket } from './command-socket.ts';

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

export class BidiConnection extends CommandSocket<Message> {
  readonly #listeners = new Map<string, (params: never) => void>();

  /** @param url capability webSocketUrl of a session */
  static async open(url: string): Promise<BidiConnection> {
    return new BidiConnection(await openSocket(url), () => new BidiError('the browser has closed the connection'));
  }

  /** @throws BidiError with what the browser answers */
  send(method: string, params: object): Promise<unknown> {
    return this.command({ method, params });
  }

  /** One listener for each event. */
  on<T>(event: string, listener: (params: T) => void): void {
    this.#listeners.set(event, listener);
  }

  protected override receive({ id, type, method, params, result, error, message }: Message): void {
    if (type === 'event') this.#listeners.get(method!)?.(params as never);
    else if (type === 'success') this.resolve(id!, result);
    else if (id !== undefined) this.reject(id, new BidiError(`${error}: ${message}`));
  }
}
