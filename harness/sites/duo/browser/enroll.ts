/// <reference lib="dom" />
import {
  type PublicKeyCredentialCreationOptionsJSON,
  startRegistration,
  WebAuthnAbortService,
} from '@simplewebauthn/browser';
import { describeFailure, missingSupport } from './failure.ts';
import { announce, byId, clearFailure, post, readUsername, showFailure, showStep } from './page.ts';

interface Enrolled {
  username: string;
  key: { name: string };
  keyCount: number;
}

const card = byId('enroll', HTMLElement);
const ready = byId('ready', HTMLElement);
const waiting = byId('waiting', HTMLElement);
let username = '';

function setWaiting(on: boolean): void {
  card.classList.toggle('is-waiting', on);
  ready.hidden = on;
  waiting.hidden = !on;
  if (on) byId('cancel', HTMLButtonElement).focus();
}

function goTo(step: string): void {
  clearFailure();
  setWaiting(false);
  showStep(step);
}

async function enroll(): Promise<void> {
  clearFailure();
  setWaiting(true);
  announce('Waiting for your security key. Touch it when it blinks.');
  let start = performance.now();
  let timeout = Number.POSITIVE_INFINITY;
  try {
    const optionsJSON = await post<PublicKeyCredentialCreationOptionsJSON>('/api/registration/options', { username });
    timeout = optionsJSON.timeout ?? timeout;
    start = performance.now();
    const response = await startRegistration({ optionsJSON });
    const enrolled = await post<Enrolled>('/api/registration', response);
    const text =
      enrolled.keyCount === 1
        ? `${enrolled.username} can now sign in with this key. Add another as a spare, or finish.`
        : `${enrolled.username} now has ${enrolled.keyCount} security keys. Add another, or finish.`;
    byId('success-text', HTMLElement).textContent = text;
    goTo('done');
    announce(`Security key added. ${text}`);
  } catch (error) {
    const failure = describeFailure(error, { kind: 'enroll', elapsed: performance.now() - start, timeout });
    setWaiting(false);
    byId('continue', HTMLButtonElement).textContent = 'Try again';
    byId('continue', HTMLButtonElement).focus();
    showFailure(failure);
  }
}

byId('welcome-form', HTMLFormElement).addEventListener('submit', (event) => {
  event.preventDefault();
  const entered = readUsername();
  if (entered === undefined) return;
  username = entered;
  goTo('method');
});
byId('method-security-key', HTMLButtonElement).addEventListener('click', () => {
  byId('continue', HTMLButtonElement).textContent = 'Continue';
  goTo('key');
});
byId('continue', HTMLButtonElement).addEventListener('click', () => void enroll());
byId('cancel', HTMLButtonElement).addEventListener('click', () => WebAuthnAbortService.cancelCeremony());
byId('add-another', HTMLButtonElement).addEventListener('click', () => goTo('method'));
for (const back of document.querySelectorAll<HTMLElement>('[data-back]')) {
  back.addEventListener('click', () => goTo(back.dataset.back ?? 'welcome'));
}

const missing = missingSupport();
if (missing !== undefined) {
  showFailure(missing);
  byId('get-started', HTMLButtonElement).disabled = true;
}
card.dataset.ready = 'true';
