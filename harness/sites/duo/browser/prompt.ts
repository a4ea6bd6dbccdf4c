/// <reference lib="dom" />
import {
  type PublicKeyCredentialRequestOptionsJSON,
  startAuthentication,
  WebAuthnAbortService,
} from '@simplewebauthn/browser';
import { cancelsCeremony, runCeremony } from './ceremony.ts';
import { describeFailure, missingSupport, Refusal } from './failure.ts';
import { announce, byId, clearFailure, post, showFailure, showStep } from './page.ts';

const card = byId('prompt', HTMLElement);
const base = card.dataset.base ?? '';
const hasKey = card.dataset.first === 'key';
const remember = document.getElementById('remember');

interface Opened {
  url: string;
}

function remembers(): boolean {
  return remember instanceof HTMLInputElement && remember.checked;
}

/** A button that only some prompts have. */
function onClick(id: string, action: () => void): void {
  document.getElementById(id)?.addEventListener('click', action);
}

function goTo(step: string): void {
  clearFailure();
  if (step !== 'key') WebAuthnAbortService.cancelCeremony();
  showStep(step);
  if (step === 'passcode') byId('passcode', HTMLInputElement).focus();
}

function setWaiting(on: boolean): void {
  card.classList.toggle('is-waiting', on);
  byId('waiting', HTMLElement).hidden = !on;
  byId('failed', HTMLElement).hidden = on;
}

async function useKey(): Promise<void> {
  setWaiting(true);
  const failure = await runCeremony<PublicKeyCredentialRequestOptionsJSON>({
    ...{ kind: 'sign-in', path: `${base}/options`, body: {} },
    waiting: 'Waiting for your security key. Touch it when it blinks.',
    perform: async (optionsJSON) => {
      const response = await startAuthentication({ optionsJSON });
      const { url } = await post<Opened>(`${base}/assertion`, { ...response, remember: remembers() });
      announce('Signed in.');
      location.assign(url);
    },
  });
  if (failure === undefined) return;
  setWaiting(false);
  // The person chose another way meanwhile.
  if (!isShown('key')) return;
  showFailure(failure);
  byId('try-again', HTMLButtonElement).focus();
}

function isShown(step: string): boolean {
  return document.querySelector<HTMLElement>(`[data-step="${step}"]`)?.hidden === false;
}

async function usePasscode(): Promise<void> {
  const input = byId('passcode', HTMLInputElement);
  const note = byId('passcode-error', HTMLElement);
  const verify = byId('verify', HTMLButtonElement);
  clearFailure();
  const passcode = input.value.trim();
  note.hidden = passcode !== '';
  input.setAttribute('aria-invalid', String(passcode === ''));
  if (passcode === '') {
    note.textContent = 'Enter the passcode that your token shows.';
    input.focus();
    return;
  }
  verify.disabled = true;
  try {
    const { url } = await post<Opened>(`${base}/passcode`, { passcode, remember: remembers() });
    announce('Signed in.');
    location.assign(url);
  } catch (error) {
    verify.disabled = false;
    // A code is good once; the next is typed into an empty field.
    input.value = '';
    if (error instanceof Refusal && (error.code === 'invalid_passcode' || error.code === 'passcode_replayed')) {
      note.textContent = error.message;
      note.hidden = false;
      input.setAttribute('aria-invalid', 'true');
      announce(error.message);
    } else {
      showFailure(describeFailure(error, { kind: 'sign-in', elapsed: 0, timeout: 1 }));
    }
    input.focus();
  }
}

onClick('try-again', () => void useKey());
cancelsCeremony(document.getElementById('cancel'));
onClick('other-options', () => goTo('options'));
onClick('passcode-options', () => goTo('options'));
onClick('option-passcode', () => goTo('passcode'));
onClick('option-key', () => {
  goTo('key');
  void useKey();
});
document.getElementById('passcode-form')?.addEventListener('submit', (event) => {
  event.preventDefault();
  void usePasscode();
});

const missing = missingSupport();
if (!hasKey) goTo('passcode');
else if (missing === undefined) void useKey();
else {
  setWaiting(false);
  showFailure(missing);
}
card.dataset.ready = 'true';
