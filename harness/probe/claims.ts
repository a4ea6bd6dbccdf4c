/** A metadata statement (v3) against the key that it describes. */
import { X509Certificate } from 'node:crypto';
import { toHex } from '../../ctap/bytes.ts';
import type { GetInfoResponse } from '../../ctap/commands/get-info.ts';
import type { MakeCredentialResponse } from '../../ctap/commands/make-credential.ts';
import { chainsTo } from '../certificates/chain.ts';
import { objectOf, type Statement } from './metadata-blob.ts';
import type { Claim } from './metadata-findings.ts';

export interface Evidence {
  readonly info: GetInfoResponse | undefined;
  /** getInfo as JSON, as statements have it: bytes in hexadecimal. */
  readonly infoJson: Readonly<Record<string, unknown>>;
  readonly credential: MakeCredentialResponse | undefined;
  readonly retries: number | undefined;
  readonly now: number;
}

/** Members of getInfo that tell of the key's state, not of its model. */
const STATE: ReadonlySet<string> = new Set([
  'forcePINChange',
  'remainingDiscoverableCredentials',
  'uvCountSinceLastPinEntry',
  'encIdentifier',
  'encCredStoreState',
  'minPINLength',
]);
/** Options whose value is the key's state: a model has them, or not. */
const STATE_OPTIONS: ReadonlySet<string> = new Set([
  'clientPin',
  'uv',
  'bioEnroll',
  'userVerificationMgmtPreview',
  'alwaysUv',
  'ep',
  'makeCredUvNotRqd',
]);

/** COSE algorithms by the names of the FIDO registry (v2.2 §3.6.1). */
const ALGORITHMS: Readonly<Record<string, readonly number[]>> = {
  secp256r1_ecdsa_sha256_raw: [-7, -9],
  secp256r1_ecdsa_sha256_der: [-7, -9],
  secp384r1_ecdsa_sha384_raw: [-35, -51],
  secp512r1_ecdsa_sha256_raw: [-36, -52],
  ed25519_eddsa_sha512_raw: [-8, -19],
  secp256k1_ecdsa_sha256_raw: [-47],
  rsassa_pkcsv15_sha256_raw: [-257],
};

/** Each claim that can be looked at from outside, and what is found. */
export function compareClaims(statement: Statement, evidence: Evidence): Claim[] {
  return [
    ...protocolClaims(statement, evidence),
    ...infoClaims(objectOf(statement.authenticatorGetInfo), evidence),
    ...algorithmClaims(statement, evidence),
    ...verificationClaims(statement, evidence),
    ...attestationClaims(statement, evidence),
    ...unseen(statement),
  ];
}

function claim(name: string, said: unknown, found: unknown, holds: boolean | null): Claim {
  return { claim: name, said: text(said), found: found === null ? null : text(found), holds };
}

function protocolClaims({ protocolFamily, upv, authenticatorVersion }: Statement, { info }: Evidence): Claim[] {
  const claims: Claim[] = [];
  const family = info === undefined ? 'u2f' : 'fido2';
  if (protocolFamily !== undefined)
    claims.push(claim('protocolFamily', protocolFamily, family, protocolFamily === family));
  if (info === undefined) return claims;
  const { versions, firmwareVersion } = info;
  for (const version of Array.isArray(upv) ? upv.map(objectOf) : []) {
    const name = `FIDO_2_${String(version.minor)}`;
    claims.push(
      claim('upv', `${String(version.major)}.${String(version.minor)} (${name})`, versions, versions.includes(name)),
    );
  }
  if (typeof authenticatorVersion === 'number' && firmwareVersion !== undefined) {
    // a statement is of that version and later ones (v3 §3)
    claims.push(
      claim(
        'authenticatorVersion',
        `${authenticatorVersion} or later`,
        firmwareVersion,
        firmwareVersion >= authenticatorVersion,
      ),
    );
  }
  return claims;
}

function infoClaims(said: Statement, { info, infoJson }: Evidence): Claim[] {
  const raw: Readonly<Record<string, unknown>> = info ?? {};
  return Object.entries(said).flatMap(([member, value]) => {
    const name = `authenticatorGetInfo.${member}`;
    const found = infoJson[member];
    if (STATE.has(member)) return [];
    if (member === 'options') return optionClaims(objectOf(value), objectOf(found));
    if (member === 'aaguid') return [claim(name, value, found ?? 'none', sameId(value, found))];
    if (member === 'firmwareVersion')
      return [claim(name, `${text(value)} or later`, found ?? 'none', Number(found) >= Number(value))];
    return [claim(name, value, found ?? 'none', isSame(value, raw[member]))];
  });
}

function optionClaims(said: Statement, found: Statement): Claim[] {
  return Object.entries(said).map(([option, value]) => {
    const name = `authenticatorGetInfo.options.${option}`;
    const has = found[option];
    if (STATE_OPTIONS.has(option)) return claim(name, 'there', has === undefined ? 'none' : 'there', has !== undefined);
    return claim(name, value, has ?? 'none', has === value);
  });
}

/** What a statement says in JSON is what the key says in CBOR; bytes may be written as hexadecimal or as the text that they are. */
function isSame(said: unknown, value: unknown): boolean {
  if (value instanceof Uint8Array) return said === toHex(value) || said === Buffer.from(value).toString('utf8');
  if (typeof value === 'bigint' || typeof value === 'number')
    return /^(0x)?[0-9a-f]+$/i.test(String(said)) && BigInt(String(said)) === BigInt(value);
  if (Array.isArray(value))
    return (
      Array.isArray(said) && said.length === value.length && value.every((item, index) => isSame(said[index], item))
    );
  return text(said) === text(value);
}

function sameId(a: unknown, b: unknown): boolean {
  const plain = (id: unknown) => String(id).toLowerCase().replaceAll('-', '');
  return plain(a) === plain(b);
}

function algorithmClaims({ authenticationAlgorithms: names }: Statement, { info }: Evidence): Claim[] {
  if (!Array.isArray(names) || info === undefined) return [];
  const has = info.algorithms?.map(({ alg }) => alg) ?? [-7]; // without the member, ES256 alone is sure
  return names.map((name) => {
    const known = ALGORITHMS[String(name)];
    const holds = known === undefined ? null : known.some((alg) => has.includes(alg));
    return claim('authenticationAlgorithms', name, known === undefined ? null : has, holds);
  });
}

function verificationClaims({ userVerificationDetails: ways }: Statement, { info, retries }: Evidence): Claim[] {
  if (!Array.isArray(ways) || info === undefined) return [];
  const { options = {}, minPINLength = 4 } = info;
  const methods = new Map(
    ways.flat().map((method) => {
      const members = objectOf(method);
      return [String(members.userVerificationMethod), members] as const;
    }),
  );
  return [...methods].flatMap(([method, { caDesc }]) => {
    const name = `userVerificationDetails.${method}`;
    if (method === 'passcode_external') {
      const { minLength, maxRetries } = objectOf(caDesc);
      const has = options.clientPin !== undefined;
      return [
        claim(name, 'there', has ? 'options.clientPin' : 'no options.clientPin', has),
        ...(typeof minLength === 'number'
          ? [claim(`${name}.minLength`, minLength, minPINLength, minPINLength >= minLength)]
          : []),
        ...(typeof maxRetries === 'number' && retries !== undefined
          ? [claim(`${name}.maxRetries`, maxRetries, `${retries} left`, retries <= maxRetries)]
          : []),
      ];
    }
    if (method === 'fingerprint_internal') {
      const has =
        options.bioEnroll !== undefined ||
        options.userVerificationMgmtPreview !== undefined ||
        options.uv !== undefined;
      return [claim(name, 'there', has ? 'takes fingers' : 'takes none', has)];
    }
    return [];
  });
}

function attestationClaims(statement: Statement, { credential, now }: Evidence): Claim[] {
  const { attestationTypes: types, attestationRootCertificates: roots } = statement;
  if (!Array.isArray(types) || credential === undefined) return [];
  const { fmt, attStmt } = credential;
  const x5c = certificatesOf(attStmt?.get('x5c'));
  const type = fmt === 'none' ? 'none' : x5c.length > 0 ? 'basic_full' : 'basic_surrogate';
  const fits = types.includes(type) || (type === 'basic_full' && types.includes('attca'));
  const claims = [claim('attestationTypes', types, `${fmt}, ${type}`, fits)];
  if (x5c.length === 0 || !Array.isArray(roots)) return claims;
  const anchors = roots.map((root) => new X509Certificate(Buffer.from(String(root), 'base64')));
  const names = anchors.map(({ subject }) => subject.replaceAll('\n', ', '));
  const issuer = new X509Certificate(x5c[0]!).issuer.replaceAll('\n', ', ');
  return [...claims, claim('attestationRootCertificates', names, `issued by ${issuer}`, chainsTo(x5c, anchors, now))];
}

function certificatesOf(x5c: unknown): readonly Uint8Array[] {
  return Array.isArray(x5c) ? x5c.filter((item) => item instanceof Uint8Array) : [];
}

/** What a statement says that shows in nothing that a key answers. */
function unseen(statement: Statement): Claim[] {
  const names = ['keyProtection', 'isKeyRestricted', 'matcherProtection', 'cryptoStrength', 'attachmentHint'];
  return names.filter((name) => statement[name] !== undefined).map((name) => claim(name, statement[name], null, null));
}

function text(value: unknown): string {
  if (Array.isArray(value)) return value.map(text).join(', ');
  if (typeof value === 'object' && value !== null) {
    return Object.entries(value)
      .map(([name, entry]) => `${name} ${text(entry)}`)
      .join(', ');
  }
  return String(value);
}
