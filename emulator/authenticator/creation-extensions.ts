/** Extensions at makeCredential: CTAP 2.3 §12. Unknown ones are ignored. */
import type { CborMap, CborValue } from '../../ctap/cbor.ts';
import {
  CREDPROTECT,
  CredProtect,
  type CredProtectLevel,
  isCredProtectLevel,
} from '../../ctap/extensions/cred-protect.ts';
import { HMAC_SECRET } from '../../ctap/extensions/hmac-secret.ts';
import { bool, uint } from '../../ctap/schema.ts';
import { CtapError } from '../../ctap/status.ts';

export interface CreationExtensions {
  readonly credProtect: CredProtectLevel;
  readonly hmacSecret: boolean;
  /** What goes into the authenticator data; undefined where no known extension came. */
  readonly outputs: CborMap | undefined;
}

/** @throws CtapError CTAP2_ERR_CBOR_UNEXPECTED_TYPE or CTAP2_ERR_INVALID_OPTION */
export function readCreationExtensions(inputs: Record<string, CborValue> | undefined): CreationExtensions {
  if (!inputs) return { credProtect: CredProtect.userVerificationOptional, hmacSecret: false, outputs: undefined };
  const outputs: CborMap = new Map();
  let credProtect: CredProtectLevel = CredProtect.userVerificationOptional;
  const level = inputs[CREDPROTECT];
  if (level !== undefined) {
    const asked = uint.decode(level, CREDPROTECT);
    if (!isCredProtectLevel(asked))
      throw new CtapError('CTAP2_ERR_INVALID_OPTION', `credProtect: expected 1, 2 or 3, got ${asked}`);
    credProtect = asked;
    outputs.set(CREDPROTECT, credProtect);
  }
  let hmacSecret = false;
  const asked = inputs[HMAC_SECRET];
  if (asked !== undefined) {
    hmacSecret = bool.decode(asked, HMAC_SECRET);
    if (hmacSecret) outputs.set(HMAC_SECRET, true);
  }
  return { credProtect, hmacSecret, outputs: outputs.size > 0 ? outputs : undefined };
}
