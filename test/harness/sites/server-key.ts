import { createHash, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:tls';
import type { DuoService } from '../../../harness/sites/duo/index.ts';

/**
 * Chromium's switch that has it take the certificate of a service for a good one, by the hash of its key: WebAuthn
 * refuses a page whose TLS is not good.
 */
export async function trustSwitch(service: Pick<DuoService, 'url' | 'port' | 'certificateAuthority'>): Promise<string> {
  const { url, port, certificateAuthority: ca } = service;
  const socket = connect({ host: '127.0.0.1', port, servername: new URL(url).hostname, ca });
  await once(socket, 'secureConnect');
  const certificate = new X509Certificate(socket.getPeerX509Certificate()!.raw);
  socket.destroy();
  return trustSwitchOf(certificate);
}

/** The same for a certificate at hand. */
export function trustSwitchOf({ publicKey }: X509Certificate): string {
  const hash = createHash('sha256').update(publicKey.export({ format: 'der', type: 'spki' }));
  return `--ignore-certificate-errors-spki-list=${hash.digest('base64')}`;
}
