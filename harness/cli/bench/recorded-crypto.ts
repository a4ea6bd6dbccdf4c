/** Cryptography that remembers what was asked of it, so that the same can be done again with nothing around it. */
import type { Crypto, GeneratedKeyPair } from '../../../ctap/crypto.ts';

export interface RecordedCrypto {
  readonly crypto: Crypto;
  /** Does all of it again, in its order. */
  replay(): Promise<void>;
}

/** Remembers each call and its arguments until it is collected: for runs of seconds. Loading is not remembered. */
export function recordCrypto(inner: Crypto): RecordedCrypto {
  const calls: (() => unknown)[] = [];
  const recorded =
    <Args extends readonly unknown[], Result>(act: (...args: Args) => Result) =>
    (...args: Args): Result => {
      calls.push(() => act(...args));
      return act(...args);
    };
  const crypto: Crypto = {
    algorithms: inner.algorithms,
    load: (algorithms) => inner.load(algorithms),
    sha256: recorded(inner.sha256),
    hmacSha256: recorded(inner.hmacSha256),
    hkdfSha256: recorded(inner.hkdfSha256),
    aesCbcEncrypt: recorded(inner.aesCbcEncrypt),
    aesCbcDecrypt: recorded(inner.aesCbcDecrypt),
    aesGcmSeal: recorded(inner.aesGcmSeal),
    aesGcmOpen: recorded(inner.aesGcmOpen),
    generateKeyPair: recorded((alg, random): GeneratedKeyPair | Promise<GeneratedKeyPair> =>
      inner.generateKeyPair(alg, random),
    ),
    signer(alg, privateKey) {
      calls.push(() => inner.signer(alg, privateKey));
      const signer = inner.signer(alg, privateKey);
      return { alg: signer.alg, sign: recorded((message) => signer.sign(message)) };
    },
    verify: recorded(inner.verify),
    generateEcdhKeyPair: recorded(inner.generateEcdhKeyPair),
    ecdh: recorded(inner.ecdh),
  };
  return {
    crypto,
    async replay() {
      for (const call of calls) {
        try {
          await call();
        } catch (error) {
          if (!(error instanceof RangeError)) throw error; // a bad public key was part of what was asked
        }
      }
    },
  };
}
