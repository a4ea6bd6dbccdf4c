/**
 * The pages of a driver without WebDriver BiDi (WebKit's): a script visits the current document after each command and,
 * while it waits, many times a second. It puts our script into documents that have none, takes what they ask and brings
 * the answers. It comes after a page's first scripts, and to frames of the same origin alone unless the client is in them.
 */
import type { PageAbort, PageRequest, PageVerdict } from '../in-page/messages.ts';
import type { PageCeremonies } from '../page-ceremonies.ts';
import { BINDING, type FrameAttributes, grantsOf, initScript } from '../page-frames.ts';
import type { Driver } from './driver.ts';
import type { Pages } from './pages.ts';
import { type Answer, type Findings, visitDocuments } from './visit.ts';

/** Milliseconds between two visits. */
const INTERVAL = 50;
/** Commands after which the client is in another window or frame. */
const SWITCH = /^(window|frame)(\/|$)/;
/** Commands during which there may be no document to visit: a driver may never answer a script that is cut off so. */
const MOVE = /^(url|back|forward|refresh|window|frame)(\/|$)/;
/** Milliseconds that a driver has for a visit. */
const PATIENCE = 5_000;

export class ClassicPages implements Pages {
  readonly #driver: Driver;
  readonly #path: string;
  readonly #ceremonies: PageCeremonies;
  /** By the names of documents that have asked. `place` says where the client was then. */
  readonly #documents = new Map<string, { readonly place: number }>();
  readonly #attributes = new Map<string, FrameAttributes>();
  #answers: Answer[] = [];
  #place = 0;
  #timer: NodeJS.Timeout | undefined;
  #visiting: Promise<void> | undefined;
  #isMoving = false;
  #isClosed = false;

  constructor(driver: Driver, session: string, ceremonies: PageCeremonies) {
    this.#driver = driver;
    this.#path = `/session/${session}`;
    this.#ceremonies = ceremonies;
  }

  async install(): Promise<void> {
    await this.#visit();
    this.#goOn();
  }

  async beforeCommand(method: string, path: string): Promise<void> {
    if (method === 'GET' || !MOVE.test(path)) return;
    this.#isMoving = true;
    await this.#visiting;
  }

  async afterCommand(method: string, path: string): Promise<void> {
    if (method !== 'GET' && SWITCH.test(path)) this.#place += 1;
    // One that is under way may have seen the document before.
    this.#isMoving = false;
    // One that is under way may have seen the document before.
    await this.#visiting;
    await this.#visit();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#ceremonies.close();
    await this.#visiting;
  }

  #goOn(): void {
    if (this.#isClosed) return;
    this.#timer = setTimeout(async () => {
      await this.#visit();
      this.#goOn();
    }, INTERVAL);
  }

  #visit(): Promise<void> {
    this.#visiting ??= this.#visitOnce().finally(() => {
      this.#visiting = undefined;
    });
    return this.#visiting;
  }

  async #visitOnce(): Promise<void> {
    if (this.#isMoving) return;
    const place = this.#place;
    let findings: Findings;
    try {
      findings = await this.#run();
    } catch {
      return; // no document to visit now: a window that is closed, a dialog, a page on its way
    }
    if (place !== this.#place || this.#isClosed) return;
    this.#answers = this.#answers.filter(({ id, document }) => !findings.delivered.includes(`${document} ${id}`));
    for (const { src, allow } of findings.frames) this.#attributes.set(src, { src, allow });
    for (const [name, document] of this.#documents) {
      if (document.place === place && !findings.documents.includes(name)) this.#leave(name, document);
    }
    for (const call of findings.calls) void this.#answer(call, place);
  }

  async #run(): Promise<Findings> {
    const signal = AbortSignal.timeout(PATIENCE);
    if (await this.#hasDialog()) throw new Error('a dialog is open, which a script would close');
    const script = `const __name = (value) => value; return (${visitDocuments}).apply(null, arguments);`;
    const args = [BINDING, initScript(), this.#answers];
    return (await this.#driver.command('POST', `${this.#path}/execute/sync`, { script, args }, signal)) as Findings;
  }

  async #hasDialog(): Promise<boolean> {
    const { status } = await this.#driver.pass('GET', `${this.#path}/alert/text`);
    return status === 200;
  }

  async #answer(
    { message: text, origin, ancestorOrigins, url }: Findings['calls'][number],
    place: number,
  ): Promise<void> {
    const message = JSON.parse(text) as PageRequest | PageAbort;
    const { id, document: name } = message;
    const document = this.#documents.get(name) ?? { place };
    if (message.type === 'abort') {
      this.#ceremonies.abort(document, id);
      return;
    }
    this.#documents.set(name, document);
    const attributes = this.#attributes.get(url) ?? { allow: null, src: null };
    const isForeign = ancestorOrigins.some((other) => other !== origin);
    const allow = isForeign ? grantsOf(attributes, origin) : [];
    const verdict: PageVerdict = await this.#ceremonies.run(
      { frame: document, origin, ancestorOrigins, allow },
      message,
    );
    if (this.#documents.get(name) === document)
      this.#answers.push({ id, document: name, verdict: JSON.stringify(verdict) });
  }

  #leave(name: string, document: object): void {
    this.#documents.delete(name);
    this.#answers = this.#answers.filter((answer) => answer.document !== name);
    this.#ceremonies.abandon(document);
  }
}
