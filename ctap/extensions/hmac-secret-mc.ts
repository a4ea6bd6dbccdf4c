/**
 * hmac-secret-mc (CTAP 2.3 §12.8): the secrets of hmac-secret already at makeCredential. Input and output are those of
 * hmac-secret at getAssertion; hmac-secret itself has to be asked for too.
 */
export const HMAC_SECRET_MC = 'hmac-secret-mc';
