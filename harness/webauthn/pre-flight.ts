/** Lists of credentials longer than a key takes, and silent questions which of them it has: CTAP 2.3 §6.1.1, §6.2.1. */
import { equalBytes, toHex } from '../../ctap/bytes.ts';
import type { PublicKeyCredentialDescriptor as CtapDescriptor } from '../../ctap/commands/entities.ts';
import type { GetAssertionResponse } from '../../ctap/commands/get-assertion.ts';
import type { GetInfoResponse } from '../../ctap/commands/get-info.ts';
import { ProtocolError } from '../client/protocol-error.ts';
import type { Ctap2Authenticator } from './authenticator.ts';
import { isStatus } from './errors.ts';
import type { PublicKeyCredentialDescriptor } from './options.ts';
import { type Authorization, authorizationMembers } from './user-verification.ts';

/** Signed by silent answers, so that they are good for nothing. */
const NO_CLIENT_DATA = new Uint8Array(32);

/** Descriptors as CTAP takes them. Transports are left out, as keys have no use for them. */
function toCtap({ type, id }: PublicKeyCredentialDescriptor): CtapDescriptor {
  return { type, id };
}

/** The credentials that may be this key's, in lists that it takes (maxCredentialCountInList, maxCredentialIdLength). */
export function batches(
  credentials: readonly PublicKeyCredentialDescriptor[],
  info: Pick<GetInfoResponse, 'maxCredentialCountInList' | 'maxCredentialIdLength'>,
): CtapDescriptor[][] {
  // what a key does not say is taken for the least: one credential in a list
  const { maxCredentialCountInList: size = 1, maxCredentialIdLength: longest = Number.POSITIVE_INFINITY } = info;
  const possible = credentials.filter(({ id }) => id.length <= longest).map(toCtap);
  const lists: CtapDescriptor[][] = [];
  for (let start = 0; start < possible.length; start += size) lists.push(possible.slice(start, start + size));
  return lists;
}

/**
 * Asks without a touch, list by list, for a credential that the key has.
 * @param rpId the RP ID, or an AppID in its place
 */
export async function findCredential(
  authenticator: Ctap2Authenticator,
  rpId: string,
  lists: readonly (readonly CtapDescriptor[])[],
  authorization: Authorization,
): Promise<CtapDescriptor | undefined> {
  for (const allowList of lists) {
    try {
      const request = {
        rpId,
        clientDataHash: NO_CLIENT_DATA,
        allowList: [...allowList],
        options: { up: false },
        ...authorizationMembers(authorization, NO_CLIENT_DATA),
      };
      const { signal } = authenticator.turn;
      return credentialOf(await authenticator.client.getAssertion(request, { signal }), allowList);
    } catch (error) {
      // CTAP2_ERR_INVALID_CREDENTIAL: not by the specification, but some keys answer so
      if (!isStatus(error, 'CTAP2_ERR_NO_CREDENTIALS', 'CTAP2_ERR_INVALID_CREDENTIAL')) throw error;
    }
  }
  return undefined;
}

/**
 * Which credential answered: a key may leave it out where the list had one (§6.2.2 step 13).
 * @throws ProtocolError where it is none of the list
 */
export function credentialOf(response: GetAssertionResponse, allowList: readonly CtapDescriptor[]): CtapDescriptor {
  const { credential = allowList.length === 1 ? allowList[0] : undefined } = response;
  if (!credential) throw new ProtocolError('expected the credential that answered, got none');
  if (allowList.length > 0 && !allowList.some(({ id }) => equalBytes(id, credential.id))) {
    throw new ProtocolError(`expected a credential of the allow list, got ${toHex(credential.id)}`);
  }
  return credential;
}
