/** The attestation identity of a key: a root of the lab's own and a batch certificate for the model, made at first power-up. */

import { decodeCbor, encodeCbor } from '../../ctap/cbor.ts';
import { Algorithm, type Signer } from '../../ctap/crypto.ts';
import { bytes, message, required } from '../../ctap/schema.ts';
import type { Environment } from '../environment.ts';
import type { Model } from '../models/model.ts';
import { type CertificateRequest, issueCertificate } from './certificate.ts';

const PATH = 'attestation';
const YEARS_VALID = 25;

const attestationRecord = message('attestation record', {
  privateKey: required(1, bytes(32)),
  certificate: required(2, bytes()),
  root: required(3, bytes()),
});

export interface AttestationIdentity {
  readonly signer: Signer;
  /** DER; what x5c carries. The root is not sent, as WebAuthn asks. */
  readonly certificate: Uint8Array;
  /** DER of the root that a relying party has to trust. */
  readonly root: Uint8Array;
}

/** Reads the key's attestation identity from its store, or makes it. It survives a reset, as on real keys. */
export async function openAttestationIdentity(environment: Environment, model: Model): Promise<AttestationIdentity> {
  const { crypto, store } = environment;
  const stored = store.get(PATH);
  if (stored) {
    const record = attestationRecord.decode(decodeCbor(stored), PATH);
    return { ...record, signer: crypto.signer(Algorithm.ES256, record.privateKey) };
  }
  const record = await createIdentity(environment, model);
  await store.commit([{ path: PATH, value: encodeCbor(attestationRecord.encode(record)) }]);
  return { ...record, signer: crypto.signer(Algorithm.ES256, record.privateKey) };
}

async function createIdentity({ clock, crypto, random }: Environment, model: Model) {
  const root = await crypto.generateKeyPair(Algorithm.ES256, (length) => random.bytes(length));
  const leaf = await crypto.generateKeyPair(Algorithm.ES256, (length) => random.bytes(length));
  const rootSigner = crypto.signer(Algorithm.ES256, root.privateKey);
  const organization = 'ctaplab';
  const rootName = {
    country: 'CH',
    organization,
    organizationalUnit: 'Test attestation',
    commonName: 'ctaplab test root',
  };
  const leafName = {
    country: 'CH',
    organization,
    organizationalUnit: 'Authenticator Attestation',
    commonName: `ctaplab virtual ${model.name}`,
  };
  const now = new Date(clock.now());
  const notBefore = new Date(Date.UTC(now.getUTCFullYear() - 1, 0, 1));
  const notAfter = new Date(Date.UTC(now.getUTCFullYear() + YEARS_VALID, 0, 1));
  const common = { issuer: rootName, issuerPublicKey: root.publicKey, notBefore, notAfter };
  const keyIdentifier = (publicKey: Uint8Array) => crypto.sha256(Uint8Array.of(4), publicKey).subarray(0, 20);
  const issue = (request: CertificateRequest) => issueCertificate(request, rootSigner, keyIdentifier);
  const serialNumber = () => Uint8Array.of(1, ...random.bytes(15));
  return {
    privateKey: leaf.privateKey,
    root: issue({ ...common, serialNumber: serialNumber(), subject: rootName, publicKey: root.publicKey, ca: true }),
    certificate: issue({
      ...common,
      serialNumber: serialNumber(),
      subject: leafName,
      publicKey: leaf.publicKey,
      ca: false,
      aaguid: model.aaguid,
      u2fTransports: model.transports.includes('nfc') ? 0x3 : 0x2,
    }),
  };
}
