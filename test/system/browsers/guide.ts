/** The guide's own pages, over HTTPS and with an RP ID above the host: the wizard of a mailed link, and the prompt. */
import { createHash, X509Certificate } from 'node:crypto';
import { connect } from 'node:tls';
import { createEnrolmentLink } from '../../../harness/sites/duo/domain/enrolment-links.ts';
import { changePolicy } from '../../../harness/sites/duo/domain/policy.ts';
import { SITE_PROFILES } from '../../../harness/sites/duo/domain/profiles.ts';
import { createUser } from '../../../harness/sites/duo/domain/users.ts';
import { type DuoService, startDuoService } from '../../../harness/sites/duo/index.ts';
import { PATIENCE, type Visit } from './visit.ts';

const USERNAME = 'carol';

/** A service whose policy wants the user verified; ceremonies may take as long as the machine is slow. */
export async function openService(): Promise<DuoService> {
  const { timeout, ...duo } = SITE_PROFILES.duo;
  const service = await startDuoService({ profile: { ...duo, timeout: { ...timeout, value: PATIENCE } } });
  await changePolicy(service.tenant, { userVerification: 'required' });
  return service;
}

/** The hash of the certificate's key, as Chromium's switch wants it: WebAuthn refuses a page whose TLS is not good. */
export async function serverKeyHash({ url, port, certificateAuthority: ca }: DuoService): Promise<string> {
  const raw = await new Promise<Buffer>((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, servername: new URL(url).hostname, ca }, () => {
      resolve(socket.getPeerX509Certificate()!.raw);
      socket.destroy();
    });
    socket.once('error', reject);
  });
  const key = new X509Certificate(raw).publicKey.export({ format: 'der', type: 'spki' });
  return createHash('sha256').update(key).digest('base64');
}

/** Opens the link that an administrator mails, and enrols the key by the wizard; then signs in at the prompt. */
export async function followGuide(visit: Visit, { tenant, url }: DuoService): Promise<void> {
  const { userId } = await createUser(tenant, { username: USERNAME });
  const link = await createEnrolmentLink(tenant, userId);
  await visit.open(link.url, '#wizard[data-ready]');
  for (const button of ['#get-started', '[data-kind="security-key"]', '#continue']) await visit.page.click(button);
  await visit.tellOutcome('wizard', '[data-step="done"]:not([hidden]), #alert:not([hidden])');
  await visit.open(`${url}/sign-in`, '#username');
  await visit.page.locator('#username').fill(USERNAME);
  await visit.page.click('#sign-in');
  await visit.tellOutcome('prompt', '#devices, #alert:not([hidden])');
}
