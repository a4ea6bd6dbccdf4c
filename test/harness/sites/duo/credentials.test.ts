/** Enrolment and sign-in by what policy and profile ask of a key; the keys are virtual ones behind our own client. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AttestationAuthority } from '../../../../emulator/attestation/authority.ts';
import { publishMetadata } from '../../../../emulator/attestation/metadata-blob.ts';
import { nodeCrypto } from '../../../../emulator/crypto-node.ts';
import type { Store } from '../../../../emulator/environment.ts';
import { findModel, models } from '../../../../emulator/models/index.ts';
import { systemRandom } from '../../../../emulator/random.ts';
import { memoryStore } from '../../../../emulator/store/memory.ts';
import { type BrowserlessClient, createBrowserlessClient } from '../../../../harness/browsers/browserless.ts';
import { CtapHidDevice } from '../../../../harness/client/ctap-hid.ts';
import { Ctap2Client } from '../../../../harness/client/ctap2.ts';
import { PinClient } from '../../../../harness/client/pin.ts';
import { Decoys } from '../../../../harness/sites/duo/decoy.ts';
import {
  beginAuthentication,
  finishAuthentication,
} from '../../../../harness/sites/duo/domain/credential-authentication.ts';
import { beginRegistration, finishRegistration } from '../../../../harness/sites/duo/domain/credential-registration.ts';
import { importMetadata, listModels } from '../../../../harness/sites/duo/domain/metadata.ts';
import { changePolicy } from '../../../../harness/sites/duo/domain/policy.ts';
import {
  SITE_PROFILE_NAMES,
  SITE_PROFILES,
  type SiteProfileName,
} from '../../../../harness/sites/duo/domain/profiles.ts';
import { createUser, type User } from '../../../../harness/sites/duo/domain/users.ts';
import { markCredentialLost, renameCredential } from '../../../../harness/sites/duo/domain/webauthn-credentials.ts';
import { parseAuthenticationResponse, parseRegistrationResponse } from '../../../../harness/sites/duo/json.ts';
import { connectInProcess } from '../../../../harness/transports/in-process.ts';
import { CONTEXT, type TestTenant, testTenant } from './tenant.ts';

const PIN = '293847';
const PIN_PLUS = 'token2-r2-pin-plus';

let test: TestTenant;
let user: User;
const open: BrowserlessClient[] = [];
beforeEach(() => use('duo'));
afterEach(async () => {
  for (const client of open.splice(0)) await client.close();
});

async function use(profile: SiteProfileName): Promise<void> {
  // The lab's certificates are good from 2024 on, and the metadata of today.
  test = testTenant({ profile: SITE_PROFILES[profile], now: Date.now });
  user = await createUser(test.tenant, { username: 'alice' });
}

/** A browser with a key; with `pin`, one that its user has set and enters. */
async function plugIn(model: string, { pin, store }: { pin?: string; store?: Store } = {}): Promise<BrowserlessClient> {
  const ui = pin === undefined ? {} : { ui: { pin: () => pin } };
  const client = await createBrowserlessClient({ origin: test.tenant.origin, model, ...ui, store });
  open.push(client);
  if (pin !== undefined) {
    const device = await CtapHidDevice.open(connectInProcess(client.key));
    await new PinClient(new Ctap2Client(device)).setPin(pin);
    await device.close();
  }
  return client;
}

type CreationOptions = Awaited<ReturnType<typeof beginRegistration>>['options'];
type RequestOptions = Awaited<ReturnType<typeof beginAuthentication>>['options'];

/** What the service reads of the answer that a page posts. */
async function created(client: BrowserlessClient, options: CreationOptions) {
  return parseRegistrationResponse({ ...(await client.create(options)) });
}

async function got(client: BrowserlessClient, options: RequestOptions) {
  return parseAuthenticationResponse({ ...(await client.get(options)) });
}

async function enrol(client: BrowserlessClient) {
  const { options, pending } = await beginRegistration(test.tenant, user, 'security-key');
  return finishRegistration(test.tenant, pending, await created(client, options), CONTEXT);
}

async function signIn(client: BrowserlessClient) {
  const decoys = new Decoys();
  const { options, pending } = await beginAuthentication(test.tenant, decoys, user.username);
  return finishAuthentication(test.tenant, decoys, pending, await got(client, options), CONTEXT);
}

describe('a key', () => {
  it('is enrolled, signs in, is renamed, lost and found', async () => {
    const client = await plugIn(PIN_PLUS);
    const credential = await enrol(client);
    expect(credential).toMatchObject({ name: 'Security key', userId: user.userId, lostAt: undefined });
    expect(credential.webauthnKey).toMatch(/^WA[A-Z0-9]{18}$/);
    expect(await signIn(client)).toMatchObject({
      ...{ accepted: true, factor: 'security_key', reason: 'user_approved', deviceKey: credential.webauthnKey },
    });
    await renameCredential(test.tenant, credential.webauthnKey, ' Blue ');
    expect(await signIn(client)).toMatchObject({ deviceName: 'Blue' });
    await expect(renameCredential(test.tenant, credential.webauthnKey, '')).rejects.toMatchObject({ field: 'name' });

    const decoys = new Decoys();
    const { options, pending } = await beginAuthentication(test.tenant, decoys, user.username);
    const answer = await got(client, options);
    await markCredentialLost(test.tenant, credential.webauthnKey, true);
    expect(await finishAuthentication(test.tenant, decoys, pending, answer, CONTEXT)).toMatchObject({
      ...{ accepted: false, reason: 'factor_restricted' },
    });
    await markCredentialLost(test.tenant, credential.webauthnKey, false);
    expect(await signIn(client)).toMatchObject({ accepted: true });
  });

  it('is not enrolled twice', async () => {
    const client = await plugIn(PIN_PLUS);
    await enrol(client);
    await expect(enrol(client)).rejects.toMatchObject({ name: 'InvalidStateError' });
  });

  it('is refused where policy switches its kind off', async () => {
    const client = await plugIn(PIN_PLUS);
    await enrol(client);
    await changePolicy(test.tenant, { securityKeys: false });
    await expect(enrol(client)).rejects.toMatchObject({ code: 'refused' });
  });
});

describe('models', () => {
  const aaguid = (model: string) =>
    Buffer.from(findModel(model).aaguid)
      .toString('hex')
      .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');

  it('are allowed or denied by their AAGUID', async () => {
    await changePolicy(test.tenant, { attestation: 'direct', deniedAaguids: [aaguid(PIN_PLUS)] });
    await expect(enrol(await plugIn(PIN_PLUS))).rejects.toThrow(/does not allow this model/);
    await enrol(await plugIn('token2-r3'));
    await changePolicy(test.tenant, { deniedAaguids: [], allowedAaguids: [aaguid(PIN_PLUS)] });
    await enrol(await plugIn(PIN_PLUS));
    await expect(enrol(await plugIn('ctap2.1'))).rejects.toThrow(/does not allow this model/);
  });

  it('have to say which they are where lists are kept', async () => {
    await changePolicy(test.tenant, { attestation: 'direct', allowedAaguids: [aaguid(PIN_PLUS)] });
    const client = await plugIn(PIN_PLUS);
    const { options, pending } = await beginRegistration(test.tenant, user, 'security-key');
    const silent = await created(client, { ...options, attestation: 'none' });
    await expect(finishRegistration(test.tenant, pending, silent, CONTEXT)).rejects.toThrow(/did not say which model/);
  });

  it('are trusted by the metadata alone, where policy says so', async () => {
    const store = memoryStore();
    const authority = await AttestationAuthority.open({ crypto: nodeCrypto, random: systemRandom, store });
    const { blob, metadataRoot, attestationRoot } = await publishMetadata(authority, models.values(), Date.now());
    await expect(importMetadata(test.tenant, blob, attestationRoot)).rejects.toThrow(/not under that root/);
    const [header, payload, signature] = blob.split('.');
    const forged = Buffer.from(payload!, 'base64url').toString().replace('"no":', '"no":1');
    const tampered = [header, Buffer.from(forged).toString('base64url'), signature].join('.');
    await expect(importMetadata(test.tenant, tampered, metadataRoot)).rejects.toMatchObject({ field: 'blob' });
    await expect(importMetadata(test.tenant, 'nothing', metadataRoot)).rejects.toMatchObject({ field: 'blob' });
    expect(listModels(test.tenant)).toEqual([]);

    await importMetadata(test.tenant, blob, metadataRoot);
    expect(listModels(test.tenant).map((model) => model.aaguid)).toContain(aaguid(PIN_PLUS));
    await changePolicy(test.tenant, { attestation: 'direct', requireTrustedAttestation: true });
    // A key of its own authority is of no maker that this metadata knows.
    await expect(enrol(await plugIn(PIN_PLUS))).rejects.toThrow(/does not lead to a maker/);
    await enrol(await plugIn(PIN_PLUS, { store }));
    // With an authority between the key and the root.
    await expect(enrol(await plugIn('ctap2.3-everything'))).rejects.toThrow(/does not lead to a maker/);
  });
});

describe('profiles of relying parties', () => {
  it.each(SITE_PROFILE_NAMES)('of %s name a source for each field', (name) => {
    const { name: own, title, ...facts } = SITE_PROFILES[name];
    expect(own).toBe(name);
    expect(title).not.toBe('');
    for (const [field, fact] of Object.entries(facts)) {
      expect(fact.source, field).not.toBe('');
      expect(['documented', 'observed', 'assumed'], field).toContain(fact.certainty);
    }
  });

  it.each(SITE_PROFILE_NAMES)('of %s are what a key is asked, and a key with a PIN passes', async (name) => {
    await use(name);
    const profile = SITE_PROFILES[name];
    const { options } = await beginRegistration(test.tenant, user, 'security-key');
    expect(options.pubKeyCredParams.map(({ alg }) => alg)).toEqual(profile.algorithms.value);
    expect(options.authenticatorSelection?.residentKey).toBe(profile.residentKey.value);
    expect(options.authenticatorSelection?.authenticatorAttachment).toBe(profile.attachment.value);
    expect(options.timeout).toBe(profile.timeout.value);
    expect(options.extensions).toMatchObject(
      profile.credentialProtection.value === undefined
        ? { credProps: true }
        : {
            credentialProtectionPolicy: profile.credentialProtection.value,
            enforceCredentialProtectionPolicy: profile.enforceCredentialProtection.value,
          },
    );
    const client = await plugIn(PIN_PLUS, { pin: PIN });
    await enrol(client);
    const request = await beginAuthentication(test.tenant, new Decoys(), user.username);
    expect(request.options.extensions?.appid).toBe(profile.appId.value ? test.tenant.origin : undefined);
    expect((request.options.allowCredentials ?? []).length).toBe(profile.allowCredentials.value ? 1 : 0);
    expect(await signIn(client)).toMatchObject({ accepted: true });
  });

  it('of Entra ID take no key without a PIN, and none without hmac-secret', async () => {
    await use('entra');
    await expect(enrol(await plugIn(PIN_PLUS))).rejects.toMatchObject({ name: expect.stringMatching(/Error$/) });
    await expect(enrol(await plugIn('u2f-only'))).rejects.toMatchObject({ name: expect.stringMatching(/Error$/) });
    const client = await plugIn(PIN_PLUS, { pin: PIN });
    const { options, pending } = await beginRegistration(test.tenant, user, 'security-key');
    const { hmacCreateSecret: _, ...extensions } = options.extensions as Record<string, unknown>;
    const without = await created(client, { ...options, extensions });
    await expect(finishRegistration(test.tenant, pending, without, CONTEXT)).rejects.toThrow(/hmac-secret/);
  });
});
