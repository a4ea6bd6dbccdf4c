/** The authenticator's half of key agreement: CTAP 2.3 §6.5.4. */
import type { CborMap } from '../../ctap/cbor.ts';
import { decodeCoseKey, ECDH_ES_HKDF_256, encodeCoseKey } from '../../ctap/cose.ts';
import type { EcdhKeyPair } from '../../ctap/crypto.ts';
import type { PinUvAuthProtocol } from '../../ctap/pin-uv-auth/index.ts';
import { CtapError } from '../../ctap/status.ts';
import type { Environment } from '../environment.ts';

/** The key-agreement keys, one for each protocol, renewed at power-up and after a wrong PIN. */
export class KeyAgreement {
  readonly #environment: Environment;
  readonly #pairs = new Map<number, EcdhKeyPair>();

  constructor(environment: Environment) {
    this.#environment = environment;
  }

  /** Forgets the keys; the next use draws fresh ones. */
  renew(): void {
    this.#pairs.clear();
  }

  publicKey(protocol: PinUvAuthProtocol): CborMap {
    return encodeCoseKey({ alg: ECDH_ES_HKDF_256, publicKey: this.#pair(protocol).publicKey });
  }

  /** The shared secret with a platform's key. @throws CtapError CTAP1_ERR_INVALID_PARAMETER for no point of the curve */
  decapsulate(protocol: PinUvAuthProtocol, peer: CborMap): Uint8Array {
    const { publicKey } = decodeCoseKey(peer);
    const { crypto } = this.#environment;
    try {
      return protocol.kdf(crypto.ecdh(this.#pair(protocol).privateKey, publicKey));
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      throw new CtapError('CTAP1_ERR_INVALID_PARAMETER', 'keyAgreement is not a point of P-256');
    }
  }

  #pair(protocol: PinUvAuthProtocol): EcdhKeyPair {
    const { crypto, random } = this.#environment;
    let pair = this.#pairs.get(protocol.version);
    if (!pair) {
      pair = crypto.generateEcdhKeyPair((length) => random.bytes(length));
      this.#pairs.set(protocol.version, pair);
    }
    return pair;
  }
}
