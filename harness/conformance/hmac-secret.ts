/** The platform's part of hmac-secret: CTAP 2.3 §12.7. */
import type { CborMap } from '../../ctap/cbor.ts';
import { HMAC_SECRET, hmacSecretInput } from '../../ctap/extensions/hmac-secret.ts';
import type { SharedSecret } from '../client/pin.ts';
import { assertion, descriptor, type Registration, register } from './ceremony.ts';
import { expect } from './expect.ts';
import type { Subject } from './subject.ts';

/** Salts of 32 bytes. */
export const SALT: Uint8Array = new Uint8Array(32).fill(0x5a);
export const OTHER_SALT: Uint8Array = new Uint8Array(32).fill(0xa5);

function random(length: number): Uint8Array {
  return globalThis.crypto.getRandomValues(new Uint8Array(length));
}

/** The input for salts, encrypted for the key; asking twice with the same input sends the same bytes. */
export function hmacSecretFor({ protocol, keyAgreement, sharedSecret }: SharedSecret, salts: Uint8Array): CborMap {
  const saltEnc = protocol.encrypt(sharedSecret, salts, random);
  const saltAuth = protocol.authenticate(sharedSecret, saltEnc);
  return hmacSecretInput.encode({ keyAgreement, saltEnc, saltAuth, pinUvAuthProtocol: protocol.version });
}

export function registerWithSecret(key: Subject): Promise<Registration> {
  return register(key, { extensions: { [HMAC_SECRET]: true } });
}

/** What the key makes of the salts, opened. @param verify false: without the PIN, though there is one */
export async function secretsOf(
  key: Subject,
  made: Registration,
  shared: SharedSecret,
  input: CborMap,
  verify = true,
): Promise<Uint8Array> {
  const allowList = [descriptor(made)];
  const { authData } = await assertion(key, { allowList, extensions: { [HMAC_SECRET]: input } }, verify);
  return opened(shared, authData.extensions?.get(HMAC_SECRET));
}

/** The output of the extension, decrypted. */
export function opened({ protocol, sharedSecret }: SharedSecret, output: unknown): Uint8Array {
  expect(output instanceof Uint8Array, 'bytes in the output of hmac-secret', typeof output);
  const secrets = protocol.decrypt(sharedSecret, output);
  expect(secrets !== undefined, 'whole blocks in the output of hmac-secret', `${output.length} bytes`);
  return secrets;
}
