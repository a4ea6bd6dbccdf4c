/** create() on a U2F key: CTAP 2.3 §7.2. */
import { fidoU2fStatement } from '../../ctap/attestation.ts';
import { encodeAuthenticatorData } from '../../ctap/authenticator-data.ts';
import { encodeCoseKey } from '../../ctap/cose.ts';
import { Algorithm } from '../../ctap/crypto.ts';
import { Flag } from '../../ctap/flags.ts';
import { CtapError } from '../../ctap/status.ts';
import type { U2fAuthenticator } from './authenticator.ts';
import type { Created, CreationRequest } from './creation-request.ts';
import { sha256 } from './digest.ts';
import { Unsuitable } from './errors.ts';
import { clientOutputs } from './extensions/index.ts';
import { findKeyHandle, touchU2f, UNTIL_ABORTED } from './u2f.ts';

/** U2F keys name no model. */
const NO_AAGUID = new Uint8Array(16);

/** @throws Unsuitable, CtapError, U2fError or ProtocolError */
export async function createOverU2f(authenticator: U2fAuthenticator, request: CreationRequest): Promise<Created> {
  const { client, turn } = authenticator;
  const { rpId, appIdExclude, options, clientDataHash } = request;
  assertWithinU2f(request);
  const exchanges = request.extensions.map((begin) => begin(authenticator, false));
  const identities = appIdExclude === undefined ? [rpId] : [rpId, appIdExclude];
  if (await findKeyHandle(client, identities, options.excludeCredentials)) {
    await touchU2f(client, turn.signal);
    throw new CtapError('CTAP2_ERR_CREDENTIAL_EXCLUDED');
  }
  const application = sha256(rpId);
  const touch = { signal: turn.signal, timeout: UNTIL_ABORTED };
  const { publicKey, keyHandle, certificate, signature } = await client.register(
    { challenge: clientDataHash, application },
    touch,
  );
  const credential = {
    aaguid: NO_AAGUID,
    credentialId: keyHandle,
    credentialPublicKey: encodeCoseKey({ alg: Algorithm.ES256, publicKey }),
  };
  const parts = { rpIdHash: application, flags: Flag.UP | Flag.AT, signCount: 0, attestedCredentialData: credential };
  const attStmt = fidoU2fStatement.encode({ x5c: [certificate], sig: signature });
  return {
    attestation: { fmt: 'fido-u2f', attStmt, authData: encodeAuthenticatorData(parts) },
    credential,
    clientExtensionResults: await clientOutputs(exchanges, { authData: parts, discoverable: false }),
  };
}

/** What U2F cannot do ends here (CTAP 2.3 §7.2 step 1). */
function assertWithinU2f({ options, pubKeyCredParams }: CreationRequest): void {
  const { residentKey, userVerification } = options.authenticatorSelection;
  if (!pubKeyCredParams.some(({ alg }) => alg === Algorithm.ES256)) {
    throw new Unsuitable('NotAllowedError', `a U2F key has the algorithm ${Algorithm.ES256} alone`);
  }
  if (residentKey === 'required') throw new Unsuitable('NotAllowedError', 'a U2F key has no discoverable credentials');
  if (userVerification === 'required') throw new Unsuitable('NotAllowedError', 'a U2F key cannot verify its user');
}
