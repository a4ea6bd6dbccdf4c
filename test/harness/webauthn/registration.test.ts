import { createPublicKey } from 'node:crypto';
import { SettingsService } from '@simplewebauthn/server';
import { afterEach, describe, expect, it } from 'vitest';
import { fromBase64Url, fromUtf8, toHex } from '../../../ctap/bytes.ts';
import { decodeCbor } from '../../../ctap/cbor.ts';
import { Algorithm } from '../../../ctap/crypto.ts';
import { Flag } from '../../../ctap/flags.ts';
import { defaultModel, findModel } from '../../../emulator/models/index.ts';
import { denyPresence } from '../../../emulator/presence.ts';
import { creation, descriptor, domException, openPage, RP_ID, register, request, signIn } from './page.ts';

function attestationObject(json: { response: { attestationObject: string } }): Map<unknown, unknown> {
  return decodeCbor(fromBase64Url(json.response.attestationObject)) as Map<unknown, unknown>;
}

describe('create', () => {
  it.each(defaultModel.algorithms)(
    'makes a credential of algorithm %i that a server accepts and signs in',
    async (alg) => {
      const { client } = await openPage();
      const registered = await register(client, { supportedAlgorithmIDs: [alg] });
      expect(registered.json.response.publicKeyAlgorithm).toBe(alg);
      const { info } = await signIn(client, registered);
      expect(info.newCounter).toBeGreaterThan(registered.credential.counter);
      expect(info).toMatchObject({
        userVerified: false,
        origin: 'https://login.example.com',
        rpID: RP_ID,
      });
    },
  );

  it.each([Algorithm.ES384, Algorithm.ES512, Algorithm.RS256])(
    'takes a key of algorithm %i that another model makes',
    async (alg) => {
      const { client } = await openPage({ key: { model: { algorithms: [alg] } } });
      const registered = await register(client, { supportedAlgorithmIDs: [alg] });
      await signIn(client, registered);
    },
    60_000,
  );

  it('tells all that toJSON() tells', async () => {
    const { client } = await openPage();
    const json = await client.create(creation());
    const { response, ...rest } = json;
    expect(rest).toEqual({
      id: json.id,
      rawId: json.id,
      type: 'public-key',
      authenticatorAttachment: 'cross-platform',
      clientExtensionResults: {},
    });
    expect(fromUtf8(fromBase64Url(response.clientDataJSON))).toBe(
      '{"type":"webauthn.create","challenge":"Y2hhbGxlbmdl","origin":"https://login.example.com","crossOrigin":false}',
    );
    expect(response.transports).toEqual(['nfc', 'usb']);
    const spki = createPublicKey({ key: Buffer.from(response.publicKey!, 'base64url'), format: 'der', type: 'spki' });
    const cose = decodeCbor(
      fromBase64Url(response.authenticatorData).subarray(37 + 18 + fromBase64Url(json.id).length),
    );
    const { x } = spki.export({ format: 'jwk' });
    expect((cose as Map<number, Uint8Array>).get(-2)).toEqual(new Uint8Array(Buffer.from(x!, 'base64url')));
  });

  it('takes the RP ID from the origin where the options name none', async () => {
    const { client } = await openPage({ origin: 'http://localhost:8080' });
    const { id } = await client.create(creation({ rp: { name: 'Local' } }));
    const assertion = await client.get({ challenge: 'AQ', rpId: 'localhost', allowCredentials: [descriptor(id)] });
    expect(assertion.id).toBe(id);
  });

  it('asks for ES256 or RS256 where the options ask for nothing', async () => {
    const { client } = await openPage({ key: { model: { algorithms: [Algorithm.EdDSA, Algorithm.ES256] } } });
    const { response } = await client.create(creation({ pubKeyCredParams: [] }));
    expect(response.publicKeyAlgorithm).toBe(Algorithm.ES256);
  });

  it('leaves out parameters of unknown types', async () => {
    const { client } = await openPage();
    const pubKeyCredParams = [
      { type: 'other', alg: Algorithm.ES256 },
      { type: 'public-key', alg: Algorithm.EdDSA },
    ];
    const { response } = await client.create(creation({ pubKeyCredParams }));
    expect(response.publicKeyAlgorithm).toBe(Algorithm.EdDSA);
  });
});

describe('attestation', () => {
  afterEach(() => SettingsService.setRootCertificates({ identifier: 'packed', certificates: [] }));

  it('is taken away, with the AAGUID, where the server asks for none', async () => {
    const { client } = await openPage();
    const { json, info } = await register(client, { attestationType: 'none' });
    expect(info).toMatchObject({ fmt: 'none', aaguid: '00000000-0000-0000-0000-000000000000' });
    expect(attestationObject(json).get('attStmt')).toEqual(new Map());
  });

  it('reaches a server that asks for it, and leads to the root of the key', async () => {
    const { client, key } = await openPage();
    SettingsService.setRootCertificates({ identifier: 'packed', certificates: [pem(key.attestationRoot)] });
    const { info } = await register(client, { attestationType: 'direct' });
    expect(info.fmt).toBe('packed');
    expect(info.aaguid.replaceAll('-', '')).toBe(toHex(defaultModel.aaguid));
  });

  it('is left as it is where it is self attestation without an AAGUID', async () => {
    const aaguid = new Uint8Array(16);
    const { client } = await openPage({ key: { model: { attestation: 'self', aaguid } } });
    const { info } = await register(client, { attestationType: 'none' });
    expect(info.fmt).toBe('packed');
  });

  it('is taken away where self attestation would tell the AAGUID', async () => {
    const { client } = await openPage({ key: { model: { attestation: 'self' } } });
    expect((await register(client, { attestationType: 'none' })).info.fmt).toBe('none');
  });

  it('is of the format that the server prefers', async () => {
    const { client } = await openPage({ key: { model: findModel('ctap2.3-everything') } });
    for (const fmt of ['fido-u2f', 'packed']) {
      const json = await client.create(creation({ attestation: 'direct', attestationFormats: [fmt] }));
      expect(attestationObject(json).get('fmt')).toBe(fmt);
    }
  });

  function pem(der: Uint8Array): string {
    const base64 = Buffer.from(der).toString('base64').replace(/.{64}/g, '$&\n');
    return `-----BEGIN CERTIFICATE-----\n${base64}\n-----END CERTIFICATE-----\n`;
  }
});

describe('a discoverable credential', () => {
  it.each([
    ['required', true],
    ['preferred', true],
    ['discouraged', false],
  ] as const)('%s is one: %s', async (residentKey, rk) => {
    const { client } = await openPage();
    const options = creation({ authenticatorSelection: { residentKey }, extensions: { credProps: true } });
    const { clientExtensionResults } = await client.create(options);
    expect(clientExtensionResults).toEqual({ credProps: { rk } });
    const found = client.get(request());
    if (rk) await found;
    else await expect(found).rejects.toEqual(domException('NotAllowedError'));
  });

  it('preferred is none where the key has no room', async () => {
    const { client } = await openPage({ key: { model: { maxDiscoverableCredentials: 1 } } });
    const options = (id: string, residentKey: string) =>
      creation({
        user: { id, name: 'alice', displayName: '' },
        authenticatorSelection: { residentKey },
        extensions: { credProps: true },
      });
    expect((await client.create(options('AQ', 'preferred'))).clientExtensionResults.credProps?.rk).toBe(true);
    expect((await client.create(options('Ag', 'preferred'))).clientExtensionResults.credProps?.rk).toBe(false);
    const full = client.create(options('Aw', 'required'));
    await expect(full).rejects.toEqual(domException('NotAllowedError', /no room.*CTAP2_ERR_KEY_STORE_FULL/));
  });
});

describe('excludeCredentials', () => {
  it.each([1, 8, 9, 40])('refuses a key that has one of %i', async (length) => {
    const { client } = await openPage();
    const { id } = await client.create(creation());
    const excludeCredentials = strangers(length - 1).concat(descriptor(id));
    const refusal = client.create(creation({ excludeCredentials }));
    await expect(refusal).rejects.toMatchObject({
      name: 'InvalidStateError',
      cause: { name: 'CtapError', statusName: 'CTAP2_ERR_CREDENTIAL_EXCLUDED' },
    });
  });

  it('lets a key make a credential that has none of 40', async () => {
    const { client } = await openPage();
    await client.create(creation({ excludeCredentials: strangers(40) }));
  });

  it('leaves out what is longer than any credential of the key', async () => {
    const { client } = await openPage();
    await client.create(creation({ excludeCredentials: [descriptor('A'.repeat(400))] }));
  });

  it('refuses for a credential of appidExclude', async () => {
    const appId = 'https://example.com/u2f.json';
    const { client, device } = await openPage();
    const { Ctap1Client } = await import('../../../harness/client/ctap1.ts');
    const { sha256 } = await import('../../../harness/webauthn/digest.ts');
    const { keyHandle } = await new Ctap1Client(device).register({
      challenge: new Uint8Array(32),
      application: sha256(appId),
    });
    const excludeCredentials = [descriptor(Buffer.from(keyHandle).toString('base64url'))];
    await client.create(creation({ excludeCredentials }));
    const refusal = client.create(creation({ excludeCredentials, extensions: { appidExclude: appId } }));
    await expect(refusal).rejects.toEqual(domException('InvalidStateError'));
    const other = await client.create(creation({ extensions: { appidExclude: appId } }));
    expect(other.clientExtensionResults).toEqual({ appidExclude: true });
  });

  function strangers(count: number): { type: string; id: string }[] {
    return Array.from({ length: count }, (_, i) => descriptor(Buffer.alloc(60, i).toString('base64url')));
  }
});

describe('extensions of a registration', () => {
  it('credentialProtectionPolicy binds the credential to a verified user', async () => {
    const { client } = await openPage();
    const policy = {
      credentialProtectionPolicy: 'userVerificationOptionalWithCredentialIDList',
      enforceCredentialProtectionPolicy: true,
    };
    const authenticatorSelection = { residentKey: 'required' };
    const { id, response } = await client.create(creation({ authenticatorSelection, extensions: policy }));
    expect(fromBase64Url(response.authenticatorData)[32]! & Flag.ED).toBe(Flag.ED);
    const named = await client.get(request({ allowCredentials: [descriptor(id)], userVerification: 'discouraged' }));
    expect(named.id).toBe(id);
    const unnamed = client.get(request({ userVerification: 'discouraged' }));
    await expect(unnamed).rejects.toEqual(domException('NotAllowedError'));
  });

  it('enforceCredentialProtectionPolicy refuses a key without credProtect', async () => {
    const { client } = await openPage({ key: { model: { extensions: [] } } });
    const extensions = { credentialProtectionPolicy: 'userVerificationOptionalWithCredentialIDList' };
    await client.create(creation({ extensions }));
    const enforced = client.create(
      creation({ extensions: { ...extensions, enforceCredentialProtectionPolicy: true } }),
    );
    await expect(enforced).rejects.toEqual(domException('NotAllowedError', /cannot enforce the policy/));
  });

  it.each([
    ['userVerificationRequired', {}, {}],
    ['userVerificationOptional', {}, { residentKey: 'discouraged' }],
    ['userVerificationOptional', { enforceCredentialProtectionPolicy: true }, { residentKey: 'required' }],
  ])('credentialProtectionPolicy %s is refused where the request contradicts it', async (policy, more, selection) => {
    const { client } = await openPage();
    const extensions = { credentialProtectionPolicy: policy, ...more };
    const refusal = client.create(creation({ authenticatorSelection: selection, extensions }));
    await expect(refusal).rejects.toEqual(domException('NotSupportedError', /credentialProtectionPolicy/));
  });

  it('hmacCreateSecret and prf say whether the key can', async () => {
    const extensions = { hmacCreateSecret: true, prf: {} };
    const able = (await openPage()).client;
    expect((await able.create(creation({ extensions }))).clientExtensionResults).toEqual({
      hmacCreateSecret: true,
      prf: { enabled: true },
    });
    const unable = (await openPage({ key: { model: { extensions: [] } } })).client;
    expect((await unable.create(creation({ extensions }))).clientExtensionResults).toEqual({
      hmacCreateSecret: false,
      prf: { enabled: false },
    });
  });

  it('prf.evalByCredential makes no sense yet', async () => {
    const { client } = await openPage();
    const refusal = client.create(creation({ extensions: { prf: { evalByCredential: {} } } }));
    await expect(refusal).rejects.toEqual(domException('NotSupportedError'));
  });
});

describe('create rejects', () => {
  it('a user ID of 65 bytes with a TypeError; one of none is taken, as browsers do', async () => {
    const { client } = await openPage();
    const named = (id: string) => client.create(creation({ user: { id, name: 'alice', displayName: '' } }));
    await expect(named('A'.repeat(87))).rejects.toThrow(TypeError);
    await expect(named('A'.repeat(87))).rejects.toThrow('publicKey.user.id: expected at most 64 bytes, got 65');
    expect((await named('')).type).toBe('public-key');
  });

  it('with NotSupportedError where no type is known, or no algorithm is had', async () => {
    const { client } = await openPage();
    const type = client.create(creation({ pubKeyCredParams: [{ type: 'other', alg: -7 }] }));
    await expect(type).rejects.toEqual(domException('NotSupportedError'));
    const alg = client.create(creation({ pubKeyCredParams: [{ type: 'public-key', alg: -257 }] }));
    await expect(alg).rejects.toEqual(domException('NotSupportedError', /algorithms -7, -8, not -257/));
  });

  it('with NotAllowedError where no key makes discoverable credentials or verifies its user', async () => {
    const { client } = await openPage({ key: { model: { options: ['up'] } } });
    const rk = client.create(creation({ authenticatorSelection: { residentKey: 'required' } }));
    await expect(rk).rejects.toEqual(domException('NotAllowedError', /discoverable/));
    const uv = client.create(creation({ authenticatorSelection: { userVerification: 'required' } }));
    await expect(uv).rejects.toEqual(domException('NotAllowedError', /verify/));
  });

  it('with NotSupportedError for appid, and SyntaxError for an appidExclude that is no URL, the RP ID notwithstanding', async () => {
    const { client } = await openPage();
    const rp = { id: 'example.net', name: 'Other' };
    const appid = client.create(creation({ rp, extensions: { appid: 'https://example.com' } }));
    await expect(appid).rejects.toEqual(domException('NotSupportedError', /appid/));
    const noUrl = client.create(creation({ rp, extensions: { appidExclude: 'no URL' } }));
    await expect(noUrl).rejects.toEqual(domException('SyntaxError', /appidExclude/));
  });

  it('with SecurityError for a foreign RP ID, and for an AppID of another site', async () => {
    const { client } = await openPage();
    const rp = client.create(creation({ rp: { id: 'example.net', name: 'Other' } }));
    await expect(rp).rejects.toEqual(domException('SecurityError'));
    const appId = client.create(creation({ extensions: { appidExclude: 'https://example.net' } }));
    await expect(appId).rejects.toEqual(domException('SecurityError'));
  });

  it('with NotAllowedError where the user declines or only another kind of key would do', async () => {
    const { client } = await openPage({ key: { presence: denyPresence } });
    await expect(client.create(creation())).rejects.toMatchObject({
      name: 'NotAllowedError',
      cause: { statusName: 'CTAP2_ERR_OPERATION_DENIED' },
    });
    const platform = client.create(creation({ authenticatorSelection: { authenticatorAttachment: 'platform' } }));
    await expect(platform).rejects.toEqual(domException('NotAllowedError', /expected a platform authenticator/));
  });
});
