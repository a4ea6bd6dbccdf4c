/**
 * pinComplexityPolicy (CTAP 2.3 §12.6): at makeCredential the input is true and the output whether the key enforces
 * more than a length on its PIN, for the RP IDs that setMinPINLength named.
 */
export const PIN_COMPLEXITY_POLICY = 'pinComplexityPolicy';
