/// <reference lib="dom" />
/** What is said to those who do not look: what is asked, and what a key has typed. The title of the tab says it, too. */
import { byId, setText } from './dom.ts';
import type { LabMessage, LabState } from './lab-state.ts';
import { questionInWords } from './words.ts';

const TITLE = document.title;

export function setUpAnnouncements(state: LabState): void {
  const asked = byId('asked', HTMLElement);
  let last = '';
  state.onChange((_, change) => {
    if (change?.type === 'traffic') return;
    const key = state.asking;
    const [question] = key?.pending ?? [];
    const sentence = key && question ? `Key ${key.id}: ${questionInWords(question)}. Touch it with the space bar.` : '';
    document.title = sentence === '' ? TITLE : `Touch? ${TITLE}`;
    if (sentence !== last) setText(asked, sentence);
    last = sentence;
    const typed = typedBy(change);
    if (typed !== undefined) setText(asked, typed);
  });
}

function typedBy(change: LabMessage | undefined): string | undefined {
  return change?.type === 'typed' ? `Key ${change.key} has typed ${change.text.trim()}.` : undefined;
}
