/**
 * largeBlobKey (CTAP 2.3 §12.3): the key of a credential's large blob. The input is true at makeCredential (with rk)
 * and at getAssertion; the key is no extension output but a member of the response.
 */
export const LARGE_BLOB_KEY = 'largeBlobKey';

/** In bytes. */
export const LARGE_BLOB_KEY_LENGTH = 32;
