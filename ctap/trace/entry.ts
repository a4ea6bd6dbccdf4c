/** What a decoded trace consists of. */
import type { Crypto } from '../crypto.ts';
import type { TrafficDirection } from './traffic.ts';

export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };

/**
 * One message of a conversation, whole, or what was left of one. Plain JSON, and stable: members may be added, none
 * changes its meaning. Bytes are lower-case hexadecimal. A secret is `{ "hidden": BYTES }` in `fields`, and as many
 * pairs of `*` in `hex`; where the caller has the shared secret it is `{ "encrypted": HEX, "decrypted": HEX }`.
 */
export interface TraceEntry {
  /** Counted from 1. */
  readonly entry: number;
  /** When its first report or APDU went by: milliseconds of the recorder's clock. */
  readonly at: number;
  readonly plug: number;
  /** `in` from the host, `out` from the key. */
  readonly direction: TrafficDirection;
  /** `fragment`: what makes no whole message; `problems` says why. */
  readonly type: 'command' | 'answer' | 'fragment';
  /** CTAPHID packets, frames of Token2's carrier in HID reports, or APDUs of a smart card. */
  readonly carrier: 'ctaphid' | 'token2' | 'apdu';
  /** CTAPHID alone: eight hexadecimal digits. */
  readonly channel?: string;
  /** Counted from 1: a command, its answer and what cancels it have the same; none where no command was seen. */
  readonly transaction?: number;
  readonly protocol: 'ctaphid' | 'ctap2' | 'u2f' | 'token2-otp' | 'oath' | 'iso7816';
  /** The specification's name: `authenticatorGetInfo`, `CTAPHID_INIT`, `U2F_REGISTER`, `SELECT`; an answer has its command's. */
  readonly name: string;
  /** `getKeyAgreement`. */
  readonly subcommand?: string;
  /** Of an answer: `CTAP2_OK`, `CTAP1_ERR_CHANNEL_BUSY`, or a status word as `9000`. CTAPHID's own have none. */
  readonly status?: string;
  /** True for an answer that says no. */
  readonly failed?: boolean;
  /** Of an answer: milliseconds from the first packet of its command to the answer's last. */
  readonly duration?: number;
  /** Of an answer: how often the key said that it was still at work, or waited for its user. */
  readonly keepalives?: { readonly processing: number; readonly upNeeded: number };
  /** The message's members by their names in the specification. */
  readonly fields?: { readonly [name: string]: Json };
  /** Bytes of the message. */
  readonly bytes: number;
  /** Reports or APDUs that it took. */
  readonly packets: number;
  /** The message. Where it does not decode and may hold secrets, its bytes are hidden, too. */
  readonly hex: string;
  /** What is wrong with it, in sentences. */
  readonly problems?: readonly string[];
}

/** How secrets of PIN/UV auth protocols are opened. */
export interface TraceDecryption {
  readonly crypto: Crypto;
  /**
   * The shared secret that a protocol's kdf made for a platform's key (X and Y, 64 bytes);
   * undefined for one of somebody else.
   */
  sharedSecret(platformKey: Uint8Array): Uint8Array | undefined;
}

export interface TraceOptions {
  /**
   * What becomes of pinHashEnc, newPinEnc, pinUvAuthToken, pinUvAuthParam, the salts and outputs of hmac-secret,
   * large-blob keys, sealed seeds, codes and card PINs. Default: hidden.
   */
  readonly secrets?: 'hidden' | 'shown' | undefined;
  readonly decryption?: TraceDecryption | undefined;
}
