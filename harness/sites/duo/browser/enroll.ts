/// <reference lib="dom" />
import { enrolmentSteps } from './enrolment.ts';
import { byId, readUsername } from './page.ts';

const card = byId('enroll', HTMLElement);
let username = '';

const goTo = enrolmentSteps({
  card,
  noun: 'security key',
  begin: byId('get-started', HTMLButtonElement),
  paths: { options: '/api/registration/options', finish: '/api/registration' },
  request: () => ({ username }),
  outcome: (enrolled) =>
    enrolled.keyCount === 1
      ? `${enrolled.username} can now sign in with this key. Add another as a spare, or finish.`
      : `${enrolled.username} now has ${enrolled.keyCount} security keys. Add another, or finish.`,
});

byId('welcome-form', HTMLFormElement).addEventListener('submit', (event) => {
  event.preventDefault();
  const entered = readUsername();
  if (entered === undefined) return;
  username = entered;
  goTo('method');
});
byId('method-security-key', HTMLButtonElement).addEventListener('click', () => goTo('key'));
card.dataset.ready = 'true';
