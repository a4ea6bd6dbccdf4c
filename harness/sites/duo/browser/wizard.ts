/// <reference lib="dom" />
import {
  type PublicKeyCredentialCreationOptionsJSON,
  startRegistration,
  WebAuthnAbortService,
} from '@simplewebauthn/browser';
import { describeFailure, missingSupport, Refusal } from './failure.ts';
import { announce, byId, clearFailure, post, showFailure, showStep } from './page.ts';

interface Enrolled {
  username: string;
  key: { name: string };
  keyCount: number;
}

const card = byId('wizard', HTMLElement);
const ready = byId('ready', HTMLElement);
const waiting = byId('waiting', HTMLElement);
const begin = byId('get-started', HTMLButtonElement);
let kind = 'security-key';
let started = card.dataset.code === '';

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

async function enroll(): Promise<void> {
  clearFailure();
  setWaiting(true);
  announce('Waiting for your device. Touch it when it blinks.');
  let start = performance.now();
  let timeout = Number.POSITIVE_INFINITY;
  try {
    const optionsJSON = await post<PublicKeyCredentialCreationOptionsJSON>('/enroll/options', { kind });
    timeout = optionsJSON.timeout ?? timeout;
    start = performance.now();
    const response = await startRegistration({ optionsJSON });
    const { username, key, keyCount } = await post<Enrolled>('/enroll/finish', response);
    const text =
      keyCount === 1
        ? `${username} can now sign in with “${key.name}”. Add another as a spare, or finish.`
        : `${username} now has ${keyCount} devices; the new one is called “${key.name}”. Add another, or finish.`;
    byId('success-text', HTMLElement).textContent = text;
    goTo('done');
    announce(`Device added. ${text}`);
  } catch (error) {
    setWaiting(false);
    byId('continue', HTMLButtonElement).textContent = 'Try again';
    byId('continue', HTMLButtonElement).focus();
    const taken = error instanceof Refusal && error.code === 'taken';
    const failure = taken ? new Refusal('key_taken', error.message) : error;
    showFailure(describeFailure(failure, { kind: 'enroll', elapsed: performance.now() - start, timeout }));
  }
}

begin.addEventListener('click', () => void getStarted());
for (const choice of document.querySelectorAll<HTMLElement>('[data-kind]')) {
  choice.addEventListener('click', () => {
    kind = choice.dataset.kind ?? kind;
    byId('kind-name', HTMLElement).textContent = kind === 'platform' ? 'device' : 'security key';
    byId('continue', HTMLButtonElement).textContent = 'Continue';
    goTo('key');
  });
}
byId('continue', HTMLButtonElement).addEventListener('click', () => void enroll());
byId('cancel', HTMLButtonElement).addEventListener('click', () => WebAuthnAbortService.cancelCeremony());
byId('add-another', HTMLButtonElement).addEventListener('click', () => goTo('method'));
for (const back of document.querySelectorAll<HTMLElement>('[data-back]')) {
  back.addEventListener('click', () => goTo(back.dataset.back ?? 'welcome'));
}

const missing = missingSupport();
if (missing !== undefined) {
  showFailure(missing);
  begin.disabled = true;
}
card.dataset.ready = 'true';
