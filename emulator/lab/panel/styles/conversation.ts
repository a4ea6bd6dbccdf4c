/** The messages that go by. */
export const CONVERSATION = `
.conversation { display: flex; flex-direction: column; min-width: 0; padding: 1rem; background: var(--surface); border: 1px solid var(--line); border-radius: 14px; box-shadow: var(--shadow); }
.conversation .section-head { flex: none; }
.conversation .foot { margin: .75rem 0 0; }
.conversation input { width: 12rem; }
.lines { position: relative; margin: 0; padding: 0; list-style: none; overflow-y: auto; min-height: 0; font-size: .875rem; }
@media (max-width: 69.99rem) { .lines { max-height: 34rem; } }
.line { border-top: 1px solid var(--line); }
.line summary { display: flex; flex-wrap: wrap; align-items: baseline; gap: 0 .625rem; padding: .3125rem .375rem; border-radius: 6px; list-style: none; }
.line summary::-webkit-details-marker { display: none; }
.line summary:hover { background: var(--accent-soft); }
.line summary:focus-visible { outline-offset: -3px; }
.line .time, .line .whose { color: var(--muted); font-size: .8125rem; font-variant-numeric: tabular-nums; }
.line .way { font-weight: 700; width: 1em; color: var(--accent); }
.line[data-direction="out"] .way { color: var(--muted); }
.line .name { font-weight: 600; overflow-wrap: anywhere; }
.line[data-direction="out"] .name { font-weight: 400; }
.line .status { padding: 0 .375rem; border-radius: 5px; background: var(--accent-soft); color: var(--accent); font-size: .8125rem; overflow-wrap: anywhere; }
.line[data-failed] .status { background: var(--bad-soft); color: var(--bad); }
.line .gist { color: var(--muted); font-size: .8125rem; overflow-wrap: anywhere; }
.line details[open] { padding-bottom: .75rem; }
.line details > :not(summary) { margin: .5rem .375rem 0; }
.problem { color: var(--bad); }
.members { display: grid; grid-template-columns: minmax(6rem, max-content) minmax(0, 1fr); gap: .125rem .875rem; }
ol.members { display: block; margin: 0; }
.members dt { color: var(--muted); overflow-wrap: anywhere; }
.members dd { min-width: 0; overflow-wrap: anywhere; }
.members .members { padding-left: .625rem; border-left: 2px solid var(--line); }
.members ol.members { padding-left: 1.375rem; border-left: 0; color: var(--muted); }
.members ol.members dd { color: var(--ink); }
.hidden-secret { color: var(--muted); font-style: italic; }
.bytes { padding: .625rem .75rem; background: var(--sunken); border-radius: 8px; overflow-x: auto; font-size: .6875rem; line-height: 1.5; }
@media (max-width: 40rem) { .members { grid-template-columns: minmax(0, 1fr); } .members dd { margin-bottom: .25rem; } }
`;
