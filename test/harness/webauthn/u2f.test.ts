import { SettingsService } from '@simplewebauthn/server';
import { describe, expect, it } from 'vitest';
import { fromBase64Url, toBase64Url } from '../../../ctap/bytes.ts';
import { Flag } from '../../../ctap/flags.ts';
import { HidCapability } from '../../../ctap/hid/packet.ts';
import { CtapError } from '../../../ctap/status.ts';
import { Ctap1Client } from '../../../harness/client/ctap1.ts';
import type { CtapDevice } from '../../../harness/client/device.ts';
import { sha256 } from '../../../harness/webauthn/digest.ts';
import { creation, descriptor, domException, openPage, register, request, signIn, wrap } from './page.ts';

/** A key of U2F alone: it neither announces CTAPHID_CBOR nor takes it. */
function u2fOnly(device: CtapDevice): CtapDevice {
  const capabilities = device.hid.capabilities & ~HidCapability.CBOR;
  return refusingCtap2(wrap(device, { hid: { ...device.hid, capabilities } }));
}

/** A key that takes CTAPHID_CBOR for an unknown command, whatever it announces. */
function refusingCtap2(device: CtapDevice): CtapDevice {
  return wrap(device, { cbor: () => Promise.reject(new CtapError('CTAP1_ERR_INVALID_COMMAND')) });
}

describe.each([
  ['that announces no CTAP2', u2fOnly],
  ['that refuses getInfo', refusingCtap2],
])('a U2F key %s', (_, between) => {
  it('registers and signs in at a server', async () => {
    const { client } = await openPage({ between });
    const registered = await register(client, { attestationType: 'none' });
    expect(registered.info).toMatchObject({ fmt: 'none', userVerified: false, credentialDeviceType: 'singleDevice' });
    const { json, info } = await signIn(client, registered);
    expect(info.newCounter).toBeGreaterThan(0);
    expect(json).toMatchObject({ authenticatorAttachment: 'cross-platform', clientExtensionResults: {} });
  });

  it('attests as fido-u2f where the server asks for it', async () => {
    const { client, key } = await openPage({ between });
    const root = Buffer.from(key.attestationRoot).toString('base64');
    const certificates = [`-----BEGIN CERTIFICATE-----\n${root}\n-----END CERTIFICATE-----\n`];
    SettingsService.setRootCertificates({ identifier: 'fido-u2f', certificates });
    const { info, json } = await register(client, { attestationType: 'direct' });
    expect(info.fmt).toBe('fido-u2f');
    expect(fromBase64Url(json.response.authenticatorData)[32]).toBe(Flag.UP | Flag.AT);
  });
});

describe('a U2F key', () => {
  it('is refused what it cannot do', async () => {
    const { client } = await openPage({ between: u2fOnly });
    const create = (more: object) => client.create(creation(more));
    const rk = create({ authenticatorSelection: { residentKey: 'required' } });
    await expect(rk).rejects.toEqual(domException('NotAllowedError', /discoverable/));
    const uv = create({ authenticatorSelection: { userVerification: 'required' } });
    await expect(uv).rejects.toEqual(domException('NotAllowedError', /verify/));
    const alg = create({ pubKeyCredParams: [{ type: 'public-key', alg: -8 }] });
    await expect(alg).rejects.toEqual(domException('NotAllowedError', /-7 alone/));
    await expect(client.get(request())).rejects.toEqual(domException('NotAllowedError', /discoverable/));
    const verified = client.get(request({ allowCredentials: [descriptor('AQ')], userVerification: 'required' }));
    await expect(verified).rejects.toEqual(domException('NotAllowedError', /verify/));
  });

  it('does without what is but preferred', async () => {
    const { client } = await openPage({ between: u2fOnly });
    const extensions = { credProps: true, hmacCreateSecret: true, prf: {} };
    const { clientExtensionResults } = await client.create(
      creation({ authenticatorSelection: { residentKey: 'preferred', userVerification: 'preferred' }, extensions }),
    );
    expect(clientExtensionResults).toEqual({
      credProps: { rk: false },
      hmacCreateSecret: false,
      prf: { enabled: false },
    });
  });

  it('refuses where it has an excluded credential, of the RP ID or of appidExclude', async () => {
    const { client, device } = await openPage({ between: u2fOnly });
    const { id } = await client.create(creation());
    const ofRp = client.create(creation({ excludeCredentials: [descriptor('AQ'), descriptor(id)] }));
    await expect(ofRp).rejects.toEqual(domException('InvalidStateError'));
    const appidExclude = 'https://example.com/u2f.json';
    const application = sha256(appidExclude);
    const { keyHandle } = await new Ctap1Client(device).register({ challenge: new Uint8Array(32), application });
    const excludeCredentials = [descriptor(toBase64Url(keyHandle))];
    const ofApp = client.create(creation({ excludeCredentials, extensions: { appidExclude } }));
    await expect(ofApp).rejects.toEqual(domException('InvalidStateError'));
    const { clientExtensionResults } = await client.create(creation({ excludeCredentials }));
    expect(clientExtensionResults).toEqual({});
  });

  it('signs for the AppID where the credential is its own', async () => {
    const { client, device } = await openPage({ between: u2fOnly });
    const appid = 'https://example.com/u2f.json';
    const application = sha256(appid);
    const { keyHandle } = await new Ctap1Client(device).register({ challenge: new Uint8Array(32), application });
    const ofApp = descriptor(toBase64Url(keyHandle));
    const signed = await client.get(request({ allowCredentials: [ofApp], extensions: { appid } }));
    expect(signed.clientExtensionResults).toEqual({ appid: true });
    expect(fromBase64Url(signed.response.authenticatorData).subarray(0, 32)).toEqual(application);
    const ofRp = descriptor((await client.create(creation())).id);
    const other = await client.get(request({ allowCredentials: [ofRp], extensions: { appid } }));
    expect(other.clientExtensionResults).toEqual({ appid: false });
  });

  it('rejects with NotAllowedError, after a touch, where it has none of 40 credentials', async () => {
    let touches = 0;
    const presence = {
      request: () => {
        touches++;
        return 'touched' as const;
      },
    };
    const { client } = await openPage({ key: { presence }, between: u2fOnly });
    const allowCredentials = Array.from({ length: 40 }, (_, i) =>
      descriptor(toBase64Url(new Uint8Array(300 - i).fill(i))),
    );
    const refusal = client.get(request({ allowCredentials }));
    await expect(refusal).rejects.toEqual(domException('NotAllowedError', /no credential/));
    expect(touches).toBe(1);
  });
});
