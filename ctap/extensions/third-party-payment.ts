/**
 * thirdPartyPayment (CTAP 2.3 §12.9): whether a credential may pay on the pages of others. At makeCredential the input
 * is true and there is no output; at getAssertion the input is true and the output the credential's answer.
 */
export const THIRD_PARTY_PAYMENT = 'thirdPartyPayment';
