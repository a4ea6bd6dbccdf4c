/** A run as one page: sums, a filter, and each check with its rule, its outcome and what went over the wire. */
import { html } from 'hono/html';
import { byGroup, type CheckResult, isGood, type Outcome, type Run } from '../result.ts';
import { formatAaguidHex } from './aaguid.ts';
import { Exchanges } from './exchange-markup.ts';
import { facts, type Markup, page } from './page.ts';
import { countsText } from './terminal.ts';

export const OUTCOMES: readonly (readonly [Outcome, string])[] = [
  ['failed', 'failed'],
  ['warning', 'warning'],
  ['passed', 'passed'],
  ['not-run', 'not run'],
  ['not-applicable', 'not applicable'],
];

/** Looks for words in the checks; the page is whole without it. */
const SEARCH = `
const search = document.getElementById('search');
search.closest('label').hidden = false;
search.addEventListener('input', () => {
  const words = search.value.toLowerCase().split(/\\s+/).filter(Boolean);
  for (const check of document.querySelectorAll('.check')) {
    const text = check.firstElementChild.textContent.toLowerCase();
    check.classList.toggle('unlike', !words.every((word) => text.includes(word)));
  }
});
`;

export function runPage(run: Run): Promise<string> {
  const { key, results } = run;
  const exchanges = new Exchanges(key);
  return page({
    title: `Conformance of ${key.product}`,
    script: SEARCH,
    body: html`<header>
<p class="quiet">Conformance report</p>
<h1>${key.product}</h1>
${verdict(run)}
${countsBar(run)}
<div class="card">${aboutRun(run)}</div>
${run.notes.length > 0 ? html`<div class="card warn">${run.notes.map((note) => html`<p>${note}</p>`)}</div>` : ''}
</header>
<main>
${filter(run)}
${[...byGroup(results)].map(([name, members]) => group(name, members, exchanges))}
</main>
<footer><p>Made by ${run.program}. Checks that passed are shown in short; the bytes of every message are in the report in JSON.</p></footer>`,
  });
}

function verdict(run: Run): Markup {
  const { counts, complete } = run;
  const tested = counts.passed + counts.failed + counts.warning;
  const tone = isGood(run) ? 'good' : counts.failed > 0 ? 'bad' : 'warn';
  const sentence =
    counts.failed > 0
      ? `${counts.failed} of ${tested} checks that were run failed.`
      : `Nothing failed: ${counts.passed} of ${tested} checks that were run passed.`;
  return html`<p class="verdict ${tone}">${sentence}${complete ? '' : ' The run is not complete.'}</p>`;
}

/** The counts as a strip; a drawing, so that no style needs to be inline. */
function countsBar({ counts, results }: Run): Markup {
  const total = Math.max(1, results.length);
  let x = 0;
  const parts = OUTCOMES.map(([outcome]) => {
    const width = (100 * counts[outcome]) / total;
    const part = html`<rect class="${outcome}" x="${x}" y="0" width="${width}" height="1"></rect>`;
    x += width;
    return part;
  });
  return html`<div class="bar"><svg viewBox="0 0 100 1" preserveAspectRatio="none" role="img" aria-label="${countsText(counts)}">${parts}</svg></div>`;
}

function aboutRun({ key, startedAt, finishedAt, program, counts }: Run): Markup {
  const seconds = (Date.parse(finishedAt) - Date.parse(startedAt)) / 1000;
  return facts([
    ['Device', key.device],
    ['AAGUID', key.aaguid === null ? undefined : formatAaguidHex(key.aaguid)],
    ['Versions', key.versions.join(', ')],
    ['Firmware', key.firmwareVersion ?? key.deviceVersion],
    ['Reached', key.carrier === 'hid' ? 'over HID' : 'as a card'],
    ['Kind', key.virtual ? 'virtual, made for this run' : 'as it was plugged in'],
    ['Begun', startedAt.replace('T', ' ').replace(/\.\d+Z$/, ' UTC')],
    ['Took', `${seconds.toFixed(1)} s`],
    ['Program', program],
    ['Checks', countsText(counts)],
  ]);
}

function filter({ counts }: Run): Markup {
  const boxes = OUTCOMES.map(
    ([outcome, word]) =>
      html`<label><input type="checkbox" id="show-${outcome}" ${outcome === 'not-applicable' && counts.passed > 0 ? '' : 'checked'}> <span class="key ${outcome}"></span> ${word} (${counts[outcome]})</label>`,
  );
  return html`<fieldset class="filter"><legend>Checks that are shown</legend>${boxes}
<label hidden>Find <input type="search" id="search" placeholder="id, statement or reason"></label></fieldset>`;
}

function group(name: string, members: readonly CheckResult[], exchanges: Exchanges): Markup {
  const count = (outcome: Outcome) => members.filter((member) => member.outcome === outcome).length;
  const sums = OUTCOMES.filter(([outcome]) => count(outcome) > 0).map(([outcome, word]) => `${count(outcome)} ${word}`);
  return html`<section class="group" aria-label="${name}"><div class="head"><h2>${name}</h2><span class="quiet">${sums.join(', ')}</span></div>
${members.map((result) => checkItem(result, exchanges))}</section>`;
}

function checkItem(result: CheckResult, exchanges: Exchanges): Markup {
  const { id, outcome, statement, reason, section, severity, milliseconds } = result;
  const word = OUTCOMES.find(([name]) => name === outcome)?.[1] ?? outcome;
  const open = outcome === 'failed' || outcome === 'warning';
  const wasRun = result.traffic !== undefined;
  return html`<details class="check ${outcome}" id="${id}"${open ? ' open' : ''}><summary><span class="row"><span class="outcome">${word}</span><span class="id mono">${id}</span><span>${statement}</span>${reason === undefined ? '' : html`<span class="reason">${reason}</span>`}</span></summary>
<div class="inside"><p class="quiet">${section}, ${severity === 'error' ? 'must hold' : 'should hold'}${wasRun ? `; took ${milliseconds} ms` : ''}</p>
${wasRun ? exchanges.of(result) : ''}</div></details>
`;
}
