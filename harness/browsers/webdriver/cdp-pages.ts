/**
 * The pages of Chromium by its DevTools Protocol, whoever drives them. Behind WebDriver too: Chromium's driver lets BiDi
 * wait while a command of the client runs, and that may be a script that waits for our answer.
 */
import type { PageAbort, PageRequest, PageVerdict } from '../in-page/messages.ts';
import type { Caller, PageCeremonies } from '../page-ceremonies.ts';
import {
  BINDING,
  callerOf,
  DOCUMENT,
  type FrameAttributes,
  type FramePlace,
  initScript,
  type ScriptOptions,
} from '../page-frames.ts';
import type { CdpConnection } from './cdp-connection.ts';
import type { Pages } from './pages.ts';

/** The function that the protocol puts into each document, and where the document keeps what settles its requests. */
const CHANNEL = '__securityKeyChannel';
const SETTLE = '__securityKeySettle';

/** Goes into a document before any of its own scripts. */
const scriptFor = (options: ScriptOptions) => `(() => {
  if (window[${JSON.stringify(DOCUMENT)}] !== undefined) return; // it is here already
  const send = window.${CHANNEL};
  const waiting = new Map();
  let last = 0;
  Object.defineProperty(window, '${SETTLE}', {
    value: (number, verdict) => {
      waiting.get(number)?.(verdict);
      waiting.delete(number);
    },
  });
  window.${BINDING} = (message) => new Promise((resolve) => {
    waiting.set(++last, resolve);
    send(JSON.stringify({ number: last, message }));
  });
  ${initScript(options)}
  delete window.${BINDING};
  delete window.${CHANNEL};
})()`;

interface FrameInfo {
  readonly id: string;
  readonly parentId?: string;
  readonly url: string;
  readonly securityOrigin: string;
}

interface FrameTree {
  readonly frame: FrameInfo;
  readonly childFrames?: readonly FrameTree[];
}

interface Document {
  readonly session: string;
  readonly frameId: string;
  /** What the ceremonies know it by. */
  readonly frame: object;
  /** Who asks, once it has: as long as a document lives nothing of that changes. */
  caller?: Promise<Caller | undefined>;
}

interface Call {
  readonly number: number;
  readonly message: PageRequest | PageAbort;
}

interface CdpFrame extends FramePlace {
  readonly id: string;
  readonly session: string;
  readonly parent: CdpFrame | null;
}

export class CdpPages implements Pages {
  readonly #connection: CdpConnection;
  readonly #ceremonies: PageCeremonies;
  readonly #onDefect: (error: unknown) => void;
  readonly #script: string;
  /** By session and execution context. */
  readonly #documents = new Map<string, Document>();
  readonly #sessions = new Set<string>();

  constructor(
    connection: CdpConnection,
    ceremonies: PageCeremonies,
    onDefect: (error: unknown) => void,
    options: ScriptOptions = {},
  ) {
    this.#connection = connection;
    this.#ceremonies = ceremonies;
    this.#onDefect = onDefect;
    this.#script = scriptFor(options);
  }

  async install(): Promise<void> {
    const connection = this.#connection;
    const attached: Promise<void>[] = [];
    connection.on('Target.attachedToTarget', ({ sessionId }: { sessionId: string }) => {
      attached.push(this.#attach(sessionId));
    });
    connection.on('Target.detachedFromTarget', ({ sessionId }: { sessionId: string }) => {
      this.#sessions.delete(sessionId);
      this.#leave((document) => document.session === sessionId);
    });
    connection.on<{ context: { id: number; auxData?: { frameId?: string; isDefault?: boolean } } }>(
      'Runtime.executionContextCreated',
      ({ context: { id, auxData } }, session) => {
        if (!auxData?.isDefault || auxData.frameId === undefined) return;
        this.#documents.set(`${session} ${id}`, { session, frameId: auxData.frameId, frame: {} });
      },
    );
    connection.on(
      'Runtime.executionContextDestroyed',
      ({ executionContextId }: { executionContextId: number }, session) =>
        this.#leave((_, name) => name === `${session} ${executionContextId}`),
    );
    connection.on('Runtime.executionContextsCleared', (_, session) =>
      this.#leave((document) => document.session === session),
    );
    connection.on<{ name: string; payload: string; executionContextId: number }>(
      'Runtime.bindingCalled',
      ({ name, payload, executionContextId }, session) => {
        if (name === CHANNEL) this.#receive(payload, session, executionContextId).catch(this.#onDefect);
      },
    );
    await this.#watchTargets();
    await Promise.all(attached);
  }

  async beforeCommand(): Promise<void> {}

  async afterCommand(): Promise<void> {}

  async close(): Promise<void> {
    this.#ceremonies.close();
    this.#connection.close();
  }

  /** Pages and frames of other processes, those to come included: they wait until our script is in. */
  #watchTargets(session?: string): Promise<unknown> {
    const filter = [{ type: 'page' }, { type: 'iframe' }];
    const params = { autoAttach: true, waitForDebuggerOnStart: true, flatten: true, filter };
    return this.#connection.send('Target.setAutoAttach', params, session);
  }

  async #attach(session: string): Promise<void> {
    this.#sessions.add(session);
    const send = (method: string, params?: object) => this.#connection.send(method, params, session);
    try {
      await Promise.all([
        send('Page.enable'),
        send('Runtime.enable'),
        send('Runtime.addBinding', { name: CHANNEL }),
        send('Page.addScriptToEvaluateOnNewDocument', { source: this.#script, runImmediately: true }),
        this.#watchTargets(session),
        send('Runtime.runIfWaitingForDebugger'),
      ]);
    } catch (error) {
      if (this.#sessions.has(session)) this.#onDefect(error); // else it went meanwhile
    }
  }

  async #receive(payload: string, session: string, context: number): Promise<void> {
    const document = this.#documents.get(`${session} ${context}`);
    if (document === undefined) return; // it has gone meanwhile
    const { number, message } = JSON.parse(payload) as Call;
    const verdict = await this.#answer(document, message);
    const expression = `window.${SETTLE}(${number}, ${JSON.stringify(verdict)})`;
    await this.#connection.send('Runtime.evaluate', { expression, contextId: context }, session).catch(() => undefined); // the document has gone, and so has who asked
  }

  async #answer(document: Document, message: Call['message']): Promise<PageVerdict | undefined> {
    if (message.type === 'abort') {
      this.#ceremonies.abort(document.frame, message.id);
      return undefined;
    }
    document.caller ??= this.#callerOf(document, message.origin);
    const caller = await document.caller;
    if (caller === undefined) return { error: { name: 'AbortError', message: 'the page has gone' } };
    return this.#ceremonies.run(caller, message);
  }

  async #callerOf({ frameId, frame }: Document, origin: string): Promise<Caller | undefined> {
    const place = await this.#placeOf(frameId);
    if (place === undefined) return undefined;
    return { ...(await callerOf(place, origin, { attributes: () => this.#attributesOf(place) })), frame };
  }

  #leave(matches: (document: Document, name: string) => boolean): void {
    for (const [name, document] of this.#documents) {
      if (!matches(document, name)) continue;
      this.#documents.delete(name);
      this.#ceremonies.abandon(document.frame);
    }
  }

  /** Where a frame is among those of all processes. */
  async #placeOf(frameId: string): Promise<CdpFrame | undefined> {
    const frames = new Map<string, { readonly info: FrameInfo; readonly session: string }>();
    const collect = ({ frame, childFrames = [] }: FrameTree, session: string): void => {
      frames.set(frame.id, { info: frame, session });
      for (const child of childFrames) collect(child, session);
    };
    await Promise.all(
      [...this.#sessions].map(async (session) => {
        const answer = await this.#connection
          .send<{ frameTree: FrameTree }>('Page.getFrameTree', {}, session)
          .catch(() => undefined); // a target that goes
        if (answer !== undefined) collect(answer.frameTree, session);
      }),
    );
    const place = (id: string): CdpFrame | undefined => {
      const found = frames.get(id);
      if (found === undefined) return undefined;
      const { info, session } = found;
      const parent = (info.parentId === undefined ? undefined : place(info.parentId)) ?? null;
      // What Chromium says of the origin is true of about:blank too.
      const url = /^https?:/.test(info.securityOrigin) ? info.securityOrigin : info.url;
      return { id, session, parent, url: () => url, parentFrame: () => parent };
    };
    return place(frameId);
  }

  /** Asked of the page around, which has the element. */
  async #attributesOf({ id, parent }: CdpFrame): Promise<FrameAttributes> {
    if (parent === null) return { allow: null, src: null };
    const { session } = parent;
    const { backendNodeId } = await this.#connection.send<{ backendNodeId: number }>(
      'DOM.getFrameOwner',
      { frameId: id },
      session,
    );
    const { node } = await this.#connection.send<{ node: { attributes?: readonly string[] } }>(
      'DOM.describeNode',
      { backendNodeId },
      session,
    );
    const attributes = node.attributes ?? [];
    const attribute = (name: string) => {
      const at = attributes.findIndex((text, index) => index % 2 === 0 && text === name);
      return at < 0 ? null : attributes[at + 1]!;
    };
    return { allow: attribute('allow'), src: attribute('src') };
  }
}
