/** authenticatorClientPIN (CTAP 2.3 §6.5) from the platform's side. */
import { concat } from '../../ctap/bytes.ts';
import type { CborMap } from '../../ctap/cbor.ts';
import { type ClientPinRequest, type ClientPinResponse, ClientPinSubcommand } from '../../ctap/commands/client-pin.ts';
import { decodeCoseKey, ECDH_ES_HKDF_256, encodeCoseKey } from '../../ctap/cose.ts';
import type { Crypto } from '../../ctap/crypto.ts';
import { nobleCrypto } from '../../ctap/crypto-noble.ts';
import { encapsulate, type PinUvAuthProtocol, pinUvAuthProtocol } from '../../ctap/pin-uv-auth/index.ts';
import { CtapError } from '../../ctap/status.ts';
import type { Ctap2Client } from './ctap2.ts';
import type { ExchangeOptions } from './device.ts';
import { encodePin, newPin } from './pin-text.ts';
import { PinUvAuthToken } from './pin-uv-auth-token.ts';
import { owed, ProtocolError } from './protocol-error.ts';
import { areForPrototype } from './prototypes.ts';

/** Protocols that this client speaks. */
const KNOWN_PROTOCOLS: readonly number[] = [1, 2];
const PIN_HASH_LENGTH = 16;

export interface PinClientOptions {
  /** Default: portable cryptography. */
  readonly crypto?: Crypto | undefined;
  /** Use this PIN/UV auth protocol, not the one that the key prefers. */
  readonly protocol?: 1 | 2 | undefined;
}

export interface TokenRequest {
  /** Bits of Permission. Keys that know none, or not these, give a token for all that they have instead. */
  readonly permissions: number;
  /** Binds the token to one RP; needed with the permissions mc and ga (§6.5.5.7). */
  readonly rpId?: string | undefined;
}

/** What an operation over an encrypted channel to the key needs; hmac-secret does too. */
export interface SharedSecret {
  readonly protocol: PinUvAuthProtocol;
  /** The platform's public key as the key wants it, a COSE key. */
  readonly keyAgreement: CborMap;
  readonly sharedSecret: Uint8Array;
}

/** A wrong PIN rejects with CtapError CTAP2_ERR_PIN_INVALID, _PIN_AUTH_BLOCKED or _PIN_BLOCKED, and costs an attempt. */
export class PinClient {
  readonly ctap2: Ctap2Client;
  readonly #crypto: Crypto;
  readonly #forced: 1 | 2 | undefined;
  #protocol: PinUvAuthProtocol | undefined;

  constructor(ctap2: Ctap2Client, options: PinClientOptions = {}) {
    this.ctap2 = ctap2;
    this.#crypto = options.crypto ?? nobleCrypto;
    this.#forced = options.protocol;
  }

  /**
   * The PIN/UV auth protocol in use: the first of those that the key prefers which this client knows.
   * @throws CtapError CTAP1_ERR_INVALID_PARAMETER where there is none
   */
  async protocol(): Promise<PinUvAuthProtocol> {
    if (this.#protocol !== undefined) return this.#protocol;
    const { pinUvAuthProtocols: offered = [] } = await this.ctap2.getInfo({ cached: true });
    const wanted = this.#forced === undefined ? KNOWN_PROTOCOLS : [this.#forced];
    const version = offered.find((candidate) => wanted.includes(candidate));
    if (version === undefined) {
      const got = offered.length === 0 ? 'none' : offered.join(', ');
      throw new CtapError(
        'CTAP1_ERR_INVALID_PARAMETER',
        `expected a key with PIN/UV auth protocol ${wanted.join(' or ')}, got ${got}`,
      );
    }
    this.#protocol = pinUvAuthProtocol(version, this.#crypto);
    return this.#protocol;
  }

  /** Agrees on a secret with the key (§6.5.5.4), anew with each call: a wrong PIN makes the key draw another. */
  async sharedSecret(options?: ExchangeOptions): Promise<SharedSecret> {
    const protocol = await this.protocol();
    const answer = await this.#call({ subCommand: ClientPinSubcommand.getKeyAgreement }, options);
    const peer = peerKey(owed(answer.keyAgreement, 'keyAgreement'));
    const { publicKey, sharedSecret } = encapsulate(protocol, this.#crypto, peer, random);
    return { protocol, keyAgreement: encodeCoseKey({ alg: ECDH_ES_HKDF_256, publicKey }), sharedSecret };
  }

  /** Attempts left before the PIN is blocked; powerCycleNeeded where the key wants to be unplugged first (§6.5.5.2). */
  async getPinRetries(): Promise<{ retries: number; powerCycleNeeded: boolean | undefined }> {
    const answer = await this.#call({ subCommand: ClientPinSubcommand.getPINRetries });
    return { retries: owed(answer.pinRetries, 'pinRetries'), powerCycleNeeded: answer.powerCycleState };
  }

  /** Attempts left of the key's own user verification, as a fingerprint (§6.5.5.3). */
  async getUvRetries(): Promise<number> {
    return owed((await this.#call({ subCommand: ClientPinSubcommand.getUVRetries })).uvRetries, 'uvRetries');
  }

  /**
   * Sets the first PIN (§6.5.5.5).
   * @throws CtapError CTAP2_ERR_PIN_POLICY_VIOLATION for a PIN that is too short or too long, before the key is asked
   */
  async setPin(pin: string): Promise<void> {
    const padded = newPin(pin, await this.ctap2.getInfo());
    const { protocol, keyAgreement, sharedSecret } = await this.sharedSecret();
    const newPinEnc = protocol.encrypt(sharedSecret, padded, random);
    const pinUvAuthParam = protocol.authenticate(sharedSecret, newPinEnc);
    await this.#call({ subCommand: ClientPinSubcommand.setPIN, keyAgreement, newPinEnc, pinUvAuthParam });
  }

  /** Changes the PIN (§6.5.5.6); `fresh` is judged as by {@link setPin}, before the current one costs an attempt. */
  async changePin(current: string, fresh: string): Promise<void> {
    const padded = newPin(fresh, await this.ctap2.getInfo());
    const { protocol, keyAgreement, sharedSecret } = await this.sharedSecret();
    const newPinEnc = protocol.encrypt(sharedSecret, padded, random);
    const pinHashEnc = protocol.encrypt(sharedSecret, this.#pinHash(current), random);
    const pinUvAuthParam = protocol.authenticate(sharedSecret, concat(newPinEnc, pinHashEnc));
    const subCommand = ClientPinSubcommand.changePIN;
    await this.#call({ subCommand, keyAgreement, newPinEnc, pinHashEnc, pinUvAuthParam });
  }

  /**
   * A token for the user's PIN (§6.5.5.7.2). A key without pinUvAuthToken, or with the prototype alone of the command
   * that is wanted, gives the old one without permissions, which this client treats as having those (§6.5.5.7.1).
   */
  async getPinUvAuthToken(
    { pin, permissions, rpId }: TokenRequest & { readonly pin: string },
    options?: ExchangeOptions,
  ): Promise<PinUvAuthToken> {
    const info = await this.ctap2.getInfo();
    const secret = await this.sharedSecret(options);
    const { protocol, keyAgreement, sharedSecret } = secret;
    const pinHashEnc = protocol.encrypt(sharedSecret, this.#pinHash(pin), random);
    const request =
      info.options?.pinUvAuthToken === true && !areForPrototype(permissions, info)
        ? { subCommand: ClientPinSubcommand.getPinUvAuthTokenUsingPinWithPermissions, permissions, rpId }
        : { subCommand: ClientPinSubcommand.getPinToken };
    const answer = await this.#call({ ...request, keyAgreement, pinHashEnc }, options);
    return readToken(answer, secret, { permissions, rpId });
  }

  /** A token for the key's own user verification, as a fingerprint (§6.5.5.7.3). Waits for the user. */
  async getPinUvAuthTokenUsingUv(request: TokenRequest, options?: ExchangeOptions): Promise<PinUvAuthToken> {
    const secret = await this.sharedSecret(options);
    const { permissions, rpId } = request;
    const subCommand = ClientPinSubcommand.getPinUvAuthTokenUsingUvWithPermissions;
    const { keyAgreement } = secret;
    return readToken(await this.#call({ subCommand, keyAgreement, permissions, rpId }, options), secret, request);
  }

  #pinHash(pin: string): Uint8Array {
    return this.#crypto.sha256(encodePin(pin)).slice(0, PIN_HASH_LENGTH);
  }

  async #call(
    request: Omit<ClientPinRequest, 'pinUvAuthProtocol'>,
    options?: ExchangeOptions,
  ): Promise<ClientPinResponse> {
    const { version } = await this.protocol();
    return this.ctap2.clientPin({ pinUvAuthProtocol: version, ...request }, options);
  }
}

function random(length: number): Uint8Array {
  return globalThis.crypto.getRandomValues(new Uint8Array(length));
}

function peerKey(keyAgreement: CborMap): Uint8Array {
  try {
    const { alg, publicKey } = decodeCoseKey(keyAgreement);
    if (alg === ECDH_ES_HKDF_256) return publicKey;
    throw new ProtocolError(`keyAgreement: expected COSE algorithm ${ECDH_ES_HKDF_256}, got ${alg}`);
  } catch (cause) {
    if (!(cause instanceof CtapError)) throw cause;
    throw new ProtocolError(`keyAgreement: ${cause.message}`, { cause });
  }
}

function readToken(
  answer: ClientPinResponse,
  { protocol, sharedSecret }: SharedSecret,
  { permissions, rpId }: TokenRequest,
): PinUvAuthToken {
  const sealed = owed(answer.pinUvAuthToken, 'pinUvAuthToken');
  const token = protocol.decrypt(sharedSecret, sealed);
  // Protocol one allows 16 bytes too (§6.5.6); a token of any other length is none.
  const lengths = protocol.version === 1 ? [16, 32] : [32];
  if (token === undefined || !lengths.includes(token.length)) {
    const got = token === undefined ? `${sealed.length} bytes that are no whole blocks` : token.length;
    throw new ProtocolError(`pinUvAuthToken: expected ${lengths.join(' or ')} bytes, got ${got}`);
  }
  return new PinUvAuthToken(protocol, token, permissions, rpId);
}
