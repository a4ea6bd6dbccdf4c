/** The frame of a report as one page: nothing from elsewhere, and nothing but its own style and script runs in it. */
import { createHash } from 'node:crypto';
import { html, raw } from 'hono/html';
import { pageStyle } from './page-style.ts';

/** Escaped markup, as hono makes it. */
export type Markup = ReturnType<typeof html>;

export interface PageContent {
  readonly title: string;
  readonly body: Markup;
  /** Of ours, and not needed to read the page. */
  readonly script?: string;
}

/** A whole document. */
export async function page({ title, body, script }: PageContent): Promise<string> {
  const policy = [
    "default-src 'none'",
    `style-src ${hashOf(pageStyle)}`,
    ...(script === undefined ? [] : [`script-src ${hashOf(script)}`]),
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  const document = await html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<style>${raw(pageStyle)}</style>
</head>
<body>
${body}
${script === undefined ? '' : html`<script>${raw(script)}</script>`}
</body>
</html>
`;
  return document.toString();
}

function hashOf(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}

/** Rows of a table of facts; those without a value are left out. */
export function facts(rows: readonly (readonly [name: string, value: unknown])[]): Markup {
  const shown = rows.filter(([, value]) => value !== undefined && value !== null && value !== '');
  return html`<dl class="facts">${shown.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`;
}
