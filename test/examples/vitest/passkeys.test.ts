/** An example for vitest: the passkey endpoints of a server, tested without a browser. */
import {
  generateAuthenticationOptions,
  generateRegistrationOptions,
  verifyAuthenticationResponse,
  verifyRegistrationResponse,
} from '@simplewebauthn/server';
import { test as base, expect } from 'vitest';
import { browserlessFixtures } from '../../../harness/browsers/index.ts';

const origin = 'https://login.example.com';
const rpID = 'example.com';
/** What the server reads off the wire. */
const sent = (value: object) => JSON.parse(JSON.stringify(value));
const test = base.extend(browserlessFixtures({ origin }));

test('a server registers a key and signs it in', async ({ passkeyClient }) => {
  const creation = await generateRegistrationOptions({ rpName: 'Example', rpID, userName: 'alice' });
  const registered = await verifyRegistrationResponse({
    response: sent(await passkeyClient.create(creation)),
    expectedChallenge: creation.challenge,
    expectedOrigin: origin,
    expectedRPID: rpID,
    requireUserVerification: false,
  });
  const { credential } = registered.registrationInfo!;
  const request = await generateAuthenticationOptions({ rpID, allowCredentials: [{ id: credential.id }] });
  const signedIn = await verifyAuthenticationResponse({
    response: sent(await passkeyClient.get(request)),
    expectedChallenge: request.challenge,
    expectedOrigin: origin,
    expectedRPID: rpID,
    requireUserVerification: false,
    credential,
  });
  expect(signedIn.verified).toBe(true);
});

test('a server is asked by a key that it does not know', async ({ passkeyClient }) => {
  const request = await generateAuthenticationOptions({ rpID, allowCredentials: [{ id: 'bm9uZQ' }] });
  await expect(passkeyClient.get(request)).rejects.toMatchObject({ name: 'NotAllowedError' });
});
