/** The exchange of a check as markup: all of one that fails, and enough to follow it of another. */
import { html } from 'hono/html';
import type { TraceEntry } from '../../../ctap/trace/entry.ts';
import type { CheckResult, JudgedKey } from '../result.ts';
import { exchangeOf } from './exchange.ts';
import { bytesText, membersText } from './members.ts';
import type { Markup } from './page.ts';

const MUCH = { messages: 100, digits: 2048 };
const ENOUGH = { messages: 16, digits: 32 };
/** Members of fewer characters are shorter than the sentence that says where they stand. */
const LONG = 160;
/** Messages in which a judge opens both of its ways to a key. */
const OPENING = 4;

/** Makes the markup for the checks of one page, in its order: members that came before are named by where they are. */
export class Exchanges {
  readonly #key: JudgedKey;
  /** Members of checks that do not fail by the id of the first one that shows them. */
  readonly #shown = new Map<string, string>();

  constructor(key: JudgedKey) {
    this.#key = key;
  }

  of(result: CheckResult): Markup {
    const entries = exchangeOf(result, this.#key);
    if (entries.length === 0) return html`<p class="quiet">Nothing went over the wire.</p>`;
    const dropped = result.trafficDropped
      ? html`<p class="quiet">${result.trafficDropped} more reports came, and were not kept.</p>`
      : '';
    const isBad = result.outcome === 'failed' || result.outcome === 'warning';
    return html`${isBad ? much(entries) : this.#enough(result.id, entries)}${dropped}`;
  }

  #enough(id: string, entries: readonly TraceEntry[]): Markup {
    const opening = openingOf(entries);
    const rest = entries.slice(opening);
    const own = channelsOf(entries).length > 1;
    const opened = opening > 0 ? html`<p class="quiet">The channel was allocated in ${opening} messages.</p>` : '';
    const items = rest.slice(0, ENOUGH.messages).map((entry) => {
      const detail = own && entry.channel !== undefined ? html` <i>${entry.channel}</i>` : '';
      return html`<li class="${entry.direction}">${nameOf(entry)}${statusOf(entry)}${detail}${this.#members(id, entry)}${problems(entry)}</li>
`;
    });
    return html`${opened}<ol class="exchange">${items}</ol>${more(rest.length - ENOUGH.messages)}`;
  }

  #members(id: string, { fields = {} }: TraceEntry): Markup | string {
    const text = membersText(fields, ENOUGH.digits);
    if (text === '') return '';
    const before = this.#shown.get(text);
    if (before !== undefined && before !== id) return html` <a href="#${before}">as in ${before}</a>`;
    if (text.length > LONG) this.#shown.set(text, id);
    return html`<pre>${text}</pre>`;
  }
}

function much(entries: readonly TraceEntry[]): Markup {
  return html`<ol class="exchange">${entries.slice(0, MUCH.messages).map(whole)}</ol>${more(entries.length - MUCH.messages)}`;
}

function more(left: number): Markup | string {
  return left > 0 ? html`<p class="quiet">${left} more messages are in the report in JSON.</p>` : '';
}

function whole(entry: TraceEntry): Markup {
  const { at, direction, channel, bytes, hex, fields = {}, duration, keepalives } = entry;
  const waits = (keepalives?.processing ?? 0) + (keepalives?.upNeeded ?? 0);
  const detail = [
    `${at >= 0 ? '+' : ''}${Math.round(at)} ms`,
    ...(channel === undefined ? [] : [`channel ${channel}`]),
    ...(duration === undefined ? [] : [`answered in ${Math.round(duration)} ms`]),
    ...(waits > 0 ? [`after ${waits} keepalives`] : []),
  ];
  const members = membersText(fields, MUCH.digits);
  return html`<li class="${direction}">${nameOf(entry)}${statusOf(entry)} <i>${detail.join(', ')}</i>${members === '' ? '' : html`<pre>${members}</pre>`}${problems(entry)}<details><summary>${bytes} bytes</summary><pre>${bytesText(hex, MUCH.digits)}</pre></details></li>
`;
}

function nameOf({ name, subcommand, type, direction }: TraceEntry): Markup {
  const way = direction === 'in' ? 'to' : 'from';
  return html`${way} the key: <b>${name}${subcommand === undefined ? '' : ` ${subcommand}`}</b>${type === 'fragment' ? ', not whole' : ''}`;
}

function statusOf({ status, failed }: TraceEntry): Markup | string {
  if (status === undefined) return '';
  return failed ? html` <code class="bad">${status}</code>` : html` <code>${status}</code>`;
}

function problems({ problems = [] }: TraceEntry): readonly Markup[] {
  return problems.map((problem) => html`<p class="warn">${problem}</p>`);
}

/** How many messages at the beginning only allocate the channels that everything else goes over. */
function openingOf(entries: readonly TraceEntry[]): number {
  const other = entries.findIndex(({ name }) => name !== 'CTAPHID_INIT');
  return other === -1 || other < OPENING ? 0 : OPENING;
}

function channelsOf(entries: readonly TraceEntry[]): readonly string[] {
  const channels = entries.slice(openingOf(entries)).flatMap(({ channel }) => channel ?? []);
  return [...new Set(channels)];
}
