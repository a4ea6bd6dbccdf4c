/**
 * credBlob (CTAP 2.3 §12.2): a few bytes that a credential carries.
 * At makeCredential the input is the bytes and the output whether they were stored; at getAssertion the input is true
 * and the output the bytes, none where there are none.
 */
export const CRED_BLOB = 'credBlob';
