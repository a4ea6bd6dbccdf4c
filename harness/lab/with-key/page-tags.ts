/** What goes into a page that has a key of the lab: its script, the look of its dialog, and a line that says so. */
import { html } from 'hono/html';
import { pinDialog, reachByServer } from '../../browsers/in-page/same-origin.ts';
import { BINDING, initScript } from '../../browsers/page-frames.ts';
import { KEY_PATH } from './paths.ts';

/** A script of its own, before any other of the page. Some compilers wrap functions in a helper of theirs. */
export const PAGE_SCRIPT = `(() => {
  const __name = (value) => value;
  (${reachByServer})(${JSON.stringify({ binding: BINDING, path: `${KEY_PATH}/ask` })}, ${pinDialog});
})();
${initScript()};
`;

export const PAGE_STYLE = `
.lab-key-badge {
  position: fixed; right: .75rem; bottom: .75rem; margin: 0; padding: .25rem .75rem; border-radius: 99px;
  background: var(--ink); color: var(--ground); font-size: .8125rem; font-weight: 600;
}
.lab-key-badge a { color: inherit; }
.lab-key-dialog {
  width: min(26rem, calc(100vw - 2rem)); padding: 1.5rem; border: 1px solid var(--line); border-radius: 12px;
  background: var(--surface); color: var(--ink);
}
.lab-key-dialog::backdrop { background: rgb(10 16 24 / 55%); }
.lab-key-title { font-size: 1.125rem; margin: 0 0 .5rem; }
.lab-key-about { margin: 0 0 1rem; overflow-wrap: anywhere; }
.lab-key-note { min-height: 1.5rem; margin: .375rem 0 0; color: var(--bad); font-size: .9375rem; }
.lab-key-buttons { display: flex; justify-content: flex-end; gap: .5rem; margin: 1rem 0 0; }
.lab-key-cancel { background: transparent; color: var(--accent); }
`;

export interface KeyTags {
  /** The page's own secret. */
  readonly token: string;
  readonly keyId: string;
  /** Path of the page where everything begins. */
  readonly start: string;
}

/** @param page of the site, whose head and body begin and end as its layout writes them */
export function withKeyTags(page: string, { token, keyId, start }: KeyTags): string {
  const head = html`<head>
<link rel="stylesheet" href="${KEY_PATH}/page.css">
<script src="${KEY_PATH}/page.js" data-token="${token}"></script>`;
  const badge = html`<p class="lab-key-badge" role="note">This page has key ${keyId} of the lab. <a href="${start}">Start</a></p>
</body>`;
  return page.replace('<head>', String(head)).replace('</body>', String(badge));
}
