/**
 * RSA of 2048 bits in plain BigInt, for RS256 where OpenSSL does not run: RFC 8017 §3.2, §5.2 and §8.2.
 * A private key travels as a seed and two distances, 36 bytes in all: each prime lies that far above a number drawn
 * from the seed. So a key is short enough for a credential id, reproducible, and rebuilt without a second search.
 */
import { concat, fromHex, toHex, utf8 } from './bytes.ts';

const PRIME_LENGTH = 128;
const EXPONENT = 65537n;
const EXPONENT_LENGTH = 4;
const SEED_LENGTH = 32;
/** Odd numbers that are looked at above the start: a prime is one in 355, so none in all of them never happens. */
const WINDOW = 0x10000;
const SMALL_PRIMES = smallPrimes(8192);
const ROUNDS = 12;
/** DigestInfo of SHA-256 (RFC 8017 §9.2 note 1). */
const SHA256_DIGEST_INFO = fromHex('3031300d060960864801650304020105000420');

type Random = (length: number) => Uint8Array;
/** HKDF-SHA-256 with an empty salt: `length` bytes from the seed for that purpose. */
export type Expand = (seed: Uint8Array, info: Uint8Array, length: number) => Uint8Array;

/** All numbers of a private key (RFC 8017 §3.2). */
export interface RsaPrivateKey {
  readonly n: bigint;
  readonly e: bigint;
  readonly d: bigint;
  readonly p: bigint;
  readonly q: bigint;
  readonly dp: bigint;
  readonly dq: bigint;
  readonly qi: bigint;
}

/** A number that may be prime, and its place in the search. */
export interface Candidate {
  readonly value: bigint;
  /** In steps of two from the start. */
  readonly distance: number;
}

/** A search that is to be made for each of the two primes, in whatever way finds out primes best. */
export interface RsaSearch {
  readonly seed: Uint8Array;
  readonly p: Iterable<Candidate>;
  readonly q: Iterable<Candidate>;
}

/** Begins a key: draws the seed and lays out both searches. */
export function beginRsaKey(random: Random, expand: Expand): RsaSearch {
  const seed = random(SEED_LENGTH);
  return { seed, p: candidates(start(seed, 'p', expand)), q: candidates(start(seed, 'q', expand)) };
}

/** The private key's bytes, from what the searches found. */
export function finishRsaKey({ seed }: RsaSearch, p: Candidate, q: Candidate): Uint8Array {
  return concat(seed, Uint8Array.of(p.distance >> 8, p.distance & 0xff, q.distance >> 8, q.distance & 0xff));
}

/** The first candidate that the test takes for prime. */
export function findPrime(search: Iterable<Candidate>, isPrime: (value: bigint) => boolean): Candidate {
  for (const candidate of search) if (isPrime(candidate.value)) return candidate;
  throw new RangeError(`expected a prime among ${WINDOW} odd numbers, found none`);
}

/** As {@link findPrime}, with a test that takes its time elsewhere. */
export async function findPrimeAsync(
  search: Iterable<Candidate>,
  isPrime: (value: bigint) => Promise<boolean>,
): Promise<Candidate> {
  for (const candidate of search) if (await isPrime(candidate.value)) return candidate;
  throw new RangeError(`expected a prime among ${WINDOW} odd numbers, found none`);
}

/** Rebuilds a private key from its 36 bytes. */
export function openRsaKey(privateKey: Uint8Array, expand: Expand): RsaPrivateKey {
  const length = SEED_LENGTH + 4;
  if (privateKey.length !== length) {
    throw new RangeError(`RS256 private key: expected ${length} bytes, got ${privateKey.length}`);
  }
  const seed = privateKey.subarray(0, SEED_LENGTH);
  const view = new DataView(privateKey.buffer, privateKey.byteOffset + SEED_LENGTH);
  const p = start(seed, 'p', expand) + 2n * BigInt(view.getUint16(0));
  const q = start(seed, 'q', expand) + 2n * BigInt(view.getUint16(2));
  const d = inverse(EXPONENT, (p - 1n) * (q - 1n));
  return { n: p * q, e: EXPONENT, d, p, q, dp: d % (p - 1n), dq: d % (q - 1n), qi: inverse(q, p) };
}

/** The public key as ctap/crypto.ts shapes it: the modulus, then the exponent in four bytes. */
export function encodeRsaPublicKey({ n, e }: Pick<RsaPrivateKey, 'n' | 'e'>): Uint8Array {
  return concat(toBytes(n, 2 * PRIME_LENGTH), toBytes(e, EXPONENT_LENGTH));
}

/** Modulus and exponent of a public key, big-endian, the exponent without leading zeros: as COSE and JWK want them. */
export function splitRsaPublicKey(publicKey: Uint8Array): { n: Uint8Array; e: Uint8Array } {
  const end = publicKey.length - EXPONENT_LENGTH;
  const e = publicKey.subarray(end);
  return { n: publicKey.subarray(0, end), e: e.subarray(e.findIndex((byte) => byte !== 0)) };
}

/** The inverse of {@link splitRsaPublicKey}. @throws RangeError where the exponent has more than four bytes */
export function joinRsaPublicKey(n: Uint8Array, e: Uint8Array): Uint8Array {
  if (e.length > EXPONENT_LENGTH) throw new RangeError(`RSA exponent: expected at most 4 bytes, got ${e.length}`);
  return concat(n, new Uint8Array(EXPONENT_LENGTH - e.length), e);
}

/** RSASSA-PKCS1-v1_5 over a SHA-256 digest, by the Chinese remainder theorem. */
export function signRsa({ n, p, q, dp, dq, qi }: RsaPrivateKey, digest: Uint8Array): Uint8Array {
  const length = byteLength(n);
  const message = toNumber(encodePkcs1(digest, length));
  const [m1, m2] = [power(message % p, dp, p), power(message % q, dq, q)];
  const h = (qi * (m1 - m2 + p)) % p;
  return toBytes(m2 + (h < 0n ? h + p : h) * q, length);
}

/** True where the signature is good for the digest under that public key. */
export function verifyRsa(publicKey: Uint8Array, digest: Uint8Array, signature: Uint8Array): boolean {
  const parts = splitRsaPublicKey(publicKey);
  const [n, e, s] = [toNumber(parts.n), toNumber(parts.e), toNumber(signature)];
  if (signature.length !== parts.n.length || s >= n) return false;
  return power(s, e, n) === toNumber(encodePkcs1(digest, parts.n.length));
}

/**
 * Miller-Rabin with the first small primes as bases. Nobody else chooses the number, so twelve are plenty:
 * a random composite of 1024 bits passes a single one with a probability below 2^-80 (FIPS 186-5 Appendix B.3).
 */
export function isProbablePrime(value: bigint): boolean {
  let odd = value - 1n;
  let twos = 0;
  for (; (odd & 1n) === 0n; odd >>= 1n) twos++;
  return SMALL_PRIMES.slice(0, ROUNDS).every((base) => passes(power(BigInt(base), odd, value), twos, value));
}

function passes(start: bigint, twos: number, value: bigint): boolean {
  let x = start;
  if (x === 1n || x === value - 1n) return true;
  for (let i = 1; i < twos; i++) {
    x = (x * x) % value;
    if (x === value - 1n) return true;
  }
  return false;
}

/** Where the search for a prime begins: odd, and high enough that the product of two has 2048 bits. */
function start(seed: Uint8Array, name: 'p' | 'q', expand: Expand): bigint {
  const bytes = expand(seed, utf8(`RSA prime ${name}`), PRIME_LENGTH).slice();
  bytes[0]! |= 0xc0;
  bytes[PRIME_LENGTH - 1]! |= 1;
  return toNumber(bytes);
}

/** Odd numbers from `from` on without small factors, and without those whose predecessor the exponent divides. */
function* candidates(from: bigint): Generator<Candidate> {
  const composite = new Uint8Array(WINDOW);
  for (const prime of SMALL_PRIMES) {
    // from + 2i is a multiple of the prime for i = -from / 2 modulo it; half of prime + 1 is the inverse of 2
    const remainder = Number(from % BigInt(prime));
    const first = ((prime - remainder) * ((prime + 1) / 2)) % prime;
    for (let i = first; i < WINDOW; i += prime) composite[i] = 1;
  }
  for (let distance = 0; distance < WINDOW; distance++) {
    if (composite[distance]) continue;
    const value = from + 2n * BigInt(distance);
    if (value % EXPONENT !== 1n) yield { value, distance };
  }
}

/** Odd primes below the limit. */
function smallPrimes(limit: number): number[] {
  const primes: number[] = [];
  for (let n = 3; n < limit; n += 2) if (primes.every((prime) => n % prime !== 0)) primes.push(n);
  return primes;
}

function encodePkcs1(digest: Uint8Array, length: number): Uint8Array {
  const info = concat(SHA256_DIGEST_INFO, digest);
  const padding = new Uint8Array(length - info.length - 3).fill(0xff);
  return concat(Uint8Array.of(0, 1), padding, Uint8Array.of(0), info);
}

function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let result = 1n;
  for (const bit of exponent.toString(2)) {
    result = (result * result) % modulus;
    if (bit === '1') result = (result * base) % modulus;
  }
  return result;
}

/** The inverse of `value` modulo `modulus`, by Euclid's extended algorithm. */
function inverse(value: bigint, modulus: bigint): bigint {
  let [a, b, x, y] = [modulus, value % modulus, 0n, 1n];
  while (b > 0n) {
    const quotient = a / b;
    [a, b] = [b, a - quotient * b];
    [x, y] = [y, x - quotient * y];
  }
  return x < 0n ? x + modulus : x;
}

function toNumber(bytes: Uint8Array): bigint {
  return bytes.length === 0 ? 0n : BigInt(`0x${toHex(bytes)}`);
}

function byteLength(value: bigint): number {
  return Math.ceil(value.toString(16).length / 2);
}

/** Big-endian, padded with zeros to `length` bytes. */
export function toBytes(value: bigint, length: number): Uint8Array {
  return fromHex(value.toString(16).padStart(2 * length, '0'));
}
