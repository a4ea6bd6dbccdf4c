/** create(): [[Create]] of WebAuthn Level 3 §5.1.3, after the options have been read. */
import { toBase64Url } from '../../ctap/bytes.ts';
import { PUBLIC_KEY, type PublicKeyCredentialParameters } from '../../ctap/commands/entities.ts';
import { Algorithm } from '../../ctap/crypto.ts';
import { attestationObject, conveyed } from './attestation.ts';
import { type Authenticator, openAuthenticator } from './authenticator.ts';
import { type Ceremony, collectClientData } from './ceremony.ts';
import { createOverCtap2 } from './create-ctap2.ts';
import { createOverU2f } from './create-u2f.ts';
import type { Created, CreationRequest } from './creation-request.ts';
import { Unsuitable, webauthnError } from './errors.ts';
import { assertConsistentPolicy } from './extensions/cred-protect.ts';
import { creationExtensions } from './extensions/index.ts';
import type { RegistrationResponseJSON } from './json.ts';
import type { PublicKeyCredentialCreationOptions } from './options.ts';
import { publicKeyAlgorithm, subjectPublicKeyInfo } from './public-key.ts';
import { firstOf } from './race.ts';
import { resolveAppId, resolveRpId } from './rp-id.ts';

const MAX_USER_ID_LENGTH = 64;
/** RSASSA-PKCS1-v1_5 with SHA-256: no key of this project makes it, but browsers ask for it. */
const RS256 = -257;
const DEFAULT_PARAMETERS: readonly PublicKeyCredentialParameters[] = [
  { type: PUBLIC_KEY, alg: Algorithm.ES256 },
  { type: PUBLIC_KEY, alg: RS256 },
];

/**
 * @throws TypeError for a user ID of more than 64 bytes
 * @throws DOMException by the names of §5.1.3.1
 */
export async function create(
  ceremony: Ceremony,
  options: PublicKeyCredentialCreationOptions,
): Promise<RegistrationResponseJSON> {
  const { caller, signal, fetchRelatedOrigins } = ceremony;
  // Steps 9 to 12 come first, as in browsers: the page is told of what it can see itself before the RP ID is looked at.
  const extensions = creationExtensions(options.extensions);
  const { length } = options.user.id; // step 5
  // None at all is taken, as browsers do.
  if (length > MAX_USER_ID_LENGTH) {
    throw new TypeError(`publicKey.user.id: expected at most ${MAX_USER_ID_LENGTH} bytes, got ${length}`);
  }
  const pubKeyCredParams = candidates(options.pubKeyCredParams);
  const rpId = await resolveRpId(caller, options.rp.id, fetchRelatedOrigins, signal); // steps 7, 8
  const { appidExclude } = options.extensions;
  const appIdExclude = appidExclude === undefined ? undefined : resolveAppId(caller, appidExclude);
  assertConsistentPolicy(options);
  const clientData = collectClientData(ceremony, 'webauthn.create', options.challenge); // steps 13 to 15
  const request: CreationRequest = {
    rpId,
    appIdExclude,
    options,
    pubKeyCredParams,
    clientDataHash: clientData.hash,
    extensions,
    ui: ceremony.ui,
    enterpriseAttestation: ceremony.enterpriseRpIds.includes(rpId) ? 2 : 1,
  };
  // steps 18 to 22
  const { authenticator, created } = await firstOf(await ceremony.devices(), signal, async (device, turn) => {
    const authenticator = await openAuthenticator(device, turn);
    assertAttachment(authenticator, options);
    const created =
      authenticator.protocol === 'ctap2'
        ? await createOverCtap2(authenticator, request)
        : await createOverU2f(authenticator, request);
    return { authenticator, created };
  });
  return registrationResponse(authenticator, created, options, clientData.json);
}

/** The parameters with a type that the client knows; the default where none were given. */
function candidates(
  parameters: PublicKeyCredentialCreationOptions['pubKeyCredParams'],
): PublicKeyCredentialParameters[] {
  if (parameters.length === 0) return [...DEFAULT_PARAMETERS];
  const known = parameters.filter(({ type }) => type === PUBLIC_KEY);
  if (known.length > 0) return known;
  throw webauthnError('NotSupportedError', `publicKey.pubKeyCredParams: expected the type "${PUBLIC_KEY}"`);
}

function assertAttachment(authenticator: Authenticator, options: PublicKeyCredentialCreationOptions): void {
  const { authenticatorAttachment: asked } = options.authenticatorSelection;
  if (asked === undefined || asked === authenticator.attachment) return;
  throw new Unsuitable('NotAllowedError', `expected a ${asked} authenticator, got a ${authenticator.attachment} one`);
}

function registrationResponse(
  authenticator: Authenticator,
  { attestation, credential, clientExtensionResults }: Created,
  options: PublicKeyCredentialCreationOptions,
  clientDataJSON: Uint8Array,
): RegistrationResponseJSON {
  const id = toBase64Url(credential.credentialId);
  const shown = conveyed(attestation, options.attestation);
  const publicKey = subjectPublicKeyInfo(credential.credentialPublicKey);
  return {
    id,
    rawId: id,
    response: {
      clientDataJSON: toBase64Url(clientDataJSON),
      authenticatorData: toBase64Url(shown.authData),
      transports: authenticator.transports,
      ...(publicKey && { publicKey: toBase64Url(publicKey) }),
      publicKeyAlgorithm: publicKeyAlgorithm(credential.credentialPublicKey),
      attestationObject: toBase64Url(attestationObject(shown)),
    },
    authenticatorAttachment: authenticator.attachment,
    clientExtensionResults,
    type: PUBLIC_KEY,
  };
}
