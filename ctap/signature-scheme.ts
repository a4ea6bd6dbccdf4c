/** How one signature algorithm is done: the seam between a Crypto and its algorithms. */
import type { Crypto, GeneratedKeyPair } from './crypto.ts';

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

/** What a Crypto does with signatures, by the scheme of each algorithm. */
export function signatures(
  schemeOf: (alg: number) => SignatureScheme,
): Pick<Crypto, 'generateKeyPair' | 'signer' | 'verify'> {
  return {
    generateKeyPair(alg, random): GeneratedKeyPair | Promise<GeneratedKeyPair> {
      const pair = schemeOf(alg).generate(random);
      return pair instanceof Promise ? pair.then((bytes) => ({ alg, ...bytes })) : { alg, ...pair };
    },
    signer: (alg, privateKey) => ({ alg, sign: schemeOf(alg).signer(privateKey) }),
    verify(alg, publicKey, message, signature) {
      const scheme = schemeOf(alg);
      try {
        return scheme.verify(publicKey, message, signature);
      } catch {
        return false; // a signature or key that cannot be read verifies nothing
      }
    },
  };
}
