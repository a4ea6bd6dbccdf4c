/**
 * The cryptography that a key and a client need. Two implementations: crypto-noble.ts (portable, this floor)
 * and emulator/crypto-node.ts (OpenSSL). Everything is synchronous; keys travel as bytes.
 */

/** COSE algorithm identifiers (IANA COSE registry) that this stack knows. */
export const Algorithm = {
  ES256: -7,
  EdDSA: -8,
} as const;
export type AlgorithmName = keyof typeof Algorithm;

/** A private key ready to sign: holding on to it saves parsing it again. */
export interface Signer {
  readonly alg: number;
  /** Signs the whole message (hashing included). ECDSA signatures are ASN.1 DER, EdDSA ones raw. */
  sign(message: Uint8Array): Uint8Array;
}

/** A fresh key pair. `privateKey` is opaque to all but the Crypto that understands `alg`: for ES256 the 32-byte scalar, for EdDSA the 32-byte seed. */
export interface GeneratedKeyPair {
  readonly alg: number;
  readonly privateKey: Uint8Array;
  /** ES256: X and Y, 64 bytes. EdDSA: 32 bytes. */
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
  /** AES-256-CBC without padding; data in whole blocks of 16. */
  aesCbcEncrypt(key: Uint8Array, iv: Uint8Array, data: Uint8Array): Uint8Array;
  aesCbcDecrypt(key: Uint8Array, iv: Uint8Array, data: Uint8Array): Uint8Array;
  /** AES-256-GCM, 12-byte nonce; the 16-byte tag ends the sealed bytes. */
  aesGcmSeal(key: Uint8Array, nonce: Uint8Array, data: Uint8Array, associated: Uint8Array): Uint8Array;
  /** Opens what aesGcmSeal made; undefined where the tag does not fit. */
  aesGcmOpen(key: Uint8Array, nonce: Uint8Array, sealed: Uint8Array, associated: Uint8Array): Uint8Array | undefined;
  /** COSE algorithms that {@link generateKeyPair} makes, preferred first. */
  readonly algorithms: readonly number[];
  /**
   * Makes a signing key pair. `random(n)` gives n random bytes: a seeded source makes a reproducible key.
   * @throws RangeError for an algorithm outside {@link algorithms}
   */
  generateKeyPair(alg: number, random: (length: number) => Uint8Array): GeneratedKeyPair;
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
