/** uvm (WebAuthn Level 2 §10.3): how the user was verified in this operation. */
import type { CborValue } from '../../ctap/cbor.ts';
import { KEY_PROTECTION, MATCHER_PROTECTION, UserVerify } from '../../ctap/extensions/uvm.ts';

/** `none`: present at most. `pinToken`, `uvToken`: a token that a PIN or a finger gave. `builtIn`: the sensor, in this very command. */
export type UserVerification = 'none' | 'pinToken' | 'uvToken' | 'builtIn';

const METHODS: Record<UserVerification, number> = {
  none: UserVerify.presenceInternal,
  pinToken: UserVerify.passcodeExternal,
  uvToken: UserVerify.fingerprintInternal,
  builtIn: UserVerify.fingerprintInternal,
};

/** The extension's output: one entry of method, key protection and matcher protection. */
export function uvmEntries(verification: UserVerification): CborValue {
  return [[METHODS[verification], KEY_PROTECTION, MATCHER_PROTECTION]];
}
