/**
 * The cryptography that a key and a client need. Two implementations: crypto-noble.ts (portable, this floor)
 * and emulator/crypto-node.ts (OpenSSL). Everything is synchronous but the making of keys; keys travel as bytes.
 */

/** COSE algorithm identifiers (IANA COSE registry) that this stack knows. */
export const Algorithm = {
  ES256: -7,
  EdDSA: -8,
  ESP256: -9,
  Ed25519: -19,
  ES384: -35,
  ES512: -36,
  ML_DSA_44: -48,
  ML_DSA_65: -49,
  ML_DSA_87: -50,
  ESP384: -51,
  ESP512: -52,
  Ed448: -53,
  RS256: -257,
} as const;
export type AlgorithmName = keyof typeof Algorithm;

/** A private key ready to sign: holding on to it saves parsing it again. */
export interface Signer {
  readonly alg: number;
  /** Signs the whole message (hashing included). ECDSA signatures are ASN.1 DER, all others raw. */
  sign(message: Uint8Array): Uint8Array;
}

/**
 * A fresh key pair. `privateKey` is opaque to all but the Crypto that understands `alg`, and short, for it may
 * travel in a credential id: the scalar of an elliptic curve (32, 48 or 66 bytes), the seed of an Edwards curve
 * (32 or 57) or of ML-DSA (32), for RS256 the 36 bytes of ctap/rsa.ts. Both implementations read each other's.
 */
export interface GeneratedKeyPair {
  readonly alg: number;
  readonly privateKey: Uint8Array;
  /**
   * Elliptic curves: X and Y, 64, 96 or 132 bytes. Edwards curves: 32 or 57 bytes. ML-DSA: 1312, 1952 or 2592
   * bytes. RS256: the modulus, then the exponent in 4 bytes.
   */
  readonly publicKey: Uint8Array;
}

/** An ephemeral P-256 key for ECDH. */
export interface EcdhKeyPair {
  /** X and Y, 64 bytes. */
  readonly publicKey: Uint8Array;
  readonly privateKey: Uint8Array;
}

export interface Crypto {
  sha256(...parts: readonly Uint8Array[]): Uint8Array;
  hmacSha256(key: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array;
  /** HKDF with SHA-256 (RFC 5869). */
  hkdfSha256(secret: Uint8Array, salt: Uint8Array, info: Uint8Array, length: number): Uint8Array;
  /** AES-CBC without padding, key of 16 or 32 bytes; data in whole blocks of 16. */
  aesCbcEncrypt(key: Uint8Array, iv: Uint8Array, data: Uint8Array): Uint8Array;
  aesCbcDecrypt(key: Uint8Array, iv: Uint8Array, data: Uint8Array): Uint8Array;
  /** AES-256-GCM, 12-byte nonce; the 16-byte tag ends the sealed bytes. */
  aesGcmSeal(key: Uint8Array, nonce: Uint8Array, data: Uint8Array, associated: Uint8Array): Uint8Array;
  /** Opens what aesGcmSeal made; undefined where the tag does not fit. */
  aesGcmOpen(key: Uint8Array, nonce: Uint8Array, sealed: Uint8Array, associated: Uint8Array): Uint8Array | undefined;
  /** COSE algorithms that {@link generateKeyPair} makes, preferred first. */
  readonly algorithms: readonly number[];
  /** Loads what costs time to load for these algorithms; ML-DSA needs it before its first use. */
  load(algorithms: readonly number[]): Promise<void>;
  /**
   * Makes a signing key pair. `random(n)` gives n random bytes: a seeded source makes a reproducible key, the same
   * one in each implementation. A slow algorithm (RS256) answers with a promise, so that others can go on meanwhile.
   * @throws RangeError for an algorithm outside {@link algorithms}
   */
  generateKeyPair(alg: number, random: (length: number) => Uint8Array): GeneratedKeyPair | Promise<GeneratedKeyPair>;
  signer(alg: number, privateKey: Uint8Array): Signer;
  /** True where `signature` is good for `message` under a public key shaped as in {@link GeneratedKeyPair}. */
  verify(alg: number, publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean;
  generateEcdhKeyPair(random: (length: number) => Uint8Array): EcdhKeyPair;
  /**
   * The X coordinate of the shared point, 32 bytes.
   * @throws RangeError where `publicKey` (X and Y, 64 bytes) is no point of P-256
   */
  ecdh(privateKey: Uint8Array, publicKey: Uint8Array): Uint8Array;
}
