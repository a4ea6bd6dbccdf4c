/// <reference lib="dom" />
import type { Part } from './details.ts';
import { el } from './dom.ts';
import type { Panel } from './panel.ts';
export function setUpCodes(_panel: Panel): Part {
  return { title: 'One-time codes', body: el('div'), show: () => false };
}
