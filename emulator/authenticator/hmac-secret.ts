/** hmac-secret at getAssertion: CTAP 2.3 §12.7. */
import { concat } from '../../ctap/bytes.ts';
import type { CborValue } from '../../ctap/cbor.ts';
import { hmacSecretInput } from '../../ctap/extensions/hmac-secret.ts';
import { CtapError } from '../../ctap/status.ts';
import type { Authenticator } from './authenticator.ts';
import { supportedProtocol } from './pin-uv-auth-param.ts';
import type { HmacSecret } from './stateful.ts';

const SALT_LENGTH = 32;

/**
 * Opens the extension's input: shared secret, authentication, salts.
 * @throws CtapError CTAP2_ERR_UNSUPPORTED_OPTION without presence, CTAP2_ERR_PIN_AUTH_INVALID, CTAP1_ERR_INVALID_PARAMETER
 */
export function openHmacSecret(authenticator: Authenticator, value: CborValue, up: boolean): HmacSecret {
  if (!up) throw new CtapError('CTAP2_ERR_UNSUPPORTED_OPTION', 'hmac-secret wants user presence');
  const { crypto, random } = authenticator.environment;
  const input = hmacSecretInput.decode(value, 'hmac-secret');
  const protocol = supportedProtocol(authenticator, input.pinUvAuthProtocol ?? 1);
  const sharedSecret = authenticator.keyAgreement.decapsulate(protocol, input.keyAgreement);
  if (!protocol.verify(sharedSecret, input.saltEnc, input.saltAuth)) {
    throw new CtapError('CTAP2_ERR_PIN_AUTH_INVALID', 'hmac-secret: saltAuth does not fit saltEnc');
  }
  const salts = protocol.decrypt(sharedSecret, input.saltEnc);
  if (salts?.length !== SALT_LENGTH && salts?.length !== 2 * SALT_LENGTH) {
    const detail = `hmac-secret: expected 32 or 64 bytes of salt, got ${salts?.length ?? 'what is no whole blocks'}`;
    throw new CtapError('CTAP1_ERR_INVALID_PARAMETER', detail);
  }
  return (credentialId, userVerified) => {
    const credRandom = authenticator.credentials.credRandom(credentialId, userVerified);
    const outputs: Uint8Array[] = [];
    for (let start = 0; start < salts.length; start += SALT_LENGTH) {
      outputs.push(crypto.hmacSha256(credRandom, salts.subarray(start, start + SALT_LENGTH)));
    }
    return protocol.encrypt(sharedSecret, concat(...outputs), (length) => random.bytes(length));
  };
}
