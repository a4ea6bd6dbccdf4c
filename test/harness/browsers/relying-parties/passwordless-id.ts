/** A site on @passwordless-id/webauthn, in the page and on the server. */
import { server } from '@passwordless-id/webauthn';
import { jsonApi, type RelyingParty, serveRelyingParty } from './relying-party.ts';

type Registration = Parameters<typeof server.verifyRegistration>[0];
type Authentication = Parameters<typeof server.verifyAuthentication>[0];
type Credential = Parameters<typeof server.verifyAuthentication>[1];

/**
 * The package takes r and s of a signature for 32 bytes each. DER leaves leading zeros out, so that it refuses one good
 * signature in 128, whoever has made it.
 */
function misreads(refusal: string): boolean {
  const [, text] = /Invalid signature: ([\w-]+)/.exec(refusal) ?? [];
  if (text === undefined) return false;
  const der = Buffer.from(text, 'base64url');
  const r = der.subarray(4, 4 + der[3]!);
  const s = der.subarray(4 + r.length + 2);
  const isShort = (integer: Buffer) => integer.subarray(integer[0] === 0 ? 1 : 0).length < 32;
  return isShort(r) || isShort(s);
}

export async function openPasswordlessId(): Promise<RelyingParty> {
  let challenge = '';
  const credentials = new Map<string, { credential: Credential; counter: number }>();
  const party = await serveRelyingParty(
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
  return { ...party, misreads };
}
