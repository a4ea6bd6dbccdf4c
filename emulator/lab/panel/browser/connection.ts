/// <reference lib="dom" />
/** The stream of the lab's events: opened again with growing pauses whenever it ends. */

export type ConnectionState =
  | { readonly name: 'connecting' | 'open' }
  /** `seconds` until the next attempt. */
  | { readonly name: 'waiting'; readonly seconds: number }
  /** The lab refuses the token. */
  | { readonly name: 'refused' };

export interface ConnectionListener {
  onMessage(message: { readonly type: string }): void;
  onState(state: ConnectionState): void;
}

const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 15_000;

export class Connection {
  readonly #token: string;
  readonly #listener: ConnectionListener;
  #pause = FIRST_PAUSE;

  constructor(token: string, listener: ConnectionListener) {
    this.#token = token;
    this.#listener = listener;
    this.#open();
  }

  #open(): void {
    this.#listener.onState({ name: 'connecting' });
    const address = `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/events?traffic=1`;
    // A browser sets no Authorization header here: the token goes as a subprotocol.
    const socket = new WebSocket(address, ['ctaplab', `bearer.${this.#token}`]);
    socket.addEventListener('open', () => {
      this.#pause = FIRST_PAUSE;
      this.#listener.onState({ name: 'open' });
    });
    socket.addEventListener('message', ({ data }) => this.#listener.onMessage(JSON.parse(String(data))));
    socket.addEventListener('close', () => void this.#ended());
  }

  /** A refused handshake looks like a lab that is gone: a plain request tells them apart. */
  async #ended(): Promise<void> {
    if (await this.#isRefused()) {
      this.#listener.onState({ name: 'refused' });
      return;
    }
    const pause = this.#pause;
    this.#pause = Math.min(pause * 2, LONGEST_PAUSE);
    this.#listener.onState({ name: 'waiting', seconds: Math.ceil(pause / 1000) });
    setTimeout(() => this.#open(), pause);
  }

  async #isRefused(): Promise<boolean> {
    try {
      const { status } = await fetch('/health', { headers: { Authorization: `Bearer ${this.#token}` } });
      return status === 401;
    } catch {
      return false; // nobody answers: that is no refusal
    }
  }
}
