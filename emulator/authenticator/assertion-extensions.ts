/** Extensions at getAssertion: CTAP 2.3 §12. Those that the model lacks are ignored. */
import type { CborMap, CborValue } from '../../ctap/cbor.ts';
import { CRED_BLOB } from '../../ctap/extensions/cred-blob.ts';
import { HMAC_SECRET } from '../../ctap/extensions/hmac-secret.ts';
import { LARGE_BLOB, readLargeBlobAssertionInput } from '../../ctap/extensions/large-blob.ts';
import { LARGE_BLOB_KEY } from '../../ctap/extensions/large-blob-key.ts';
import { THIRD_PARTY_PAYMENT } from '../../ctap/extensions/third-party-payment.ts';
import { UVM } from '../../ctap/extensions/uvm.ts';
import { bool } from '../../ctap/schema.ts';
import { CtapError } from '../../ctap/status.ts';
import type { Authenticator } from './authenticator.ts';
import type { Credential } from './credentials.ts';
import { openHmacSecret } from './hmac-secret.ts';
import type { AssertionExtensions } from './stateful.ts';
import { type UserVerification, uvmEntries } from './uvm.ts';

const NO_BYTES = new Uint8Array(0);

/**
 * Reads the inputs of the model's extensions; undefined where none came.
 * @throws CtapError CTAP2_ERR_CBOR_UNEXPECTED_TYPE, CTAP2_ERR_INVALID_CBOR, CTAP2_ERR_INVALID_OPTION or what hmac-secret answers
 */
export function readAssertionExtensions(
  authenticator: Authenticator,
  inputs: Record<string, CborValue> | undefined,
  up: boolean,
): AssertionExtensions | undefined {
  if (!inputs) return undefined;
  const input = (name: string): CborValue | undefined => (authenticator.hasExtension(name) ? inputs[name] : undefined);
  const flag = (name: string): boolean | undefined => {
    const value = input(name);
    return value === undefined ? undefined : bool.decode(value, name);
  };
  const hmacInput = input(HMAC_SECRET);
  const largeBlob = input(LARGE_BLOB);
  const largeBlobKey = flag(LARGE_BLOB_KEY);
  if (largeBlobKey === false) {
    throw new CtapError('CTAP2_ERR_INVALID_OPTION', 'largeBlobKey: expected true, got false');
  }
  return {
    hmacSecret: hmacInput === undefined ? undefined : openHmacSecret(authenticator, hmacInput, up),
    credBlob: flag(CRED_BLOB) ?? false,
    largeBlob: largeBlob === undefined ? undefined : readLargeBlobAssertionInput(largeBlob),
    largeBlobKey: largeBlobKey ?? false,
    thirdPartyPayment: flag(THIRD_PARTY_PAYMENT) ?? false,
    uvm: flag(UVM) ?? false,
  };
}

/** The extension outputs of the authenticator data; undefined where there are none. */
export function assertionOutputs(
  extensions: AssertionExtensions,
  credential: Credential,
  verification: UserVerification,
): CborMap | undefined {
  const outputs: CborMap = new Map();
  if (extensions.hmacSecret && credential.hmacSecret) {
    outputs.set(HMAC_SECRET, extensions.hmacSecret(credential.id, verification !== 'none'));
  }
  if (extensions.credBlob) outputs.set(CRED_BLOB, credential.credBlob ?? NO_BYTES);
  if (extensions.thirdPartyPayment) outputs.set(THIRD_PARTY_PAYMENT, credential.thirdPartyPayment ?? false);
  if (extensions.uvm) outputs.set(UVM, uvmEntries(verification));
  return outputs.size > 0 ? outputs : undefined;
}
