/**
 * The certificate authority of a lab: one root, so that a relying party that trusts it accepts every key, and below it
 * the batch certificate of each model. All its keys follow from one secret; its certificates are kept beside that, for
 * OpenSSL signs them anew each time. Where the records lie decides whose authority it is: a lab's, or one key's own.
 */
import { concat, toHex, utf8 } from '../../ctap/bytes.ts';
import { Algorithm, type GeneratedKeyPair, type Signer } from '../../ctap/crypto.ts';
import type { Environment, Random, Store } from '../environment.ts';
import { type Model, speaksCtap2 } from '../models/model.ts';
import { type CertificateRequest, type DistinguishedName, issueCertificate } from './certificate.ts';

const DIRECTORY = 'authority/';
const SECRET_PATH = `${DIRECTORY}secret`;
const SECRET_LENGTH = 32;
const ORGANIZATION = 'ctaplab';
/** Fixed, so that a seeded authority issues the same bytes whenever it is asked. */
const NOT_BEFORE = new Date(Date.UTC(2024, 0, 1));
const NOT_AFTER = new Date(Date.UTC(2049, 11, 31, 23, 59, 59));
const ROOT_NAME = name('Test attestation', 'ctaplab test root');

/** A private key and the certificates that speak for it, the leaf first, the root left out (DER). */
export interface Certified {
  readonly privateKey: Uint8Array;
  readonly x5c: readonly Uint8Array[];
}

export interface AuthorityEnvironment {
  readonly crypto: Environment['crypto'];
  readonly random: Random;
  readonly store: Store;
}

/** One who issues: the name and key that its certificates point to. */
interface Issuer {
  readonly name: DistinguishedName;
  readonly pair: GeneratedKeyPair;
}

export class AttestationAuthority {
  readonly #environment: AuthorityEnvironment;
  readonly #secret: Uint8Array;
  #root: Uint8Array = new Uint8Array(0);

  private constructor(environment: AuthorityEnvironment, secret: Uint8Array) {
    this.#environment = environment;
    this.#secret = secret;
  }

  /** Reads the authority from the store; a store without one gets one. */
  static async open(environment: AuthorityEnvironment): Promise<AttestationAuthority> {
    const { store, random } = environment;
    let secret = store.get(SECRET_PATH);
    if (!secret) {
      secret = random.bytes(SECRET_LENGTH);
      await store.commit([{ path: SECRET_PATH, value: secret }]);
    }
    const authority = new AttestationAuthority(environment, secret);
    const issuer = await authority.#rootIssuer();
    const request = { subject: ROOT_NAME, authority: { pathLength: 1 } };
    authority.#root = await authority.#certificate('root', issuer, issuer.pair, request);
    return authority;
  }

  /** DER of the root certificate, which a relying party has to trust. */
  get root(): Uint8Array {
    return this.#root;
  }

  /** The certificate that all keys of a model share. */
  async batch(model: Model): Promise<Certified> {
    const issuer = model.intermediateAuthority ? await this.#intermediate(model) : await this.#rootIssuer();
    const leaf = await this.#keyPair(`batch ${model.name}`);
    const certificate = await this.#certificate(`batch-${model.name}-${toHex(model.aaguid)}`, issuer, leaf, {
      ...attestationProfile(model),
      subject: name('Authenticator Attestation', `ctaplab virtual ${model.name}`),
    });
    return { privateKey: leaf.privateKey, x5c: [certificate, ...(await this.#chain(model))] };
  }

  /** A certificate for one device alone, with its serial number (WebAuthn Level 3 §8.2.2). */
  async enterprise(model: Model, deviceSerialNumber: string): Promise<Certified> {
    const issuer = model.intermediateAuthority ? await this.#intermediate(model) : await this.#rootIssuer();
    const leaf = await this.#keyPair(`enterprise ${model.name} ${deviceSerialNumber}`);
    const certificate = await this.#certificate(
      `enterprise-${model.name}-${toHex(model.aaguid)}-${deviceSerialNumber}`,
      issuer,
      leaf,
      {
        ...attestationProfile(model),
        deviceSerialNumber,
        subject: name('Authenticator Attestation', `ctaplab virtual ${model.name} ${deviceSerialNumber}`),
      },
    );
    return { privateKey: leaf.privateKey, x5c: [certificate, ...(await this.#chain(model))] };
  }

  /** Certificates that the batch certificates of the model can chain to: what a metadata statement lists. */
  async trustAnchors(model: Model): Promise<Uint8Array[]> {
    return [this.root, ...(await this.#chain(model))];
  }

  /** Signs metadata: a root of its own, as the metadata service of FIDO has, and a certificate below it. */
  async metadataSigner(): Promise<{ readonly signer: Signer; readonly x5c: readonly Uint8Array[]; root: Uint8Array }> {
    const issuer = {
      name: name('Test metadata', 'ctaplab test metadata root'),
      pair: await this.#keyPair('metadata root'),
    };
    const root = await this.#certificate('metadata-root', issuer, issuer.pair, {
      subject: issuer.name,
      authority: { pathLength: 0 },
    });
    const leaf = await this.#keyPair('metadata');
    const certificate = await this.#certificate('metadata', issuer, leaf, {
      subject: name('Test metadata', 'ctaplab test metadata signer'),
    });
    const signer = this.#environment.crypto.signer(Algorithm.ES256, leaf.privateKey);
    return { signer, x5c: [certificate], root };
  }

  async #rootIssuer(): Promise<Issuer> {
    return { name: ROOT_NAME, pair: await this.#keyPair('root') };
  }

  async #intermediate(model: Model): Promise<Issuer> {
    return {
      name: name('Test attestation', `ctaplab test authority for ${model.name}`),
      pair: await this.#keyPair(`authority ${model.name}`),
    };
  }

  /** What stands between the model's leaves and the root. */
  async #chain(model: Model): Promise<Uint8Array[]> {
    if (!model.intermediateAuthority) return [];
    const { name: subject, pair } = await this.#intermediate(model);
    const request = { subject, authority: { pathLength: 0 } };
    return [await this.#certificate(`authority-${model.name}`, await this.#rootIssuer(), pair, request)];
  }

  /** The key pair of that purpose: always the same one. */
  async #keyPair(purpose: string): Promise<GeneratedKeyPair> {
    return this.#environment.crypto.generateKeyPair(Algorithm.ES256, this.#stream(`key of ${purpose}`));
  }

  /** Bytes that follow from the secret, as a source for one purpose. */
  #stream(purpose: string): (length: number) => Uint8Array {
    const { crypto } = this.#environment;
    let drawn = 0;
    return (length) => {
      const info = concat(utf8(`attestation ${purpose}`), Uint8Array.of(0, drawn++));
      return crypto.hkdfSha256(this.#secret, new Uint8Array(32), info, length);
    };
  }

  /** Issues a certificate once; afterwards it is read. */
  async #certificate(
    id: string,
    issuer: Issuer,
    { publicKey }: GeneratedKeyPair,
    request: Pick<CertificateRequest, 'subject'> & Partial<CertificateRequest>,
  ): Promise<Uint8Array> {
    const { crypto, store } = this.#environment;
    const path = `${DIRECTORY}certificate/${id.replaceAll('.', '_')}`;
    const stored = store.get(path);
    if (stored) return stored;
    const certificate = issueCertificate(
      {
        ...request,
        serialNumber: concat(Uint8Array.of(1), this.#stream(`serial number of ${id}`)(15)),
        issuer: issuer.name,
        issuerPublicKey: issuer.pair.publicKey,
        publicKey,
        notBefore: NOT_BEFORE,
        notAfter: NOT_AFTER,
      },
      crypto.signer(Algorithm.ES256, issuer.pair.privateKey),
      (key) => crypto.sha256(Uint8Array.of(4), key).subarray(0, 20),
    );
    await store.commit([{ path, value: certificate }]);
    return certificate;
  }
}

function name(organizationalUnit: string, commonName: string): DistinguishedName {
  return { country: 'CH', organization: ORGANIZATION, organizationalUnit, commonName };
}

/** What the certificates of a model's keys have of the model. A key that speaks U2F alone has no AAGUID to name. */
function attestationProfile(model: Model): Pick<CertificateRequest, 'aaguid' | 'u2fTransports'> {
  const u2fTransports = model.transports.includes('nfc') ? 0x3 : 0x2;
  return speaksCtap2(model) ? { aaguid: model.aaguid, u2fTransports } : { u2fTransports };
}
