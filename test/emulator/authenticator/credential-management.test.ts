import { beforeEach, describe, expect, it } from 'vitest';
import { concat, utf8 } from '../../../ctap/bytes.ts';
import { encodeCbor } from '../../../ctap/cbor.ts';
import {
  type CredentialManagementParams,
  credentialManagementParams,
  credentialManagementRequest,
  credentialManagementResponse,
  CredentialManagementSubcommand as Subcommand,
} from '../../../ctap/commands/credential-management.ts';
import { Command } from '../../../ctap/commands/index.ts';
import { Permission } from '../../../ctap/pin-uv-auth/index.ts';
import { nodeCrypto } from '../../../emulator/crypto-node.ts';
import { authenticate, Platform, statusOf } from './platform.ts';

const PIN = '123456';
const hash = (rpId: string) => nodeCrypto.sha256(utf8(rpId));
let platform: Platform;
let token: Uint8Array;

async function add(rpId: string, user: string) {
  const mc = await platform.getToken(PIN, { permissions: Permission.makeCredential, rpId });
  await platform.makeCredential({
    rp: { id: rpId, name: rpId.toUpperCase() },
    user: { id: utf8(user), name: user, displayName: user },
    options: { rk: true },
    pinUvAuthParam: authenticate(mc),
    pinUvAuthProtocol: 2,
  });
}

async function manage(
  subCommand: number,
  params?: CredentialManagementParams,
  using: Uint8Array | null = token,
  command: number = Command.authenticatorCredentialManagement,
) {
  const subCommandParams = params && credentialManagementParams.encode(params);
  const message = concat(
    Uint8Array.of(subCommand),
    subCommandParams ? encodeCbor(subCommandParams) : new Uint8Array(0),
  );
  const request = credentialManagementRequest.encode({
    subCommand,
    subCommandParams,
    ...(using ? { pinUvAuthProtocol: 2, pinUvAuthParam: authenticate(using, message) } : {}),
  });
  return credentialManagementResponse.decode(await platform.call(command, request), 'answer');
}

beforeEach(async () => {
  platform = await Platform.open();
  await platform.setPin(PIN);
  await add('a.example', 'ann');
  await add('a.example', 'bob');
  await add('b.example', 'cid');
  token = await platform.getToken(PIN, { permissions: Permission.credentialManagement });
});

describe('authenticatorCredentialManagement', () => {
  it('counts', async () => {
    expect(await manage(Subcommand.getCredsMetadata)).toEqual({
      existingResidentCredentialsCount: 3,
      maxPossibleRemainingResidentCredentialsCount: 297,
    });
  });

  it('enumerates RPs, then the credentials of one', async () => {
    const first = await manage(Subcommand.enumerateRPsBegin);
    const second = await manage(Subcommand.enumerateRPsGetNextRP, undefined, null);
    expect(first.totalRPs).toBe(2);
    expect([first.rp!.id, second.rp!.id].sort()).toEqual(['a.example', 'b.example']);
    expect(await statusOf(manage(Subcommand.enumerateRPsGetNextRP, undefined, null))).toBe('CTAP2_ERR_NOT_ALLOWED');
    const bob = await manage(Subcommand.enumerateCredentialsBegin, { rpIDHash: hash('a.example') });
    const ann = await manage(Subcommand.enumerateCredentialsGetNextCredential, undefined, null);
    expect([bob.totalCredentials, bob.user!.name, ann.user!.name, ann.totalCredentials]).toEqual([
      2,
      'bob',
      'ann',
      undefined,
    ]);
    expect([bob.credProtect, bob.publicKey!.get(3)]).toEqual([1, -7]);
  });

  it('answers the command byte of FIDO_2_1_PRE the same way, where the model has that version', async () => {
    const preview = Command.prototypeAuthenticatorCredentialManagement;
    expect((await platform.getInfo()).options!.credentialMgmtPreview).toBe(true);
    expect((await manage(Subcommand.enumerateRPsBegin, undefined, token, preview)).totalRPs).toBe(2);
    expect((await manage(Subcommand.enumerateRPsGetNextRP, undefined, null, preview)).rp).toBeDefined();
    const without = await Platform.open({ model: { versions: ['FIDO_2_0', 'FIDO_2_1'] } });
    const request = credentialManagementRequest.encode({ subCommand: Subcommand.getCredsMetadata });
    expect(await statusOf(without.call(preview, request))).toBe('CTAP1_ERR_INVALID_COMMAND');
  });

  it('ends an enumeration with any other command', async () => {
    await manage(Subcommand.enumerateRPsBegin);
    await platform.getInfo();
    expect(await statusOf(manage(Subcommand.enumerateRPsGetNextRP, undefined, null))).toBe('CTAP2_ERR_NOT_ALLOWED');
    await manage(Subcommand.enumerateRPsBegin);
    expect(await statusOf(manage(Subcommand.enumerateCredentialsGetNextCredential, undefined, null))).toBe(
      'CTAP2_ERR_NOT_ALLOWED',
    );
  });

  it('deletes a credential, and answers CTAP2_ERR_NO_CREDENTIALS when there are none', async () => {
    const { credentialId } = await manage(Subcommand.enumerateCredentialsBegin, { rpIDHash: hash('b.example') });
    await manage(Subcommand.deleteCredential, { credentialId });
    expect(await statusOf(manage(Subcommand.deleteCredential, { credentialId }))).toBe('CTAP2_ERR_NO_CREDENTIALS');
    expect(await statusOf(manage(Subcommand.enumerateCredentialsBegin, { rpIDHash: hash('b.example') }))).toBe(
      'CTAP2_ERR_NO_CREDENTIALS',
    );
    expect(await statusOf(platform.getAssertion({ rpId: 'b.example', allowList: [credentialId!] }))).toBe(
      'CTAP2_ERR_NO_CREDENTIALS',
    );
  });

  it('renames the user, but never changes the user id', async () => {
    const { credentialId, user } = await manage(Subcommand.enumerateCredentialsBegin, { rpIDHash: hash('b.example') });
    await manage(Subcommand.updateUserInformation, {
      credentialId,
      user: { id: user!.id, name: 'new name', displayName: '' },
    });
    const renamed = await manage(Subcommand.enumerateCredentialsBegin, { rpIDHash: hash('b.example') });
    expect(renamed.user).toEqual({ id: user!.id, name: 'new name' });
    expect(
      await statusOf(
        manage(Subcommand.updateUserInformation, { credentialId, user: { id: utf8('other'), name: 'x' } }),
      ),
    ).toBe('CTAP1_ERR_INVALID_PARAMETER');
  });

  it('wants a token with the permission, bound to no other RP', async () => {
    const using = async (permissions: number, rpId?: string) =>
      platform.getToken(PIN, rpId === undefined ? { permissions } : { permissions, rpId });
    expect(await statusOf(manage(Subcommand.getCredsMetadata, undefined, null))).toBe('CTAP2_ERR_PUAT_REQUIRED');
    const invalid = 'CTAP2_ERR_PIN_AUTH_INVALID';
    const mc = await using(Permission.makeCredential, 'a.example');
    expect(await statusOf(manage(Subcommand.getCredsMetadata, undefined, mc))).toBe(invalid);
    const bound = await using(Permission.credentialManagement, 'a.example');
    expect(await statusOf(manage(Subcommand.getCredsMetadata, undefined, bound))).toBe(invalid);
    expect(await statusOf(manage(Subcommand.enumerateCredentialsBegin, { rpIDHash: hash('b.example') }, bound))).toBe(
      invalid,
    );
    expect(await statusOf(manage(Subcommand.enumerateCredentialsBegin, { rpIDHash: hash('a.example') }, bound))).toBe(
      'CTAP2_OK',
    );
    expect(await statusOf(manage(Subcommand.enumerateCredentialsBegin))).toBe('CTAP2_ERR_MISSING_PARAMETER');
    expect(await statusOf(manage(99))).toBe('CTAP2_ERR_INVALID_SUBCOMMAND');
  });
});
