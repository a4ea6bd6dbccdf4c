/** get(): [[DiscoverFromExternalSource]] of WebAuthn Level 3 §5.1.4.1, after the options have been read. */
import { toBase64Url } from '../../ctap/bytes.ts';
import { PUBLIC_KEY } from '../../ctap/commands/entities.ts';
import type { AssertionRequest } from './assertion-request.ts';
import { openAuthenticator } from './authenticator.ts';
import { type Ceremony, collectClientData } from './ceremony.ts';
import { assertionExtensions } from './extensions/index.ts';
import { getOverCtap2 } from './get-ctap2.ts';
import { getOverU2f } from './get-u2f.ts';
import type { AuthenticationResponseJSON } from './json.ts';
import type { PublicKeyCredentialRequestOptions } from './options.ts';
import { firstOf } from './race.ts';
import { resolveAppId, resolveRpId } from './rp-id.ts';

/** @throws DOMException by the names of §5.1.4.4 */
export async function get(
  ceremony: Ceremony,
  options: PublicKeyCredentialRequestOptions,
): Promise<AuthenticationResponseJSON> {
  const { caller, signal, fetchRelatedOrigins, ui } = ceremony;
  const { allowCredentials } = options;
  // As in browsers: the page is told of what it can see itself before the RP ID is looked at.
  const extensions = assertionExtensions(options.extensions, allowCredentials);
  const rpId = await resolveRpId(caller, options.rpId, fetchRelatedOrigins, signal); // steps 6, 7
  const { appid } = options.extensions; // steps 8, 9
  const appId = appid === undefined ? undefined : resolveAppId(caller, appid);
  const clientData = collectClientData(ceremony, 'webauthn.get', options.challenge); // steps 10 to 12
  const { hash: clientDataHash } = clientData;
  const request: AssertionRequest = { rpId, appId, options, clientDataHash, extensions, ui };
  // steps 15 to 20
  const { authenticator, given } = await firstOf(await ceremony.devices(), signal, async (device, turn) => {
    const authenticator = await openAuthenticator(device, turn);
    const given =
      authenticator.protocol === 'ctap2'
        ? await getOverCtap2(authenticator, request)
        : await getOverU2f(authenticator, request);
    return { authenticator, given };
  });
  const id = toBase64Url(given.credentialId);
  return {
    id,
    rawId: id,
    response: {
      clientDataJSON: toBase64Url(clientData.json),
      authenticatorData: toBase64Url(given.authenticatorData),
      signature: toBase64Url(given.signature),
      ...(given.userHandle && { userHandle: toBase64Url(given.userHandle) }),
    },
    authenticatorAttachment: authenticator.attachment,
    clientExtensionResults: given.clientExtensionResults,
    type: PUBLIC_KEY,
  };
}
