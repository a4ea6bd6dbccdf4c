import type { AuthenticationResponseJSON, PublicKeyCredentialRequestOptionsJSON } from '@simplewebauthn/server';
import type { Session } from './sessions.ts';
import { type Site, SiteError } from './site.ts';
import type { StoredKey } from './store.ts';
import { RefusedAnswer, TRANSPORTS, verifier, verifyAuthentication } from './verifier.ts';

// The verifier's complaints that do not depend on the account, so that telling them reveals nothing about it.
const TELLABLE = /^(Unexpected |User not present|User verification required|Detected cross-origin)/;

/** What a sign-in proved. */
export interface SignIn {
  readonly username: string;
  readonly credentialId: string;
  readonly userVerified: boolean;
  readonly signCount: number;
}

/**
 * Begins a sign-in: options for `navigator.credentials.get`, their challenge bound to the session. An unknown
 * username is answered alike, with a decoy credential (WebAuthn Level 3 §14.6.2).
 */
export async function authenticationOptions(
  site: Site,
  session: Session,
  username: string,
): Promise<PublicKeyCredentialRequestOptionsJSON> {
  const decoy = site.decoys.credentialId(username);
  const keys = await site.store.keysOf(username);
  const ids = keys.length === 0 ? [decoy] : keys.map((key) => key.id);
  const { generateAuthenticationOptions } = await verifier();
  const options = await generateAuthenticationOptions({
    rpID: site.rpId,
    timeout: site.policy.timeout,
    userVerification: site.policy.userVerification,
    allowCredentials: ids.map((id) => ({ id, transports: [...TRANSPORTS] })),
  });
  session.beginAuthentication({ challenge: options.challenge, username });
  return options;
}

/** Ends a sign-in (WebAuthn Level 3 §7.2). Errors are SiteError. */
export async function finishAuthentication(
  site: Site,
  session: Session,
  response: AuthenticationResponseJSON,
): Promise<SignIn> {
  const pending = session.takeAuthentication();
  if (pending === undefined) {
    throw new SiteError(
      400,
      'no_challenge',
      'No sign-in is under way in this session: its challenge was used, has expired or was never asked for. Start again.',
    );
  }
  const { username } = pending;
  const report = (reason: string): void =>
    site.report({ type: 'authentication', username, accepted: false, credentialId: response.id, reason });

  const found = await site.store.findKey(response.id);
  const user = await site.store.findUser(username);
  const key = found !== undefined && found.username === username ? found : undefined;
  const handle = response.response.userHandle;
  const handleFits = handle === undefined || handle === user?.handle;

  const { challenge } = pending;
  const { origin, rpId } = site;
  const expected = { challenge, origin, rpId, userVerification: site.policy.userVerification };
  const outcome = await verifyAuthentication(response, key?.publicKey, site.decoys, expected).catch((error) => {
    if (!(error instanceof RefusedAnswer)) throw error;
    report(error.message);
    if (!TELLABLE.test(error.message)) throw wrongKey();
    throw new SiteError(400, 'not_verified', `The security key's answer was refused: ${error.message}`);
  });
  if (key === undefined || !handleFits || !outcome.verified) {
    report(refusalReason(found, key, handleFits, username));
    throw wrongKey();
  }
  const { newCounter, userVerified } = outcome.authenticationInfo;
  if (!(await site.store.recordUse(key.id, newCounter, site.now()))) {
    const message = `The security key's signature counter did not advance: it said ${newCounter}, ${key.signCount} was seen before. It may have been copied.`;
    report(message);
    throw new SiteError(401, 'counter_went_back', message);
  }
  site.report({ type: 'authentication', username, accepted: true, credentialId: key.id });
  return { username, credentialId: key.id, userVerified, signCount: newCounter };
}

function refusalReason(
  found: StoredKey | undefined,
  key: StoredKey | undefined,
  handleFits: boolean,
  username: string,
): string {
  if (found === undefined) return 'The credential is not enrolled on this site.';
  if (key === undefined) return `The credential belongs to ${found.username}, not to ${username}.`;
  if (!handleFits) return 'The user handle is not that of the account.';
  return 'The signature does not verify.';
}

// One sentence for a wrong key, a wrong signature and an account that does not exist.
function wrongKey(): SiteError {
  return new SiteError(
    401,
    'wrong_key',
    'This security key was not accepted for this account. Use a key that you enrolled for it.',
  );
}
