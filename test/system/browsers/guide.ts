/**
 * The guide's own pages, over HTTPS and with an RP ID above the host: the wizard of a mailed link, the prompt, the
 * device portal, and the prompt again for a passcode that the key types.
 */
import { Token2OtpClient } from '../../../harness/client/token2.ts';
import { Token2HidCard } from '../../../harness/client/token2-hid.ts';
import { createEnrolmentLink } from '../../../harness/sites/duo/domain/enrolment-links.ts';
import { assignToken, createToken } from '../../../harness/sites/duo/domain/hardware-tokens.ts';
import { changePolicy } from '../../../harness/sites/duo/domain/policy.ts';
import { SITE_PROFILES } from '../../../harness/sites/duo/domain/profiles.ts';
import { createUser, findUser } from '../../../harness/sites/duo/domain/users.ts';
import { type DuoService, startDuoService } from '../../../harness/sites/duo/index.ts';
import { connectInProcess } from '../../../harness/transports/in-process.ts';
import { PATIENCE, type Visit } from './visit.ts';

const USERNAME = 'carol';
const SEED = new TextEncoder().encode('12345678901234567890');

/** A service whose policy wants the user verified; ceremonies may take as long as the machine is slow. */
export async function openService(): Promise<DuoService> {
  const { timeout, ...duo } = SITE_PROFILES.duo;
  const service = await startDuoService({ profile: { ...duo, timeout: { ...timeout, value: PATIENCE } } });
  await changePolicy(service.tenant, { userVerification: 'required' });
  return service;
}

/** Opens the link that an administrator mails, and enrols the key by the wizard; then signs in at the prompt. */
export async function followGuide(visit: Visit, { tenant, url }: DuoService): Promise<void> {
  const { userId } = await createUser(tenant, { username: USERNAME });
  const link = await createEnrolmentLink(tenant, userId);
  await visit.open(link.url, '#wizard[data-ready]');
  await enrolByWizard(visit, 'wizard');
  await visit.open(`${url}/sign-in`, '#username');
  await visit.page.locator('#username').fill(USERNAME);
  await visit.page.click('#sign-in');
  await visit.tellOutcome('prompt', '#devices, #alert:not([hidden])');
}

async function enrolByWizard(visit: Visit, step: string): Promise<void> {
  for (const button of ['#get-started', '[data-kind="security-key"]', '#continue']) await visit.page.click(button);
  await visit.tellOutcome(step, '[data-step="done"]:not([hidden]), #alert:not([hidden])');
}

/** The portal, with the key and its HOTP as devices: renames the key, removes it, and adds it again. */
export async function manageDevices(visit: Visit, { tenant }: DuoService): Promise<void> {
  const token = { type: 'h6', serial: 'typed', secret: Buffer.from(SEED).toString('hex') } as const;
  await assignToken(tenant, (await createToken(tenant, token)).tokenId, findUser(tenant, USERNAME)!.userId);
  await visit.page.locator('#devices input[name="name"]').fill('Blue key');
  await visit.page.click('#devices form[action$="/rename"] button');
  await visit.tellOutcome('portal-rename', '#notice');
  await visit.page.click('#devices summary');
  await visit.page.click('#devices form[action$="/remove"] button');
  await visit.tellOutcome('portal-remove', '#devices:not(:has(form))');
  await visit.page.click('#add-device');
  await visit.wait('#wizard[data-ready]');
  await enrolByWizard(visit, 'portal-add');
  await visit.page.click('#finish');
  await visit.tellOutcome('portal', '#devices:has(form)');
}

/** Signs in by the HOTP of the key, where policy leaves passcodes alone: nobody touches the page, the key types and submits. */
export async function typePasscode(visit: Visit, { tenant }: DuoService): Promise<void> {
  const card = new Token2HidCard(connectInProcess(visit.key.key));
  await (await Token2OtpClient.open(card, { selects: false })).writeButtonSeed({ digits: 6, seed: SEED });
  await card.close();
  await changePolicy(tenant, { securityKeys: false, platformAuthenticators: false });
  await visit.page.click('#sign-out');
  await visit.wait('#username');
  await visit.page.locator('#username').fill(USERNAME);
  await visit.page.click('#sign-in');
  await visit.wait('#passcode:focus');
  await visit.press();
  await visit.tellOutcome('typed-passcode', '#devices, #alert:not([hidden]), #passcode-error:not([hidden])');
}
