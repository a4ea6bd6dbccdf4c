/// <reference lib="dom" />
import {
  type PublicKeyCredentialRequestOptionsJSON,
  startAuthentication,
  WebAuthnAbortService,
} from '@simplewebauthn/browser';
import { describeFailure, missingSupport } from './failure.ts';
import { announce, byId, clearFailure, post, readUsername, showFailure, showStep } from './page.ts';

const card = byId('sign-in-card', HTMLElement);
const waiting = byId('waiting', HTMLElement);
const failed = byId('failed', HTMLElement);
let username = '';

function setWaiting(on: boolean): void {
  card.classList.toggle('is-waiting', on);
  waiting.hidden = !on;
  failed.hidden = on;
  if (on) byId('cancel', HTMLButtonElement).focus();
  else byId('try-again', HTMLButtonElement).focus();
}

async function signIn(): Promise<void> {
  clearFailure();
  setWaiting(true);
  announce('Waiting for your security key. Touch it when it blinks.');
  let start = performance.now();
  let timeout = Number.POSITIVE_INFINITY;
  try {
    const optionsJSON = await post<PublicKeyCredentialRequestOptionsJSON>('/api/authentication/options', { username });
    timeout = optionsJSON.timeout ?? timeout;
    start = performance.now();
    const response = await startAuthentication({ optionsJSON });
    await post('/api/authentication', response);
    announce('Signed in.');
    location.assign('/account');
  } catch (error) {
    const failure = describeFailure(error, { kind: 'sign-in', elapsed: performance.now() - start, timeout });
    setWaiting(false);
    showFailure(failure);
  }
}

byId('sign-in-form', HTMLFormElement).addEventListener('submit', (event) => {
  event.preventDefault();
  const entered = readUsername();
  if (entered === undefined) return;
  username = entered;
  byId('as-username', HTMLElement).textContent = username;
  showStep('key');
  void signIn();
});
byId('try-again', HTMLButtonElement).addEventListener('click', () => void signIn());
byId('cancel', HTMLButtonElement).addEventListener('click', () => WebAuthnAbortService.cancelCeremony());
byId('other-account', HTMLButtonElement).addEventListener('click', () => {
  clearFailure();
  showStep('username');
  byId('username', HTMLInputElement).focus();
});

const missing = missingSupport();
if (missing !== undefined) {
  showFailure(missing);
  byId('sign-in', HTMLButtonElement).disabled = true;
}
card.dataset.ready = 'true';
