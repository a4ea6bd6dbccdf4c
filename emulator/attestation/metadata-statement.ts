/** FIDO Metadata Statement v3 (fido-metadata-statement-v3.0-ps-20210518): what a relying party may know of a model beforehand. */
import { createHash } from 'node:crypto';
import { toHex } from '../../ctap/bytes.ts';
import { decodeCbor } from '../../ctap/cbor.ts';
import { type GetInfoResponse, getInfoResponse } from '../../ctap/commands/get-info.ts';
import { Command } from '../../ctap/commands/index.ts';
import { Algorithm } from '../../ctap/crypto.ts';
import { CtapError } from '../../ctap/status.ts';
import { systemClock } from '../clock.ts';
import { nodeCrypto } from '../crypto-node.ts';
import { VirtualKey } from '../key.ts';
import { type Model, speaksCtap2 } from '../models/model.ts';
import { autoPresence } from '../presence.ts';
import { systemRandom } from '../random.ts';
import { memoryStore } from '../store/memory.ts';
import type { AttestationAuthority } from './authority.ts';
import { publicKeyOf } from './certificate.ts';

/** PIN_RETRIES of CTAP 2.3 §6.5. */
const MAX_PIN_RETRIES = 8;
const PIN_BASE = 64;
const LEGAL_HEADER =
  'Metadata of virtual keys, for tests alone. No key that it describes protects anything, and none is certified.';

/** ALG_SIGN by COSE algorithm (fido-registry-v2.2 §3.6.1, whose name for ES512 is as it stands there). It has none for ML-DSA and Ed448. */
const ALG_SIGN: ReadonlyMap<number, string> = new Map<number, string>([
  [Algorithm.ES256, 'secp256r1_ecdsa_sha256_raw'],
  [Algorithm.ESP256, 'secp256r1_ecdsa_sha256_raw'],
  [Algorithm.ES384, 'secp384r1_ecdsa_sha384_raw'],
  [Algorithm.ESP384, 'secp384r1_ecdsa_sha384_raw'],
  [Algorithm.ES512, 'secp512r1_ecdsa_sha256_raw'],
  [Algorithm.ESP512, 'secp512r1_ecdsa_sha256_raw'],
  [Algorithm.EdDSA, 'ed25519_eddsa_sha512_raw'],
  [Algorithm.Ed25519, 'ed25519_eddsa_sha512_raw'],
  [Algorithm.RS256, 'rsassa_pkcsv15_sha256_raw'],
]);

/** Bits of strength of the weakest algorithm. */
const RSA_2048_STRENGTH = 112;
const STRENGTH = 128;

/** What a key says of its state, not of its model. */
const STATE_MEMBERS: ReadonlySet<string> = new Set([
  'forcePINChange',
  'remainingDiscoverableCredentials',
  'uvCountSinceLastPinEntry',
  'encIdentifier',
  'encCredStoreState',
]);

export interface VerificationMethod {
  readonly userVerificationMethod: 'presence_internal' | 'passcode_external' | 'fingerprint_internal' | 'none';
  readonly caDesc?: { readonly base: number; readonly minLength: number; readonly maxRetries: number };
  readonly baDesc?: { readonly maxTemplates: number; readonly maxRetries?: number };
}

/** The members that this lab's models have, in the specification's order. Certificates are DER in base64. */
export interface MetadataStatement {
  readonly legalHeader: string;
  /** A UUID; of models that speak CTAP2. */
  readonly aaguid?: string;
  /** Hexadecimal SHA-1 of the attestation public key; of models that speak U2F alone. */
  readonly attestationCertificateKeyIdentifiers?: readonly string[];
  readonly description: string;
  readonly authenticatorVersion: number;
  readonly protocolFamily: 'fido2' | 'u2f';
  readonly schema: 3;
  readonly upv: readonly { readonly major: number; readonly minor: number }[];
  readonly authenticationAlgorithms: readonly string[];
  readonly publicKeyAlgAndEncodings: readonly string[];
  readonly attestationTypes: readonly ('basic_full' | 'basic_surrogate' | 'none')[];
  readonly userVerificationDetails: readonly (readonly VerificationMethod[])[];
  readonly keyProtection: readonly string[];
  readonly isKeyRestricted: boolean;
  readonly matcherProtection: readonly string[];
  readonly cryptoStrength: number;
  readonly attachmentHint: readonly string[];
  readonly tcDisplay: readonly string[];
  readonly attestationRootCertificates: readonly string[];
  readonly authenticatorGetInfo?: Readonly<Record<string, unknown>>;
}

/** The statement of a model whose keys that authority certifies. */
export async function metadataStatement(model: Model, authority: AttestationAuthority): Promise<MetadataStatement> {
  const anchors = model.attestation === 'batch' ? await authority.trustAnchors(model) : [];
  const about = speaksCtap2(model) ? await ofCtap2(model, authority) : await ofU2f(model, authority);
  return {
    legalHeader: LEGAL_HEADER,
    ...about.identity,
    description: `${model.description}, virtual`,
    authenticatorVersion: model.firmwareVersion,
    protocolFamily: speaksCtap2(model) ? 'fido2' : 'u2f',
    schema: 3,
    upv: about.upv,
    authenticationAlgorithms: algorithmNames(model),
    publicKeyAlgAndEncodings: about.publicKeyAlgAndEncodings,
    attestationTypes: [({ batch: 'basic_full', self: 'basic_surrogate', none: 'none' } as const)[model.attestation]],
    userVerificationDetails: verificationDetails(model),
    keyProtection: ['software'],
    isKeyRestricted: true,
    matcherProtection: ['software'],
    cryptoStrength: model.algorithms.includes(Algorithm.RS256) ? RSA_2048_STRENGTH : STRENGTH,
    attachmentHint: ['external', 'wired', ...(model.transports.includes('nfc') ? ['wireless', 'nfc'] : [])],
    tcDisplay: [],
    attestationRootCertificates: anchors.map(base64),
    ...about.info,
  };
}

/** What differs between the two families of protocols. */
interface Family {
  readonly identity: Pick<MetadataStatement, 'aaguid' | 'attestationCertificateKeyIdentifiers'>;
  readonly upv: MetadataStatement['upv'];
  readonly publicKeyAlgAndEncodings: readonly string[];
  readonly info?: Pick<MetadataStatement, 'authenticatorGetInfo'>;
}

async function ofCtap2(model: Model, authority: AttestationAuthority): Promise<Family> {
  return {
    identity: { aaguid: formatAaguid(model.aaguid) },
    // FIDO_2_n is version 1.n of the protocol
    upv: model.versions.flatMap((version) => {
      const [, minor] = /^FIDO_2_(\d)$/.exec(version) ?? [];
      return minor === undefined ? [] : [{ major: 1, minor: Number(minor) }];
    }),
    publicKeyAlgAndEncodings: ['cose'],
    info: { authenticatorGetInfo: infoOf(await askFreshKey(model, authority)) },
  };
}

async function ofU2f(model: Model, authority: AttestationAuthority): Promise<Family> {
  const { x5c } = await authority.batch(model);
  const identifier = createHash('sha1').update(publicKeyOf(x5c[0]!)).digest('hex');
  return {
    identity: { attestationCertificateKeyIdentifiers: [identifier] },
    upv: [{ major: 1, minor: 2 }],
    publicKeyAlgAndEncodings: ['ecc_x962_raw'],
  };
}

function algorithmNames({ algorithms }: Model): string[] {
  const names = algorithms.flatMap((alg) => ALG_SIGN.get(alg) ?? []);
  return [...new Set(names)];
}

/** Ways to prove oneself to the key; each row is one way, its entries belong together. */
function verificationDetails(model: Model): VerificationMethod[][] {
  const presence: VerificationMethod = { userVerificationMethod: 'presence_internal' };
  const ways: VerificationMethod[][] = [[presence]];
  if (speaksCtap2(model)) ways.unshift([{ userVerificationMethod: 'none' }]); // with up: false
  if (model.options.includes('clientPin')) {
    const caDesc = { base: PIN_BASE, minLength: model.minPINLength, maxRetries: MAX_PIN_RETRIES };
    ways.push([{ userVerificationMethod: 'passcode_external', caDesc }, presence]);
  }
  if (model.fingerprints) {
    const { preferredPlatformUvAttempts: maxRetries, fingerprints } = model;
    const baDesc = { maxTemplates: fingerprints.maxTemplates, ...(maxRetries === undefined ? {} : { maxRetries }) };
    ways.push([{ userVerificationMethod: 'fingerprint_internal', baDesc }]);
  }
  return ways;
}

/** What a key of the model says of itself when it is new. */
async function askFreshKey(model: Model, authority: AttestationAuthority): Promise<GetInfoResponse> {
  const environment = {
    clock: systemClock,
    random: systemRandom,
    crypto: nodeCrypto,
    store: memoryStore(),
    presence: autoPresence,
  };
  const key = await VirtualKey.open({ environment, model, authority });
  try {
    const exchange = { signal: new AbortController().signal, keepalive() {} };
    const [status, ...body] = await key.cbor(Uint8Array.of(Command.authenticatorGetInfo), exchange);
    if (status !== 0) throw new CtapError(status!, `a fresh ${model.name} refused authenticatorGetInfo`);
    return getInfoResponse.decode(decodeCbor(Uint8Array.from(body)), getInfoResponse.name);
  } finally {
    await key.close();
  }
}

function infoOf(info: GetInfoResponse): Record<string, unknown> {
  const entries = Object.entries(info).filter(([name, value]) => value !== undefined && !STATE_MEMBERS.has(name));
  return Object.fromEntries(entries.map(([name, value]) => [name, toJson(value)]));
}

/** Bytes as hexadecimal, large numbers as JSON can carry them. */
function toJson(value: unknown): unknown {
  if (value instanceof Uint8Array) return toHex(value);
  if (typeof value === 'bigint') return value <= Number.MAX_SAFE_INTEGER ? Number(value) : `0x${value.toString(16)}`;
  return Array.isArray(value) ? value.map(toJson) : value;
}

function formatAaguid(aaguid: Uint8Array): string {
  return toHex(aaguid).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

function base64(der: Uint8Array): string {
  return Buffer.from(der).toString('base64');
}
