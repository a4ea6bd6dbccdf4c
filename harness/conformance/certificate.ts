/** X.509 certificates as the checks look at them (RFC 5280). */
import { X509Certificate } from 'node:crypto';
import { AsnConvert, AsnParser, OctetString } from '@peculiar/asn1-schema';
import { BasicConstraints, Certificate, id_ce_basicConstraints, type Name } from '@peculiar/asn1-x509';
import { Algorithm } from '../../ctap/crypto.ts';
import { CheckFailure } from './check-failure.ts';
import { expect } from './expect.ts';

/** id-fido-gen-ce-aaguid */
export const AAGUID_EXTENSION = '1.3.6.1.4.1.45724.1.1.4';

/** id-fido-gen-ce-sernum */
export const SERIAL_NUMBER_EXTENSION = '1.3.6.1.4.1.45724.1.1.2';

const ALGORITHMS: Readonly<Record<string, number>> = {
  prime256v1: Algorithm.ES256,
  secp384r1: Algorithm.ES384,
  secp521r1: Algorithm.ES512,
};

export interface CertificateExtension {
  readonly critical: boolean;
  /** What the extension wraps, DER. */
  readonly value: Uint8Array;
}

export class AttestationCertificate {
  readonly #der: Uint8Array;
  readonly #asn: Certificate;

  /** @throws CheckFailure for what is no certificate */
  constructor(der: Uint8Array) {
    this.#der = der;
    try {
      this.#asn = AsnParser.parse(der, Certificate);
    } catch (cause) {
      throw new CheckFailure('expected a certificate in x5c', { cause });
    }
  }

  /** As people count: 3 for what is written as 2. */
  get version(): number {
    return this.#asn.tbsCertificate.version + 1;
  }

  /** The first value of an attribute of the subject, by its object identifier. */
  subject(type: string): string | undefined {
    return attribute(this.#asn.tbsCertificate.subject, type);
  }

  /** Subject and issuer, DER: names are equal where these are. */
  get names(): { readonly subject: Uint8Array; readonly issuer: Uint8Array } {
    const { subject, issuer } = this.#asn.tbsCertificate;
    return {
      subject: new Uint8Array(AsnConvert.serialize(subject)),
      issuer: new Uint8Array(AsnConvert.serialize(issuer)),
    };
  }

  extension(id: string): CertificateExtension | undefined {
    const found = this.#asn.tbsCertificate.extensions?.find(({ extnID }) => extnID === id);
    return found && { critical: found.critical, value: new Uint8Array(found.extnValue.buffer) };
  }

  /** What basic constraints say; undefined without them. */
  get isAuthority(): boolean | undefined {
    const extension = this.extension(id_ce_basicConstraints);
    return extension && AsnParser.parse(extension.value, BasicConstraints).cA;
  }

  /** The 16 bytes of id-fido-gen-ce-aaguid; undefined without it. */
  get aaguid(): Uint8Array | undefined {
    const extension = this.extension(AAGUID_EXTENSION);
    return extension && new Uint8Array(AsnParser.parse(extension.value, OctetString).buffer);
  }

  get validity(): { readonly notBefore: Date; readonly notAfter: Date } {
    const { notBefore, notAfter } = this.#asn.tbsCertificate.validity;
    return { notBefore: notBefore.getTime(), notAfter: notAfter.getTime() };
  }

  /** The key as {@link Crypto.verify} takes it. @throws CheckFailure for one that is on no curve of NIST's */
  get publicKey(): { readonly alg: number; readonly bytes: Uint8Array } {
    const { asymmetricKeyDetails, ...key } = describe(this.#der);
    const alg = ALGORITHMS[asymmetricKeyDetails?.namedCurve ?? ''];
    expect(alg !== undefined, 'a key on P-256, P-384 or P-521', asymmetricKeyDetails?.namedCurve ?? 'another kind');
    return { alg, bytes: key.point.subarray(1) };
  }

  /** True where the other certificate's key has signed this one. */
  isSignedBy(issuer: AttestationCertificate): boolean {
    return new X509Certificate(this.#der).verify(new X509Certificate(issuer.#der).publicKey);
  }
}

function describe(der: Uint8Array) {
  const { publicKey } = new X509Certificate(der);
  const { x = '', y = '' } = publicKey.export({ format: 'jwk' });
  const point = Uint8Array.from([4, ...Buffer.from(x, 'base64url'), ...Buffer.from(y, 'base64url')]);
  return { asymmetricKeyDetails: publicKey.asymmetricKeyDetails, point };
}

function attribute(name: Name, type: string): string | undefined {
  for (const relative of name) {
    for (const { type: found, value } of relative) if (found === type) return value.toString();
  }
  return undefined;
}
