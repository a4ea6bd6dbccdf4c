/** What is known of the key that is looked at. */
export const DETAILS = `
.details-grid { columns: 17rem; column-gap: 1rem; }
.part { padding: 1rem; margin-bottom: 1rem; break-inside: avoid; }
.part > h3 { margin-bottom: .5rem; }
.part .state { font-weight: 600; }
.part .state[data-bad] { color: var(--bad); }
.part p + p { margin-top: .25rem; }
.list > li { display: flex; align-items: center; gap: .75rem; padding: .5rem 0; border-top: 1px solid var(--line); min-width: 0; }
.list > li:first-child { border-top: 0; padding-top: 0; }
.list > li > :first-child { flex: 1; min-width: 0; overflow-wrap: anywhere; }
.list b { display: block; font-weight: 600; }
.list small { color: var(--muted); font-size: .8125rem; }
.code { font: 600 1.25rem ui-monospace, Menlo, Consolas, "Liberation Mono", monospace; letter-spacing: .06em; white-space: nowrap; }
.ring-clock { flex: none; width: 1.5rem; height: 1.5rem; transform: rotate(-90deg); }
.ring-clock circle { fill: none; stroke-width: 4; }
.ring-clock.is-endless { display: none; }
.ring-clock .back { stroke: var(--line); }
.ring-clock .left { stroke: var(--accent); }
.ring-clock[data-soon] .left { stroke: var(--warm); }
.facts { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: .25rem .875rem; font-size: .9375rem; }
.facts dt { color: var(--muted); }
.facts dd { overflow-wrap: anywhere; }
.choice { display: flex; gap: .625rem; align-items: flex-start; padding: .375rem 0; font-size: .9375rem; }
.choice input { margin-top: .1875rem; }
.choice small { display: block; color: var(--muted); font-size: .8125rem; }
.faults-list { max-height: 18rem; overflow-y: auto; }
`;
