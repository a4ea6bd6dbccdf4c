/** get() on a U2F key: CTAP 2.3 §7.3. */
import { encodeAuthenticatorData } from '../../ctap/authenticator-data.ts';
import { Flag } from '../../ctap/flags.ts';
import type { Ctap1Client } from '../client/ctap1.ts';
import type { AssertionRequest, Given } from './assertion-request.ts';
import type { Authenticator, U2fAuthenticator } from './authenticator.ts';
import { Unsuitable, webauthnError } from './errors.ts';
import { clientOutputs } from './extensions/index.ts';
import { findKeyHandle, touchU2f, UNTIL_ABORTED } from './u2f.ts';

/** @throws Unsuitable, CtapError, U2fError, ProtocolError or DOMException */
export async function getOverU2f(authenticator: U2fAuthenticator, request: AssertionRequest): Promise<Given> {
  const { client, turn } = authenticator;
  const { options, rpId, appId } = request;
  if (!options.allowCredentials) throw new Unsuitable('NotAllowedError', 'a U2F key has no discoverable credentials');
  if (options.userVerification === 'required') {
    throw new Unsuitable('NotAllowedError', 'a U2F key cannot verify its user');
  }
  const given = await signWithU2f(client, authenticator, request, appId === undefined ? [rpId] : [rpId, appId]);
  if (given) return given;
  await touchU2f(client, turn.signal);
  throw webauthnError('NotAllowedError', `the authenticator has no credential of ${rpId} that was asked for`);
}

/** Signs with the first credential that the key has for one of `identities`; undefined where it has none. */
export async function signWithU2f(
  client: Ctap1Client,
  authenticator: Authenticator,
  { options, appId, rpId, clientDataHash, extensions }: AssertionRequest,
  identities: readonly string[],
): Promise<Given | undefined> {
  const known = await findKeyHandle(client, identities, options.allowCredentials ?? []);
  if (!known) return undefined;
  const { application, keyHandle } = known;
  const { userPresence, counter, signature } = await client.authenticate(
    { challenge: clientDataHash, application, keyHandle },
    { signal: authenticator.turn.signal, timeout: UNTIL_ABORTED },
  );
  const authData = { rpIdHash: application, flags: userPresence & Flag.UP, signCount: counter };
  const exchanges = extensions.map((extension) => extension.begin(authenticator, keyHandle));
  const usedAppId = known.identity === appId && appId !== rpId;
  return {
    credentialId: keyHandle,
    authenticatorData: encodeAuthenticatorData(authData),
    signature,
    clientExtensionResults: await clientOutputs(exchanges, { authData, usedAppId }),
  };
}
