/** Firefox ESR and a key in the kernel: its own WebAuthn stack and its own prompts. */
import { expect, it } from 'vitest';
import { bootKernel } from './kernel.ts';
import { startVisit } from './visit-job.ts';

const kernel = await bootKernel();
const visit = await startVisit(kernel, 'firefox');

it('registers', async () => {
  const step = await visit.step('register');
  expect(step).toMatchObject({ heading: 'Security key added', alert: null, site: ['registration accepted'] });
  expect(step.asked).toEqual(['makeCredential localhost alice']);
});

it('refuses the same key again with InvalidStateError', async () => {
  const step = await visit.step('register-again');
  expect(step.alert).toEqual({
    code: 'already-enrolled',
    title: 'This key is already enrolled',
    error: 'InvalidStateError',
  });
  expect(step.site).toEqual([]);
});

it('signs in', async () => {
  const step = await visit.step('sign-in');
  expect(step).toMatchObject({ path: '/account', alert: null, site: ['authentication accepted'] });
  expect(step.asked).toEqual([expect.stringMatching(/^getAssertion localhost/)]);
});

it('gives the page NotAllowedError when the touch is denied', async () => {
  const step = await visit.step('sign-in-denied');
  expect(step.alert).toEqual({
    code: 'denied',
    title: 'Your security key was not used',
    error: 'NotAllowedError',
  });
  expect(step.asked).toEqual([expect.stringMatching(/^getAssertion localhost/)]);
  expect(step.site).toEqual([]);
});

it('asks for the PIN in its own box, where the site requires user verification, and registers', async () => {
  const step = await visit.step('register-with-pin');
  expect(step).toMatchObject({ heading: 'Security key added', alert: null, site: ['registration accepted'] });
  expect(step.asked).toEqual(['makeCredential localhost carol']);
  expect(step.dialogs.join(' ')).toMatch(/PIN/);
});

it('signs in with the PIN', async () => {
  const step = await visit.step('sign-in-with-pin');
  expect(step).toMatchObject({ path: '/account', alert: null, site: ['authentication accepted'] });
  expect(step.dialogs.join(' ')).toMatch(/PIN/);
});

it('closes the browser and pulls the key out', async () => {
  expect(await visit.job.ended).toMatchObject({ status: 0 });
});
