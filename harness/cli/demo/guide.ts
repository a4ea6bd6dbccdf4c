/** The guide's story: switch, mail, wizard, sign-in by touch, a second key; then the tokens. */
import type { Lab } from '../../../emulator/lab/lab.ts';
import type { DuoService } from '../../sites/duo/service.ts';
import type { EnrolledJSON } from '../../sites/duo/web/enrolment-routes.ts';
import type {
  AuthenticationResponseJSON,
  PublicKeyCredentialCreationOptionsJSON,
  PublicKeyCredentialRequestOptionsJSON,
  WebAuthnClient,
} from '../../webauthn/index.ts';
import { openDevice } from '../devices.ts';
import { labOptions } from '../key-options.ts';
import { Administrator, refused, USERNAME, User } from './cast.ts';
import type { DemoOptions, OnClose, Story } from './story.ts';

export async function tellGuide(story: Story, options: DemoOptions, onClose: OnClose): Promise<void> {
  story.chapter('Before it begins');
  const lab = await story.step('plug in a virtual key', () => plugIn(options, onClose));
  const service = await story.step('start the service', () => startService(onClose));
  const key = await story.step('reach the key', () => reach(lab, service, onClose));
  const admin = new Administrator(service);
  onClose(() => admin.close());
  const user = visitor(service, onClose);

  story.chapter('The administrator');
  await story.step('sign in to the dashboard', async () => [null, await admin.enter()] as const);
  const settings = await story.step('Users: add a user', async () => [await admin.addUser(), USERNAME] as const);
  await story.step('Policy has security keys off: none to choose', () =>
    lookAtWizard(service, settings, admin, onClose),
  );
  await story.step('Policy: switch security keys on', async () => {
    return [null, await admin.setPolicy({ securityKeys: 'on' })] as const;
  });
  const mailed = service.mailbox!.next();
  await story.step('Send Email with Device Enrollment', async () => {
    return [null, (await admin.change(settings, `${settings}/enrolment-mail`, {})).notice] as const;
  });

  const link = await tellEnrolment(story, user, key, mailed);
  await tellSignIn(story, { user, thief: visitor(service, onClose) }, key, link);
  await tellPortal(story, service, user, onClose);
  const { tellTokens } = await import('./tokens.ts');
  await tellTokens(story, { admin, user }, lab.keys.get('1')!);
  await story.step('Log: every attempt is in it', async () => {
    const { text } = await admin.get('/dashboard/log');
    const [good, bad] = ['success', 'denied'].map((result) => text.split(`>${result}</b>`).length - 1);
    if (!good || !bad) throw new Error(`expected successes and denials in the log, got ${good} and ${bad}`);
    return [null, `${good} successes, ${bad} denials`] as const;
  });
}

/** What a user may choose in the wizard while policy stands as the service began. */
async function lookAtWizard(
  service: DuoService,
  settings: string,
  admin: Administrator,
  onClose: OnClose,
): Promise<readonly [null, string]> {
  const mailed = service.mailbox!.next();
  await admin.change(settings, `${settings}/enrolment-mail`, {});
  const { text } = await visitor(service, onClose).get(pathOf(linkIn(await mailed)));
  const choices = [...text.matchAll(/data-kind="([\w-]+)"[\s\S]*?<b>(.*?)<\/b>/g)];
  if (choices.length === 0 || choices.some(([, kind]) => kind === 'security-key')) {
    throw new Error(`expected the wizard without security keys, it has ${choices.map(([, kind]) => kind).join(', ')}`);
  }
  return [null, `the wizard offers: ${choices.map(([, , label]) => label).join(', ')}`];
}

/** The mail, the wizard's steps by their names; resolves to the link's path. */
async function tellEnrolment(
  story: Story,
  user: User,
  key: WebAuthnClient,
  mailed: Promise<{ readonly subject: string; readonly text: string }>,
): Promise<string> {
  story.chapter('The user enrolls');
  const link = await story.step('read the mail', async () => {
    const mail = await mailed;
    return [linkIn(mail), `“${mail.subject}”`] as const;
  });
  const path = pathOf(link);
  await story.step('open its link: Get Started', async () => {
    const { status, text } = await user.get(path);
    if (status !== 200 || !text.includes('Get Started')) throw new Error(`expected the wizard, got status ${status}`);
    await user.post('/enroll/start', { code: link.searchParams.get('code') });
    return [null, `account ${USERNAME}`] as const;
  });
  const creation = await story.step('choose Security Key, Continue', () => creationOptions(user));
  const registration = await story.step('the key makes a credential', async () => {
    const response = await key.create(creation);
    return [response, `credential ${response.id.slice(0, 16)}...`] as const;
  });
  await story.step('Success! Device added', async () => {
    const { key: added, keyCount } = await user.post<EnrolledJSON>('/enroll/finish', registration);
    return [null, `“${added.name}”, ${keyCount} key for ${USERNAME}`] as const;
  });
  return path;
}

function linkIn({ text }: { readonly text: string }): URL {
  const [url] = /https:\/\/\S+\/enroll\?code=\S+/.exec(text) ?? [];
  if (url === undefined) throw new Error('expected a link in the mail, it has none');
  return new URL(url);
}

function pathOf({ pathname, search }: URL): string {
  return pathname + search;
}

async function tellSignIn(
  story: Story,
  { user, thief }: { readonly user: User; readonly thief: User },
  key: WebAuthnClient,
  link: string,
): Promise<void> {
  await story.step('the link is refused now', async () => {
    const { status, text } = await thief.get(link);
    if (status !== 410) throw new Error(`expected status 410 for a used link, got ${status}`);
    return [null, /<h1>(.*?)<\/h1>/.exec(text)?.[1] ?? ''] as const;
  });
  story.chapter('The user signs in');
  await story.step('enter the username', async () => [await user.name(), USERNAME] as const);
  const assertion = await story.step('Use your security key: the key signs', async () => {
    const response = await key.get(await requestOptions(user));
    return [response, `credential ${response.id.slice(0, 16)}...`] as const;
  });
  await story.step('signed in', async () => [null, await finish(user, assertion)] as const);
  await story.step('a copied answer is refused', async () => {
    await thief.name();
    await requestOptions(thief);
    return [null, await refused(thief.post('/sign-in/assertion', assertion), 'wrong_key')] as const;
  });
}

/** A second key, added by who is signed in; then the portal's other buttons. */
async function tellPortal(story: Story, service: DuoService, user: User, onClose: OnClose): Promise<void> {
  story.chapter('The device portal');
  const { createBrowserlessClient } = await import('../../browsers/browserless.ts');
  const spare = await createBrowserlessClient({ origin: service.url });
  onClose(() => spare.close());
  const added = await story.step('Add a device: a spare key', async () => {
    const [creation] = await creationOptions(user);
    const enrolled = await user.post<EnrolledJSON>('/enroll/finish', await spare.create(creation));
    return [enrolled.key.webauthnKey, `“${enrolled.key.name}”, ${enrolled.keyCount} keys now`] as const;
  });
  await story.step('rename it', async () => {
    const path = `/portal/devices/${added}/rename`;
    const { text } = await user.submit(await user.get('/portal'), path, { name: 'Spare key' });
    if (!text.includes('>Spare key</h2>')) throw new Error('expected a device called Spare key, there is none');
    return [null, '“Spare key”'] as const;
  });
  await story.step('sign in with the spare key', async () => {
    await user.signOut();
    await user.name();
    return [null, await finish(user, await spare.get(await requestOptions(user)))] as const;
  });
  await story.step('remove it: it opens nothing any more', async () => {
    const finder = visitor(service, onClose);
    await finder.name();
    const assertion = await spare.get(await requestOptions(finder));
    await user.submit(await user.get('/portal'), `/portal/devices/${added}/remove`, {});
    return [null, await refused(finder.post('/sign-in/assertion', assertion), 'wrong_key')] as const;
  });
  await story.step('sign out', async () => [await user.signOut(), 'session ended'] as const);
}

/** Somebody else before a browser of their own. */
function visitor(service: DuoService, onClose: OnClose): User {
  const person = new User(service);
  onClose(() => person.close());
  return person;
}

async function plugIn(options: DemoOptions, onClose: OnClose): Promise<readonly [Lab, string]> {
  const { Lab } = await import('../../../emulator/lab/lab.ts');
  const { transport = [{ kind: 'udp', port: 0 }] } = options;
  const lab = await Lab.open(labOptions({ ...options, keys: 1, transport }, 'auto'));
  onClose(() => lab.close());
  const { key, devices } = lab.keys.get('1')!;
  return [lab, `${key.identity.product}, serial ${key.identity.serial}, at ${devices.join(' and ')}`];
}

async function startService(onClose: OnClose): Promise<readonly [DuoService, string]> {
  const [{ startDuoService }, { changePolicy }] = await Promise.all([
    import('../../sites/duo/service.ts'),
    import('../../sites/duo/domain/policy.ts'),
  ]);
  const service = await startDuoService();
  onClose(() => service.close());
  // The guide begins at an organisation that does not use them yet.
  await changePolicy(service.tenant, { securityKeys: false });
  return [service, `${service.url}, RP ID ${service.tenant.rpId}`];
}

/** A WebAuthn client of the service's origin, as a browser on its page is one, over the first way to the key. */
async function reach(lab: Lab, service: DuoService, onClose: OnClose): Promise<readonly [WebAuthnClient, string]> {
  const { WebAuthnClient } = await import('../../webauthn/index.ts');
  const opened = await openDevice(lab.keys.get('1')!.devices[0]);
  onClose(() => opened.close());
  const { versions } = await opened.ctap2.getInfo();
  return [new WebAuthnClient({ origin: service.url, authenticators: () => [opened.device] }), versions.join(', ')];
}

async function creationOptions(user: User): Promise<readonly [PublicKeyCredentialCreationOptionsJSON, string]> {
  const options = await user.post<PublicKeyCredentialCreationOptionsJSON>('/enroll/options', { kind: 'security-key' });
  return [options, `for ${options.rp.id}`];
}

function requestOptions(user: User): Promise<PublicKeyCredentialRequestOptionsJSON> {
  return user.post('/sign-in/options', {});
}

async function finish(user: User, assertion: AuthenticationResponseJSON): Promise<string> {
  const { url } = await user.post<{ url: string }>('/sign-in/assertion', assertion);
  const page = await user.get(url);
  if (page.path !== '/portal') throw new Error(`expected the device portal, got ${page.path} (${page.status})`);
  return 'Your devices';
}
