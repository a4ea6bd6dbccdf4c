/** The virtual authenticator commands of WebAuthn Level 3 §11: what they take, and how they refuse the rest. */
import { generateKeyPairSync } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runCommand } from '../../../../harness/browsers/webdriver/commands.ts';
import { VirtualAuthenticators } from '../../../../harness/browsers/webdriver/virtual-authenticators.ts';

let authenticators: VirtualAuthenticators;
beforeEach(() => {
  authenticators = new VirtualAuthenticators();
});
afterEach(() => authenticators.close());

const run = (method: string, path: string, body?: unknown) => runCommand(authenticators, method, path, body);
const CTAP2 = { protocol: 'ctap2', transport: 'usb' };
const pkcs8 = (namedCurve: string) =>
  generateKeyPairSync('ec', { namedCurve }).privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64url');
const RESIDENT = {
  credentialId: 'AQID',
  isResidentCredential: true,
  rpId: 'example.com',
  privateKey: pkcs8('prime256v1'),
  userHandle: 'dXNlcg',
  signCount: 5,
};
const invalid = expect.objectContaining({ code: 'invalid argument', status: 400 });

describe('the commands of virtual authenticators', () => {
  it.each([
    ['no object', 'text'],
    ['no protocol', { transport: 'usb' }],
    ['no transport', { protocol: 'ctap2' }],
    ['an unknown protocol', { ...CTAP2, protocol: 'ctap3' }],
    ['an unknown transport', { ...CTAP2, transport: 'carrier pigeon' }],
    ['an unknown member', { ...CTAP2, hasWings: true }],
    ['a member of the wrong type', { ...CTAP2, hasResidentKey: 'yes' }],
    ['extensions that are no list', { ...CTAP2, extensions: 'prf' }],
    ['resident keys of U2F', { protocol: 'ctap1/u2f', transport: 'usb', hasResidentKey: true }],
  ])('refuse an authenticator with %s', async (_, body) => {
    await expect(run('POST', 'authenticator', body)).rejects.toEqual(invalid);
  });

  it('refuse an extension that nobody knows, as an operation that is not supported', async () => {
    await expect(run('POST', 'authenticator', { ...CTAP2, extensions: ['wings'] })).rejects.toMatchObject({
      code: 'unsupported operation',
      status: 500,
    });
  });

  it('are told what the relying party signals: names follow, and what it no longer takes goes', async () => {
    const id = await run('POST', 'authenticator', { ...CTAP2, hasResidentKey: true });
    const ids = async () => {
      const credentials = (await run('GET', `authenticator/${id}/credentials`)) as (typeof RESIDENT)[];
      return credentials.map(({ credentialId }) => credentialId).sort();
    };
    await run('POST', `authenticator/${id}/credential`, { ...RESIDENT, userName: 'alice' });
    await run('POST', `authenticator/${id}/credential`, { ...RESIDENT, credentialId: 'BAUG', userHandle: 'Ym9i' });
    await run('POST', `authenticator/${id}/credential`, { ...RESIDENT, credentialId: 'BwgJ', rpId: 'example.org' });
    const [rpId, userId] = ['example.com', RESIDENT.userHandle];
    const renamed = { userName: 'al', userDisplayName: 'Al' };
    await authenticators.heed({ method: 'signalCurrentUserDetails', rpId, userId, name: 'al', displayName: 'Al' });
    const credentials = (await run('GET', `authenticator/${id}/credentials`)) as object[];
    expect(credentials).toContainEqual(expect.objectContaining({ credentialId: 'AQID', ...renamed }));
    expect(credentials).not.toContainEqual(expect.objectContaining({ credentialId: 'BAUG', ...renamed }));
    const accepted = (...allAcceptedCredentialIds: string[]) =>
      authenticators.heed({ method: 'signalAllAcceptedCredentials', rpId, userId, allAcceptedCredentialIds });
    await accepted('AQID');
    expect(await ids()).toEqual(['AQID', 'BAUG', 'BwgJ']);
    await accepted();
    expect(await ids()).toEqual(['BAUG', 'BwgJ']);
    await authenticators.heed({ method: 'signalUnknownCredential', rpId, credentialId: 'BwgJ' });
    expect(await ids()).toEqual(['BAUG', 'BwgJ']); // that one is of another relying party
    await authenticators.heed({ method: 'signalUnknownCredential', rpId, credentialId: 'BAUG' });
    expect(await ids()).toEqual(['BwgJ']);
  });

  it('give back the credential that was put in', async () => {
    const id = await run('POST', 'authenticator', { ...CTAP2, hasResidentKey: true, extensions: ['largeBlob'] });
    const whole = {
      ...RESIDENT,
      userName: 'alice',
      userDisplayName: 'Alice',
      largeBlob: 'YmxvYg',
      backupEligibility: true,
      backupState: false,
    };
    expect(await run('POST', `authenticator/${id}/credential`, whole)).toBeNull();
    expect(await run('GET', `authenticator/${id}/credentials`)).toEqual([whole]);
    expect(await run('POST', `authenticator/${id}/credentials/AQID/props`, { backupState: true })).toBeNull();
    expect(await run('GET', `authenticator/${id}/credentials`)).toEqual([{ ...whole, backupState: true }]);
    expect(await run('DELETE', `authenticator/${id}/credentials/AQID`)).toBeNull();
    expect(await run('GET', `authenticator/${id}/credentials`)).toEqual([]);
    await expect(run('DELETE', `authenticator/${id}/credentials/AQID`)).rejects.toEqual(invalid);
    expect(await run('DELETE', `authenticator/${id}`)).toBeNull();
    await expect(run('DELETE', `authenticator/${id}`)).rejects.toEqual(invalid);
  });

  it.each([
    ['an id that is no base64url', { credentialId: '%%' }],
    ['no word on residence', { isResidentCredential: undefined }],
    ['no RP ID', { rpId: undefined }],
    ['a private key that is none', { privateKey: 'AQID' }],
    ['a private key of another curve', { privateKey: pkcs8('secp384r1') }],
    ['no user handle though it is resident', { userHandle: undefined }],
    ['a user handle of 65 bytes', { userHandle: Buffer.alloc(65).toString('base64url') }],
    ['no sign count', { signCount: undefined }],
    ['a large blob that the authenticator has no place for', { largeBlob: 'YmxvYg' }],
  ])('refuse a credential with %s', async (_, members) => {
    const id = await run('POST', 'authenticator', { ...CTAP2, hasResidentKey: true });
    const body = { ...RESIDENT, ...members };
    await expect(run('POST', `authenticator/${id}/credential`, body)).rejects.toEqual(invalid);
    expect(await run('GET', `authenticator/${id}/credentials`)).toEqual([]);
  });

  it('refuse a resident credential where there is no room for one', async () => {
    const id = await run('POST', 'authenticator', CTAP2);
    await expect(run('POST', `authenticator/${id}/credential`, RESIDENT)).rejects.toEqual(invalid);
  });

  it('want to be told whether the user is verified', async () => {
    const id = await run('POST', 'authenticator', CTAP2);
    await expect(run('POST', `authenticator/${id}/uv`, {})).rejects.toEqual(invalid);
    expect(await run('POST', `authenticator/${id}/uv`, { isUserVerified: true })).toBeNull();
  });

  it('are no others', async () => {
    await expect(run('GET', 'authenticator')).rejects.toMatchObject({ code: 'unknown method', status: 405 });
    await expect(run('POST', 'authenticators', {})).rejects.toMatchObject({ code: 'unknown command', status: 404 });
    await expect(run('GET', 'authenticator/none/credentials')).rejects.toEqual(invalid);
  });
});
