/// <reference lib="dom" />
import { type PublicKeyCredentialCreationOptionsJSON, startRegistration } from '@simplewebauthn/browser';
import { cancelsCeremony, requireSupport, runCeremony } from './ceremony.ts';
import { announce, byId, clearFailure, post, showFailure, showStep } from './page.ts';

/** What the site answers once a key is enrolled. */
export interface Enrolled {
  readonly username: string;
  readonly key: { readonly name: string };
  readonly keyCount: number;
}

export interface Enrolment {
  readonly card: HTMLElement;
  /** What is added, as its pages call it. */
  readonly noun: 'security key' | 'device';
  readonly begin: HTMLButtonElement;
  readonly paths: { readonly options: string; readonly finish: string };
  /** What the site is told for its options. */
  readonly request: () => unknown;
  /** What the last step says. */
  readonly outcome: (enrolled: Enrolled) => string;
}

/** The steps from the choice of a method on, which every enrolment has. Returns how to go to one of them. */
export function enrolmentSteps(enrolment: Enrolment): (step: string) => void {
  const { card, noun, begin, paths, request, outcome } = enrolment;
  const proceed = byId('continue', HTMLButtonElement);

  const setWaiting = (on: boolean): void => {
    card.classList.toggle('is-waiting', on);
    byId('ready', HTMLElement).hidden = on;
    byId('waiting', HTMLElement).hidden = !on;
    if (on) byId('cancel', HTMLButtonElement).focus();
  };
  const goTo = (step: string): void => {
    clearFailure();
    setWaiting(false);
    if (step === 'key') proceed.textContent = 'Continue';
    showStep(step);
  };
  const enroll = async (): Promise<void> => {
    setWaiting(true);
    const failure = await runCeremony<PublicKeyCredentialCreationOptionsJSON>({
      ...{ kind: 'enroll', path: paths.options, body: request() },
      waiting: `Waiting for your ${noun}. Touch it when it blinks.`,
      perform: async (optionsJSON) => {
        const enrolled = await post<Enrolled>(paths.finish, await startRegistration({ optionsJSON }));
        const text = outcome(enrolled);
        byId('success-text', HTMLElement).textContent = text;
        goTo('done');
        announce(`${noun === 'device' ? 'Device' : 'Security key'} added. ${text}`);
      },
    });
    if (failure === undefined) return;
    setWaiting(false);
    proceed.textContent = 'Try again';
    proceed.focus();
    showFailure(failure);
  };

  proceed.addEventListener('click', () => void enroll());
  cancelsCeremony(byId('cancel', HTMLButtonElement));
  byId('add-another', HTMLButtonElement).addEventListener('click', () => goTo('method'));
  for (const back of document.querySelectorAll<HTMLElement>('[data-back]')) {
    back.addEventListener('click', () => goTo(back.dataset.back ?? 'welcome'));
  }
  requireSupport(begin);
  return goTo;
}
