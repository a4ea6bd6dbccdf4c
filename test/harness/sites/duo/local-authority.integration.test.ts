import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, createServer } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LocalAuthority, type ServerCertificate } from '../../../../harness/sites/duo/tls/local-authority.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ctaplab-authority-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Opens a connection to a server with the certificate; resolves to what the client thinks of it. */
async function handshake(certificate: ServerCertificate, ca: string, servername: string): Promise<string> {
  const server = createServer(certificate, (socket) => socket.end());
  server.on('tlsClientError', () => {});
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = connect({ host: '127.0.0.1', port: (server.address() as AddressInfo).port, ca, servername });
  try {
    return await Promise.race([
      once(client, 'secureConnect').then(() => 'trusted'),
      once(client, 'error').then(([error]) => String((error as NodeJS.ErrnoException).code)),
    ]);
  } catch (error) {
    return String((error as NodeJS.ErrnoException).code);
  } finally {
    client.destroy();
    server.close();
  }
}

describe('the local authority', () => {
  it('is trusted for the names of its servers, and no other is', async () => {
    const authority = LocalAuthority.open();
    const server = authority.issue(['api-1a2b3c4d.duo.localhost', 'duo.localhost']);
    const ca = authority.certificate;
    expect(await handshake(server, ca, 'api-1a2b3c4d.duo.localhost')).toBe('trusted');
    expect(await handshake(server, ca, 'duo.localhost')).toBe('trusted');
    expect(await handshake(server, ca, 'other.duo.localhost')).toBe('ERR_TLS_CERT_ALTNAME_INVALID');
    const stranger = LocalAuthority.open();
    expect(await handshake(server, stranger.certificate, 'duo.localhost')).not.toBe('trusted');
  });

  it('names no server outside of localhost', () => {
    const authority = LocalAuthority.open();
    for (const name of ['example.org', 'localhost.example.org', 'notlocalhost', '*']) {
      expect(() => authority.issue([name])).toThrow(RangeError);
    }
    const certificate = new X509Certificate(authority.certificate);
    expect(certificate.ca).toBe(true);
    // id-ce-nameConstraints with the one permitted name, as DER.
    const constraint = Buffer.from('0603551d1e0101ff', 'hex');
    expect(certificate.raw.includes(constraint)).toBe(true);
    expect(certificate.raw.includes(Buffer.from('8209'.concat(Buffer.from('localhost').toString('hex')), 'hex'))).toBe(
      true,
    );
  });

  it('stays the same in its folder, its key for its owner alone, and is made anew where the two do not fit', () => {
    const first = LocalAuthority.open(folder);
    expect(LocalAuthority.open(folder).certificate).toBe(first.certificate);
    expect(readFileSync(join(folder, 'ca.pem'), 'utf8')).toBe(first.certificate);
    expect(statSync(join(folder, 'ca-key.pem')).mode & 0o777).toBe(0o600);
    writeFileSync(join(folder, 'ca.pem'), LocalAuthority.open().certificate);
    const second = LocalAuthority.open(folder);
    expect(second.certificate).not.toBe(first.certificate);
    expect(LocalAuthority.open(folder).certificate).toBe(second.certificate);
  });

  it('issues server certificates for less than browsers allow at most', () => {
    const { cert } = LocalAuthority.open().issue(['duo.localhost']);
    const { validFrom, validTo, keyUsage } = new X509Certificate(cert);
    const days = (Date.parse(validTo) - Date.parse(validFrom)) / 86_400_000;
    expect(days).toBeLessThan(398);
    expect(keyUsage).toEqual(['1.3.6.1.5.5.7.3.1']);
  });
});
