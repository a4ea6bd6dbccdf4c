/// <reference lib="dom" />
import { type Failure, Refusal, Unreachable } from './failure.ts';

/** The element with this id; its absence is a defect of the page. */
export function byId<T extends HTMLElement>(id: string, type: new () => T): T {
  const element = document.getElementById(id);
  if (!(element instanceof type)) throw new Error(`The page lacks a ${type.name} with id "${id}".`);
  return element;
}

/** Shows the parts of one step, hides the others, and moves focus to the step's heading. */
export function showStep(step: string): void {
  let past = true;
  for (const item of document.querySelectorAll<HTMLElement>('[data-progress]')) {
    const current = item.dataset.progress === step;
    if (current) past = false;
    item.classList.toggle('past', past);
    if (current) item.setAttribute('aria-current', 'step');
    else item.removeAttribute('aria-current');
  }
  for (const part of document.querySelectorAll<HTMLElement>('[data-step]')) part.hidden = part.dataset.step !== step;
  document.querySelector<HTMLElement>(`[data-step="${step}"] h1`)?.focus();
}

/** Says something to screen readers without taking the focus. */
export function announce(text: string): void {
  byId('status', HTMLElement).textContent = text;
}

export function showFailure(failure: Failure): void {
  announce('');
  const alert = byId('alert', HTMLElement);
  alert.dataset.code = failure.code;
  byId('alert-title', HTMLElement).textContent = failure.title;
  byId('alert-text', HTMLElement).textContent = failure.text;
  const { thrown } = failure;
  const detail = byId('alert-detail', HTMLElement);
  detail.hidden = thrown === undefined;
  detail.textContent = thrown === undefined ? '' : `${thrown.name}: ${thrown.message}`;
  if (thrown === undefined) delete alert.dataset.error;
  else alert.dataset.error = thrown.name;
  alert.hidden = false;
}

export function clearFailure(): void {
  const alert = byId('alert', HTMLElement);
  alert.hidden = true;
  delete alert.dataset.code;
}

/** The username field's value, or undefined after the field has said what is wrong with it. */
export function readUsername(): string | undefined {
  const input = byId('username', HTMLInputElement);
  const note = byId('username-error', HTMLElement);
  const username = input.value.trim().toLowerCase();
  const good = /^[a-z0-9][a-z0-9._@+-]{0,63}$/.test(username);
  input.setAttribute('aria-invalid', String(!good));
  note.hidden = good;
  if (good) return username;
  note.textContent =
    username === ''
      ? 'Enter your username.'
      : 'Use letters, digits and . _ @ + - only, starting with a letter or a digit.';
  input.focus();
  return undefined;
}

/** POSTs JSON to the site. Throws Refusal with the site's own sentence, or Unreachable. */
export async function post<T>(path: string, body: unknown): Promise<T> {
  let response: Response;
  let answer: unknown;
  try {
    response = await fetch(path, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    });
    answer = await response.json();
  } catch (cause) {
    throw new Unreachable(`POST ${path} was not answered with JSON`, { cause });
  }
  if (response.ok) return answer as T;
  const { error } = answer as { error: { code: string; message: string } };
  throw new Refusal(error.code, error.message);
}
