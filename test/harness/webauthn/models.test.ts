import { X509Certificate } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type AttestationObject, attestationObject } from '../../../ctap/attestation.ts';
import { decodeAuthenticatorData } from '../../../ctap/authenticator-data.ts';
import { fromBase64Url } from '../../../ctap/bytes.ts';
import { decodeCbor } from '../../../ctap/cbor.ts';
import { Algorithm } from '../../../ctap/crypto.ts';
import { findModel, models } from '../../../emulator/models/index.ts';
import { Ctap2Client } from '../../../harness/client/ctap2.ts';
import { configure, setPin } from './management.ts';
import { creation, descriptor, domException, openPage, register, request, signIn } from './page.ts';

const everything = findModel('ctap2.3-everything');
const PIN = '735917';
const ui = { pin: () => PIN };

describe.each([...models.values()])('the model $name', (model) => {
  it('registers and signs in', async () => {
    const { client } = await openPage({ key: { model } });
    const registered = await register(client, { attestationType: 'none' });
    const { info } = await signIn(client, registered);
    expect(info.newCounter).toBeGreaterThan(0);
  });

  it('takes no verification that it is not set up for, or sets it up', async () => {
    const { client } = await openPage({ key: { model }, ui });
    const options = { authenticatorSelection: { userVerification: 'required' } } as const;
    const registering = register(client, options, { requireUserVerification: true });
    if (model.options.includes('clientPin')) expect((await registering).info.userVerified).toBe(true);
    else await expect(registering).rejects.toEqual(domException('NotAllowedError'));
  });
});

describe('every algorithm of a key', () => {
  // those that SimpleWebAuthn verifies on every version of Node
  const verifiable = [Algorithm.ES256, Algorithm.EdDSA, Algorithm.ES384, Algorithm.ES512, Algorithm.RS256];

  it.each(verifiable)(
    '%i is verified by a server',
    async (alg) => {
      const { client } = await openPage({ key: { model: everything } });
      const registered = await register(client, { supportedAlgorithmIDs: [alg] });
      expect(registered.json.response.publicKeyAlgorithm).toBe(alg);
      await signIn(client, registered);
    },
    60_000,
  );

  it.each(everything.algorithms)(
    '%i makes a credential and an assertion',
    async (alg) => {
      const { client } = await openPage({ key: { model: everything } });
      const { id, response } = await client.create(creation({ pubKeyCredParams: [{ type: 'public-key', alg }] }));
      expect(response.publicKeyAlgorithm).toBe(alg);
      const isPostQuantum = [Algorithm.ML_DSA_44, Algorithm.ML_DSA_65, Algorithm.ML_DSA_87].some((own) => own === alg);
      expect(response.publicKey === undefined).toBe(isPostQuantum);
      expect((await client.get(request({ allowCredentials: [descriptor(id)] }))).id).toBe(id);
    },
    60_000,
  );
});

function attestation(response: { attestationObject: string }): AttestationObject {
  return attestationObject.decode(decodeCbor(fromBase64Url(response.attestationObject)), 'attestationObject');
}

describe('what only a newer key can', () => {
  it('prf has results at registration already, the same as later', async () => {
    const { client } = await openPage({ key: { model: everything } });
    const prf = { eval: { first: 'Zmlyc3Q', second: 'c2Vjb25k' } };
    const { id, clientExtensionResults } = await client.create(creation({ extensions: { prf } }));
    expect(clientExtensionResults.prf).toMatchObject({ enabled: true, results: { first: expect.any(String) } });
    const later = await client.get(request({ allowCredentials: [descriptor(id)], extensions: { prf } }));
    expect(later.clientExtensionResults.prf?.results).toEqual(clientExtensionResults.prf?.results);
  });

  it('minPinLength is told to a server that the key knows', async () => {
    const { client, device } = await openPage({ key: { model: everything }, ui });
    await setPin(device, PIN);
    await configure(device, PIN, (config) => config.setMinPINLength({ minPinLengthRPIDs: ['example.com'] }));
    const { response } = await client.create(creation({ extensions: { minPinLength: true } }));
    const { extensions } = decodeAuthenticatorData(fromBase64Url(response.authenticatorData));
    expect(extensions?.get('minPinLength')).toBe(everything.minPINLength);
  });

  it('a forced change of the PIN is made before anything else', async () => {
    const entries = [PIN, '291846'];
    const asked: string[] = [];
    const { client, device } = await openPage({
      key: { model: everything },
      ui: {
        pin({ reason }) {
          asked.push(reason);
          return entries.shift();
        },
      },
    });
    await setPin(device, PIN);
    await configure(device, PIN, (config) => config.forcePINChange());
    await client.create(creation({ authenticatorSelection: { userVerification: 'required' } }));
    expect(asked).toEqual(['enter', 'change']);
    expect((await new Ctap2Client(device).getInfo()).forcePINChange).toBe(false);
  });

  it('alwaysUv asks for the PIN whatever the server wants', async () => {
    const { client, device } = await openPage({ key: { model: everything }, ui });
    await setPin(device, PIN);
    await configure(device, PIN, (config) => config.toggleAlwaysUv());
    const selection = { userVerification: 'discouraged' };
    const { id } = await client.create(creation({ authenticatorSelection: selection }));
    const { response } = await client.get(request({ allowCredentials: [descriptor(id)], ...selection }));
    expect(fromBase64Url(response.authenticatorData)[32]! & 4).toBe(4);
  });

  it.each([
    ['by the vendor for its own RP', 'https://enterprise.example', [], true],
    ['by the platform for an RP that it vouches for', 'https://other.example', ['other.example'], true],
    ['for no other RP', 'https://other.example', [], false],
  ])('enterprise attestation is given %s', async (_, origin, enterpriseRpIds, expected) => {
    const { client, device, key } = await openPage({ key: { model: everything }, ui, origin, enterpriseRpIds });
    await setPin(device, PIN);
    await configure(device, PIN, (config) => config.enableEnterpriseAttestation());
    const rp = { name: 'Enterprise' };
    const { response } = await client.create(creation({ rp, attestation: 'enterprise' }));
    const { attStmt } = attestation(response);
    const [certificate] = attStmt.get('x5c') as [Uint8Array];
    const subject = new X509Certificate(Buffer.from(certificate)).subject;
    expect(subject.includes(key.identity.serial!)).toBe(expected);
  });

  it('enterprise attestation is not asked for where the key has none', async () => {
    const { client } = await openPage();
    const { response } = await client.create(creation({ attestation: 'enterprise' }));
    expect(attestation(response).fmt).toBe('packed');
  });
});
