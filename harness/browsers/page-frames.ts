/** Who asks: the document of a frame, by what the browser tells of it. */
import type { PermissionsPolicyFeature } from '../webauthn/client.ts';
import { credentialMakers } from './in-page/credentials.ts';
import { optionReaders } from './in-page/options.ts';
import { installInPage } from './in-page/script.ts';
import { OPAQUE } from './opaque-origin.ts';
import type { Caller } from './page-ceremonies.ts';

/** Where a frame is. */
export interface FramePlace {
  url(): string;
  parentFrame(): FramePlace | null;
}

/** What the frames of Playwright and Puppeteer have in common. */
export interface BrowserFrame extends FramePlace {
  parentFrame(): BrowserFrame | null;
  evaluate(expression: string): Promise<unknown>;
}

/** The attributes of the element that a frame is in. */
export interface FrameAttributes {
  readonly allow: string | null;
  readonly src: string | null;
}

/** The function of the window that reaches the key, until the page's own scripts run. */
export const BINDING = '__securityKey';

/** A property of the window that names its document: another one is there after a navigation, and the same after a change of the hash. */
export const DOCUMENT = '__securityKeyDocument';

export interface ScriptOptions {
  /** True where the client looks up related origins, and so says. */
  readonly relatedOrigins?: boolean;
}

/** The script that goes into each document before any of its own. */
export function initScript({ relatedOrigins = false }: ScriptOptions = {}): string {
  // Some compilers wrap functions in a helper of theirs, which the page has not.
  return `(() => {
    const __name = (value, name) => Object.defineProperty(value, 'name', { value: name, configurable: true });
    const id = Array.from(crypto.getRandomValues(new Uint32Array(4)), (word) => word.toString(36)).join('');
    Object.defineProperty(window, ${JSON.stringify(DOCUMENT)}, { value: id });
    const options = { binding: ${JSON.stringify(BINDING)}, document: id, relatedOrigins: ${relatedOrigins} };
    (${installInPage})(options, (${optionReaders})(), ${credentialMakers});
  })()`;
}

/** The name of the document that a frame shows; undefined while it changes. */
export async function documentOf(frame: BrowserFrame): Promise<string | undefined> {
  try {
    return (await frame.evaluate(`window[${JSON.stringify(DOCUMENT)}]`)) as string | undefined;
  } catch {
    return undefined; // there is no document to ask between two of them
  }
}

/** What is asked of the browser where a frame's address does not tell enough. */
export interface FrameSources {
  attributes(): Promise<FrameAttributes>;
  /** The frames of the page that has opened this one. Default: none. */
  openers?(): Promise<readonly FramePlace[]>;
}

/**
 * The origins of a frame's document and of those around it. A document whose address says nothing (about:blank of a
 * popup) has the origin that it claims only where its opener has it too; else it has none.
 */
export async function callerOf(frame: FramePlace, claimed: string, sources: FrameSources): Promise<Caller> {
  const frames: FramePlace[] = [frame];
  for (let parent = frame.parentFrame(); parent !== null; parent = parent.parentFrame()) frames.push(parent);
  const known = frames.map(originOf);
  const inherited = known.includes(undefined) ? await inheritedOrigin(claimed, sources) : OPAQUE;
  const [own = OPAQUE, ...ancestorOrigins] = known.map((origin) => origin ?? inherited);
  // A document in a sandbox has no origin, whatever its address; no page says so of itself to its advantage.
  const origin = claimed === OPAQUE ? OPAQUE : own;
  const isForeign = ancestorOrigins.some((other) => other !== origin);
  return { frame, origin, ancestorOrigins, allow: isForeign ? grantsOf(await sources.attributes(), origin) : [] };
}

async function inheritedOrigin(claimed: string, { openers }: FrameSources): Promise<string> {
  return (await openers?.())?.map(originOf).find((origin) => origin === claimed) ?? OPAQUE;
}

function originOf(frame: FramePlace): string | undefined {
  const url = URL.canParse(frame.url()) ? new URL(frame.url()) : undefined;
  if (url !== undefined && ['http:', 'https:', 'blob:'].includes(url.protocol)) return url.origin;
  const parent = frame.parentFrame();
  // about:srcdoc and about:blank are of their parent's origin.
  return parent === null || url?.protocol !== 'about:' ? undefined : originOf(parent);
}

const FEATURES: readonly PermissionsPolicyFeature[] = ['publickey-credentials-create', 'publickey-credentials-get'];

/** What the attribute `allow` grants that origin (Permissions Policy §9.1); frames further out are taken to grant it too. */
export function grantsOf({ allow, src }: FrameAttributes, origin: string): PermissionsPolicyFeature[] {
  const directives = (allow ?? '').split(';').map((directive) => directive.trim().split(/\s+/));
  const isSource = src !== null && (!URL.canParse(src) || new URL(src).origin === origin);
  return FEATURES.filter((feature) =>
    directives.some(([name, ...list]) => {
      const granted = list.length === 0 ? ["'src'"] : list;
      return (
        name === feature &&
        granted.some((entry) => entry === '*' || entry === origin || (entry === "'src'" && isSource))
      );
    }),
  );
}
