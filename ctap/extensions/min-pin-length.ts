/**
 * minPinLength (CTAP 2.3 §12.5): at makeCredential the input is true and the output the minimum PIN length, for the
 * RP IDs that setMinPINLength named.
 */
export const MIN_PIN_LENGTH = 'minPinLength';
