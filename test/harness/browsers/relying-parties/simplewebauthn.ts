/** A site on @simplewebauthn/server and @simplewebauthn/browser. */
import {
  type AuthenticationResponseJSON,
  generateAuthenticationOptions,
  generateRegistrationOptions,
  type RegistrationResponseJSON,
  verifyAuthenticationResponse,
  verifyRegistrationResponse,
  type WebAuthnCredential,
} from '@simplewebauthn/server';
import { jsonApi, type RelyingParty, serveRelyingParty } from './relying-party.ts';

const RP_ID = 'localhost';

export function openSimpleWebAuthn(): Promise<RelyingParty> {
  let challenge = '';
  const credentials = new Map<string, WebAuthnCredential>();
  const asked = <T extends { challenge: string }>(options: T): T => {
    challenge = options.challenge;
    return options;
  };
  const expected = (origin: string) => ({
    expectedChallenge: challenge,
    expectedOrigin: origin,
    expectedRPID: RP_ID,
    requireUserVerification: false,
  });
  return serveRelyingParty(
    'simplewebauthn-page.ts',
    jsonApi({
      '/register/options': async () =>
        asked(await generateRegistrationOptions({ rpName: 'Example', rpID: RP_ID, userName: 'alice' })),
      '/register': async (response: RegistrationResponseJSON, origin) => {
        const { registrationInfo } = await verifyRegistrationResponse({ response, ...expected(origin) });
        if (!registrationInfo) throw new Error('the registration does not verify');
        credentials.set(registrationInfo.credential.id, registrationInfo.credential);
      },
      '/sign-in/options': async () =>
        asked(await generateAuthenticationOptions({ rpID: RP_ID, allowCredentials: [...credentials.values()] })),
      '/sign-in': async (response: AuthenticationResponseJSON, origin) => {
        const credential = credentials.get(response.id);
        if (!credential) throw new Error('no such credential');
        const { authenticationInfo, verified } = await verifyAuthenticationResponse({
          response,
          credential,
          ...expected(origin),
        });
        if (!verified) throw new Error('the sign-in does not verify');
        credential.counter = authenticationInfo.newCounter;
      },
    }),
  );
}
