/** @simplewebauthn/server, loaded with the first ceremony: that takes longer than the rest of the site together. */
export function verifier(): Promise<typeof import('@simplewebauthn/server')> {
  return import('@simplewebauthn/server');
}
