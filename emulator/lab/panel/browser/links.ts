/// <reference lib="dom" />
/** The pages of the lab's site. */
import { byId, el, show } from './dom.ts';
import type { LabState } from './lab-state.ts';

export function setUpLinks(state: LabState): void {
  const place = byId('links', HTMLElement);
  state.onChange((_, change) => {
    if (change?.type !== 'lab') return;
    const { site, dashboard, mailbox } = change.links;
    const links = Object.entries({ Site: site, Dashboard: dashboard, Mailbox: mailbox }).flatMap(([text, address]) =>
      address == null || !isWebPage(address)
        ? []
        : [el('a', { href: address, target: '_blank', rel: 'noreferrer' }, text)],
    );
    place.replaceChildren(...links);
    show(place, links.length > 0);
  });
}

function isWebPage(address: string): boolean {
  return URL.canParse(address) && ['http:', 'https:'].includes(new URL(address).protocol);
}
