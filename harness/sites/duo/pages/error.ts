import { html } from 'hono/html';
import { type Html, type PageSite, page } from './layout.ts';

/** A page that says what went wrong and leads back. */
export function errorPage(site: PageSite, title: string, message: string): Html {
  return page(site, {
    title,
    body: html`<section class="card">
<h1>${title}</h1>
<p>${message}</p>
<p class="actions"><a class="button" href="/">Go to the start</a></p>
</section>`,
  });
}
