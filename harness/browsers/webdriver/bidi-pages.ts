/** The pages of a driver with WebDriver BiDi: a preload script in every document, and a channel back. */
import type { PageAbort, PageRequest, PageVerdict } from '../in-page/messages.ts';
import type { PageCeremonies } from '../page-ceremonies.ts';
import { BINDING, callerOf, DOCUMENT, type FrameAttributes, type FramePlace, initScript } from '../page-frames.ts';
import type { BidiConnection } from './bidi-connection.ts';
import type { Pages } from './pages.ts';

const CHANNEL = 'ctaplab';

/** A browsing context as browsingContext.getTree tells it. */
interface ContextInfo {
  readonly context: string;
  readonly url: string;
  readonly originalOpener?: string | null;
  readonly children: readonly ContextInfo[] | null;
}

interface RealmInfo {
  readonly realm: string;
  readonly type?: string;
  readonly context?: string;
  readonly sandbox?: string;
}

interface ChannelMessage {
  readonly channel: string;
  readonly data: { readonly handle?: string; readonly value?: unknown };
  readonly source: { readonly realm: string; readonly context?: string };
}

/** A call of a page: the text of its message, and the handle of the function in the page that takes the answer. */
interface Call {
  readonly message: PageRequest | PageAbort;
  readonly handle: string;
  readonly realm: string;
  readonly context: string;
}

/** Goes into a document before any of its own scripts; leans on nothing outside itself. */
function preload(script: string): string {
  return `(channel) => {
    const binding = ${JSON.stringify(BINDING)};
    if (window[${JSON.stringify(DOCUMENT)}] !== undefined) return; // it is here already
    window[binding] = (message) =>
      new Promise((settle) => channel({ message: JSON.stringify(message), settle: (verdict) => settle(JSON.parse(verdict)) }));
    try {
      ${script}
    } finally {
      delete window[binding];
    }
  }`;
}

export class BidiPages implements Pages {
  readonly #connection: BidiConnection;
  readonly #ceremonies: PageCeremonies;
  readonly #onDefect: (error: unknown) => void;
  /** One object for each browsing context that has asked, and the realm of the document that did. */
  readonly #frames = new Map<string, { readonly frame: object; realm: string }>();

  constructor(connection: BidiConnection, ceremonies: PageCeremonies, onDefect: (error: unknown) => void) {
    this.#connection = connection;
    this.#ceremonies = ceremonies;
    this.#onDefect = onDefect;
  }

  async install(): Promise<void> {
    const connection = this.#connection;
    connection.on('script.message', (message: ChannelMessage) => void this.#receive(message).catch(this.#onDefect));
    connection.on('script.realmCreated', ({ realm, type, context, sandbox }: RealmInfo) => {
      // Another document is there; a browser that keeps the old one for its "back" destroys no realm.
      if (type === 'window' && sandbox === undefined && context !== undefined) this.#leave(context, realm);
    });
    connection.on('script.realmDestroyed', ({ realm }: RealmInfo) => {
      for (const [context, known] of this.#frames) if (known.realm === realm) this.#leave(context);
    });
    connection.on('browsingContext.contextDestroyed', ({ context }: ContextInfo) => this.#leave(context));
    const events = [
      'script.message',
      'script.realmCreated',
      'script.realmDestroyed',
      'browsingContext.contextDestroyed',
    ];
    await connection.send('session.subscribe', { events });
    const channel = {
      type: 'channel',
      value: { channel: CHANNEL, ownership: 'root', serializationOptions: { maxDomDepth: 0, maxObjectDepth: 1 } },
    };
    const functionDeclaration = preload(initScript());
    await connection.send('script.addPreloadScript', { functionDeclaration, arguments: [channel] });
    // Documents that are there already.
    await Promise.all(
      all(await this.#tree()).map(({ context }) =>
        connection.send('script.callFunction', {
          functionDeclaration,
          arguments: [channel],
          target: { context },
          awaitPromise: false,
        }),
      ),
    );
  }

  async beforeCommand(): Promise<void> {}

  async afterCommand(): Promise<void> {}

  async close(): Promise<void> {
    this.#ceremonies.close();
    this.#connection.close();
  }

  async #receive({ channel, data, source }: ChannelMessage): Promise<void> {
    if (channel !== CHANNEL || source.context === undefined || data.handle === undefined) return;
    const text = new Map(data.value as [string, { value: string }][]).get('message')?.value ?? '';
    const message = JSON.parse(text) as Call['message'];
    const call: Call = { message, handle: data.handle, realm: source.realm, context: source.context };
    const verdict = await this.#answer(call);
    await this.#connection
      .send('script.callFunction', {
        functionDeclaration: '(call, verdict) => void call.settle(verdict)',
        arguments: [{ handle: call.handle }, { type: 'string', value: JSON.stringify(verdict ?? null) }],
        target: { realm: call.realm },
        awaitPromise: false,
      })
      .catch(() => undefined); // the document has gone, and so has who asked
  }

  async #answer({ message, realm, context }: Call): Promise<PageVerdict | undefined> {
    if (message.type === 'abort') {
      const known = this.#frames.get(context);
      if (known !== undefined) this.#ceremonies.abort(known.frame, message.id);
      return undefined;
    }
    const tree = await this.#tree();
    const browserFrame = frameOf(tree, context);
    if (browserFrame === undefined) return { error: { name: 'AbortError', message: 'the page has gone' } };
    const known = this.#frames.get(context) ?? { frame: {}, realm };
    this.#frames.set(context, known);
    known.realm = realm;
    const caller = await callerOf(browserFrame, message.origin, {
      attributes: () => this.#attributesOf(browserFrame),
      openers: async () => openersOf(tree, browserFrame),
    });
    return this.#ceremonies.run({ ...caller, frame: known.frame }, message);
  }

  /** Ends what a context asks, unless the document that asks is that of `realm`. */
  #leave(context: string, realm?: string): void {
    const known = this.#frames.get(context);
    if (known === undefined || known.realm === realm) return;
    this.#frames.delete(context);
    this.#ceremonies.abandon(known.frame);
  }

  async #tree(): Promise<readonly ContextInfo[]> {
    const { contexts } = (await this.#connection.send('browsingContext.getTree', {})) as {
      readonly contexts: readonly ContextInfo[];
    };
    return contexts;
  }

  /** Asked of the page around, whose elements know the contexts in them. */
  async #attributesOf({ context, parent }: ContextFrame): Promise<FrameAttributes> {
    if (parent === null) return { allow: null, src: null };
    const functionDeclaration = `() => [...document.querySelectorAll('iframe, frame')].map((element) =>
      [element.contentWindow, element.getAttribute('allow'), element.src || null])`;
    const { result } = (await this.#connection.send('script.callFunction', {
      functionDeclaration,
      target: { context: parent.context },
      awaitPromise: false,
      serializationOptions: { maxObjectDepth: 2, maxDomDepth: 0 },
    })) as { readonly result?: { readonly value: readonly { readonly value: readonly RemoteValue[] }[] } };
    for (const { value } of result?.value ?? []) {
      const [window, allow, src] = value;
      if ((window?.value as { context?: string } | undefined)?.context !== context) continue;
      return { allow: (allow?.value as string | undefined) ?? null, src: (src?.value as string | undefined) ?? null };
    }
    return { allow: null, src: null };
  }
}

interface RemoteValue {
  readonly value?: unknown;
}

interface ContextFrame extends FramePlace {
  readonly context: string;
  readonly parent: ContextFrame | null;
}

function all(contexts: readonly ContextInfo[]): ContextInfo[] {
  return contexts.flatMap((info) => [info, ...all(info.children ?? [])]);
}

/** The frames of the page that has opened that of `frame`. */
function openersOf(tree: readonly ContextInfo[], frame: ContextFrame): ContextFrame[] {
  let top = frame;
  while (top.parent !== null) top = top.parent;
  const opener = tree.find(({ context }) => context === top.context)?.originalOpener;
  const page = tree.filter((info) => all([info]).some(({ context }) => context === opener));
  return all(page).flatMap(({ context }) => frameOf(page, context) ?? []);
}

function frameOf(
  contexts: readonly ContextInfo[],
  wanted: string,
  parent: ContextFrame | null = null,
): ContextFrame | undefined {
  for (const { context, url, children } of contexts) {
    const frame: ContextFrame = { context, parent, url: () => url, parentFrame: () => parent };
    const found = context === wanted ? frame : frameOf(children ?? [], wanted, frame);
    if (found !== undefined) return found;
  }
  return undefined;
}
