/// <reference lib="dom" />
/** What the parts of the page share: the state of the lab, and how to ask it for something. */
import { keyPath, type LabApi, Refused } from './api.ts';
import { byId, setText, show } from './dom.ts';
import type { LabState } from './lab-state.ts';

export class Panel {
  readonly state: LabState;
  readonly api: LabApi;
  readonly #notice = byId('notice', HTMLElement);
  readonly #noticeText = byId('notice-text', HTMLElement);

  constructor(state: LabState, api: LabApi) {
    this.state = state;
    this.api = api;
    byId('notice-close', HTMLButtonElement).addEventListener('click', () => show(this.#notice, false));
  }

  /** Asks the lab; a refusal is shown in its own words, and answered with undefined. */
  ask<T>(method: string, path: string, body?: object): Promise<T | undefined> {
    return this.attempt(() => this.api.ask<T>(method, path, body));
  }

  /** As {@link ask}, for more than one request. */
  async attempt<T>(action: () => Promise<T>): Promise<T | undefined> {
    try {
      const answer = await action();
      show(this.#notice, false);
      return answer;
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      this.tell(error.message);
      return undefined;
    }
  }

  /** Opens the lab's own site in a tab whose pages have that key. */
  async openSite(id: string): Promise<void> {
    const link = await this.ask<{ url: string }>('POST', keyPath(id, '/site-links'));
    if (link !== undefined) window.open(link.url, '_blank', 'noopener');
  }

  /** Says what did not work, until the next thing works. */
  tell(text: string): void {
    setText(this.#noticeText, text);
    show(this.#notice, true);
  }
}
