/** Attestation certificates with something wrong in them: real ones, changed and signed anew with keys of the fault's own. */
import { concat } from '../../ctap/bytes.ts';
import { Algorithm, type Signer } from '../../ctap/crypto.ts';
import * as der from '../attestation/der.ts';
import type { FaultContext } from './fault.ts';

/** What is changed. Elements are those of a TBSCertificate (RFC 5280 §4.1), DER. */
export interface Forgery {
  readonly leaf?: (elements: readonly Uint8Array[]) => Uint8Array[];
  /** The certificate above the leaf, where there is one. */
  readonly authority?: (elements: readonly Uint8Array[]) => Uint8Array[];
  /** The leaf is signed by another key than that of the certificate above. */
  readonly brokenSignature?: boolean;
  /** Which certificates of the key are changed: those that everybody sees, or those that name it. Default `batch`. */
  readonly of?: 'batch' | 'enterprise';
  /** The algorithm of the leaf's key. Default ES256. */
  readonly alg?: typeof Algorithm.ES256 | typeof Algorithm.ES384;
}

export interface ForgedChain {
  readonly alg: number;
  readonly signer: Signer;
  readonly x5c: readonly Uint8Array[];
}

/** Where the elements of a TBSCertificate are. */
export const Tbs = { version: 0, validity: 4, subject: 5, publicKey: 6, extensions: 7 } as const;

const CURVES: Readonly<Record<number, string>> = {
  [Algorithm.ES256]: '1.2.840.10045.3.1.7',
  [Algorithm.ES384]: '1.3.132.0.34',
};
const EC_PUBLIC_KEY = '1.2.840.10045.2.1';
const ECDSA_WITH_SHA256 = '1.2.840.10045.4.3.2';

/** The elements within one, DER. */
export function elementsOf(bytes: Uint8Array): Uint8Array[] {
  const elements: Uint8Array[] = [];
  for (let at = contentOf(bytes); at < bytes.length; ) {
    const next = at + lengthOf(bytes.subarray(at));
    elements.push(bytes.slice(at, next));
    at = next;
  }
  return elements;
}

/** A copy with another element in that place. */
export function withElement(elements: readonly Uint8Array[], index: number, element: Uint8Array): Uint8Array[] {
  return elements.map((old, at) => (at === index ? element : old));
}

/** Where the content of an element begins. */
function contentOf(bytes: Uint8Array): number {
  const first = bytes[1]!;
  return first < 0x80 ? 2 : 2 + (first & 0x7f);
}

/** Bytes of the element at the start, its head among them. */
function lengthOf(bytes: Uint8Array): number {
  const start = contentOf(bytes);
  if (start === 2) return 2 + bytes[1]!;
  return bytes.subarray(2, start).reduce((length, byte) => length * 256 + byte, 0) + start;
}

/** Issues the key's own chain anew. */
export async function forgeChain(
  { authenticator, crypto, random }: FaultContext,
  { leaf = same, authority = same, brokenSignature = false, of = 'batch', alg = Algorithm.ES256 }: Forgery,
): Promise<ForgedChain> {
  const newPair = async (algorithm: number) => crypto.generateKeyPair(algorithm, (length) => random.bytes(length));
  const [own, above, root] = [await newPair(alg), await newPair(Algorithm.ES256), await newPair(Algorithm.ES256)];
  const { attestation } = authenticator;
  const [first, ...others] = (attestation[of] ?? attestation.batch).x5c;
  const sign = (tbs: readonly Uint8Array[], privateKey: Uint8Array) => {
    const body = der.sequence(...tbs);
    const signature = crypto.signer(Algorithm.ES256, privateKey).sign(body);
    return der.sequence(body, der.sequence(der.oid(ECDSA_WITH_SHA256)), der.bitString(signature));
  };
  const tbsOf = (certificate: Uint8Array, algorithm: number, publicKey: Uint8Array) => {
    const spki = der.sequence(
      der.sequence(der.oid(EC_PUBLIC_KEY), der.oid(CURVES[algorithm]!)),
      der.bitString(concat(Uint8Array.of(4), publicKey)),
    );
    return withElement(elementsOf(elementsOf(certificate)[0]!), Tbs.publicKey, spki);
  };
  const x5c = [
    sign(leaf(tbsOf(first!, alg, own.publicKey)), (brokenSignature ? root : above).privateKey),
    ...others.map((other) => sign(authority(tbsOf(other, Algorithm.ES256, above.publicKey)), root.privateKey)),
  ];
  return { alg, signer: crypto.signer(alg, own.privateKey), x5c };
}

function same(elements: readonly Uint8Array[]): Uint8Array[] {
  return [...elements];
}
