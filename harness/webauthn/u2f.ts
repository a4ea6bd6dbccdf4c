/** What create() and get() need of a U2F key: WebAuthn Level 3 §6.5.6 (FIDO U2F signature format), CTAP 2.3 §7. */
import { StatusWord, U2fError } from '../../ctap/u2f/raw-messages.ts';
import type { Ctap1Client } from '../client/ctap1.ts';
import { sha256 } from './digest.ts';
import type { PublicKeyCredentialDescriptor } from './options.ts';

/** A key handle's length is a byte. */
const MAX_KEY_HANDLE_LENGTH = 255;

/** The touch ends with the request: no limit of its own. */
export const UNTIL_ABORTED = Number.POSITIVE_INFINITY;

export interface KnownKeyHandle {
  readonly keyHandle: Uint8Array;
  /** SHA-256 of the RP ID or AppID that it answers for. */
  readonly application: Uint8Array;
  /** That RP ID or AppID. */
  readonly identity: string;
}

/** The first credential that the key has, for the first identity of which it is. Asks for no touch. */
export async function findKeyHandle(
  client: Ctap1Client,
  identities: readonly string[],
  credentials: readonly PublicKeyCredentialDescriptor[],
): Promise<KnownKeyHandle | undefined> {
  for (const { id: keyHandle } of credentials) {
    if (keyHandle.length > MAX_KEY_HANDLE_LENGTH) continue;
    for (const identity of identities) {
      const application = sha256(identity);
      if (await knows(client, application, keyHandle)) return { keyHandle, application, identity };
    }
  }
  return undefined;
}

async function knows(client: Ctap1Client, application: Uint8Array, keyHandle: Uint8Array): Promise<boolean> {
  try {
    return await client.knows({ application, keyHandle });
  } catch (error) {
    // some keys refuse the length of a foreign key handle, not its content
    if (error instanceof U2fError && error.statusWord === StatusWord.WRONG_LENGTH) return false;
    throw error;
  }
}

/** Waits for a touch that does nothing else: U2F has no such thing, so a credential is made for nobody. */
export async function touchU2f(client: Ctap1Client, signal: AbortSignal): Promise<void> {
  const nobody = sha256('.dummy');
  await client.register({ challenge: nobody, application: nobody }, { signal, timeout: UNTIL_ABORTED });
}
