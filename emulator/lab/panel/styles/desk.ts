/** The keys as cards. */
export const DESK = `
.desk { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(17rem, 100%), 1fr)); gap: 1rem; }
.desk.is-single { grid-template-columns: minmax(0, 1fr); }
.desk ~ .hint { margin-top: .75rem; }
.key { display: grid; gap: .75rem; align-content: start; padding: 1rem; }
.is-many .key { content-visibility: auto; contain-intrinsic-size: auto 26rem; }
.key[data-selected] { border-color: var(--accent); }
.is-single .key[data-selected] { border-color: var(--line); }
.key[data-asks] { border-color: var(--warm-line); box-shadow: 0 0 0 2px var(--warm-line), var(--shadow); }
.key-head { display: flex; flex-wrap: wrap; align-items: baseline; justify-content: space-between; gap: 0 1rem; }
.about { overflow-wrap: anywhere; }
button.touch {
  display: block; width: 100%; padding: 1rem 0; border: 1px solid var(--line); border-radius: 12px; background: var(--desk);
  overflow: hidden; touch-action: manipulation; -webkit-user-select: none; user-select: none;
}
button.touch:hover { border-color: var(--accent); background: var(--desk); }
button.touch:active { background: var(--accent-soft); }
.is-single button.touch { padding: 1.75rem 0; }
.key-state { display: flex; align-items: center; gap: .5rem; font-size: .9375rem; font-weight: 600; }
.key-state::before { content: ""; width: .625rem; height: .625rem; border-radius: 50%; background: var(--field); flex: none; }
.key-state[data-led="idle"] { color: var(--accent); }
.key-state[data-led="working"] { color: var(--accent); }
.key-state[data-led="touch"] { color: var(--warm); }
.key-state[data-led="error"] { color: var(--bad); }
.key-state:not([data-led="off"])::before { background: currentColor; }
.question { display: grid; gap: .75rem; padding: .875rem 1rem; border-radius: 10px; background: var(--warm-soft); border: 1px solid var(--warm-line); }
.question-operation { color: var(--warm); font-size: .8125rem; font-weight: 700; letter-spacing: .02em; }
.question-sentence { font-size: 1.0625rem; font-weight: 600; line-height: 1.4; overflow-wrap: anywhere; }
.question-more { color: var(--muted); font-size: .875rem; }
.question-more:empty { display: none; }
.policy { display: flex; flex-wrap: wrap; align-items: center; gap: .25rem .625rem; font-size: .875rem; color: var(--muted); }
.policy select { min-height: 2rem; font-size: .875rem; }
#tokens > h2 { margin-bottom: .75rem; }
.token { display: grid; gap: .5rem; padding: 1rem; }
`;
