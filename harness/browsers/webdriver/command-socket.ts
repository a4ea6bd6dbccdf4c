/** A WebSocket that takes numbered commands: what WebDriver BiDi and the DevTools Protocol have in common. */
import { once } from 'node:events';
import WebSocket from 'ws';

interface Waiting {
  resolve(result: unknown): void;
  reject(error: Error): void;
}

export abstract class CommandSocket<Message> {
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, Waiting>();
  #last = 0;

  /** @param closed what waiting commands fail with when the browser closes the connection */
  constructor(socket: WebSocket, closed: () => Error) {
    this.#socket = socket;
    socket.on('message', (data) => this.receive(JSON.parse(String(data)) as Message));
    socket.on('close', () => this.#end(closed()));
    socket.on('error', (error) => this.#end(error));
  }

  close(): void {
    this.#socket.close();
  }

  protected abstract receive(message: Message): void;

  /** Sends a command under the next number; settles with its answer. */
  protected command(members: object): Promise<unknown> {
    this.#last += 1;
    const id = this.#last;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#socket.send(JSON.stringify({ id, ...members }), (error) => {
        if (error) this.reject(id, error);
      });
    });
  }

  protected resolve(id: number, result: unknown): void {
    this.#take(id)?.resolve(result);
  }

  protected reject(id: number, error: Error): void {
    this.#take(id)?.reject(error);
  }

  #take(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    return waiting;
  }

  #end(error: Error): void {
    for (const id of [...this.#waiting.keys()]) this.reject(id, error);
  }
}

export async function openSocket(url: string): Promise<WebSocket> {
  const socket = new WebSocket(url, { perMessageDeflate: false });
  await once(socket, 'open');
  return socket;
}
