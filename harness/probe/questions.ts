/** Requests of the probe: for a relying party of its own, which no credential but the probe's is of. */
import { utf8 } from '../../ctap/bytes.ts';
import { type CborMap, encodeCbor } from '../../ctap/cbor.ts';
import { getAssertionRequest } from '../../ctap/commands/get-assertion.ts';
import { Command } from '../../ctap/commands/index.ts';
import type { MakeCredentialRequest } from '../../ctap/commands/make-credential.ts';
import { CtapError, Status } from '../../ctap/status.ts';
import type { ProbedKey } from './probed-key.ts';

export const RP_ID = 'probe.ctaplab.example';
export const CLIENT_DATA_HASH: Uint8Array = new Uint8Array(32).fill(0x5a);

/** A credential that does not stay on the key. */
export const NEW_CREDENTIAL: MakeCredentialRequest = {
  clientDataHash: CLIENT_DATA_HASH,
  rp: { id: RP_ID, name: 'ctaplab probe' },
  user: { id: utf8('probe'), name: 'probe', displayName: 'probe' },
  pubKeyCredParams: [{ type: 'public-key', alg: -7 }],
};

/** Bytes of the credential ids that are asked for. */
export const ID_SIZE = 64;
const UNKNOWN_EXTENSION = 'ctaplab-padding';

const TOO_MUCH: ReadonlySet<number> = new Set([
  Status.CTAP1_ERR_INVALID_LENGTH,
  Status.CTAP2_ERR_LIMIT_EXCEEDED,
  Status.CTAP2_ERR_REQUEST_TOO_LARGE,
]);

/** An assertion by credentials that the key never made, without a touch. */
export function assertionRequest(ids: readonly Uint8Array[], padding?: number): Uint8Array {
  const request = {
    rpId: RP_ID,
    clientDataHash: CLIENT_DATA_HASH,
    allowList: ids.map((id) => ({ type: 'public-key', id })),
    options: { up: false },
    ...(padding === undefined ? {} : { extensions: { [UNKNOWN_EXTENSION]: new Uint8Array(padding) } }),
  };
  return messageOf(Command.authenticatorGetAssertion, getAssertionRequest.encode(request));
}

/** Such a request of that many bytes, its command byte among them: an extension that a key has to pass over fills it. */
export function assertionRequestOf(size: number): Uint8Array {
  const ids = [new Uint8Array(ID_SIZE)];
  const around = assertionRequest(ids, size).length - size; // as many bytes say how long the padding is
  return assertionRequest(ids, size - around);
}

/** @returns false where the key finds the request too large; any other refusal is an answer to what was asked */
export async function takes({ device }: ProbedKey, request: Uint8Array): Promise<boolean> {
  try {
    await device.cbor(request);
    return true;
  } catch (error) {
    if (!(error instanceof CtapError)) throw error;
    return !TOO_MUCH.has(error.status);
  }
}

/** Bytes of a CTAP2 request. */
export function messageOf(command: number, parameters: CborMap): Uint8Array {
  return Uint8Array.of(command, ...encodeCbor(parameters));
}

/** A credential id that no key has made. */
export function strangeId(length: number): Uint8Array {
  return globalThis.crypto.getRandomValues(new Uint8Array(length));
}
