/** The messages by which channels are managed: CTAP 2.3 §11.2.9.1 and §11.2.9.2. */
import { CtapError } from '../status.ts';
import { HidError } from './packet.ts';

export const INIT_NONCE_SIZE = 8;
export const CTAPHID_PROTOCOL_VERSION = 2;
const INIT_RESPONSE_SIZE = 17;
/** Seconds; longer locks have to be renewed. */
export const MAX_LOCK_SECONDS = 10;

/** The answer to INIT: CTAP 2.3 §11.2.9.1.3. */
export interface InitResponse {
  /** The request's 8 bytes, by which a host knows its own answer on the broadcast channel. */
  readonly nonce: Uint8Array;
  readonly channel: number;
  readonly protocolVersion: number;
  readonly deviceVersion: readonly [major: number, minor: number, build: number];
  /** Flags of HidCapability. */
  readonly capabilities: number;
}

export function encodeInitResponse(response: InitResponse): Uint8Array {
  const bytes = new Uint8Array(INIT_RESPONSE_SIZE);
  bytes.set(response.nonce);
  new DataView(bytes.buffer).setUint32(INIT_NONCE_SIZE, response.channel);
  bytes.set([response.protocolVersion, ...response.deviceVersion, response.capabilities], INIT_NONCE_SIZE + 4);
  return bytes;
}

/**
 * Reads the answer to INIT; bytes beyond the 17 known ones are for later versions, and ignored.
 * @throws CtapError CTAP1_ERR_INVALID_LENGTH for a shorter one
 */
export function decodeInitResponse(data: Uint8Array): InitResponse {
  if (data.length < INIT_RESPONSE_SIZE) {
    throw new CtapError(
      HidError.INVALID_LEN,
      `expected an INIT answer of at least ${INIT_RESPONSE_SIZE} bytes, got ${data.length}`,
    );
  }
  const view = new DataView(data.buffer, data.byteOffset);
  return {
    nonce: data.slice(0, INIT_NONCE_SIZE),
    channel: view.getUint32(8),
    protocolVersion: view.getUint8(12),
    deviceVersion: [view.getUint8(13), view.getUint8(14), view.getUint8(15)],
    capabilities: view.getUint8(16),
  };
}

/** The single byte of an ERROR (§11.2.9.1.6) or KEEPALIVE (§11.2.9.1.7) message, or of a LOCK request in seconds (§11.2.9.2.2). */
export function encodeByte(value: number): Uint8Array {
  return Uint8Array.of(value);
}

/**
 * Reads the single byte of an ERROR, KEEPALIVE or LOCK message.
 * @throws CtapError CTAP1_ERR_INVALID_LENGTH for any other length
 */
export function decodeByte(data: Uint8Array): number {
  if (data.length !== 1) {
    throw new CtapError(HidError.INVALID_LEN, `expected a CTAPHID message of one byte, got ${data.length}`);
  }
  return data[0]!;
}
