/** Extensions at makeCredential: CTAP 2.3 §12. Those that the model lacks are ignored. */
import type { CborMap, CborValue } from '../../ctap/cbor.ts';
import { CRED_BLOB } from '../../ctap/extensions/cred-blob.ts';
import {
  CREDPROTECT,
  CredProtect,
  type CredProtectLevel,
  isCredProtectLevel,
} from '../../ctap/extensions/cred-protect.ts';
import { HMAC_SECRET } from '../../ctap/extensions/hmac-secret.ts';
import { HMAC_SECRET_MC } from '../../ctap/extensions/hmac-secret-mc.ts';
import { LARGE_BLOB, largeBlobCreationOutput, readLargeBlobCreationInput } from '../../ctap/extensions/large-blob.ts';
import { LARGE_BLOB_KEY } from '../../ctap/extensions/large-blob-key.ts';
import { MIN_PIN_LENGTH } from '../../ctap/extensions/min-pin-length.ts';
import { PIN_COMPLEXITY_POLICY } from '../../ctap/extensions/pin-complexity-policy.ts';
import { THIRD_PARTY_PAYMENT } from '../../ctap/extensions/third-party-payment.ts';
import { UVM } from '../../ctap/extensions/uvm.ts';
import { bool, bytes, type Codec, uint } from '../../ctap/schema.ts';
import { CtapError } from '../../ctap/status.ts';
import type { Authenticator } from './authenticator.ts';
import type { Credential } from './credentials.ts';
import { openHmacSecret } from './hmac-secret.ts';
import type { HmacSecret } from './stateful.ts';
import { type UserVerification, uvmEntries } from './uvm.ts';

/** What the platform asked of a new credential. */
export interface CreationExtensions {
  /** The names that came; undefined where no known extension came at all. */
  readonly asked: ReadonlySet<string> | undefined;
  readonly credProtect: CredProtectLevel;
  readonly hmacSecret: boolean;
  readonly hmacSecretMc?: HmacSecret | undefined;
  readonly credBlob?: Uint8Array | undefined;
  readonly largeBlob: boolean;
  readonly largeBlobKey: boolean;
  readonly thirdPartyPayment: boolean;
}

const NONE: CreationExtensions = {
  asked: undefined,
  credProtect: CredProtect.userVerificationOptional,
  hmacSecret: false,
  largeBlob: false,
  largeBlobKey: false,
  thirdPartyPayment: false,
};

/**
 * Reads the inputs of the model's extensions.
 * @throws CtapError CTAP2_ERR_CBOR_UNEXPECTED_TYPE, CTAP2_ERR_INVALID_CBOR,
 *   CTAP2_ERR_INVALID_OPTION, CTAP2_ERR_MISSING_PARAMETER or what hmac-secret answers
 */
export function readCreationExtensions(
  authenticator: Authenticator,
  inputs: Record<string, CborValue> | undefined,
  rk: boolean,
): CreationExtensions {
  if (!inputs) return NONE;
  const asked = new Set(Object.keys(inputs).filter((name) => authenticator.hasExtension(name)));
  if (asked.size === 0) return NONE;
  const input = <T>(name: string, codec: Codec<T>): T | undefined => {
    return asked.has(name) ? codec.decode(inputs[name]!, name) : undefined;
  };
  for (const name of [MIN_PIN_LENGTH, PIN_COMPLEXITY_POLICY, UVM]) {
    if (input(name, bool) === false) asked.delete(name);
  }
  const hmacSecret = input(HMAC_SECRET, bool) ?? false;
  return {
    asked,
    credProtect: credProtectLevel(input(CREDPROTECT, uint)),
    hmacSecret,
    hmacSecretMc: asked.has(HMAC_SECRET_MC)
      ? openHmacSecretMc(authenticator, inputs[HMAC_SECRET_MC]!, hmacSecret)
      : undefined,
    credBlob: input(CRED_BLOB, bytes()),
    largeBlob: asked.has(LARGE_BLOB) && readLargeBlobCreationInput(inputs[LARGE_BLOB]!) !== undefined,
    largeBlobKey: largeBlobKeyAsked(input(LARGE_BLOB_KEY, bool), rk),
    thirdPartyPayment: input(THIRD_PARTY_PAYMENT, bool) ?? false,
  };
}

function credProtectLevel(level: number | undefined): CredProtectLevel {
  if (level === undefined) return CredProtect.userVerificationOptional;
  if (isCredProtectLevel(level)) return level;
  throw new CtapError('CTAP2_ERR_INVALID_OPTION', `credProtect: expected 1, 2 or 3, got ${level}`);
}

/** §12.3: only true may be asked, and only of a discoverable credential. */
function largeBlobKeyAsked(input: boolean | undefined, rk: boolean): boolean {
  if (input === undefined) return false;
  if (!input) throw new CtapError('CTAP2_ERR_INVALID_OPTION', 'largeBlobKey: expected true, got false');
  if (!rk) throw new CtapError('CTAP2_ERR_INVALID_OPTION', 'largeBlobKey goes with discoverable credentials alone');
  return true;
}

/** §12.8: goes with hmac-secret alone. */
function openHmacSecretMc(authenticator: Authenticator, value: CborValue, hmacSecret: boolean): HmacSecret {
  if (!hmacSecret) throw new CtapError('CTAP2_ERR_MISSING_PARAMETER', 'hmac-secret-mc came without hmac-secret');
  return openHmacSecret(authenticator, value, true);
}

/** The extension outputs of the authenticator data; undefined where there are none. */
export function creationOutputs(
  authenticator: Authenticator,
  extensions: CreationExtensions,
  credential: Credential,
  rpId: string,
  verification: UserVerification,
): CborMap | undefined {
  const { asked, hmacSecret, hmacSecretMc } = extensions;
  if (!asked) return undefined;
  const { config, model } = authenticator;
  const { now } = config;
  const learnsPolicy = model.tellsPolicyToAll === true || now.minPinLengthRPIDs.includes(rpId);
  const outputs: CborMap = new Map();
  if (asked.has(CREDPROTECT)) outputs.set(CREDPROTECT, credential.credProtect);
  if (hmacSecret) outputs.set(HMAC_SECRET, true);
  if (hmacSecretMc) outputs.set(HMAC_SECRET_MC, hmacSecretMc(credential.id, verification !== 'none'));
  if (asked.has(CRED_BLOB)) outputs.set(CRED_BLOB, credential.credBlob !== undefined);
  if (asked.has(MIN_PIN_LENGTH) && learnsPolicy) outputs.set(MIN_PIN_LENGTH, now.minPINLength);
  if (asked.has(PIN_COMPLEXITY_POLICY) && learnsPolicy) outputs.set(PIN_COMPLEXITY_POLICY, now.pinComplexityPolicy);
  if (asked.has(UVM)) outputs.set(UVM, uvmEntries(verification));
  return outputs.size > 0 ? outputs : undefined;
}

/** The unsigned extension outputs; undefined where there are none. A blob has a place with every credential (§12.4). */
export function unsignedCreationOutputs({ largeBlob }: CreationExtensions): Record<string, CborMap> | undefined {
  return largeBlob ? { [LARGE_BLOB]: largeBlobCreationOutput.encode({ supported: true }) } : undefined;
}
