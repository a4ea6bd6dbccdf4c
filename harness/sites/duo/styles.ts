/** The one style sheet: colours as tokens for light and dark, then elements, then parts. */
export const CSS = `
:root {
  color-scheme: light dark;
  --ground: #f2f4f7; --surface: #ffffff; --ink: #17212f; --muted: #556274; --line: #d5dbe3;
  --accent: #1d4f91; --accent-strong: #163d70; --accent-soft: #e8eff8; --on-accent: #ffffff;
  --bad: #9c2119; --bad-soft: #fdf0ee; --bad-line: #e9bdb8; --good: #1a6e43; --good-soft: #e6f4ec;
  --field: #8592a3; --shadow: 0 1px 2px rgb(16 32 56 / 8%), 0 8px 24px rgb(16 32 56 / 6%);
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #10151c; --surface: #18202a; --ink: #e7ecf2; --muted: #a3b0c0; --line: #2d3846;
    --accent: #8ab8f5; --accent-strong: #a9ccfa; --accent-soft: #1f2e42; --on-accent: #0d1a2b;
    --bad: #f5aaa3; --bad-soft: #331d1c; --bad-line: #6b3531; --good: #7fd3a4; --good-soft: #17301f;
    --field: #6c7a8c; --shadow: none;
  }
}
*, *::before, *::after { box-sizing: border-box; }
[hidden] { display: none !important; }
html { -webkit-text-size-adjust: 100%; }
body {
  margin: 0; min-height: 100vh; display: flex; flex-direction: column; background: var(--ground); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", Arial, sans-serif;
}
h1 { font-size: 1.375rem; line-height: 1.3; font-weight: 650; letter-spacing: -.01em; margin: 0 0 .5rem; }
h2 { font-size: 1rem; line-height: 1.4; font-weight: 650; margin: 0; }
p { margin: 0 0 1rem; }
a { color: var(--accent); text-underline-offset: .15em; }
a:hover { color: var(--accent-strong); }
h1:focus, main:focus { outline: none; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.visually-hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.skip { position: absolute; left: 1rem; top: -4rem; padding: .5rem 1rem; background: var(--surface); border-radius: 6px; }
.skip:focus { top: .5rem; z-index: 1; }
.icon { flex: none; }

.bar {
  display: flex; align-items: center; justify-content: space-between; gap: 1rem; min-height: 3.5rem;
  padding: .5rem 1.5rem; background: var(--surface); border-bottom: 1px solid var(--line);
}
.brand { display: flex; align-items: center; gap: .6rem; color: var(--ink); font-weight: 650; text-decoration: none; }
.brand, .who button { flex: none; white-space: nowrap; }
.mark { fill: var(--accent); stroke: var(--on-accent); stroke-width: 2.4; stroke-linecap: round; }
.mark rect { stroke: none; }
.mark path { fill: none; }
.who { display: flex; align-items: center; gap: .75rem; margin: 0; min-width: 0; }
.who span, .who a { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; color: var(--muted); }
.column { flex: 1; width: 100%; max-width: 31rem; margin: 0 auto; padding: 3.5rem 1.25rem 2rem; }
.column.wide { max-width: 52rem; padding-top: 2.5rem; }
.card { background: var(--surface); border: 1px solid var(--line); border-radius: 10px; padding: 2rem; box-shadow: var(--shadow); }
.card > :last-child, .card form > :last-child { margin-bottom: 0; }
.card p { color: var(--muted); }
.card p.as { margin-bottom: 1.25rem; overflow-wrap: anywhere; }
.card b { color: var(--ink); font-weight: 650; }
.aside { margin: 1.25rem 0 0; text-align: center; color: var(--muted); font-size: .9375rem; }
.foot {
  display: flex; flex-wrap: wrap; justify-content: center; gap: .25rem 1.75rem; padding: 1rem 1.5rem 1.5rem;
  color: var(--muted); font-size: .8125rem;
}
.foot b { font-weight: 600; color: var(--ink); }

button, .button {
  display: inline-flex; align-items: center; justify-content: center; min-height: 2.75rem; padding: .5rem 1.25rem;
  border: 1px solid transparent; border-radius: 7px; background: var(--accent); color: var(--on-accent);
  font: inherit; font-weight: 600; text-decoration: none; cursor: pointer;
}
button:hover, .button:hover { background: var(--accent-strong); color: var(--on-accent); }
button:disabled { opacity: .6; cursor: default; }
button.secondary { background: transparent; border-color: var(--field); color: var(--ink); }
button.secondary:hover { background: var(--accent-soft); }
button.quiet { background: transparent; color: var(--accent); padding-inline: .75rem; }
button.quiet:hover { background: var(--accent-soft); color: var(--accent-strong); }
.actions { display: flex; flex-wrap: wrap; gap: .75rem; margin: 1.5rem 0 0; }
.actions > .quiet:first-child { margin-left: -.75rem; }
.actions > button:not(.quiet), .actions > .button { flex: 1 1 10rem; }

label { display: block; color: var(--ink); margin-bottom: .375rem; font-weight: 600; font-size: .9375rem; }
input {
  width: 100%; min-height: 2.75rem; padding: .5rem .75rem; border: 1px solid var(--field); border-radius: 7px;
  background: var(--surface); color: var(--ink); font: inherit;
}
input:focus-visible { outline-offset: 0; }
select, textarea {
  width: 100%; min-height: 2.75rem; padding: .5rem .75rem; border: 1px solid var(--field); border-radius: 7px;
  background: var(--surface); color: var(--ink); font: inherit;
}
textarea { font-family: ui-monospace, "SF Mono", Menlo, Consolas, "Liberation Mono", monospace; font-size: .875rem; resize: vertical; }
input[type="checkbox"] { width: 1.25rem; min-height: 0; height: 1.25rem; margin: 0; flex: none; accent-color: var(--accent); }
fieldset { border: 0; margin: 0; padding: 0; }
.hint, .card p.hint { color: var(--muted); font-size: .875rem; }
.card p.hint { margin: .375rem 0 0; }
.hint ul { margin: 0; padding-left: 1.25rem; }
.check { display: flex; flex-wrap: wrap; align-items: center; gap: .25rem .625rem; margin: 0 0 1rem; }
.check label { margin: 0; color: var(--ink); }
.check .hint { flex: 1 0 100%; padding-left: 1.875rem; }
.fields { display: grid; grid-template-columns: repeat(auto-fit, minmax(14rem, 1fr)); gap: 0 1.25rem; align-items: end; }
.fields button { width: 100%; }
.card form.fields > p { margin-bottom: 1rem; }
input[readonly] { background: var(--ground); color: var(--muted); }
input[aria-invalid="true"] { border-color: var(--bad); }
.card .field-error { margin: .375rem 0 0; color: var(--bad); font-size: .9375rem; }

.steps { display: flex; gap: .5rem; list-style: none; margin: 0 0 1.75rem; padding: 0; }
.steps li { flex: 1; padding-top: .5rem; border-top: 3px solid var(--line); color: var(--muted); font-size: .75rem; }
.steps li.past { border-color: var(--accent); }
.steps li[aria-current="step"] { border-color: var(--accent); color: var(--ink); font-weight: 650; }

.alert {
  margin: 0 0 1.25rem; padding: .875rem 1rem; background: var(--bad-soft); border: 1px solid var(--bad-line);
  border-left: 4px solid var(--bad); border-radius: 7px;
}
.card .alert p { margin: 0; color: var(--ink); font-size: .9375rem; }
.card .alert .alert-title { color: var(--bad); font-weight: 650; margin-bottom: .125rem; }

.card .alert .alert-detail { margin-top: .5rem; color: var(--muted); font-size: .8125rem !important; overflow-wrap: anywhere; }


.sections { display: flex; gap: .25rem; flex: 1 1 auto; min-width: 0; overflow-x: auto; }
.sections a { padding: .375rem .625rem; border-radius: 6px; color: var(--muted); text-decoration: none; font-size: .9375rem; white-space: nowrap; }
.sections a:hover { background: var(--accent-soft); color: var(--accent-strong); }
.sections a[aria-current="page"] { color: var(--ink); font-weight: 650; box-shadow: inset 0 -2px var(--accent); border-radius: 6px 6px 0 0; }
.bar:has(.sections) { flex-wrap: wrap; }
.column.dashboard { max-width: 66rem; }
#policy .card { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(20rem, 100%), 1fr)); column-gap: 2rem; align-content: start; }
#policy .card > h2, #policy .card > .check, #policy .card > .actions { grid-column: 1 / -1; }
.row > .confirm[open] { flex: 1 0 100%; }
.wide > .card { margin-bottom: 1.25rem; padding: 1.5rem; }
.wide > h1 { margin-bottom: 1.25rem; overflow-wrap: anywhere; }
.wide form > .card { margin-bottom: 1.25rem; padding: 1.5rem; }
.card > h2 { margin-bottom: .75rem; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(9rem, 1fr)); gap: 1rem; list-style: none; margin: 0 0 1.25rem; padding: 0; }
.tile { display: block; padding: 1.25rem; color: var(--muted); text-decoration: none; }
.tile b { display: block; font-size: 1.75rem; line-height: 1.2; color: var(--ink); font-variant-numeric: tabular-nums; }
.tile:hover { border-color: var(--accent); }
.scroll { overflow-x: auto; margin: 0 -.5rem; }
table { width: 100%; border-collapse: collapse; font-size: .9375rem; }
th, td { text-align: left; vertical-align: top; padding: .5rem; border-bottom: 1px solid var(--line); }
th { color: var(--muted); font-weight: 600; font-size: .8125rem; white-space: nowrap; }
tbody tr:last-child td { border-bottom: 0; }
td time { white-space: nowrap; font-variant-numeric: tabular-nums; }
td small { display: block; color: var(--muted); font-size: .8125rem; }
td form { margin: 0; }
td button, td summary { min-height: 2rem !important; padding: .125rem .5rem !important; font-size: .875rem; }
b.good { color: var(--good); } .card b.good { color: var(--good); }
b.bad, .card b.bad { color: var(--bad); }
.empty { color: var(--muted); }
.card p.after { margin: 1rem 0 0; font-size: .9375rem; }
.notice { margin: 0 0 1.25rem; padding: .75rem 1rem; border-radius: 7px; border-left: 4px solid var(--good); background: var(--good-soft); }
.notice p { margin: 0; overflow-wrap: anywhere; }
.notice.bad { border-color: var(--bad); background: var(--bad-soft); }
.row { display: flex; flex-wrap: wrap; align-items: flex-start; gap: .75rem; }
.row.spread { justify-content: space-between; }
.inline { display: flex; flex-wrap: wrap; align-items: center; gap: .5rem; margin: 0; }
.inline label { margin: 0; }
.inline input:not([type="hidden"]), .inline select { flex: 1 1 12rem; width: auto; min-width: 0; }
.inline button { flex: 0 1 auto; }
.search { margin-bottom: 1rem; }
.search + p { margin-top: 1rem; }
summary { cursor: pointer; }
.confirm > summary {
  display: inline-flex; align-items: center; min-height: 2.75rem; padding: .5rem .75rem; border-radius: 7px; color: var(--bad);
  font-weight: 600; list-style: none;
}
.confirm > summary::-webkit-details-marker { display: none; }
.confirm > summary:hover { background: var(--bad-soft); }
.confirm[open] > form { margin-top: .5rem; padding: .75rem 1rem; border: 1px solid var(--bad-line); border-radius: 7px; white-space: normal; }
.confirm form p { margin: 0 0 .75rem; }
button.danger { background: var(--bad); color: var(--surface); }
button.danger:hover { background: var(--bad); filter: brightness(1.1); color: var(--surface); }
.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(15rem, 1fr)); gap: .75rem 1.5rem; margin: 0 0 1rem; }
.facts dt { color: var(--muted); font-size: .8125rem; }
.facts dd { margin: 0; overflow-wrap: anywhere; }
.key .row { margin-top: 1rem; padding-top: 1rem; border-top: 1px solid var(--line); }
.key .row > .inline { flex: 1 1 16rem; }
.mails { list-style: none; margin: 0; padding: 0; display: grid; gap: .75rem; }
.mails .card { padding: 1rem 1.25rem; }
.mails p { margin: .25rem 0 0; font-size: .9375rem; }
.mail-text { margin: 0; white-space: pre-wrap; overflow-wrap: anywhere; font: inherit; }
.mail-html { width: 100%; height: 16rem; border: 1px solid var(--line); border-radius: 7px; background: #fff; }
.actions.centre { justify-content: center; margin-top: .75rem; }
#prompt > .check { margin: 1.25rem 0 0; padding-top: 1.25rem; border-top: 1px solid var(--line); }
.card p.field { margin: 0 0 1.25rem; }
.card p.field .hint { display: block; margin-top: .375rem; }

.choices { list-style: none; margin: 0; padding: 0; }
.choices li + li { margin-top: .75rem; }
.choice {
  width: 100%; gap: 1rem; padding: 1rem; justify-content: flex-start; text-align: left;
  background: transparent; border-color: var(--field); color: var(--ink);
}
.choice:hover { background: var(--accent-soft); border-color: var(--accent); color: var(--ink); }
.choice span { flex: 1; }
.choice b, .choice small { display: block; }
.choice small { color: var(--muted); font-size: .875rem; font-weight: 400; }
.choice .icon { color: var(--accent); }

.touch { display: block; width: 100%; max-width: 13rem; margin: 1.5rem auto; overflow: visible; }
.touch-port { fill: var(--ground); stroke: var(--line); stroke-width: 2; }
.touch-plug { fill: var(--line); stroke: var(--field); stroke-width: 1.5; }
.touch-body { fill: var(--accent-soft); stroke: var(--accent); stroke-width: 2; }
.touch-hole { fill: var(--surface); stroke: var(--accent); stroke-width: 2; }
.touch-pad { fill: var(--accent); }
.touch-ring { fill: none; stroke: var(--accent); stroke-width: 2; opacity: .35; transform-origin: 128px 48px; }
.is-waiting .touch-ring { animation: pulse 1.6s ease-out infinite; }
@keyframes pulse { from { transform: scale(.75); opacity: .9; } to { transform: scale(1.5); opacity: 0; } }
.card p.waiting { text-align: center; margin: 0; color: var(--ink); }
.badge {
  display: grid; place-items: center; width: 3.5rem; height: 3.5rem; margin: 0 0 1.25rem; border-radius: 50%;
  background: var(--good-soft); color: var(--good);
}

.heading { display: flex; flex-wrap: wrap; align-items: flex-end; justify-content: space-between; gap: 1rem; margin-bottom: 1.5rem; }
.heading > div { flex: 1 1 20rem; }
.heading p { margin: 0; color: var(--muted); }
.keys { list-style: none; margin: 0; padding: 0; display: grid; gap: 1rem; }
.key { padding: 1.5rem; }
.key-head { display: flex; gap: 1rem; align-items: center; }
.key-head .icon { color: var(--accent); }
.nowrap { display: inline-block; }
#enroll:has([data-step="done"]:not([hidden])) + .aside { display: none; }
.key-head p { margin: 0; font-size: .875rem; }
.key dl {
  display: grid; grid-template-columns: repeat(auto-fit, minmax(13rem, 1fr)); gap: .875rem 1.5rem;
  margin: 1.25rem 0 0; padding-top: 1.25rem; border-top: 1px solid var(--line);
}
.key dl div { min-width: 0; }
.key dt { color: var(--muted); font-size: .8125rem; }
.key dd { margin: 0; font-size: .9375rem; overflow-wrap: anywhere; }
.mono { font-family: ui-monospace, "SF Mono", Menlo, Consolas, "Liberation Mono", monospace; font-size: .875rem !important; }

@media (max-width: 32rem) {
  .bar { padding-inline: 1rem; flex-wrap: wrap; gap: 0 1rem; }
  .sections { order: 3; flex-basis: 100%; padding-bottom: .25rem; }
  .wide > .card, .wide form > .card { padding: 1.25rem 1rem; }
  .who { flex: 1 0 100%; justify-content: space-between; font-size: .9375rem; }
  .who button { margin-right: -.75rem; }
  .column, .column.wide { padding: 1rem 1rem 1.5rem; }
  .card { padding: 1.5rem 1.25rem; }
  .heading > div { flex-basis: 100%; }
  .heading .button { width: 100%; }
}
@media (prefers-reduced-motion: reduce) { .is-waiting .touch-ring { animation: none; } }
@media (forced-colors: active) { .touch-pad { fill: Highlight; } .steps li[aria-current="step"] { border-color: Highlight; } }
`;
