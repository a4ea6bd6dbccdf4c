/** A certificate authority of this machine's own, for the service's HTTPS: it may name servers under localhost alone. */
import {
  createHash,
  createPrivateKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
  X509Certificate,
} from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Algorithm } from '../../../../ctap/crypto.ts';
import {
  type CertificateRequest,
  type DistinguishedName,
  issueCertificate,
  publicKeyOf,
} from '../../../../emulator/attestation/certificate.ts';

const PERMITTED_DOMAIN = 'localhost';
const DAY_MS = 24 * 60 * 60 * 1000;
const AUTHORITY_DAYS = 3650;
// Browsers refuse server certificates of more than 398 days.
const SERVER_DAYS = 90;
const CERTIFICATE_FILE = 'ca.pem';
const KEY_FILE = 'ca-key.pem';

/** What a TLS server needs; PEM. */
export interface ServerCertificate {
  readonly cert: string;
  readonly key: string;
}

/** Its certificate can be trusted without much thought: by its name constraint it vouches for no real domain. */
export class LocalAuthority {
  readonly #certificate: Uint8Array;
  readonly #key: KeyObject;

  private constructor(certificate: Uint8Array, key: KeyObject) {
    this.#certificate = certificate;
    this.#key = key;
  }

  /** The authority that lives in a folder; it is made there where there is none. Without a folder, one for this process. */
  static open(folder?: string): LocalAuthority {
    const now = Date.now();
    if (folder === undefined) return LocalAuthority.#create(now);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const [certificatePath, keyPath] = [join(folder, CERTIFICATE_FILE), join(folder, KEY_FILE)];
    if (existsSync(certificatePath) && existsSync(keyPath)) {
      const certificate = new X509Certificate(readFileSync(certificatePath));
      const key = createPrivateKey(readFileSync(keyPath));
      if (now < Date.parse(certificate.validTo) && certificate.checkPrivateKey(key)) {
        return new LocalAuthority(new Uint8Array(certificate.raw), key);
      }
    }
    const authority = LocalAuthority.#create(now);
    writeFileSync(keyPath, pemKey(authority.#key), { mode: 0o600 });
    chmodSync(keyPath, 0o600);
    writeFileSync(certificatePath, authority.certificate);
    return authority;
  }

  /** PEM: what clients have to trust. */
  get certificate(): string {
    return pem(this.#certificate);
  }

  /** A certificate for a server under localhost. @throws RangeError for a name elsewhere */
  issue(serverNames: readonly string[]): ServerCertificate {
    for (const name of serverNames) {
      if (name === PERMITTED_DOMAIN || name.endsWith(`.${PERMITTED_DOMAIN}`)) continue;
      throw new RangeError(`server name: expected one under ${PERMITTED_DOMAIN}, got ${JSON.stringify(name)}`);
    }
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const certificate = issue(
      { subject: subject('ctaplab server', serverNames[0]!), serverNames, days: SERVER_DAYS },
      point(publicKey),
      { name: AUTHORITY_NAME, publicKey: publicKeyOf(this.#certificate).subarray(1), key: this.#key },
      Date.now(),
    );
    return { cert: pem(certificate), key: pemKey(privateKey) };
  }

  static #create(now: number): LocalAuthority {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const own = point(publicKey);
    const request = {
      subject: AUTHORITY_NAME,
      authority: { pathLength: 0 },
      permittedDomain: PERMITTED_DOMAIN,
      days: AUTHORITY_DAYS,
    };
    return new LocalAuthority(
      issue(request, own, { name: AUTHORITY_NAME, publicKey: own, key: privateKey }, now),
      privateKey,
    );
  }
}

const AUTHORITY_NAME = subject('Local authority', 'ctaplab local authority for localhost');

function subject(organizationalUnit: string, commonName: string): DistinguishedName {
  return { country: 'CH', organization: 'ctaplab', organizationalUnit, commonName };
}

type Request = Pick<CertificateRequest, 'subject'> & Partial<CertificateRequest> & { readonly days: number };

function issue(
  { days, ...request }: Request,
  publicKey: Uint8Array,
  issuer: { readonly name: DistinguishedName; readonly publicKey: Uint8Array; readonly key: KeyObject },
  now: number,
): Uint8Array {
  const serialNumber = new Uint8Array(randomBytes(16));
  serialNumber[0] = (serialNumber[0]! & 0x7f) | 0x40; // positive, and of 16 bytes
  return issueCertificate(
    {
      ...request,
      serialNumber,
      issuer: issuer.name,
      issuerPublicKey: issuer.publicKey,
      publicKey,
      // Clocks of guests and containers lag.
      notBefore: new Date(now - DAY_MS),
      notAfter: new Date(now + days * DAY_MS),
    },
    { alg: Algorithm.ES256, sign: (message) => new Uint8Array(sign('sha256', message, issuer.key)) },
    (key) => new Uint8Array(createHash('sha1').update(Uint8Array.of(4)).update(key).digest()),
  );
}

/** X and Y, 64 bytes. */
function point(publicKey: KeyObject): Uint8Array {
  const { x, y } = publicKey.export({ format: 'jwk' });
  return new Uint8Array(Buffer.concat([Buffer.from(x ?? '', 'base64url'), Buffer.from(y ?? '', 'base64url')]));
}

function pem(der: Uint8Array): string {
  return new X509Certificate(der).toString();
}

function pemKey(key: KeyObject): string {
  return key.export({ format: 'pem', type: 'pkcs8' }) as string;
}
