/** Our WebAuthn client beside Chromium's, which has its own virtual authenticator behind it: 200 option sets each. */
import { expect, it } from 'vitest';
import { ctap21 } from '../../../emulator/models/ctap2.1.ts';
import type { Model } from '../../../emulator/models/index.ts';
import { WebAuthnClient } from '../../../harness/webauthn/index.ts';
import { openKey, plugIn } from '../client/keys.ts';
import { enrollFinger, setPin } from '../webauthn/management.ts';
import { type Reply, runInPage } from '../webauthn/side-by-side/chromium-page.ts';
import { judge, makeOwn, ORIGIN, type Run, runBoth, runOurs } from '../webauthn/side-by-side/compare.ts';
import { optionSets } from '../webauthn/side-by-side/option-sets.ts';
import type { Outcome } from '../webauthn/side-by-side/outcome.ts';
import { launchChromium } from './chromium.ts';

const PIN = '735917';
const PATIENCE = 20_000;

/** What Chromium's own authenticator can do. */
const model: Model = {
  ...ctap21,
  name: 'as-chromium',
  algorithms: [-7, -8, -257],
  options: [...ctap21.options.filter((option) => option !== 'makeCredUvNotRqd'), 'uv', 'bioEnroll'],
  fingerprints: { kind: 'touch', maxTemplates: 1, samplesToEnroll: 1, maxTemplateFriendlyName: 16 },
};

/** The keys have other AAGUIDs, and credential IDs of other lengths. */
function neutral(outcome: Outcome): Outcome {
  if ('error' in outcome) return outcome;
  const { idLength: _, ...answer } = outcome.answer;
  const {
    aaguid,
    credentialIdLength: __,
    ...data
  } = { aaguid: '', credentialIdLength: 0, ...answer.authenticatorData };
  const authenticatorData = { ...data, hasAaguid: !/^0*$/.test(aaguid) };
  return { answer: { ...answer, authenticatorData } };
}

it('answers 200 option sets as Chromium does', async () => {
  const browser = await launchChromium();
  try {
    const page = await browser.newPage();
    await page.route(`${ORIGIN}/**`, (route) => route.fulfill({ contentType: 'text/html', body: '<!doctype html>' }));
    await page.goto(ORIGIN);
    const cdp = await page.context().newCDPSession(page);
    await cdp.send('WebAuthn.enable');
    const { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', {
      options: {
        protocol: 'ctap2',
        ctap2Version: 'ctap2_1',
        transport: 'usb',
        hasResidentKey: true,
        hasUserVerification: true,
        hasLargeBlob: true,
        hasCredBlob: true,
        automaticPresenceSimulation: true,
        isUserVerified: true,
      },
    });
    const inPage: Run = (set) => page.evaluate(runInPage, { set, patience: PATIENCE }) as Promise<Reply>;
    const key = await openKey({ model });
    const device = await plugIn(key);
    await setPin(device, PIN);
    await enrollFinger(device, PIN);
    const ours = runOurs(new WebAuthnClient({ origin: ORIGIN, authenticators: device }));
    const sides = [
      { run: inPage, ids: await makeOwn(inPage) },
      { run: ours, ids: await makeOwn(ours) },
    ] as const;
    const sets = optionSets(200, { dialogs: 10, userVerification: true, extensions: ['credBlob', 'largeBlob'] });
    const replies = [];
    for (const set of sets) {
      const both = await runBoth(set, ...sides);
      replies.push(both);
      // Chromium's authenticator has room for a few passkeys only.
      if (set.type === 'create' && 'answer' in both.chromium) {
        const credentialId = Buffer.from(both.chromium.answer.id, 'base64url').toString('base64');
        await cdp.send('WebAuthn.removeCredential', { authenticatorId, credentialId });
      }
    }
    const { outcomes, unexplained, explained } = judge(sets, replies, neutral);
    expect(unexplained).toEqual([]);
    // The sets are of all kinds, and the differences that the table explains are still there.
    expect(Object.keys(outcomes)).toEqual(
      expect.arrayContaining(['create answer', 'create InvalidStateError', 'create SecurityError', 'get answer']),
    );
    expect(Object.values(explained).reduce((all, some) => all + some, 0)).toBeLessThan(60);
    await device.close();
    await key.close();
  } finally {
    await browser.close();
  }
});
