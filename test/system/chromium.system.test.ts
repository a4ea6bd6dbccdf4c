/** Chromium on a screen, and a key in the kernel: its own WebAuthn stack and dialogs, the key's keyboard, no script of ours in the page but the site's. */
import { expect, it } from 'vitest';
import { bootKernel } from './kernel.ts';
import { startVisit } from './visit-job.ts';

const kernel = await bootKernel();
const visit = await startVisit(kernel, 'chromium');

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
  expect(step).toMatchObject({ asked: ['excluded localhost'], site: [] });
  expect(step.dialogs.join(' ')).toContain('You already registered this device');
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

it('enrols by the wizard of a mailed link, where policy wants the user verified: the PIN is set in its own dialog', async () => {
  const step = await visit.step('wizard');
  expect(step).toMatchObject({ path: '/enroll', heading: 'Success! Device added', alert: null });
  expect(step.asked).toEqual(['makeCredential duo.localhost carol']);
  expect(step.dialogs).toEqual(expect.arrayContaining(['PIN required', 'Confirm PIN']));
});

it('signs in at the prompt with key and PIN', async () => {
  const step = await visit.step('prompt');
  expect(step).toMatchObject({ path: '/portal', alert: null });
  expect(step.asked).toEqual([expect.stringMatching(/^getAssertion duo.localhost/)]);
  expect(step.dialogs).toEqual(expect.arrayContaining(['PIN required']));
});

it('renames the key, removes it and adds it again in the device portal', async () => {
  expect(await visit.step('portal-rename')).toMatchObject({
    path: '/portal',
    text: expect.stringContaining('Blue key'),
  });
  const removed = await visit.step('portal-remove');
  expect(removed).toMatchObject({ path: '/portal', text: expect.stringContaining('“Blue key” was removed') });
  const added = await visit.step('portal-add');
  expect(added).toMatchObject({ path: '/enroll', heading: 'Success! Device added', alert: null });
  expect(added.asked).toEqual(['makeCredential duo.localhost carol']);
  expect(await visit.step('portal')).toMatchObject({ path: '/portal', heading: 'Your devices' });
});

it('signs in at the prompt with the HOTP that the key types, Enter included', async () => {
  const step = await visit.step('typed-passcode');
  expect(step).toMatchObject({ path: '/portal', heading: 'Your devices', alert: null, asked: [], dialogs: [] });
});

it('evaluates a PRF twice alike, and keeps a large blob on the key', async () => {
  const made = await visit.pageStep('make-with-extensions');
  expect(made).toMatchObject({ value: { enabled: true, supported: true } });
  expect(made.asked).toEqual(['makeCredential localhost dora']);
  const wrote = await visit.pageStep('write-large-blob');
  expect(wrote).toMatchObject({ value: { prf: expect.any(Array), written: true } });
  expect(wrote.dialogs).toEqual(expect.arrayContaining(['PIN required']));
  const { prf } = wrote.value as { prf: number[] };
  expect(prf).toHaveLength(32);
  expect(await visit.pageStep('read-large-blob')).toMatchObject({ value: { prf, blob: 'a large blob' } });
});

it('lists the passkeys of the key in its settings', async () => {
  expect(await visit.seen('sign-in-data')).toMatchObject({ listed: [['localhost', 'Dora', 'dora']] });
});

it('closes the browser and pulls the key out', async () => {
  expect(await visit.job.ended).toMatchObject({ status: 0 });
});
