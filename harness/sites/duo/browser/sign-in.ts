/// <reference lib="dom" />
import { type PublicKeyCredentialRequestOptionsJSON, startAuthentication } from '@simplewebauthn/browser';
import { cancelsCeremony, requireSupport, runCeremony } from './ceremony.ts';
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
  setWaiting(true);
  const failure = await runCeremony<PublicKeyCredentialRequestOptionsJSON>({
    ...{ kind: 'sign-in', path: '/api/authentication/options', body: { username } },
    waiting: 'Waiting for your security key. Touch it when it blinks.',
    perform: async (optionsJSON) => {
      await post('/api/authentication', await startAuthentication({ optionsJSON }));
      announce('Signed in.');
      location.assign('/account');
    },
  });
  if (failure === undefined) return;
  setWaiting(false);
  showFailure(failure);
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
cancelsCeremony(byId('cancel', HTMLButtonElement));
byId('other-account', HTMLButtonElement).addEventListener('click', () => {
  clearFailure();
  showStep('username');
  byId('username', HTMLInputElement).focus();
});

requireSupport(byId('sign-in', HTMLButtonElement));
card.dataset.ready = 'true';
