/** A comparison of two runs as one page. */
import { html } from 'hono/html';
import { formatAaguidHex } from './aaguid.ts';
import type { ChangedCheck, ChangeKind, ComparedRun, Comparison } from './compare.ts';
import { facts, type Markup, page } from './page.ts';
import { OUTCOMES } from './run-page.ts';
import { countsText } from './terminal.ts';

const KINDS: readonly (readonly [ChangeKind, string, string])[] = [
  ['broken', 'Does not hold any more', 'bad'],
  ['fixed', 'Holds now', 'good'],
  ['other', 'Changed otherwise', 'quiet'],
];

export function comparePage(comparison: Comparison): Promise<string> {
  const { before, after, counts, changes, stillFailing } = comparison;
  const worse = counts.broken > 0;
  const still = stillFailing.length > 0 ? ` ${stillFailing.length} fail in both.` : '';
  return page({
    title: `${before.key.product} and ${after.key.product}`,
    body: html`<header>
<p class="quiet">Comparison of two runs</p>
<h1>${before.key.product} and ${after.key.product}</h1>
<p class="verdict ${worse ? 'bad' : 'good'}">${counts.broken} broken, ${counts.fixed} fixed, ${counts.other} changed otherwise, ${counts.same} the same.${still}</p>
${side('First run', before)}
${side('Second run', after)}
</header>
<main>
${KINDS.map(([kind, title, tone]) => {
  const members = changes.filter((change) => change.kind === kind);
  return members.length === 0 ? '' : changeTable(title, tone, members);
})}
${stillFailing.length === 0 ? '' : html`<section class="card" aria-label="Fails in both"><h2>Fails in both</h2><ul>${stillFailing.map((id) => html`<li class="mono">${id}</li>`)}</ul></section>`}
</main>
<footer><p>Why a check came out so, and what went over the wire, is in the report of each run.</p></footer>`,
  });
}

function side(title: string, { key, startedAt, complete, counts }: ComparedRun): Markup {
  return html`<section class="card" aria-label="${title}"><h2>${title}</h2>${facts([
    ['Key', key.product],
    ['Device', key.device],
    ['AAGUID', key.aaguid === null ? undefined : formatAaguidHex(key.aaguid)],
    ['Firmware', key.firmwareVersion ?? key.deviceVersion],
    ['Versions', key.versions.join(', ')],
    ['Begun', startedAt.replace('T', ' ').replace(/\.\d+Z$/, ' UTC')],
    ['Checks', `${countsText(counts)}${complete ? '' : '; not complete'}`],
  ])}</section>`;
}

function changeTable(title: string, tone: string, changes: readonly ChangedCheck[]): Markup {
  return html`<section class="card" aria-label="${title}"><h2 class="${tone}">${title} (${changes.length})</h2>
<table><thead><tr><th scope="col">Check</th><th scope="col">First run</th><th scope="col">Second run</th></tr></thead><tbody>${changes.map(
    ({ id, section, statement, before, after, reasonBefore, reasonAfter }) =>
      html`<tr><td><span class="mono">${id}</span><br>${statement}<br><span class="quiet">${section}</span></td><td>${cell(before, reasonBefore)}</td><td>${cell(after, reasonAfter)}</td></tr>
`,
  )}</tbody></table></section>`;
}

function cell(outcome: ChangedCheck['before'], reason: string | undefined): Markup {
  const word = outcome === null ? 'no such check' : OUTCOMES.find(([name]) => name === outcome)?.[1];
  return html`<strong>${word}</strong>${reason === undefined ? '' : html`<br>${reason}`}`;
}
