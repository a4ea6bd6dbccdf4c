/// <reference lib="dom" />
import { enrolmentSteps } from './enrolment.ts';
import { describeFailure } from './failure.ts';
import { byId, clearFailure, post, showFailure } from './page.ts';

const card = byId('wizard', HTMLElement);
const begin = byId('get-started', HTMLButtonElement);
let kind = 'security-key';
let started = card.dataset.code === '';

const goTo = enrolmentSteps({
  card,
  noun: 'device',
  begin,
  paths: { options: '/enroll/options', finish: '/enroll/finish' },
  request: () => ({ kind }),
  outcome: ({ username, key, keyCount }) =>
    keyCount === 1
      ? `${username} can now sign in with “${key.name}”. Add another as a spare, or finish.`
      : `${username} now has ${keyCount} devices; the new one is called “${key.name}”. Add another, or finish.`,
});

async function getStarted(): Promise<void> {
  clearFailure();
  begin.disabled = true;
  try {
    // The link is handed in by this click, not by opening the page: mail programs open links too.
    if (!started) await post('/enroll/start', { code: card.dataset.code });
    started = true;
    goTo('method');
  } catch (error) {
    showFailure(describeFailure(error, { kind: 'enroll', elapsed: 0, timeout: 1 }));
  } finally {
    begin.disabled = false;
  }
}

begin.addEventListener('click', () => void getStarted());
for (const choice of document.querySelectorAll<HTMLElement>('[data-kind]')) {
  choice.addEventListener('click', () => {
    kind = choice.dataset.kind ?? kind;
    byId('kind-name', HTMLElement).textContent = kind === 'platform' ? 'device' : 'security key';
    goTo('key');
  });
}
card.dataset.ready = 'true';
