/** What a probe has found, as one page. */
import { html } from 'hono/html';
import { facts, type Markup, page } from '../conformance/report/page.ts';
import type { MetadataFindings } from './metadata-findings.ts';
import type { Identity, Limit, ProbeResult, Timing } from './probe-result.ts';

export function probePage(result: ProbeResult): Promise<string> {
  const { identity, explained, timings, limits, metadata, program, at } = result;
  return page({
    title: `Probe of ${identity.product}`,
    body: html`<header>
<p class="quiet">Probe of a key</p>
<h1>${identity.product}</h1>
${metadata === null ? '' : verdict(metadata)}
</header>
<main>
<section class="card" aria-label="Identity"><h2>Identity</h2>${identityFacts(identity)}</section>
${metadata === null ? '' : metadataSection(metadata)}
<section class="card" aria-label="Limits"><h2>Limits, found by asking</h2>${limitTable(limits)}</section>
<section class="card" aria-label="Timings"><h2>Timings</h2>${timingTable(timings)}</section>
<section class="card" aria-label="getInfo"><h2>What it says of itself</h2>${
      explained.length === 0
        ? html`<p>Nothing: it speaks U2F alone.</p>`
        : table(
            ['Member', 'Value', 'Meaning'],
            explained.map(({ member, value, meaning }) => [html`<span class="mono">${member}</span>`, value, meaning]),
          )
    }</section>
</main>
<footer><p>Made by ${program}, ${at.replace('T', ' ').replace(/\.\d+Z$/, ' UTC')}.</p></footer>`,
  });
}

function verdict({ trusted, claims, weaknesses }: MetadataFindings): Markup {
  const wrong = claims.filter(({ holds }) => holds === false).length;
  const seen = claims.filter(({ holds }) => holds !== null).length;
  const good = trusted && wrong === 0 && weaknesses.length === 0;
  const sentences = trusted
    ? [`${seen - wrong} of ${seen} claims of its metadata that can be seen hold.`, ...weaknesses]
    : ['Its metadata is not to be trusted, and was not used.'];
  return html`<p class="verdict ${good ? 'good' : 'bad'}">${sentences.join(' ')}</p>`;
}

function identityFacts({ usb, token2, ...identity }: Identity): Markup {
  return facts([
    ['Device', identity.device],
    ['AAGUID', identity.aaguid],
    ['Versions', identity.versions.join(', ')],
    ['Capabilities', identity.capabilities.join(', ')],
    ['Device version', identity.deviceVersion],
    ['USB', usb && `${usb.vendorId}:${usb.productId}, release ${usb.release}`],
    ['Manufacturer', usb?.manufacturer],
    ['USB serial number', usb?.serialNumber],
    ['Token2 serial number', token2?.serialNumber],
    ['Token2 model', token2?.model],
    ['FIDO firmware', token2?.fidoVersion],
    ['Answer to reset', identity.atr && html`<span class="mono">${identity.atr}</span>`],
    [
      'HID report descriptor',
      identity.reportDescriptor && html`<span class="mono">${identity.reportDescriptor}</span>`,
    ],
  ]);
}

function limitTable(limits: readonly Limit[]): Markup {
  return table(
    ['What', 'It says', 'It takes', ''],
    limits.map(({ what, claimed, found, refusedBeyond, note = '' }) => [
      what,
      claimed ?? 'nothing',
      found === null ? 'not tried' : `${found}${refusedBeyond ? '' : ' or more'}`,
      note,
    ]),
  );
}

function timingTable(timings: readonly Timing[]): Markup {
  return table(
    ['What', 'Median', 'Samples', ''],
    timings.map(({ what, milliseconds, samples, note = '' }) => [
      what,
      milliseconds === null ? 'not measured' : `${milliseconds} ms`,
      samples,
      note,
    ]),
  );
}

function metadataSection(findings: MetadataFindings): Markup {
  const { trusted, problems, no, nextUpdate, description, claims, statusReports, weaknesses } = findings;
  return html`<section class="card" aria-label="Metadata"><h2>Metadata</h2>
${facts([
  ['BLOB', trusted ? `number ${no ?? 'unknown'}, signed under the given root` : 'not to be trusted'],
  ['Next BLOB', nextUpdate],
  ['Entry', description],
])}
${problems.map((problem) => html`<p class="warn">${problem}</p>`)}
${weaknesses.map((weakness) => html`<p class="bad">${weakness}</p>`)}
${
  claims.length === 0
    ? ''
    : html`<h3>Claims</h3>${table(
        ['Claim', 'The statement says', 'The key', 'Holds'],
        inOrder(claims).map(({ claim, said, found, holds }) => [
          html`<span class="mono">${claim}</span>`,
          said,
          found ?? html`<span class="quiet">cannot be seen from outside</span>`,
          holds === null ? '' : holds ? html`<strong class="good">yes</strong>` : html`<strong class="bad">no</strong>`,
        ]),
      )}`
}
${
  statusReports.length === 0
    ? ''
    : html`<h3>Status reports</h3>${table(
        ['Status', 'Since', 'Firmware', 'About'],
        statusReports.map(({ status, effectiveDate = '', authenticatorVersion = '', url, certificationDescriptor }) => [
          status,
          effectiveDate,
          authenticatorVersion,
          url ?? certificationDescriptor ?? '',
        ]),
      )}`
}</section>`;
}

/** What does not hold comes first, what cannot be seen last. */
function inOrder(claims: MetadataFindings['claims']): MetadataFindings['claims'] {
  const rank = ({ holds }: MetadataFindings['claims'][number]) => (holds === false ? 0 : holds ? 1 : 2);
  return [...claims].sort((a, b) => rank(a) - rank(b));
}

function table(heads: readonly string[], rows: readonly (readonly unknown[])[]): Markup {
  return html`<table><thead><tr>${heads.map((head) => html`<th scope="col">${head}</th>`)}</tr></thead><tbody>${rows.map(
    (row) => html`<tr>${row.map((cell) => html`<td>${cell}</td>`)}</tr>
`,
  )}</tbody></table>`;
}
