/** ML-DSA (FIPS 204) with an empty context, over @noble/post-quantum: a module of its own, for it takes time to load. */
import { type DSA, ml_dsa44, ml_dsa65, ml_dsa87 } from '@noble/post-quantum/ml-dsa.js';
import { Algorithm } from './crypto.ts';
import type { SignatureScheme } from './signature-scheme.ts';

const SEED_LENGTH = 32;

/**
 * The three parameter sets by COSE algorithm.
 * @param hedge 32 random bytes for each signature, or false for the deterministic variant (FIPS 204 §3.4)
 */
export function mlDsaSchemes(hedge: () => Uint8Array | false): (readonly [number, SignatureScheme])[] {
  return [
    [Algorithm.ML_DSA_44, scheme(ml_dsa44, hedge)],
    [Algorithm.ML_DSA_65, scheme(ml_dsa65, hedge)],
    [Algorithm.ML_DSA_87, scheme(ml_dsa87, hedge)],
  ];
}

function scheme(parameters: DSA, hedge: () => Uint8Array | false): SignatureScheme {
  return {
    generate(random) {
      const privateKey = random(SEED_LENGTH);
      return { privateKey, publicKey: parameters.keygen(privateKey).publicKey };
    },
    signer(seed) {
      const { secretKey } = parameters.keygen(seed);
      return (message) => parameters.sign(message, secretKey, { extraEntropy: hedge() });
    },
    verify: (publicKey, message, signature) => parameters.verify(signature, message, publicKey),
  };
}
