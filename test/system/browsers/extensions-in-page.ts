/// <reference lib="dom" />
/** Ceremonies with prf and largeBlob (WebAuthn Level 3 §10.1.4, §10.1.5), for a page: each function goes there as its text. */

/** Makes a passkey that can do both; it is kept in the page. */
export async function makeWithExtensions(): Promise<unknown> {
  const credential = (await navigator.credentials.create({
    publicKey: {
      rp: { id: 'localhost', name: 'Extensions' },
      user: { id: new Uint8Array(16).fill(7), name: 'dora', displayName: 'Dora' },
      challenge: new Uint8Array(32),
      pubKeyCredParams: [{ type: 'public-key', alg: -7 }],
      authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
      timeout: 300_000,
      extensions: { prf: {}, largeBlob: { support: 'required' } },
    },
  })) as PublicKeyCredential;
  Object.assign(window, { credentialId: credential.rawId });
  const { prf, largeBlob } = credential.getClientExtensionResults();
  return { enabled: prf?.enabled, supported: largeBlob?.supported };
}

/** Signs in with it, evaluates a PRF, and writes or reads the blob. */
export async function getWithExtensions(largeBlob: AuthenticationExtensionsLargeBlobInputs): Promise<unknown> {
  const { credentialId } = window as unknown as { credentialId: ArrayBuffer };
  const credential = (await navigator.credentials.get({
    publicKey: {
      rpId: 'localhost',
      challenge: new Uint8Array(32),
      allowCredentials: [{ type: 'public-key', id: credentialId }],
      userVerification: 'required',
      timeout: 300_000,
      extensions: { prf: { eval: { first: new Uint8Array(32).fill(1) } }, largeBlob },
    },
  })) as PublicKeyCredential;
  const outputs = credential.getClientExtensionResults();
  const { first } = outputs.prf?.results ?? {};
  const { blob, written } = outputs.largeBlob ?? {};
  return {
    prf: first === undefined ? null : Array.from(new Uint8Array(first as ArrayBuffer)),
    blob: blob === undefined ? null : new TextDecoder().decode(blob as ArrayBuffer),
    written: written ?? null,
  };
}
