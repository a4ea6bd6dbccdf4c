/** How one signature algorithm is done: the seam between a Crypto and its algorithms. */

export type Random = (length: number) => Uint8Array;

/** Shaped as in ctap/crypto.ts. */
export interface KeyPairBytes {
  readonly privateKey: Uint8Array;
  readonly publicKey: Uint8Array;
}

export interface SignatureScheme {
  generate(random: Random): KeyPairBytes | Promise<KeyPairBytes>;
  /** Parses the private key once for many signatures. */
  signer(privateKey: Uint8Array): (message: Uint8Array) => Uint8Array;
  /** May throw on a signature or key that cannot be read. */
  verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean;
}
