import { verifyAuthenticationResponse, verifyRegistrationResponse } from '@simplewebauthn/server';
import { beforeAll, describe, expect, it } from 'vitest';
import { packedStatement } from '../../../ctap/attestation.ts';
import { decodeAuthenticatorData, signedBytes } from '../../../ctap/authenticator-data.ts';
import { decodeCoseKey } from '../../../ctap/cose.ts';
import { Algorithm } from '../../../ctap/crypto.ts';
import { nobleCrypto } from '../../../ctap/crypto-noble.ts';
import { memoryStore } from '../../../emulator/store/memory.ts';
import { CLIENT_DATA_HASH, Platform, statusOf } from './platform.ts';
import { authenticationJSON, clientData, expected, registrationJSON } from './relying-party.ts';

const names = Object.keys(Algorithm) as (keyof typeof Algorithm)[];
const all = Object.values(Algorithm);
/** Those that @simplewebauthn/server can verify: it leaves ML-DSA to WebCrypto, which has it from OpenSSL 3.5 on. */
const served: readonly (keyof typeof Algorithm)[] = [
  ...(['ES256', 'EdDSA', 'ES384', 'ES512', 'RS256'] as const),
  ...(openSslHasMlDsa() ? (['ML_DSA_44', 'ML_DSA_65', 'ML_DSA_87'] as const) : []),
];

function openSslHasMlDsa(): boolean {
  const [major = 0, minor = 0] = process.versions.openssl.split('.').map(Number);
  return major > 3 || (major === 3 && minor >= 5);
}

const parameters = (alg: number) => [{ alg, type: 'public-key' }];

describe('a key of every algorithm', () => {
  let platform: Platform;
  beforeAll(async () => {
    platform = await Platform.open({ model: { algorithms: all, attestation: 'self' } });
  });

  it('lists them in getInfo, in the order of the model', async () => {
    expect((await platform.getInfo()).algorithms).toEqual(all.map((alg) => ({ alg, type: 'public-key' })));
  });

  it.each(names)('%s: attests and asserts with the credential’s own key, discoverable or not', async (name) => {
    const alg = Algorithm[name];
    for (const rk of [false, true]) {
      const { authData, attStmt } = await platform.makeCredential({
        pubKeyCredParams: parameters(alg),
        options: { rk },
      });
      const { credentialId, credentialPublicKey } = decodeAuthenticatorData(authData).attestedCredentialData!;
      expect(credentialId.length).toBeLessThanOrEqual(platform.key.model.maxCredentialIdLength);
      const key = decodeCoseKey(credentialPublicKey);
      expect(key.alg).toBe(alg);
      const statement = packedStatement.decode(attStmt!, 'attStmt');
      expect(statement.alg).toBe(alg);
      const attested = signedBytes(authData, CLIENT_DATA_HASH);
      expect(nobleCrypto.verify(alg, key.publicKey, attested, statement.sig)).toBe(true);
      const assertion = await platform.getAssertion({ allowList: [{ id: credentialId, type: 'public-key' }] });
      const asserted = signedBytes(assertion.authData, CLIENT_DATA_HASH);
      expect(nobleCrypto.verify(alg, key.publicKey, asserted, assertion.signature)).toBe(true);
      expect(nobleCrypto.verify(alg, key.publicKey, attested, assertion.signature)).toBe(false);
    }
    expect(platform.defects).toEqual([]);
  });

  it.each(served)('%s: a relying party takes registration and sign-in', async (name) => {
    const { hash } = clientData('webauthn.create');
    const made = await platform.makeCredential({
      clientDataHash: hash,
      pubKeyCredParams: parameters(Algorithm[name]),
    });
    const registration = await verifyRegistrationResponse({
      ...expected,
      expectedChallenge: expected.expectedChallenge,
      response: registrationJSON(made),
      supportedAlgorithmIDs: [Algorithm[name]],
    });
    expect([registration.verified, registration.registrationInfo?.fmt]).toEqual([true, 'packed']);
    const { credential } = registration.registrationInfo!;
    const { credentialId } = decodeAuthenticatorData(made.authData).attestedCredentialData!;
    const assertion = await platform.getAssertion({
      clientDataHash: clientData('webauthn.get').hash,
      allowList: [{ id: credentialId, type: 'public-key' }],
    });
    const response = authenticationJSON({ ...assertion, credential: { id: credentialId, type: 'public-key' } });
    expect((await verifyAuthenticationResponse({ ...expected, response, credential })).verified).toBe(true);
  });
});

it.each(['RS256', 'ML_DSA_44'] as const)('%s: a sealed key is void after a reset', async (name) => {
  const store = memoryStore();
  const options = { model: { algorithms: all }, store };
  const platform = await Platform.open(options);
  const { authData } = await platform.makeCredential({ pubKeyCredParams: parameters(Algorithm[name]) });
  const { credentialId } = decodeAuthenticatorData(authData).attestedCredentialData!;
  const allowList = [{ id: credentialId, type: 'public-key' }];
  const again = await Platform.open(options); // the same key after losing its power
  expect(await statusOf(again.getAssertion({ allowList }))).toBe('CTAP2_OK');
  expect(await statusOf(again.getAssertion({ allowList, rpId: 'other.example' }))).toBe('CTAP2_ERR_NO_CREDENTIALS');
  await again.call(0x07);
  expect(await statusOf(again.getAssertion({ allowList }))).toBe('CTAP2_ERR_NO_CREDENTIALS');
});

it('takes the model’s word for what it does not support', async () => {
  const platform = await Platform.open({ model: { algorithms: [Algorithm.ES384] } });
  expect(await statusOf(platform.makeCredential())).toBe('CTAP2_ERR_UNSUPPORTED_ALGORITHM');
  expect(await statusOf(platform.makeCredential({ pubKeyCredParams: parameters(-35) }))).toBe('CTAP2_OK');
});
