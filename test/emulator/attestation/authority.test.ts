import 'reflect-metadata'; // @peculiar/x509 wants it loaded before
import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  BasicConstraintsExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  X509Certificate as Peculiar,
} from '@peculiar/x509';
import { describe, expect, it } from 'vitest';
import { toHex } from '../../../ctap/bytes.ts';
import { nobleCrypto } from '../../../ctap/crypto-noble.ts';
import { AttestationAuthority } from '../../../emulator/attestation/authority.ts';
import { nodeCrypto } from '../../../emulator/crypto-node.ts';
import type { Store } from '../../../emulator/environment.ts';
import { defaultModel, type Model } from '../../../emulator/models/index.ts';
import { seededRandom, systemRandom } from '../../../emulator/random.ts';
import { memoryStore } from '../../../emulator/store/memory.ts';

const direct: Model = { ...defaultModel, intermediateAuthority: false };
const indirect: Model = { ...defaultModel, name: 'through.an-intermediate', intermediateAuthority: true };
const u2fOnly: Model = { ...defaultModel, name: 'u2f', versions: ['U2F_V2'], aaguid: new Uint8Array(16) };
const OID_AAGUID = '1.3.6.1.4.1.45724.1.1.4';
const OID_SERIAL = '1.3.6.1.4.1.45724.1.1.2';
const OID_TRANSPORTS = '1.3.6.1.4.1.45724.2.1.1';

const open = (store: Store = memoryStore()) =>
  AttestationAuthority.open({ crypto: nodeCrypto, random: systemRandom, store });
const parse = (der: Uint8Array) => new Peculiar(Buffer.from(der));
const pem = (der: Uint8Array) => new X509Certificate(der).toString();
const extension = (certificate: Peculiar, oid: string) => {
  const found = certificate.getExtension(oid);
  return found && { critical: found.critical, value: toHex(new Uint8Array(found.value)) };
};

describe('the attestation authority', () => {
  it('keeps to the packed attestation certificate requirements', async () => {
    const authority = await open();
    const [leaf] = (await authority.batch(direct)).x5c;
    const certificate = parse(leaf!);
    expect(certificate.subjectName.toJSON()).toEqual([
      { C: ['CH'] },
      { O: ['ctaplab'] },
      { OU: ['Authenticator Attestation'] },
      { CN: [`ctaplab virtual ${direct.name}`] },
    ]);
    expect(certificate.getExtension(BasicConstraintsExtension)).toMatchObject({ ca: false, critical: true });
    expect(certificate.getExtension(KeyUsagesExtension)?.usages).toBe(KeyUsageFlags.digitalSignature);
    // an OCTET STRING within the extension's own, never critical (WebAuthn Level 3 §8.2.1)
    expect(extension(certificate, OID_AAGUID)).toEqual({ critical: false, value: `0410${toHex(direct.aaguid)}` });
    expect(extension(certificate, OID_TRANSPORTS)).toEqual({ critical: false, value: '03020430' });
    expect(extension(certificate, OID_SERIAL)).toBeNull();
    expect(await certificate.verify({ publicKey: parse(authority.root).publicKey })).toBe(true);
    const root = parse(authority.root);
    expect(root.getExtension(BasicConstraintsExtension)).toMatchObject({ ca: true, pathLength: 1, critical: true });
    expect(root.getExtension(KeyUsagesExtension)?.usages).toBe(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign);
    expect(await root.isSelfSigned()).toBe(true);
  });

  it('names no AAGUID for a key that speaks U2F alone', async () => {
    const [leaf] = (await (await open()).batch(u2fOnly)).x5c;
    expect(extension(parse(leaf!), OID_AAGUID)).toBeNull();
  });

  it('gives a device a certificate of its own with its serial number', async () => {
    const authority = await open();
    const one = await authority.enterprise(direct, '76104012345678');
    const other = await authority.enterprise(direct, '76104087654321');
    const certificate = parse(one.x5c[0]!);
    const serial = Buffer.from('76104012345678').toString('hex');
    expect(extension(certificate, OID_SERIAL)).toEqual({ critical: false, value: `040e${serial}` });
    expect(extension(certificate, OID_AAGUID)).toEqual({ critical: false, value: `0410${toHex(direct.aaguid)}` });
    expect(toHex(one.privateKey)).not.toBe(toHex(other.privateKey));
    expect(new X509Certificate(one.x5c[0]!).verify(new X509Certificate(authority.root).publicKey)).toBe(true);
  });

  it.each([
    ['direct', direct],
    ['through an intermediate', indirect],
  ])('chains to its root by openssl’s own rules: %s', async (_, model) => {
    const folder = mkdtempSync(join(tmpdir(), 'ctaplab-authority-'));
    try {
      const authority = await open();
      const file = (name: string, ...certificates: readonly Uint8Array[]) => {
        writeFileSync(join(folder, name), certificates.map(pem).join(''));
        return join(folder, name);
      };
      const root = file('root.pem', authority.root);
      const stranger = file('stranger.pem', (await open()).root);
      for (const { x5c } of [await authority.batch(model), await authority.enterprise(model, '76104012345678')]) {
        const [leaf, ...between] = x5c;
        expect(between.length).toBe(model.intermediateAuthority ? 1 : 0);
        const chain = between.length > 0 ? ['-untrusted', file('between.pem', ...between)] : [];
        const verify = (anchor: string) =>
          execFileSync('openssl', ['verify', '-x509_strict', '-CAfile', anchor, ...chain, file('leaf.pem', leaf!)], {
            encoding: 'utf8',
            stdio: 'pipe',
          });
        expect(verify(root)).toMatch(/leaf\.pem: OK/);
        expect(() => verify(stranger)).toThrow(/unable to get local issuer certificate/);
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('gives the same root and batch certificate whenever it is opened again', async () => {
    const store = memoryStore();
    const first = await open(store);
    const [leaf] = (await first.batch(direct)).x5c;
    const second = await open(store);
    expect(toHex(second.root)).toBe(toHex(first.root));
    expect(toHex((await second.batch(direct)).x5c[0]!)).toBe(toHex(leaf!));
    expect(toHex((await open()).root)).not.toBe(toHex(first.root));
  });

  it('follows from a seed to the byte', async () => {
    const seeded = () =>
      AttestationAuthority.open({ crypto: nobleCrypto, random: seededRandom('0a'), store: memoryStore() });
    const [one, two] = [await seeded(), await seeded()];
    expect(toHex(one.root)).toBe(toHex(two.root));
    const [a, b] = [await one.enterprise(indirect, '1'), await two.enterprise(indirect, '1')];
    expect(a.x5c.map(toHex)).toEqual(b.x5c.map(toHex));
    expect(toHex(a.privateKey)).toBe(toHex(b.privateKey));
  });

  it('signs metadata under a root that is not the attestation root', async () => {
    const authority = await open();
    const { signer, x5c, root } = await authority.metadataSigner();
    expect(toHex(root)).not.toBe(toHex(authority.root));
    const [leaf] = x5c.map((der) => new X509Certificate(der));
    expect(leaf!.verify(new X509Certificate(root).publicKey)).toBe(true);
    expect(signer.alg).toBe(-7);
  });
});
