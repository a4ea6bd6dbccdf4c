import { html } from 'hono/html';
import { mark } from './icons.ts';

/** What the `html` helper of hono makes and takes. */
export type Html = ReturnType<typeof html>;

/** What every page tells of its site. */
export interface PageSite {
  readonly rpId: string;
  readonly rpName: string;
  readonly policy: { readonly userVerification: string; readonly attestation: string };
}

interface PageParts {
  title: string;
  body: Html;
  /** Name of the page's script under /assets/app/, without `.js`. */
  script?: string;
  /** Who is signed in, shown in the bar with a button to sign out. */
  username?: string;
  /** Where who is signed in finds the own account; default: nowhere. */
  account?: string;
  /** A wider column, for tables. */
  wide?: boolean;
  /** Links in the bar. */
  navigation?: Html;
  /** Where the button to sign out leads; default `/sign-out`. */
  signOut?: string;
  /** Proves to the server that the button was its own. */
  csrf?: string;
}

/** The frame of every page. */
export function page(site: PageSite, parts: PageParts): Html {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${parts.title} · ${site.rpName}</title>
<link rel="icon" href="/assets/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/assets/site.css">
${parts.script === undefined ? '' : html`<script type="module" src="/assets/app/${parts.script}.js"></script>`}
</head>
<body>
<a class="skip" href="#main">Skip to content</a>
<header class="bar">
  <a class="brand" href="/">${mark}<span>${site.rpName}</span></a>
  ${parts.navigation ?? ''}
  ${parts.username === undefined ? '' : signedIn(parts.username, parts)}
</header>
<main id="main" class="column${parts.wide ? ' wide' : ''}${parts.navigation === undefined ? '' : ' dashboard'}" tabindex="-1">
${parts.body}
</main>
<footer class="foot">
  <span>Relying party ID <b>${site.rpId}</b></span>
  <span>User verification <b>${site.policy.userVerification}</b></span>
  <span>Attestation <b>${site.policy.attestation}</b></span>
</footer>
</body>
</html>`;
}

/** The two places where scripts speak: progress politely, failures at once. Both exist before they are filled. */
export function messages(): Html {
  return html`<div id="status" class="visually-hidden" role="status" aria-live="polite"></div>
<div id="alert" class="alert" role="alert" hidden>
  <p class="alert-title" id="alert-title"></p>
  <p id="alert-text"></p>
  <p id="alert-detail" class="alert-detail mono" hidden></p>
</div>
<noscript><div class="alert"><p class="alert-title">JavaScript is off</p>
<p>Security keys can only be used from a page's script. Turn JavaScript on for this site and reload.</p></div></noscript>`;
}

function signedIn(username: string, { signOut = '/sign-out', account, csrf }: PageParts): Html {
  return html`<form id="sign-out-form" class="who" method="post" action="${signOut}">
    ${csrf === undefined ? '' : html`<input type="hidden" name="csrf" value="${csrf}">`}
    ${
      account === undefined
        ? html`<span id="account-name" title="${username}">${username}</span>`
        : html`<a id="account-name" title="${username}" href="${account}">${username}</a>`
    }
    <button id="sign-out" class="quiet" type="submit">Sign out</button>
  </form>`;
}
