/** The style of reports: light and dark, on a screen and on paper. */
export const pageStyle = `
:root {
  color-scheme: light dark;
  --ground: light-dark(#f6f7f9, #14171c);
  --card: light-dark(#ffffff, #1c2128);
  --ink: light-dark(#1b2330, #e3e8ef);
  --quiet: light-dark(#545f70, #a3aebd);
  --line: light-dark(#d9dee6, #343c47);
  --code: light-dark(#f0f2f5, #14181e);
  --good: light-dark(#12713d, #5cc98a);
  --bad: light-dark(#b3202a, #ff8a85);
  --warn: light-dark(#8a5300, #f0b45a);
  --accent: light-dark(#1f56b5, #8ab4ff);
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--ground); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif;
}
header, main, footer { max-width: 74rem; margin: 0 auto; padding: 0 1.25rem; }
header { padding-top: 2rem; }
footer { padding-bottom: 3rem; color: var(--quiet); }
h1 { font-size: 1.7rem; line-height: 1.25; margin: 0 0 .25rem; }
h2 { font-size: 1.15rem; margin: 0; overflow-wrap: anywhere; }
h3 { font-size: 1rem; margin: 1.25rem 0 .5rem; }
p { margin: .25rem 0; }
a { color: var(--accent); }
code, pre, .mono { font-family: ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; font-size: .86em; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 4px; }
.quiet { color: var(--quiet); }
.verdict { font-weight: 600; font-size: 1.05rem; margin: .5rem 0 1rem; }
.good { color: var(--good); } .bad { color: var(--bad); } .warn { color: var(--warn); }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 1rem 1.25rem; margin: 1rem 0; }
.facts { display: grid; grid-template-columns: repeat(auto-fill, minmax(17rem, 1fr)); gap: .6rem 1.5rem; margin: 0; }
.facts dt { color: var(--quiet); font-size: .82rem; }
.facts dd { margin: 0; overflow-wrap: anywhere; }
.bar { display: flex; height: 10px; border-radius: 5px; overflow: hidden; background: var(--line); margin: .75rem 0; }
.bar rect.passed, .key.passed { fill: var(--good); background: var(--good); }
.bar rect.failed, .key.failed { fill: var(--bad); background: var(--bad); }
.bar rect.warning, .key.warning { fill: var(--warn); background: var(--warn); }
.bar rect.not-run, .key.not-run { fill: var(--quiet); background: var(--quiet); }
.bar rect.not-applicable, .key.not-applicable { fill: var(--line); background: var(--line); }
.bar svg { width: 100%; height: 100%; display: block; }
.filter {
  position: sticky; top: 0; z-index: 1; background: var(--ground); border: 0; margin: 1rem 0 0; padding: .6rem 0;
  display: flex; flex-wrap: wrap; gap: .5rem 1rem; align-items: center; border-bottom: 1px solid var(--line);
}
.filter legend { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
.filter label { display: inline-flex; gap: .4rem; align-items: center; cursor: pointer; }
.filter label[hidden] { display: none; }
.filter input[type="search"] {
  font: inherit; color: inherit; background: var(--card); border: 1px solid var(--quiet); border-radius: 6px;
  padding: .25rem .6rem; min-width: 15rem;
}
.key { display: inline-block; width: .75rem; height: .75rem; border-radius: 3px; border: 1px solid var(--quiet); }
body:has(#show-passed:not(:checked)) .check.passed,
body:has(#show-failed:not(:checked)) .check.failed,
body:has(#show-warning:not(:checked)) .check.warning,
body:has(#show-not-applicable:not(:checked)) .check.not-applicable,
body:has(#show-not-run:not(:checked)) .check.not-run,
.check.unlike { display: none; }
.group { margin: 1.5rem 0; }
.group > .head { display: flex; gap: .25rem 1rem; align-items: baseline; flex-wrap: wrap; margin-bottom: .4rem; }
.check { scroll-margin-top: 5rem; background: var(--card); border: 1px solid var(--line); border-left-width: 4px; border-radius: 6px; margin: .3rem 0; }
.check.passed { border-left-color: var(--good); }
.check.failed { border-left-color: var(--bad); }
.check.warning { border-left-color: var(--warn); }
.check > summary { padding: .45rem .8rem; cursor: pointer; list-style-position: inside; }
.check > summary .row { display: inline-grid; grid-template-columns: 6.5rem minmax(12rem, 24rem) minmax(0, 1fr); gap: .1rem 1rem; width: calc(100% - 1.5rem); vertical-align: top; }
.check > summary .row > span { overflow-wrap: anywhere; }
.check .id { font-weight: 600; }
.outcome { font-weight: 600; font-size: .86rem; }
.check.passed .outcome { color: var(--good); } .check.failed .outcome { color: var(--bad); }
.check.warning .outcome { color: var(--warn); }
.check.not-run .outcome, .check.not-applicable .outcome { color: var(--quiet); }
.check .reason { grid-column: 2 / -1; }
.check.failed .reason { color: var(--bad); } .check.warning .reason { color: var(--warn); }
.check.not-run .reason, .check.not-applicable .reason { color: var(--quiet); }
.check > .inside { padding: .2rem 1rem 1rem 1.4rem; border-top: 1px solid var(--line); }
.exchange { list-style: none; margin: .5rem 0 0; padding: 0; }
.exchange > li { border-left: 3px solid var(--line); padding: .15rem 0 .35rem .75rem; margin: .35rem 0; overflow-wrap: anywhere; }
.exchange > li.in { border-left-color: var(--accent); }
.exchange b { font-weight: 600; }
.exchange i { font-style: normal; color: var(--quiet); }
.exchange pre {
  background: var(--code); border-radius: 5px; padding: .45rem .7rem; margin: .3rem 0; white-space: pre-wrap; overflow-wrap: anywhere;
}
.exchange details > summary { color: var(--quiet); cursor: pointer; font-size: .86rem; width: fit-content; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .35rem .7rem .35rem 0; border-bottom: 1px solid var(--line); vertical-align: top; overflow-wrap: anywhere; }
th { white-space: nowrap; color: var(--quiet); font-weight: 600; font-size: .86rem; }
td.number { font-variant-numeric: tabular-nums; }
@media (max-width: 46rem) {
  .check > summary .row { grid-template-columns: minmax(0, 1fr); }
  .check .reason { grid-column: 1; }
}
@media print {
  :root { color-scheme: light; }
  body { background: none; font-size: 9.5pt; }
  .filter { display: none; }
  .card, .check { break-inside: avoid; border-radius: 0; }
  .check > summary { list-style: none; padding: .2rem .5rem; }
  .check[open] { break-inside: auto; }
  .exchange details { display: none; }
  .group > .head { break-after: avoid; }
}
`;
