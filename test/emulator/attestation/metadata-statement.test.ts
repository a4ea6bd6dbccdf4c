import { createHash, verify, X509Certificate } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { toHex } from '../../../ctap/bytes.ts';
import { AttestationAuthority } from '../../../emulator/attestation/authority.ts';
import { ecdsaToRaw } from '../../../emulator/attestation/der.ts';
import { type PublishedMetadata, publishMetadata } from '../../../emulator/attestation/metadata-blob.ts';
import { metadataStatement } from '../../../emulator/attestation/metadata-statement.ts';
import { nodeCrypto } from '../../../emulator/crypto-node.ts';
import { findModel, models, speaksCtap2 } from '../../../emulator/models/index.ts';
import { systemRandom } from '../../../emulator/random.ts';
import { memoryStore } from '../../../emulator/store/memory.ts';

const NOW = Date.UTC(2026, 4, 5);
/** fido-metadata-statement-v3.0 §4: members that every statement has. */
const REQUIRED = [
  'description',
  'authenticatorVersion',
  'protocolFamily',
  'schema',
  'upv',
  'authenticationAlgorithms',
  'publicKeyAlgAndEncodings',
  'attestationTypes',
  'userVerificationDetails',
  'keyProtection',
  'matcherProtection',
  'attachmentHint',
  'tcDisplay',
  'attestationRootCertificates',
];

let authority: AttestationAuthority;
beforeAll(async () => {
  authority = await AttestationAuthority.open({ crypto: nodeCrypto, random: systemRandom, store: memoryStore() });
});

describe.each([...models.values()].map((model) => [model.name, model] as const))('metadata of %s', (_, model) => {
  it('has what the specification requires, and what the key says of itself', async () => {
    const statement = await metadataStatement(model, authority);
    for (const member of REQUIRED) expect(statement).toHaveProperty(member);
    expect(statement.schema).toBe(3);
    expect(statement.upv.length).toBeGreaterThan(0);
    expect(statement.authenticationAlgorithms[0]).toBe('secp256r1_ecdsa_sha256_raw');
    expect(statement.attestationRootCertificates[0]).toBe(Buffer.from(authority.root).toString('base64'));
    const info = statement.authenticatorGetInfo;
    expect(info !== undefined).toBe(speaksCtap2(model));
    expect(statement.aaguid !== undefined).toBe(speaksCtap2(model));
    if (!info) return;
    expect(info).toMatchObject({ versions: model.versions, aaguid: toHex(model.aaguid), maxMsgSize: model.maxMsgSize });
    for (const state of ['remainingDiscoverableCredentials', 'encIdentifier', 'forcePINChange']) {
      expect(info).not.toHaveProperty(state);
    }
    expect(JSON.parse(JSON.stringify(info))).toEqual(info);
  });
});

it('names a U2F key by the SHA-1 of its attestation public key', async () => {
  const model = findModel('u2f-only');
  const [leaf] = (await authority.batch(model)).x5c;
  const { x, y } = new X509Certificate(leaf!).publicKey.export({ format: 'jwk' });
  const point = Buffer.concat([Buffer.of(4), Buffer.from(x!, 'base64url'), Buffer.from(y!, 'base64url')]);
  const statement = await metadataStatement(model, authority);
  expect(statement.attestationCertificateKeyIdentifiers).toEqual([createHash('sha1').update(point).digest('hex')]);
  expect(statement).toMatchObject({ protocolFamily: 'u2f', upv: [{ major: 1, minor: 2 }] });
});

it('tells PIN and fingerprint as ways to verify the user', async () => {
  const { userVerificationDetails } = await metadataStatement(findModel('token2-bio3'), authority);
  const presence = { userVerificationMethod: 'presence_internal' };
  expect(userVerificationDetails).toEqual([
    [{ userVerificationMethod: 'none' }],
    [presence],
    [{ userVerificationMethod: 'passcode_external', caDesc: { base: 64, minLength: 6, maxRetries: 8 } }, presence],
    [{ userVerificationMethod: 'fingerprint_internal', baDesc: { maxTemplates: 10, maxRetries: 3 } }],
  ]);
});

it('lists the intermediate authority beside the root, for the attestation that carries one certificate alone', async () => {
  const statement = await metadataStatement(findModel('ctap2.3-everything'), authority);
  const [root, intermediate] = statement.attestationRootCertificates.map(
    (der) => new X509Certificate(Buffer.from(der, 'base64')),
  );
  expect(intermediate!.verify(root!.publicKey)).toBe(true);
  expect(statement.cryptoStrength).toBe(112); // RS256 of 2048 bits is the weakest
});

it('promises no certificates where the model attests with its credentials or not at all', async () => {
  const model = findModel('ctap2.0');
  const self = await metadataStatement({ ...model, attestation: 'self' }, authority);
  expect([self.attestationTypes, self.attestationRootCertificates]).toEqual([['basic_surrogate'], []]);
  const none = await metadataStatement({ ...model, attestation: 'none' }, authority);
  expect([none.attestationTypes, none.attestationRootCertificates]).toEqual([['none'], []]);
});

describe('the BLOB', () => {
  let published: PublishedMetadata;
  let payload: {
    no: number;
    nextUpdate: string;
    entries: { aaguid?: string; metadataStatement: { description: string } }[];
  };
  beforeAll(async () => {
    published = await publishMetadata(authority, models.values(), NOW);
    payload = JSON.parse(Buffer.from(published.blob.split('.')[1]!, 'base64url').toString());
  });

  it('is a JWS whose certificate chains to the metadata root', () => {
    const [header, body, signature] = published.blob.split('.');
    const { alg, typ, x5c } = JSON.parse(Buffer.from(header!, 'base64url').toString());
    expect([alg, typ, x5c.length]).toEqual(['ES256', 'JWT', 1]);
    const leaf = new X509Certificate(Buffer.from(x5c[0], 'base64'));
    expect(leaf.verify(new X509Certificate(published.metadataRoot).publicKey)).toBe(true);
    const key = { key: leaf.publicKey, dsaEncoding: 'ieee-p1363' } as const;
    const valid = (data: string) => verify('sha256', Buffer.from(data), key, Buffer.from(signature!, 'base64url'));
    expect(valid(`${header}.${body}`)).toBe(true);
    expect(valid(`${header}.${body}A`)).toBe(false);
  });

  it('grows in number with time, and says when the next one comes', async () => {
    expect([payload.no, payload.nextUpdate]).toEqual([NOW / 1000, '2026-06-04']);
  });

  it('has one entry for each AAGUID: the newest release that has it', () => {
    const ids = payload.entries.map(({ aaguid }) => aaguid);
    expect(new Set(ids).size).toBe(ids.length);
    const described = (aaguid: string) =>
      payload.entries.find((entry) => entry.aaguid === aaguid)?.metadataStatement.description;
    expect(described('ab32f0c6-2239-afbb-c470-d2ef4e254db7')).toMatch(/release 3 /);
    expect(described('eabb46cc-e241-80bf-ae9e-96fa6d2975cf')).toMatch(/release 3\.3/);
  });
});

it('reads every ECDSA signature into r and s of one size', () => {
  const { privateKey, publicKey } = nodeCrypto.generateKeyPair(-7, (length) => systemRandom.bytes(length)) as {
    privateKey: Uint8Array;
    publicKey: Uint8Array;
  };
  const signer = nodeCrypto.signer(-7, privateKey);
  const [x, y] = [publicKey.subarray(0, 32), publicKey.subarray(32)].map((part) =>
    Buffer.from(part).toString('base64url'),
  );
  const jwk = { kty: 'EC', crv: 'P-256', x: x!, y: y! };
  // 300 signatures: r or s is short by a byte in about two of them
  for (let index = 0; index < 300; index++) {
    const message = Buffer.from(`message ${index}`);
    const raw = ecdsaToRaw(signer.sign(message), 32);
    expect(verify('sha256', message, { key: jwk, format: 'jwk', dsaEncoding: 'ieee-p1363' }, raw)).toBe(true);
  }
});
