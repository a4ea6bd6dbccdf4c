/** A site on @passwordless-id/webauthn, in the page and on the server. */
import { server } from '@passwordless-id/webauthn';
import { jsonApi, type RelyingParty, serveRelyingParty } from './relying-party.ts';

type Registration = Parameters<typeof server.verifyRegistration>[0];
type Authentication = Parameters<typeof server.verifyAuthentication>[0];
type Credential = Parameters<typeof server.verifyAuthentication>[1];

export function openPasswordlessId(): Promise<RelyingParty> {
  let challenge = '';
  const credentials = new Map<string, { credential: Credential; counter: number }>();
  return serveRelyingParty(
    'passwordless-id-page.ts',
    jsonApi({
      '/challenge': () => {
        challenge = server.randomChallenge();
        return { challenge, allowCredentials: [...credentials.keys()] };
      },
      '/register': async (registration: Registration, origin) => {
        const { credential, authenticator } = await server.verifyRegistration(registration, { challenge, origin });
        credentials.set(credential.id, { credential, counter: authenticator.counter });
      },
      '/sign-in': async (authentication: Authentication, origin) => {
        const known = credentials.get(authentication.id);
        if (!known) throw new Error('no such credential');
        const expected = { challenge, origin, userVerified: false, counter: known.counter };
        const { counter } = await server.verifyAuthentication(authentication, known.credential, expected);
        known.counter = counter;
      },
    }),
  );
}
