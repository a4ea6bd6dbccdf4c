/** U2F raw messages (FIDO U2F Raw Message Formats 1.2), both directions; APDUs in extended or short encoding. */
import { concat, fromUtf8 } from '../bytes.ts';
import { StatusWord, StatusWordError } from '../iso7816/apdu.ts';

export { StatusWord };

export const U2fInstruction = { REGISTER: 0x01, AUTHENTICATE: 0x02, VERSION: 0x03 } as const;

/** P1 of U2F_AUTHENTICATE (§5.1). */
export const U2fControl = {
  ENFORCE_USER_PRESENCE_AND_SIGN: 0x03,
  CHECK_ONLY: 0x07,
  DONT_ENFORCE_USER_PRESENCE_AND_SIGN: 0x08,
} as const;

/** A U2F failure: what goes over the wire is the status word (§3.3) alone. */
export class U2fError extends StatusWordError {
  constructor(statusWord: number, detail: string) {
    super(statusWord, detail);
    this.name = 'U2fError';
  }
}

export interface U2fCommand {
  readonly cla: number;
  readonly ins: number;
  readonly p1: number;
  readonly data: Uint8Array;
}

/**
 * Reads a request APDU as it comes in CTAPHID_MSG: extended length, or the short form that old clients send.
 * @throws U2fError 0x6700 where the lengths do not add up
 */
export function decodeU2fCommand(apdu: Uint8Array): U2fCommand {
  const wrongLength = (detail: string) => new U2fError(StatusWord.WRONG_LENGTH, detail);
  if (apdu.length < 4) throw wrongLength(`expected an APDU of at least 4 bytes, got ${apdu.length}`);
  const header = { cla: apdu[0]!, ins: apdu[1]!, p1: apdu[2]! };
  const body = apdu.subarray(4);
  if (body.length <= 1) return { ...header, data: new Uint8Array(0) }; // no data; perhaps a short Le
  const extended = body[0] === 0;
  if (extended && body.length === 3) return { ...header, data: new Uint8Array(0) }; // extended Le alone
  const start = extended ? 3 : 1;
  const length = extended ? (body[1]! << 8) | (body[2] ?? 0) : body[0]!;
  const rest = body.length - start - length;
  if (rest !== 0 && rest !== (extended ? 2 : 1)) {
    throw wrongLength(`Lc says ${length} bytes, the APDU carries ${Math.max(0, body.length - start)}`);
  }
  return { ...header, data: body.slice(start, start + length) };
}

/** Writes a request APDU with extended lengths, as CTAPHID wants (U2F HID §2.3). */
export function encodeU2fCommand(ins: number, p1: number, data: Uint8Array): Uint8Array {
  const header = Uint8Array.of(0, ins, p1, 0);
  if (data.length === 0) return concat(header, Uint8Array.of(0, 0, 0));
  return concat(header, Uint8Array.of(0, data.length >> 8, data.length & 0xff), data, Uint8Array.of(0, 0));
}

/** Ends an answer with its status word. */
export function u2fResponse(statusWord: number, data: Uint8Array = new Uint8Array(0)): Uint8Array {
  return concat(data, Uint8Array.of(statusWord >> 8, statusWord & 0xff));
}

/** Splits an answer into data and status word; throws a TypeError where it is shorter than two bytes. */
export function splitU2fResponse(response: Uint8Array): { data: Uint8Array; statusWord: number } {
  if (response.length < 2) throw new TypeError(`U2F response: expected at least 2 bytes, got ${response.length}`);
  const end = response.length - 2;
  return { data: response.slice(0, end), statusWord: (response[end]! << 8) | response[end + 1]! };
}

export interface U2fRegisterRequest {
  /** SHA-256 of the client data, 32 bytes. */
  readonly challenge: Uint8Array;
  /** SHA-256 of the application identity, 32 bytes. */
  readonly application: Uint8Array;
}

/** @throws U2fError 0x6700 unless there are exactly 64 bytes (§4.1) */
export function decodeU2fRegisterRequest(data: Uint8Array): U2fRegisterRequest {
  if (data.length !== 64)
    throw new U2fError(StatusWord.WRONG_LENGTH, `U2F_REGISTER: expected 64 bytes, got ${data.length}`);
  return { challenge: data.slice(0, 32), application: data.slice(32) };
}

/** @throws TypeError unless both have 32 bytes */
export function encodeU2fRegisterRequest({ challenge, application }: U2fRegisterRequest): Uint8Array {
  return concat(hash(challenge, 'challenge'), hash(application, 'application'));
}

function hash(value: Uint8Array, name: string): Uint8Array {
  if (value.length !== 32) throw new TypeError(`${name}: expected a SHA-256 hash of 32 bytes, got ${value.length}`);
  return value;
}

export interface U2fRegisterResponse {
  /** X and Y, 64 bytes. */
  readonly publicKey: Uint8Array;
  readonly keyHandle: Uint8Array;
  /** X.509, DER. */
  readonly certificate: Uint8Array;
  /** ASN.1 DER. */
  readonly signature: Uint8Array;
}

export function encodeU2fRegisterResponse(response: U2fRegisterResponse): Uint8Array {
  const { publicKey, keyHandle, certificate, signature } = response;
  return concat(Uint8Array.of(5, 4), publicKey, Uint8Array.of(keyHandle.length), keyHandle, certificate, signature);
}

/** Reads a registration response message (§4.3); throws a TypeError where it is malformed. */
export function decodeU2fRegisterResponse(data: Uint8Array): U2fRegisterResponse {
  if (data.length < 68 || data[0] !== 5)
    throw new TypeError('U2F registration response: expected reserved byte 5 and a public key');
  if (data[1] !== 4)
    throw new TypeError(`U2F registration response: expected an uncompressed point, got 0x${data[1]!.toString(16)}`);
  const handleEnd = 67 + data[66]!;
  const certificateEnd = handleEnd + derLength(data, handleEnd);
  const signatureEnd = certificateEnd + derLength(data, certificateEnd);
  if (signatureEnd !== data.length)
    throw new TypeError('U2F registration response: trailing bytes after the signature');
  return {
    publicKey: data.slice(2, 66),
    keyHandle: data.slice(67, handleEnd),
    certificate: data.slice(handleEnd, certificateEnd),
    signature: data.slice(certificateEnd),
  };
}

/** Whole length of the DER sequence at `offset`. */
function derLength(data: Uint8Array, offset: number): number {
  if (data[offset] !== 0x30)
    throw new TypeError(`U2F registration response: expected a DER sequence at byte ${offset}`);
  const first = data[offset + 1] ?? 0;
  if (first < 0x80) return 2 + first;
  const width = first & 0x7f;
  if (width < 1 || width > 3) throw new TypeError(`U2F registration response: bad DER length at byte ${offset}`);
  let length = 0;
  for (let i = 0; i < width; i++) length = length * 256 + (data[offset + 2 + i] ?? 0);
  return 2 + width + length;
}

export interface U2fAuthenticateRequest {
  readonly challenge: Uint8Array;
  readonly application: Uint8Array;
  readonly keyHandle: Uint8Array;
}

/** @throws U2fError 0x6700 where the key handle's length does not fit (§5.1) */
export function decodeU2fAuthenticateRequest(data: Uint8Array): U2fAuthenticateRequest {
  if (data.length < 65 || data.length !== 65 + data[64]!) {
    throw new U2fError(
      StatusWord.WRONG_LENGTH,
      `U2F_AUTHENTICATE: ${data.length} bytes do not fit their key handle length`,
    );
  }
  return { challenge: data.slice(0, 32), application: data.slice(32, 64), keyHandle: data.slice(65) };
}

export function encodeU2fAuthenticateRequest(request: U2fAuthenticateRequest): Uint8Array {
  const { challenge, application, keyHandle } = request;
  return concat(challenge, application, Uint8Array.of(keyHandle.length), keyHandle);
}

export interface U2fAuthenticateResponse {
  /** Bit 0: user present. */
  readonly userPresence: number;
  readonly counter: number;
  readonly signature: Uint8Array;
}

export function encodeU2fAuthenticateResponse({
  userPresence,
  counter,
  signature,
}: U2fAuthenticateResponse): Uint8Array {
  return concat(Uint8Array.of(userPresence, counter >>> 24, counter >>> 16, counter >>> 8, counter), signature);
}

/** Reads an authentication response message (§5.4); throws a TypeError where it is too short. */
export function decodeU2fAuthenticateResponse(data: Uint8Array): U2fAuthenticateResponse {
  if (data.length < 6)
    throw new TypeError(`U2F authentication response: expected more than 5 bytes, got ${data.length}`);
  const counter = new DataView(data.buffer, data.byteOffset).getUint32(1);
  return { userPresence: data[0]!, counter, signature: data.slice(5) };
}

/** What a U2F authentication signs (§5.4). */
export function u2fAuthenticationBytes(
  application: Uint8Array,
  userPresence: number,
  counter: number,
  challenge: Uint8Array,
): Uint8Array {
  const middle = Uint8Array.of(userPresence, counter >>> 24, counter >>> 16, counter >>> 8, counter);
  return concat(application, middle, challenge);
}

/** The version string of U2F_VERSION's answer. */
export function u2fVersion(data: Uint8Array): string {
  return fromUtf8(data);
}
