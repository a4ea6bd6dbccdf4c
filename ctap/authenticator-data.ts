/** Authenticator data and attested credential data: WebAuthn Level 3 §6.1 and §6.5.1, CTAP 2.3 §6.1. */
import { concat } from './bytes.ts';
import { type CborMap, decodeCborPrefix, encodeCbor } from './cbor.ts';
import { Flag } from './flags.ts';

export interface AttestedCredentialData {
  /** 16 bytes. */
  readonly aaguid: Uint8Array;
  readonly credentialId: Uint8Array;
  readonly credentialPublicKey: CborMap;
}

export interface AuthenticatorData {
  /** SHA-256 of the RP ID, 32 bytes. */
  readonly rpIdHash: Uint8Array;
  /** {@link Flag} bits; AT and ED follow from the members when encoding. */
  readonly flags: number;
  /** Unsigned 32-bit signature counter. */
  readonly signCount: number;
  readonly attestedCredentialData?: AttestedCredentialData | undefined;
  readonly extensions?: CborMap | undefined;
}

const HEADER = 37;

/** Writes authenticator data. */
export function encodeAuthenticatorData(data: AuthenticatorData): Uint8Array {
  const attested = data.attestedCredentialData;
  const key = attested && encodeCbor(attested.credentialPublicKey);
  const extensions = data.extensions && data.extensions.size > 0 ? encodeCbor(data.extensions) : undefined;
  const attestedLength = attested && key ? 18 + attested.credentialId.length + key.length : 0;
  const bytes = new Uint8Array(HEADER + attestedLength + (extensions?.length ?? 0));
  const view = new DataView(bytes.buffer);
  bytes.set(data.rpIdHash, 0);
  bytes[32] = (data.flags & ~(Flag.AT | Flag.ED)) | (attested ? Flag.AT : 0) | (extensions ? Flag.ED : 0);
  view.setUint32(33, data.signCount);
  if (attested && key) {
    bytes.set(attested.aaguid, HEADER);
    view.setUint16(HEADER + 16, attested.credentialId.length);
    bytes.set(attested.credentialId, HEADER + 18);
    bytes.set(key, HEADER + 18 + attested.credentialId.length);
  }
  if (extensions) bytes.set(extensions, HEADER + attestedLength);
  return bytes;
}

/**
 * Reads authenticator data strictly.
 * @throws TypeError where it is truncated, has trailing bytes or flags that do not fit what follows
 * @throws CtapError CTAP2_ERR_INVALID_CBOR where the public key or the extensions are not canonical
 */
export function decodeAuthenticatorData(bytes: Uint8Array): AuthenticatorData {
  if (bytes.length < HEADER) throw new TypeError(`authenticator data: expected at least 37 bytes, got ${bytes.length}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const flags = bytes[32]!;
  let offset = HEADER;
  let attestedCredentialData: AttestedCredentialData | undefined;
  if (flags & Flag.AT) {
    const idStart = HEADER + 18;
    if (bytes.length < idStart) throw new TypeError('authenticator data: truncated in the attested credential data');
    const idEnd = idStart + view.getUint16(HEADER + 16);
    if (bytes.length <= idEnd) throw new TypeError('authenticator data: truncated in the credential id');
    const { value, length } = decodeCborPrefix(bytes.subarray(idEnd));
    if (!(value instanceof Map)) throw new TypeError('authenticator data: the credential public key is not a map');
    attestedCredentialData = {
      aaguid: bytes.slice(HEADER, HEADER + 16),
      credentialId: bytes.slice(idStart, idEnd),
      credentialPublicKey: value,
    };
    offset = idEnd + length;
  }
  let extensions: CborMap | undefined;
  if (flags & Flag.ED) {
    const { value, length } = decodeCborPrefix(bytes.subarray(offset));
    if (!(value instanceof Map)) throw new TypeError('authenticator data: the extensions are not a map');
    extensions = value;
    offset += length;
  }
  if (offset !== bytes.length) {
    throw new TypeError(`authenticator data: ${bytes.length - offset} trailing bytes that the flags do not announce`);
  }
  return { rpIdHash: bytes.slice(0, 32), flags, signCount: view.getUint32(33), attestedCredentialData, extensions };
}

/** What an authenticator signs: authenticator data, then the client data hash. */
export function signedBytes(authData: Uint8Array, clientDataHash: Uint8Array): Uint8Array {
  return concat(authData, clientDataHash);
}
