/** The one page of the panel: what is there before its scripts fill it. */

const MARK = '<path d="M17 16h9m-3.5 0v4M17 16a4.5 4.5 0 1 1-9 0 4.5 4.5 0 0 1 9 0Z"/>';

/** Favicon. */
export const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="7" fill="#14532d"/><g fill="none" stroke="#fff" stroke-width="2.5" stroke-linecap="round">${MARK}</g></svg>`;

export const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Keys · ctaplab</title>
<link rel="icon" href="/panel/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/panel/panel.css">
<script type="module" src="/panel/main.js"></script>
</head>
<body>
<a class="skip" href="#main">Skip to the keys</a>
<header class="bar">
  <p class="brand"><svg class="mark" width="30" height="30" viewBox="0 0 32 32" aria-hidden="true" focusable="false"><rect width="32" height="32" rx="7"/>${MARK}</svg>ctaplab</p>
  <p id="connection" class="connection" role="status">Connecting</p>
  <nav id="links" class="links" aria-label="Pages of this lab" hidden></nav>
  <div id="clock" class="clock" hidden></div>
</header>
<div id="notice" class="notice" role="alert" hidden><p id="notice-text"></p><button id="notice-close" class="quiet" type="button">Close</button></div>
<div id="asked" class="visually-hidden" role="status" aria-live="assertive"></div>
<main id="main" tabindex="-1">
  <section id="gate" class="gate" hidden>
    <h1>The panel needs a new link</h1>
    <p>It opens by a link that <code>ctaplab start</code> prints. A link is good once, for one tab of the browser.</p>
    <p>Press <kbd>p</kbd> in the terminal where the lab runs, and it prints another. Programs get one by <code>POST /panel/links</code>.</p>
  </section>
  <noscript><section class="gate"><h1>JavaScript is off</h1><p>The panel is drawn by its own scripts. Turn JavaScript on for this page and load it again.</p></section></noscript>
  <div id="lab" class="lab" hidden>
    <div class="bench">
      <section aria-labelledby="desk-heading">
        <div class="section-head"><h1 id="desk-heading">Keys</h1><input id="desk-filter" type="search" placeholder="Find a key" aria-label="Find a key" hidden></div>
        <div id="desk" class="desk"></div>
        <p id="desk-empty" class="empty" hidden>This lab has no keys.</p>
      </section>
      <section id="tokens" aria-labelledby="tokens-heading" hidden>
        <h2 id="tokens-heading">Tokens with a display</h2>
        <div id="token-list" class="desk"></div>
      </section>
      <section id="details" aria-labelledby="details-heading" hidden></section>
    </div>
    <section id="conversation" class="conversation" aria-labelledby="conversation-heading"></section>
  </div>
</main>
</body>
</html>
`;
