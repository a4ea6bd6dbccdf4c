/**
 * X.509 certificates of the attestation profile: WebAuthn Level 3 §8.2.1 and §8.2.2 (enterprise attestation), FIDO U2F
 * authenticator transports extension, RFC 5280.
 */
import { X509Certificate } from 'node:crypto';
import { concat, utf8 } from '../../ctap/bytes.ts';
import type { Signer } from '../../ctap/crypto.ts';
import * as der from './der.ts';

const POINT_LENGTH = 65;
export const OID = {
  ecPublicKey: '1.2.840.10045.2.1',
  prime256v1: '1.2.840.10045.3.1.7',
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
  country: '2.5.4.6',
  organization: '2.5.4.10',
  organizationalUnit: '2.5.4.11',
  commonName: '2.5.4.3',
  basicConstraints: '2.5.29.19',
  keyUsage: '2.5.29.15',
  subjectKeyIdentifier: '2.5.29.14',
  authorityKeyIdentifier: '2.5.29.35',
  subjectAlternativeName: '2.5.29.17',
  nameConstraints: '2.5.29.30',
  extendedKeyUsage: '2.5.29.37',
  serverAuthentication: '1.3.6.1.5.5.7.3.1',
  /** id-fido-gen-ce-aaguid */
  aaguid: '1.3.6.1.4.1.45724.1.1.4',
  /** id-fido-gen-ce-sernum */
  serialNumber: '1.3.6.1.4.1.45724.1.1.2',
  /** id-fido-u2f-ce-transports */
  u2fTransports: '1.3.6.1.4.1.45724.2.1.1',
} as const;

export interface DistinguishedName {
  /** ISO 3166 code. */
  readonly country: string;
  readonly organization: string;
  readonly organizationalUnit: string;
  readonly commonName: string;
}

export interface CertificateRequest {
  /** Positive, at most 20 bytes. */
  readonly serialNumber: Uint8Array;
  readonly subject: DistinguishedName;
  readonly issuer: DistinguishedName;
  /** P-256: X and Y, 64 bytes. */
  readonly publicKey: Uint8Array;
  /** P-256 public key of the issuer, for the key identifiers. */
  readonly issuerPublicKey: Uint8Array;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** An authority that may issue certificates; `pathLength` authorities may stand below it. */
  readonly authority?: { readonly pathLength: number };
  /** DNS names of a TLS server; only in its certificate. */
  readonly serverNames?: readonly string[];
  /** The one domain below which an authority may name servers (RFC 5280 §4.2.1.10). */
  readonly permittedDomain?: string;
  /** 16 bytes; only in attestation certificates. */
  readonly aaguid?: Uint8Array;
  /** The device's own serial number; only in enterprise attestation certificates. */
  readonly deviceSerialNumber?: string;
  /** FIDO U2F transports, highest bit first: 8 Bluetooth, 4 BLE, 2 USB, 1 NFC. */
  readonly u2fTransports?: number;
}

function name(dn: DistinguishedName): Uint8Array {
  const part = (type: string, value: Uint8Array) => der.set(der.sequence(der.oid(type), value));
  return der.sequence(
    part(OID.country, der.printableString(dn.country)),
    part(OID.organization, der.utf8String(dn.organization)),
    part(OID.organizationalUnit, der.utf8String(dn.organizationalUnit)),
    part(OID.commonName, der.utf8String(dn.commonName)),
  );
}

function extension(id: string, critical: boolean, value: Uint8Array): Uint8Array {
  return critical
    ? der.sequence(der.oid(id), der.boolean(true), der.octetString(value))
    : der.sequence(der.oid(id), der.octetString(value));
}

/** GeneralName of the kind dNSName (RFC 5280 §4.2.1.6). */
function dnsName(text: string): Uint8Array {
  return der.element(0x82, utf8(text));
}

function basicConstraints({ authority }: CertificateRequest): Uint8Array {
  if (!authority) return der.sequence();
  return der.sequence(der.boolean(true), der.integer(Uint8Array.of(authority.pathLength)));
}

/**
 * Issues a certificate, DER.
 * @param issuer the issuer's ES256 signer
 * @param keyIdentifier hashes a public key to its 20-byte identifier
 */
export function issueCertificate(
  request: CertificateRequest,
  issuer: Signer,
  keyIdentifier: (publicKey: Uint8Array) => Uint8Array,
): Uint8Array {
  const algorithm = der.sequence(der.oid(OID.ecdsaWithSha256));
  const extensions = [
    extension(OID.basicConstraints, true, basicConstraints(request)),
    // keyCertSign and cRLSign for an authority, digitalSignature for a leaf
    extension(
      OID.keyUsage,
      true,
      request.authority ? der.bitString(Uint8Array.of(0x06), 1) : der.bitString(Uint8Array.of(0x80), 7),
    ),
    extension(OID.subjectKeyIdentifier, false, der.octetString(keyIdentifier(request.publicKey))),
    extension(
      OID.authorityKeyIdentifier,
      false,
      der.sequence(der.element(0x80, keyIdentifier(request.issuerPublicKey))),
    ),
  ];
  if (request.serverNames) {
    const names = request.serverNames.map(dnsName);
    extensions.push(
      extension(OID.subjectAlternativeName, false, der.sequence(...names)),
      extension(OID.extendedKeyUsage, false, der.sequence(der.oid(OID.serverAuthentication))),
    );
  }
  if (request.permittedDomain !== undefined) {
    const permitted = der.sequence(dnsName(request.permittedDomain));
    extensions.push(extension(OID.nameConstraints, true, der.sequence(der.explicit(0, permitted))));
  }
  if (request.aaguid) extensions.push(extension(OID.aaguid, false, der.octetString(request.aaguid)));
  if (request.deviceSerialNumber !== undefined) {
    extensions.push(extension(OID.serialNumber, false, der.octetString(utf8(request.deviceSerialNumber))));
  }
  if (request.u2fTransports !== undefined) {
    extensions.push(extension(OID.u2fTransports, false, der.bitString(Uint8Array.of(request.u2fTransports << 4), 4)));
  }
  const publicKey = der.sequence(
    der.sequence(der.oid(OID.ecPublicKey), der.oid(OID.prime256v1)),
    der.bitString(concat(Uint8Array.of(4), request.publicKey)),
  );
  const body = der.sequence(
    der.explicit(0, der.integer(Uint8Array.of(2))),
    der.integer(request.serialNumber),
    algorithm,
    name(request.issuer),
    der.sequence(der.time(request.notBefore), der.time(request.notAfter)),
    name(request.subject),
    publicKey,
    der.explicit(3, der.sequence(...extensions)),
  );
  return der.sequence(body, algorithm, der.bitString(issuer.sign(body)));
}

/** The bits of a certificate's P-256 public key (RFC 5280 §4.2.1.2): the uncompressed point. */
export function publicKeyOf(certificate: Uint8Array): Uint8Array {
  const spki = new X509Certificate(certificate).publicKey.export({ format: 'der', type: 'spki' });
  return Uint8Array.from(spki.subarray(-POINT_LENGTH));
}
