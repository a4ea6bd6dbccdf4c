/// <reference lib="dom" />
/** What a driver without WebDriver BiDi runs in the current document. The function goes there as its text. */
import type { PageAbort, PageRequest } from '../in-page/messages.ts';

/** To a request of a document. */
export interface Answer {
  readonly id: string;
  readonly document: string;
  /** PageVerdict, as text. */
  readonly verdict: string;
}

export interface Findings {
  /** Names of the documents that are there. */
  readonly documents: readonly string[];
  readonly calls: readonly {
    /** PageRequest or PageAbort, as text: drivers make null of what is undefined. */
    readonly message: string;
    readonly origin: string;
    readonly ancestorOrigins: readonly string[];
    readonly url: string;
  }[];
  /** `DOCUMENT ID` of each answer that has found its document. */
  readonly delivered: readonly string[];
  /** The frames in these documents, by their address. */
  readonly frames: readonly { readonly src: string; readonly allow: string | null }[];
}

/**
 * Visits the document and its frames of the same origin; leans on nothing outside itself.
 * @param script goes into documents that have none
 */
export function visitDocuments(binding: string, script: string, answers: readonly Answer[]): Findings {
  interface Post {
    readonly calls: (PageRequest | PageAbort)[];
    readonly settle: Map<string, (verdict: unknown) => void>;
    document: string;
  }
  const place = '__securityKeyPost';
  const documents: string[] = [];
  const calls: Findings['calls'][number][] = [];
  const delivered: string[] = [];
  const frames: Findings['frames'][number][] = [];
  const postOf = (scope: Window & Record<string, unknown>): Post => {
    const known = scope[place] as Post | undefined;
    if (known !== undefined) return known;
    const post: Post = { calls: [], settle: new Map(), document: '' };
    Object.defineProperty(scope, place, { value: post });
    scope[binding] = (message: PageRequest | PageAbort) =>
      new Promise((resolve) => {
        post.calls.push(message);
        if (message.type === 'abort') resolve(undefined);
        else post.settle.set(message.id, resolve);
      });
    (scope as unknown as { eval(text: string): void }).eval(script);
    delete scope[binding];
    post.document = String(scope.__securityKeyDocument);
    return post;
  };
  const visit = (scope: Window & Record<string, unknown>): void => {
    const post = postOf(scope);
    documents.push(post.document);
    for (const { id, document, verdict } of answers) {
      if (document !== post.document) continue;
      delivered.push(`${document} ${id}`);
      post.settle.get(id)?.(JSON.parse(verdict));
      post.settle.delete(id);
    }
    const { href, ancestorOrigins } = scope.location;
    // A document in a sandbox has none, whatever its address.
    const origin = scope.origin === 'null' ? 'null' : scope.location.origin;
    const around = Array.from(ancestorOrigins);
    for (const message of post.calls.splice(0)) {
      calls.push({ message: JSON.stringify(message), origin, ancestorOrigins: around, url: href });
    }
    for (const element of scope.document.querySelectorAll('iframe')) {
      frames.push({ src: element.src, allow: element.getAttribute('allow') });
      try {
        const inner = element.contentWindow as (Window & Record<string, unknown>) | null;
        if (inner?.document) visit(inner);
      } catch {
        // a frame of another origin
      }
    }
  };
  visit(window as unknown as Window & Record<string, unknown>);
  return { documents, calls, delivered, frames };
}
