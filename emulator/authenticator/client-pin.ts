/** authenticatorClientPIN: CTAP 2.3 §6.5.5, one function for each subcommand. */
import type { CborMap, CborValue } from '../../ctap/cbor.ts';
import {
  type ClientPinRequest,
  type ClientPinResponse,
  ClientPinSubcommand,
  clientPinRequest,
  clientPinResponse,
} from '../../ctap/commands/client-pin.ts';
import { decodeCoseKey, ECDH_ES_HKDF_256, encodeCoseKey } from '../../ctap/cose.ts';
import type { EcdhKeyPair } from '../../ctap/crypto.ts';
import { Permission, type PinUvAuthProtocol } from '../../ctap/pin-uv-auth/index.ts';
import { CtapError } from '../../ctap/status.ts';
import type { Environment } from '../environment.ts';
import type { Authenticator } from './authenticator.ts';
import { supportedProtocol } from './pin-uv-auth-param.ts';

const PIN_HASH_LENGTH = 16;
const PADDED_PIN_LENGTH = 64;
const MAX_PIN_BYTES = 63;

/** The authenticator's key-agreement keys, one for each protocol, renewed at power-up and after a wrong PIN. */
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

type Subcommand = (
  authenticator: Authenticator,
  request: ClientPinRequest,
) => Promise<ClientPinResponse> | ClientPinResponse;

const subcommands = new Map<number, Subcommand>([
  [ClientPinSubcommand.getPINRetries, getPinRetries],
  [ClientPinSubcommand.getKeyAgreement, getKeyAgreement],
  [ClientPinSubcommand.setPIN, setPin],
  [ClientPinSubcommand.changePIN, changePin],
  [ClientPinSubcommand.getPinToken, getPinToken],
  [ClientPinSubcommand.getPinUvAuthTokenUsingUvWithPermissions, noBuiltInUv],
  [ClientPinSubcommand.getUVRetries, noBuiltInUv],
  [ClientPinSubcommand.getPinUvAuthTokenUsingPinWithPermissions, getPinUvAuthTokenUsingPin],
]);

export async function clientPin(authenticator: Authenticator, value: CborValue): Promise<CborMap | undefined> {
  const request = clientPinRequest.decode(value, 'authenticatorClientPIN');
  const subcommand = subcommands.get(request.subCommand);
  if (!subcommand)
    throw new CtapError(
      'CTAP2_ERR_INVALID_SUBCOMMAND',
      `authenticatorClientPIN has no subcommand ${request.subCommand}`,
    );
  const response = clientPinResponse.encode(await subcommand(authenticator, request));
  return response.size > 0 ? response : undefined;
}

/** The member, or CTAP2_ERR_MISSING_PARAMETER that names it. */
function need<K extends keyof ClientPinRequest>(
  request: ClientPinRequest,
  member: K,
): NonNullable<ClientPinRequest[K]> {
  const value = request[member];
  if (value === undefined)
    throw new CtapError('CTAP2_ERR_MISSING_PARAMETER', `authenticatorClientPIN.${member} is missing`);
  return value as NonNullable<ClientPinRequest[K]>;
}

function noBuiltInUv(): never {
  throw new CtapError('CTAP2_ERR_NOT_ALLOWED', 'this key has no built-in user verification');
}

function getPinRetries({ pin }: Authenticator): ClientPinResponse {
  return { pinRetries: pin.retries, powerCycleState: pin.needsPowerCycle };
}

function getKeyAgreement(authenticator: Authenticator, request: ClientPinRequest): ClientPinResponse {
  const protocol = supportedProtocol(authenticator, need(request, 'pinUvAuthProtocol'));
  return { keyAgreement: authenticator.keyAgreement.publicKey(protocol) };
}

function pinAuthInvalid(detail: string): CtapError {
  return new CtapError('CTAP2_ERR_PIN_AUTH_INVALID', detail);
}

/** Decrypts a new PIN, checks it against the policy, and gives what is kept of it. */
function openNewPin(
  authenticator: Authenticator,
  protocol: PinUvAuthProtocol,
  sharedSecret: Uint8Array,
  newPinEnc: Uint8Array,
): { hash: Uint8Array; length: number } {
  const padded = protocol.decrypt(sharedSecret, newPinEnc);
  if (padded.length !== PADDED_PIN_LENGTH) {
    const detail = `newPinEnc: expected 64 bytes of padded PIN, got ${padded.length}`;
    throw new CtapError('CTAP1_ERR_INVALID_PARAMETER', detail);
  }
  let end = padded.length;
  while (end > 0 && padded[end - 1] === 0) end--;
  const pin = padded.subarray(0, end);
  // counted without decoding: every byte that does not continue a UTF-8 sequence begins a code point
  const length = pin.reduce((count, byte) => count + ((byte & 0xc0) === 0x80 ? 0 : 1), 0);
  const { minPINLength } = authenticator.model;
  if (length < minPINLength || end > MAX_PIN_BYTES) {
    const detail = `expected ${minPINLength} code points to ${MAX_PIN_BYTES} bytes`;
    throw new CtapError('CTAP2_ERR_PIN_POLICY_VIOLATION', detail);
  }
  return { hash: authenticator.environment.crypto.sha256(pin).slice(0, PIN_HASH_LENGTH), length };
}

/** §6.5.5.5 */
async function setPin(authenticator: Authenticator, request: ClientPinRequest): Promise<ClientPinResponse> {
  const version = need(request, 'pinUvAuthProtocol');
  const [peer, newPinEnc, parameter] = [
    need(request, 'keyAgreement'),
    need(request, 'newPinEnc'),
    need(request, 'pinUvAuthParam'),
  ];
  const protocol = supportedProtocol(authenticator, version);
  if (authenticator.pin.isSet) throw pinAuthInvalid('a PIN is set already: change it');
  const sharedSecret = authenticator.keyAgreement.decapsulate(protocol, peer);
  if (!protocol.verify(sharedSecret, newPinEnc, parameter))
    throw pinAuthInvalid('pinUvAuthParam does not fit newPinEnc');
  const { hash, length } = openNewPin(authenticator, protocol, sharedSecret, newPinEnc);
  await authenticator.pin.set(hash, length);
  return {};
}

/** §6.5.5.6 */
async function changePin(authenticator: Authenticator, request: ClientPinRequest): Promise<ClientPinResponse> {
  const version = need(request, 'pinUvAuthProtocol');
  const [peer, parameter] = [need(request, 'keyAgreement'), need(request, 'pinUvAuthParam')];
  const [newPinEnc, pinHashEnc] = [need(request, 'newPinEnc'), need(request, 'pinHashEnc')];
  const protocol = supportedProtocol(authenticator, version);
  const { pin } = authenticator;
  pin.assertUsable();
  const sharedSecret = authenticator.keyAgreement.decapsulate(protocol, peer);
  if (!protocol.verify(sharedSecret, Buffer.concat([newPinEnc, pinHashEnc]), parameter)) {
    throw pinAuthInvalid('pinUvAuthParam does not fit newPinEnc and pinHashEnc');
  }
  await verifyPin(authenticator, protocol, sharedSecret, pinHashEnc);
  const { hash, length } = openNewPin(authenticator, protocol, sharedSecret, newPinEnc);
  if (pin.forceChange && pin.is(hash)) {
    throw new CtapError('CTAP2_ERR_PIN_POLICY_VIOLATION', 'the PIN has to be changed, this is the old one');
  }
  await pin.set(hash, length);
  authenticator.token.stop();
  return {};
}

/** Compares a PIN that came encrypted; a wrong one costs a retry and the key-agreement keys. */
async function verifyPin(
  authenticator: Authenticator,
  protocol: PinUvAuthProtocol,
  sharedSecret: Uint8Array,
  pinHashEnc: Uint8Array,
): Promise<void> {
  const hash = protocol.decrypt(sharedSecret, pinHashEnc);
  try {
    await authenticator.pin.verify(hash);
  } catch (error) {
    authenticator.keyAgreement.renew();
    throw error;
  }
}

/** What both ways to a token by PIN share: the PIN is checked, then a token begins with these permissions. */
async function issueToken(
  authenticator: Authenticator,
  request: ClientPinRequest,
  protocol: PinUvAuthProtocol,
  permissions: number,
): Promise<ClientPinResponse> {
  const [peer, pinHashEnc] = [need(request, 'keyAgreement'), need(request, 'pinHashEnc')];
  const { pin } = authenticator;
  pin.assertUsable();
  const sharedSecret = authenticator.keyAgreement.decapsulate(protocol, peer);
  await verifyPin(authenticator, protocol, sharedSecret, pinHashEnc);
  if (pin.forceChange) throw new CtapError('CTAP2_ERR_PIN_POLICY_VIOLATION', 'the PIN has to be changed first');
  const token = authenticator.token.begin(protocol.version, permissions, request.rpId, false);
  const { random } = authenticator.environment;
  return { pinUvAuthToken: protocol.encrypt(sharedSecret, token, (length) => random.bytes(length)) };
}

/** §6.5.5.7.1: superseded, for clients of CTAP 2.0 */
async function getPinToken(authenticator: Authenticator, request: ClientPinRequest): Promise<ClientPinResponse> {
  const protocol = supportedProtocol(authenticator, need(request, 'pinUvAuthProtocol'));
  if (request.permissions !== undefined || request.rpId !== undefined) {
    throw new CtapError('CTAP1_ERR_INVALID_PARAMETER', 'getPinToken takes neither permissions nor rpId');
  }
  return issueToken(authenticator, request, protocol, Permission.makeCredential | Permission.getAssertion);
}

/** §6.5.5.7.2 */
async function getPinUvAuthTokenUsingPin(
  authenticator: Authenticator,
  request: ClientPinRequest,
): Promise<ClientPinResponse> {
  const protocol = supportedProtocol(authenticator, need(request, 'pinUvAuthProtocol'));
  const permissions = need(request, 'permissions');
  if (permissions === 0) throw new CtapError('CTAP1_ERR_INVALID_PARAMETER', 'permissions: expected at least one');
  const refused = Permission.bioEnrollment | Permission.largeBlobWrite | Permission.authenticatorConfiguration;
  if (permissions & refused) {
    throw new CtapError(
      'CTAP2_ERR_UNAUTHORIZED_PERMISSION',
      `permissions 0x${permissions.toString(16)} need options this key lacks`,
    );
  }
  if (permissions & (Permission.makeCredential | Permission.getAssertion)) need(request, 'rpId');
  return issueToken(authenticator, request, protocol, permissions);
}
