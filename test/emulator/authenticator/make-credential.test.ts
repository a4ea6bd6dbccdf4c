import { X509Certificate } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { packedStatement } from '../../../ctap/attestation.ts';
import { decodeAuthenticatorData, signedBytes } from '../../../ctap/authenticator-data.ts';
import { concat, toHex, utf8 } from '../../../ctap/bytes.ts';
import { Command } from '../../../ctap/commands/index.ts';
import { decodeCoseKey } from '../../../ctap/cose.ts';
import { Flag } from '../../../ctap/flags.ts';
import { Permission } from '../../../ctap/pin-uv-auth/index.ts';
import { nodeCrypto } from '../../../emulator/crypto-node.ts';
import { defaultModel } from '../../../emulator/models/index.ts';
import { denyPresence, ManualPresence } from '../../../emulator/presence.ts';
import { authenticate, CLIENT_DATA_HASH, Platform, RP_ID, statusOf } from './platform.ts';

let platform: Platform;
beforeEach(async () => {
  platform = await Platform.open();
});

describe('authenticatorMakeCredential', () => {
  it('makes an ES256 credential with a packed attestation that chains to the key’s root', async () => {
    const { fmt, authData, attStmt } = await platform.makeCredential();
    const data = decodeAuthenticatorData(authData);
    expect(toHex(data.rpIdHash)).toBe(toHex(nodeCrypto.sha256(utf8(RP_ID))));
    expect(data.flags).toBe(Flag.UP | Flag.AT);
    expect(data.attestedCredentialData!.aaguid).toEqual(platform.key.model.aaguid);
    expect(fmt).toBe('packed');
    const { alg, sig, x5c } = packedStatement.decode(attStmt!, 'attStmt');
    expect(alg).toBe(-7);
    const leaf = new X509Certificate(x5c![0]!);
    const root = new X509Certificate(platform.key.attestationRoot);
    expect(leaf.verify(root.publicKey)).toBe(true);
    expect(leaf.checkIssued(root)).toBe(true);
    expect(root.ca).toBe(true);
    expect(leaf.ca).toBe(false);
    const { x, y } = leaf.publicKey.export({ format: 'jwk' });
    const publicKey = concat(Buffer.from(x!, 'base64url'), Buffer.from(y!, 'base64url'));
    expect(nodeCrypto.verify(-7, publicKey, signedBytes(authData, CLIENT_DATA_HASH), sig)).toBe(true);
  });

  it('attests with the credential key on a model of self attestation', async () => {
    platform = await Platform.open({ model: { attestation: 'self' } });
    const { authData, attStmt } = await platform.makeCredential({
      pubKeyCredParams: [{ alg: -8, type: 'public-key' }],
    });
    const { alg, sig, x5c } = packedStatement.decode(attStmt!, 'attStmt');
    const key = decodeCoseKey(decodeAuthenticatorData(authData).attestedCredentialData!.credentialPublicKey);
    expect([alg, key.alg, x5c]).toEqual([-8, -8, undefined]);
    expect(nodeCrypto.verify(-8, key.publicKey, signedBytes(authData, CLIENT_DATA_HASH), sig)).toBe(true);
  });

  it('leaves attestation out where the platform prefers none', async () => {
    const { fmt, attStmt } = await platform.makeCredential({ attestationFormatsPreference: ['none'] });
    expect([fmt, attStmt?.size]).toEqual(['none', 0]);
  });

  it('takes the first algorithm that it knows, and checks all of them', async () => {
    const pick = async (...algs: number[]) => {
      const { authData } = await platform.makeCredential({
        pubKeyCredParams: algs.map((alg) => ({ alg, type: 'public-key' })),
      });
      return decodeCoseKey(decodeAuthenticatorData(authData).attestedCredentialData!.credentialPublicKey).alg;
    };
    expect(await pick(-257, -8, -7)).toBe(-8);
    expect(await pick(-7, -8)).toBe(-7);
    const parameters = (list: unknown[]) => platform.makeCredential({ pubKeyCredParams: list as never });
    expect(await statusOf(parameters([{ alg: -257, type: 'public-key' }]))).toBe('CTAP2_ERR_UNSUPPORTED_ALGORITHM');
    expect(await statusOf(parameters([]))).toBe('CTAP2_ERR_UNSUPPORTED_ALGORITHM');
    expect(await statusOf(parameters([{ alg: -7, type: 'private-key' }]))).toBe('CTAP2_ERR_UNSUPPORTED_ALGORITHM');
  });

  it('refuses options by their rules', async () => {
    const options = (values: Record<string, boolean>) => statusOf(platform.makeCredential({ options: values }));
    expect(await options({ up: false })).toBe('CTAP2_ERR_INVALID_OPTION');
    expect(await options({ uv: true })).toBe('CTAP2_ERR_INVALID_OPTION');
    expect(await options({ up: true, uv: false, rk: true, unknown: true })).toBe('CTAP2_OK');
    expect(await statusOf(platform.makeCredential({ enterpriseAttestation: 1 }))).toBe('CTAP1_ERR_INVALID_PARAMETER');
  });

  it('excludes a credential of its own, whatever the user answers, and no foreign one', async () => {
    const { authData } = await platform.makeCredential();
    const { credentialId } = decodeAuthenticatorData(authData).attestedCredentialData!;
    const excludeList = [{ type: 'public-key', id: credentialId }];
    expect(await statusOf(platform.makeCredential({ excludeList }))).toBe('CTAP2_ERR_CREDENTIAL_EXCLUDED');
    expect(await statusOf(platform.makeCredential({ excludeList, rp: { id: 'other.example' } }))).toBe('CTAP2_OK');
    expect(await statusOf(platform.makeCredential({ excludeList: [{ type: 'other', id: credentialId }] }))).toBe(
      'CTAP2_OK',
    );
    const another = await Platform.open();
    expect(await statusOf(another.makeCredential({ excludeList }))).toBe('CTAP2_OK');
  });

  it('hides a credential of credProtect level 3 from an exclude list without user verification', async () => {
    const { authData } = await platform.makeCredential({ extensions: { credProtect: 3 } });
    const data = decodeAuthenticatorData(authData);
    expect(data.extensions).toEqual(new Map([['credProtect', 3]]));
    const excludeList = [{ type: 'public-key', id: data.attestedCredentialData!.credentialId }];
    expect(await statusOf(platform.makeCredential({ excludeList }))).toBe('CTAP2_OK');
    await platform.setPin('123456');
    const token = await platform.getToken('123456', { permissions: Permission.makeCredential, rpId: RP_ID });
    const verified = { pinUvAuthParam: authenticate(token), pinUvAuthProtocol: 2 };
    expect(await statusOf(platform.makeCredential({ excludeList, ...verified }))).toBe('CTAP2_ERR_CREDENTIAL_EXCLUDED');
  });

  it('refuses a credProtect level that does not exist', async () => {
    const level = (credProtect: never) => statusOf(platform.makeCredential({ extensions: { credProtect } }));
    expect(await level(4 as never)).toBe('CTAP2_ERR_INVALID_OPTION');
    expect(await level('3' as never)).toBe('CTAP2_ERR_CBOR_UNEXPECTED_TYPE');
  });

  it('ends with CTAP2_ERR_OPERATION_DENIED where the user declines or is too late', async () => {
    const denied = await Platform.open({ presence: denyPresence });
    expect(await statusOf(denied.makeCredential())).toBe('CTAP2_ERR_OPERATION_DENIED');
    const late = await Platform.open({
      presence: (clock) => new ManualPresence(clock),
    });
    const answer = statusOf(late.makeCredential());
    await new Promise(setImmediate); // until the key asks
    late.clock.advance(30_000);
    expect(await answer).toBe('CTAP2_ERR_OPERATION_DENIED');
  });

  it('ends with CTAP2_ERR_KEEPALIVE_CANCEL when it is aborted', async () => {
    const waiting = await Platform.open({
      presence: (clock) => new ManualPresence(clock),
    });
    const abort = new AbortController();
    const answer = statusOf(waiting.call(Command.authenticatorSelection, undefined, abort.signal));
    abort.abort();
    expect(await answer).toBe('CTAP2_ERR_KEEPALIVE_CANCEL');
    expect(waiting.defects).toEqual([]);
  });

  describe('with a PIN', () => {
    const PIN = '123456';
    beforeEach(() => platform.setPin(PIN));

    it('wants a token for a discoverable credential, and makes others without one', async () => {
      expect(await statusOf(platform.makeCredential({ options: { rk: true } }))).toBe('CTAP2_ERR_PUAT_REQUIRED');
      expect(await statusOf(platform.makeCredential())).toBe('CTAP2_OK');
    });

    it('wants a token for any credential on a model without makeCredUvNotRqd', async () => {
      platform = await Platform.open({
        model: { options: defaultModel.options.filter((name) => name !== 'makeCredUvNotRqd') },
      });
      await platform.setPin(PIN);
      expect(await statusOf(platform.makeCredential())).toBe('CTAP2_ERR_PUAT_REQUIRED');
    });

    it('sets UV with a token, which is then spent', async () => {
      const token = await platform.getToken(PIN, { permissions: Permission.makeCredential, rpId: RP_ID });
      const verified = { pinUvAuthParam: authenticate(token), pinUvAuthProtocol: 2, options: { rk: true } };
      const { authData } = await platform.makeCredential(verified);
      expect(decodeAuthenticatorData(authData).flags & Flag.UV).toBe(Flag.UV);
      expect(await statusOf(platform.makeCredential(verified))).toBe('CTAP2_ERR_PIN_AUTH_INVALID');
    });

    it.each([
      ['of another permission', { permissions: Permission.getAssertion, rpId: RP_ID }],
      ['of another RP ID', { permissions: Permission.makeCredential, rpId: 'other.example' }],
    ])('refuses a token %s', async (_, options) => {
      const token = await platform.getToken(PIN, options);
      const verified = { pinUvAuthParam: authenticate(token), pinUvAuthProtocol: 2 };
      expect(await statusOf(platform.makeCredential(verified))).toBe('CTAP2_ERR_PIN_AUTH_INVALID');
    });

    it('refuses a pinUvAuthParam that is wrong, or whose protocol is missing, unknown or not the token’s', async () => {
      const token = await platform.getToken(PIN, { permissions: Permission.makeCredential, rpId: RP_ID });
      const pinUvAuthParam = authenticate(token);
      const attempt = (changes: object) =>
        statusOf(platform.makeCredential({ pinUvAuthParam, pinUvAuthProtocol: 2, ...changes }));
      expect(await attempt({ pinUvAuthParam: new Uint8Array(32) })).toBe('CTAP2_ERR_PIN_AUTH_INVALID');
      expect(await attempt({ pinUvAuthProtocol: undefined })).toBe('CTAP2_ERR_MISSING_PARAMETER');
      expect(await attempt({ pinUvAuthProtocol: 3 })).toBe('CTAP1_ERR_INVALID_PARAMETER');
      expect(await attempt({ pinUvAuthProtocol: 1 })).toBe('CTAP2_ERR_PIN_AUTH_INVALID');
      expect(await attempt({})).toBe('CTAP2_OK');
    });

    it('answers an empty pinUvAuthParam with CTAP2_ERR_PIN_INVALID after the touch', async () => {
      const empty = { pinUvAuthParam: new Uint8Array(0), pinUvAuthProtocol: 2 };
      expect(await statusOf(platform.makeCredential(empty))).toBe('CTAP2_ERR_PIN_INVALID');
      const fresh = await Platform.open();
      expect(await statusOf(fresh.makeCredential(empty))).toBe('CTAP2_ERR_PIN_NOT_SET');
    });

    it('lets a token go unused for less than 30 s, and used for less than 10 minutes', async () => {
      const options = { permissions: Permission.makeCredential | Permission.getAssertion, rpId: RP_ID };
      const { authData } = await platform.makeCredential();
      const allowList = [
        { type: 'public-key', id: decodeAuthenticatorData(authData).attestedCredentialData!.credentialId },
      ];
      const silent = (token: Uint8Array) =>
        statusOf(
          platform.getAssertion({
            allowList,
            options: { up: false },
            pinUvAuthParam: authenticate(token),
            pinUvAuthProtocol: 2,
          }),
        );
      const unused = await platform.getToken(PIN, options);
      platform.clock.advance(30_000);
      expect(await silent(unused)).toBe('CTAP2_ERR_PIN_AUTH_INVALID');
      const used = await platform.getToken(PIN, options);
      platform.clock.advance(29_999);
      expect(await silent(used)).toBe('CTAP2_OK');
      platform.clock.advance(570_000);
      expect(await silent(used)).toBe('CTAP2_OK');
      platform.clock.advance(1);
      expect(await silent(used)).toBe('CTAP2_ERR_PIN_AUTH_INVALID');
    });
  });

  it('replaces the discoverable credential of the same RP and user', async () => {
    await platform.makeCredential({ options: { rk: true } });
    const { authData } = await platform.makeCredential({ options: { rk: true } });
    const assertion = await platform.getAssertion();
    expect(assertion.numberOfCredentials).toBeUndefined();
    expect(assertion.credential!.id).toEqual(decodeAuthenticatorData(authData).attestedCredentialData!.credentialId);
    expect((await platform.getInfo()).remainingDiscoverableCredentials).toBe(299);
  });

  it('answers CTAP2_ERR_KEY_STORE_FULL when all places are taken, but still replaces', async () => {
    platform = await Platform.open({ model: { maxDiscoverableCredentials: 2 } });
    const make = (name: string) =>
      statusOf(platform.makeCredential({ options: { rk: true }, user: { id: utf8(name), name, displayName: name } }));
    expect([await make('a'), await make('b'), await make('c'), await make('a')]).toEqual([
      'CTAP2_OK',
      'CTAP2_OK',
      'CTAP2_ERR_KEY_STORE_FULL',
      'CTAP2_OK',
    ]);
  });

  it('answers each missing or mistyped parameter by its status', async () => {
    const valid = new Map<number, unknown>([
      [1, CLIENT_DATA_HASH],
      [2, new Map([['id', RP_ID]])],
      [3, new Map([['id', utf8('u')]])],
      [
        4,
        [
          new Map<string, unknown>([
            ['alg', -7],
            ['type', 'public-key'],
          ]),
        ],
      ],
    ]);
    const send = (changes: [number, unknown][]) => {
      const map = new Map(valid);
      for (const [key, value] of changes) {
        if (value === undefined) map.delete(key);
        else map.set(key, value);
      }
      return statusOf(platform.call(Command.authenticatorMakeCredential, map as never));
    };
    expect(await send([])).toBe('CTAP2_OK');
    for (const key of [1, 2, 3, 4]) expect(await send([[key, undefined]])).toBe('CTAP2_ERR_MISSING_PARAMETER');
    for (const key of [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]) {
      expect(await send([[key, true]])).toBe('CTAP2_ERR_CBOR_UNEXPECTED_TYPE');
    }
    expect(await send([[1, new Uint8Array(31)]])).toBe('CTAP1_ERR_INVALID_LENGTH');
    expect(await send([[2, new Map()]])).toBe('CTAP2_ERR_MISSING_PARAMETER');
    expect(await send([[4, [new Map([['type', 'public-key']])]]])).toBe('CTAP2_ERR_INVALID_CBOR');
    expect(await send([[7, new Map([['rk', 1]])]])).toBe('CTAP2_ERR_CBOR_UNEXPECTED_TYPE');
    expect(await send([[99, 'unknown']])).toBe('CTAP2_OK');
  });
});
