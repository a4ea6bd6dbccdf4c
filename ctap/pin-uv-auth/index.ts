/** PIN/UV auth protocols: CTAP 2.3 §6.5. */
import type { Crypto } from '../crypto.ts';
import { CtapError } from '../status.ts';
import type { PinUvAuthProtocol } from './protocol.ts';
import { protocolOne } from './protocol-one.ts';
import { protocolTwo } from './protocol-two.ts';

export * from './permissions.ts';
export type { PinUvAuthProtocol } from './protocol.ts';

/** The protocol of that number. @throws CtapError CTAP1_ERR_INVALID_PARAMETER for any but 1 and 2 */
export function pinUvAuthProtocol(version: number, crypto: Crypto): PinUvAuthProtocol {
  if (version === 1) return protocolOne(crypto);
  if (version === 2) return protocolTwo(crypto);
  throw new CtapError('CTAP1_ERR_INVALID_PARAMETER', `pinUvAuthProtocol: expected 1 or 2, got ${version}`);
}

/**
 * The platform's half of key agreement (§6.5.4 "encapsulate").
 * @param peer the authenticator's public key, X and Y, 64 bytes
 * @returns the platform's public key, X and Y, and the shared secret
 * @throws RangeError where `peer` is no point of P-256
 */
export function encapsulate(
  protocol: PinUvAuthProtocol,
  crypto: Crypto,
  peer: Uint8Array,
  random: (length: number) => Uint8Array,
): { publicKey: Uint8Array; sharedSecret: Uint8Array } {
  const pair = crypto.generateEcdhKeyPair(random);
  return { publicKey: pair.publicKey, sharedSecret: protocol.kdf(crypto.ecdh(pair.privateKey, peer)) };
}
