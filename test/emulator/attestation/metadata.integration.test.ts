/** A relying party that enforces attestation by metadata, against the lab's keys: @simplewebauthn/server is the judge. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  MetadataService,
  type MetadataStatement,
  SettingsService,
  verifyRegistrationResponse,
} from '@simplewebauthn/server';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { packedStatement } from '../../../ctap/attestation.ts';
import { Command } from '../../../ctap/commands/index.ts';
import { AttestationAuthority } from '../../../emulator/attestation/authority.ts';
import { type PublishedMetadata, publishMetadata } from '../../../emulator/attestation/metadata-blob.ts';
import { nodeCrypto } from '../../../emulator/crypto-node.ts';
import { findModel, type Model, models, speaksCtap2 } from '../../../emulator/models/index.ts';
import { systemRandom } from '../../../emulator/random.ts';
import { memoryStore } from '../../../emulator/store/memory.ts';
import { Platform } from '../authenticator/platform.ts';
import { clientData, expected, registrationJSON } from '../authenticator/relying-party.ts';

const NOW = Date.now();
const ctap2Models = [...models.values()].filter(speaksCtap2);

const newAuthority = () =>
  AttestationAuthority.open({ crypto: nodeCrypto, random: systemRandom, store: memoryStore() });

let authority: AttestationAuthority;
let metadata: PublishedMetadata;
let foreign: PublishedMetadata;
beforeAll(async () => {
  authority = await newAuthority();
  metadata = await publishMetadata(authority, models.values(), NOW);
  foreign = await publishMetadata(await newAuthority(), models.values(), NOW);
});

afterEach(async () => {
  await MetadataService.initialize({ mdsServers: [], statements: [], verificationMode: 'permissive' });
  SettingsService.setRootCertificates({ identifier: 'mds', certificates: [] });
  SettingsService.setRootCertificates({ identifier: 'fido-u2f', certificates: [] });
});

/** Registers a fresh key of the model at a relying party; resolves to the format, rejects with its refusal. */
async function register(model: Model, changes: Parameters<Platform['makeCredential']>[0] = {}): Promise<string> {
  const platform = await Platform.open({ model, authority });
  return registerAt(platform, changes);
}

async function registerAt(platform: Platform, changes: Parameters<Platform['makeCredential']>[0]): Promise<string> {
  const { hash } = clientData('webauthn.create');
  const made = await platform.makeCredential({ clientDataHash: hash, ...changes });
  const { verified, registrationInfo } = await verifyRegistrationResponse({
    ...expected,
    response: registrationJSON(made),
  });
  return verified ? registrationInfo!.fmt : 'not verified';
}

function statements(published: PublishedMetadata): MetadataStatement[] {
  return published.statements as unknown as MetadataStatement[];
}

/** Trusts these statements alone, as FIDO's conformance asks. */
function enforce(list: MetadataStatement[]): Promise<void> {
  return MetadataService.initialize({ mdsServers: [], statements: list, verificationMode: 'strict' });
}

describe.each(ctap2Models.map((model) => [model.name, model] as const))('%s', (_, model) => {
  it('is accepted by a relying party that enforces the lab’s metadata', async () => {
    await enforce(statements(metadata).filter(({ description }) => description.startsWith(model.description)));
    expect(await register(model)).toBe('packed');
  });

  it('is refused where the metadata is another lab’s', async () => {
    await enforce(statements(foreign).filter(({ description }) => description.startsWith(model.description)));
    await expect(register(model)).rejects.toThrow(/could not be chained to any specified trust anchor/);
  });
});

it('is refused where no statement names its AAGUID', async () => {
  await enforce(statements(metadata).filter(({ description }) => !description.includes('CTAP 2.1')));
  await expect(register(findModel('ctap2.1'))).rejects.toThrow(/No metadata statement found for aaguid/);
});

it('is refused where its certificate names another AAGUID than the key', async () => {
  await enforce(statements(metadata));
  const [real, other] = [findModel('ctap2.1'), findModel('ctap2.0')];
  await expect(register({ ...real, aaguid: other.aaguid })).resolves.toBe('packed');
  const store = memoryStore();
  await Platform.open({ model: real, authority, store }); // the factory certifies it, then its firmware lies
  const liar = await Platform.open({ model: { ...real, aaguid: other.aaguid }, authority, store });
  await expect(registerAt(liar, {})).rejects.toThrow(/AAGUID/);
});

it('accepts the enterprise attestation of a single device', async () => {
  await enforce(statements(metadata));
  const platform = await Platform.open({ model: findModel('ctap2.1'), authority });
  await platform.call(Command.authenticatorConfig, new Map([[1, 1]]));
  const { attStmt, epAtt } = await platform.makeCredential({ enterpriseAttestation: 2 });
  expect(epAtt).toBe(true);
  const [leaf] = packedStatement.decode(attStmt!, 'attStmt').x5c!;
  expect(Buffer.from(leaf!).includes(platform.key.identity.serial!)).toBe(true);
  expect(await registerAt(platform, { enterpriseAttestation: 2 })).toBe('packed');
});

it('accepts a fido-u2f attestation where the platform prefers it', async () => {
  const model = findModel('ctap2.3-everything');
  const pem = (der: string) =>
    `-----BEGIN CERTIFICATE-----\n${der.match(/.{1,64}/g)!.join('\n')}\n-----END CERTIFICATE-----`;
  const roots = (published: PublishedMetadata) =>
    statements(published).find(({ description }) => description.startsWith(model.description))!
      .attestationRootCertificates;
  const preferred = { attestationFormatsPreference: ['tpm', 'fido-u2f', 'packed'] };
  SettingsService.setRootCertificates({ identifier: 'fido-u2f', certificates: roots(metadata).map(pem) });
  expect(await register(model, preferred)).toBe('fido-u2f');
  SettingsService.setRootCertificates({ identifier: 'fido-u2f', certificates: roots(foreign).map(pem) });
  await expect(register(model, preferred)).rejects.toThrow(/could not be chained/);
});

describe('the signed metadata', () => {
  /** Serves a BLOB as the metadata service of FIDO does, and lets the relying party fetch it. */
  async function serve(blob: string, root: string): Promise<void> {
    const server = createServer((_, response) => response.end(blob));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      SettingsService.setRootCertificates({ identifier: 'mds', certificates: [root] });
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
      await MetadataService.initialize({ mdsServers: [url], verificationMode: 'strict' });
    } finally {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  }

  it('is fetched, verified under the lab’s metadata root, and enforced', async () => {
    await serve(metadata.blob, metadata.metadataRoot);
    expect(await register(findModel('token2-r3.3-pin-plus'))).toBe('packed');
    expect(await register(findModel('ctap2.3-everything'))).toBe('packed');
  });

  it('is not taken under another root, nor after a change', async () => {
    await serve(metadata.blob, foreign.metadataRoot);
    await expect(register(findModel('ctap2.1'))).rejects.toThrow(/No metadata statement found/);
    const [header, payload, signature] = metadata.blob.split('.');
    const { metadataRoot } = metadata;
    const changed = Buffer.from(
      Buffer.from(payload!, 'base64url').toString().replace('NOT_FIDO_CERTIFIED', 'FIDO_CERTIFIED'),
    ).toString('base64url');
    await serve([header, changed, signature].join('.'), metadataRoot);
    await expect(register(findModel('ctap2.1'))).rejects.toThrow(/No metadata statement found/);
  });
});
