/** authenticatorGetInfo in words: CTAP 2.3 §6.4. */
import { toHex } from '../../ctap/bytes.ts';
import type { GetInfoResponse } from '../../ctap/commands/get-info.ts';

const ALGORITHMS = new Map([
  [-7, 'ES256 (ECDSA P-256)'],
  [-8, 'EdDSA (Ed25519)'],
  [-9, 'ESP256 (ECDSA P-256)'],
  [-19, 'Ed25519'],
  [-35, 'ES384 (ECDSA P-384)'],
  [-36, 'ES512 (ECDSA P-521)'],
  [-47, 'ES256K (ECDSA secp256k1)'],
  [-48, 'ML-DSA-44'],
  [-49, 'ML-DSA-65'],
  [-50, 'ML-DSA-87'],
  [-51, 'ESP384 (ECDSA P-384)'],
  [-52, 'ESP512 (ECDSA P-521)'],
  [-53, 'Ed448'],
  [-257, 'RS256 (RSA)'],
]);

/** What an option says where it is true, where it is false; absent means not supported. */
const OPTIONS: Readonly<Record<string, readonly [yes: string, no: string]>> = {
  plat: ['built into this machine', 'a roaming key'],
  rk: ['keeps discoverable credentials (passkeys)', 'keeps no discoverable credentials'],
  clientPin: ['a PIN is set', 'takes a PIN; none is set'],
  up: ['can ask for a touch', 'asks for no touch'],
  uv: ['verifies its user by itself, and is set up for it', 'could verify its user by itself; not set up'],
  pinUvAuthToken: ['gives tokens with permissions', 'gives no tokens with permissions'],
  noMcGaPermissionsWithClientPin: ['a PIN gives no right to create or get', 'a PIN gives the right to create and get'],
  largeBlobs: ['stores large blobs', 'stores no large blobs'],
  ep: ['enterprise attestation is on', 'enterprise attestation is off'],
  bioEnroll: ['fingers are enrolled', 'takes fingers; none is enrolled'],
  userVerificationMgmtPreview: ['fingers are enrolled (preview)', 'takes fingers (preview); none is enrolled'],
  uvBioEnroll: ['enrols with built-in verification', 'does not enrol with built-in verification'],
  authnrCfg: ['can be configured', 'cannot be configured'],
  uvAcfg: ['is configured with built-in verification', 'is not configured with built-in verification'],
  credMgmt: ['credentials can be managed', 'credentials cannot be managed'],
  perCredMgmtRO: ['credentials can be read with a lasting token', 'credentials cannot be read with a lasting token'],
  credentialMgmtPreview: ['credentials can be managed (preview)', 'credentials cannot be managed (preview)'],
  setMinPINLength: ['the least PIN length can be raised', 'the least PIN length is fixed'],
  makeCredUvNotRqd: ['creates without PIN where not discoverable', 'creates with verification alone'],
  alwaysUv: ['always wants user verification', 'wants user verification where a site does'],
};

const UV_MODALITIES = [
  'presence',
  'fingerprint',
  'passcode',
  'voiceprint',
  'faceprint',
  'location',
  'eyeprint',
  'pattern',
  'handprint',
  'passcode outside',
  'pattern outside',
] as const;

const UNITS: Readonly<Record<string, string>> = {
  maxMsgSize: 'bytes',
  maxCredentialIdLength: 'bytes',
  maxSerializedLargeBlobArray: 'bytes',
  maxCredBlobLength: 'bytes',
  minPINLength: 'code points',
  maxPINLength: 'code points',
};

/** The name of a COSE algorithm, with what it is. */
export function algorithmName(alg: number): string {
  return ALGORITHMS.get(alg) ?? `COSE algorithm ${alg}`;
}

/** An AAGUID in the form of a UUID. */
export function formatAaguid(aaguid: Uint8Array): string {
  return toHex(aaguid).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** getInfo with all bytes as hexadecimal, the AAGUID as a UUID, 64-bit ids as digits: what --json prints. */
export function infoToJSON(info: GetInfoResponse): Record<string, unknown> {
  const entries = Object.entries(info).filter(([, value]) => value !== undefined);
  return Object.fromEntries(
    entries.map(([name, value]) => {
      if (name === 'aaguid') return [name, formatAaguid(info.aaguid)];
      if (name === 'pinComplexityPolicyURL') return [name, valueText(name, value)];
      if (name === 'vendorPrototypeConfigCommands') return [name, info.vendorPrototypeConfigCommands?.map(String)];
      return [name, value instanceof Uint8Array ? toHex(value) : value];
    }),
  );
}

/** Rows of name, value and meaning, in the order of the specification. */
export function explainInfo(info: GetInfoResponse): string[][] {
  const rows: string[][] = [];
  for (const [name, value] of Object.entries(info)) {
    if (value === undefined) continue;
    if (name === 'options') rows.push(...optionRows(info.options ?? {}));
    else if (name === 'algorithms') rows.push(...algorithmRows(info.algorithms ?? []));
    else rows.push([name, valueText(name, value), UNITS[name] ?? '']);
  }
  return rows;
}

function optionRows(options: Readonly<Record<string, boolean>>): string[][] {
  return Object.entries(options).map(([name, value]) => {
    const meaning = Object.hasOwn(OPTIONS, name) ? OPTIONS[name]?.[value ? 0 : 1] : undefined;
    return [`options.${name}`, String(value), meaning ?? 'not in CTAP 2.3'];
  });
}

function algorithmRows(algorithms: readonly { readonly alg: number }[]): string[][] {
  return algorithms.map(({ alg }, index) => [`algorithms[${index}]`, String(alg), ALGORITHMS.get(alg) ?? 'unknown']);
}

function valueText(name: string, value: unknown): string {
  if (name === 'pinComplexityPolicyURL' && value instanceof Uint8Array) return new TextDecoder().decode(value);
  if (value instanceof Uint8Array) return name === 'aaguid' ? formatAaguid(value) : toHex(value);
  if (Array.isArray(value)) return value.join(', ');
  if (name === 'firmwareVersion' && typeof value === 'number') return `${value} (0x${value.toString(16)})`;
  if (name === 'uvModality' && typeof value === 'number') {
    return UV_MODALITIES.filter((_, bit) => (value >> bit) & 1).join(', ');
  }
  if (typeof value === 'object' && value !== null) {
    return Object.entries(value)
      .map(([key, entry]) => `${key} ${entry}`)
      .join(', ');
  }
  return String(value);
}

/** Members of getInfo that a model calls otherwise. */
const MODEL_NAMES: Readonly<Record<string, string>> = {
  'device version': 'firmwareVersion',
  remainingDiscoverableCredentials: 'maxDiscoverableCredentials',
  authenticatorConfigCommands: 'configCommands',
  pinComplexityPolicy: 'pinComplexity',
  uvModality: 'fingerprints',
};

/** The rows with a last cell that says which values are this project's guess. */
export function markAssumed(rows: readonly string[][], assumed: readonly string[]): string[][] {
  return rows.map(([label = '', value = '', meaning = '']) => {
    const member = label.replace(/[.[].*$/, '');
    return [label, value, meaning, assumed.includes(MODEL_NAMES[member] ?? member) ? 'assumed' : ''];
  });
}
