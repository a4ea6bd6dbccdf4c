/** Who plays in the demo: an administrator and a user before their browsers, and what both expect of the service. */
import type { DuoService } from '../../sites/duo/service.ts';
import { type Page, ServiceClient, ServiceRefusal } from '../service-client.ts';

export const USERNAME = 'alice';
const ADDRESS = 'alice@example.org';

/** The administrator at the dashboard. */
export class Administrator extends ServiceClient {
  readonly #service: DuoService;

  constructor(service: DuoService) {
    super({ ...service, userAgent: 'ctaplab demo, the administrator' });
    this.#service = service;
  }

  /** Signs in. */
  async enter(): Promise<string> {
    const { administrator } = this.#service;
    if (administrator === undefined) throw new Error('expected a first administrator, the database has one already');
    const { email, password } = administrator;
    const page = await this.submit(await this.get('/dashboard'), '/dashboard/sign-in', { email, password });
    if (page.path !== '/dashboard') throw new Error(`expected the dashboard, got ${page.path} (${page.status})`);
    return email;
  }

  /** Sends a form of a page of the dashboard; resolves to the page that follows, with its notice. */
  async change(
    from: string,
    action: string,
    fields: Readonly<Record<string, string>>,
  ): Promise<Page & { notice: string }> {
    const page = await this.submit(await this.get(from), action, fields);
    const [, kind, html = ''] = /id="notice"[^>]*data-kind="(\w+)"><p>(.*?)<\/p>/s.exec(page.text) ?? [];
    const notice = plainText(html);
    if (kind === 'good') return { ...page, notice };
    throw new Error(kind === 'bad' ? notice : `expected a notice after ${action}, got status ${page.status}`);
  }

  /** Policy as its form stands, with these members changed. */
  async setPolicy(members: Readonly<Record<string, string>>): Promise<string> {
    const { text } = await this.get('/dashboard/policy');
    return (await this.change('/dashboard/policy', '/dashboard/policy', { ...fieldsOf(text), ...members })).notice;
  }

  /** Users > Add a user; resolves to the path of the settings. */
  async addUser(): Promise<string> {
    const fields = { username: USERNAME, realName: 'Alice Example', email: ADDRESS };
    return (await this.change('/dashboard/users', '/dashboard/users', fields)).path;
  }

  /** Hardware tokens > Import, and assigns the token; resolves to the path of its page. */
  async importToken(type: string, serial: string, secret: Uint8Array): Promise<string> {
    const csv = `${serial},${Buffer.from(secret).toString('hex')}`;
    const { text } = await this.change('/dashboard/tokens', '/dashboard/tokens', { type, csv });
    const path = new RegExp(`href="(/dashboard/tokens/DH\\w+)">${serial}<`).exec(text)?.[1];
    if (path === undefined) throw new Error(`expected the token ${serial} in the list, it is not there`);
    await this.change(path, `${path}/assign`, { username: USERNAME });
    return path;
  }
}

/** The user at the portal. */
export class User extends ServiceClient {
  constructor(service: DuoService) {
    super({ ...service, userAgent: 'ctaplab demo, the user' });
  }

  /** Names the account, as the first page of the sign-in asks. */
  async name(): Promise<void> {
    const page = await this.submit(await this.get('/sign-in'), '/sign-in', { username: USERNAME });
    if (page.path !== '/sign-in/prompt') throw new Error(`expected the prompt, got ${page.path} (${page.status})`);
  }

  /** Enters a passcode at the prompt; resolves to where it leads. */
  async passcode(passcode: string): Promise<string> {
    await this.name();
    return (await this.post<{ url: string }>('/sign-in/passcode', { passcode })).url;
  }

  async signOut(): Promise<void> {
    await this.submit(await this.get('/portal'), '/sign-out', {});
  }
}

/** What the service refuses something with, in its own words. */
export async function refused(work: Promise<unknown>, ...codes: readonly string[]): Promise<string> {
  try {
    await work;
  } catch (error) {
    if (error instanceof ServiceRefusal && codes.includes(error.code)) return error.code.replaceAll('_', ' ');
    throw error;
  }
  throw new Error(`expected the service to refuse (${codes.join(', ')}), it did not`);
}

/** The values that a form would send if nobody changed it. */
function fieldsOf(html: string): Record<string, string> {
  const form = /<form id="policy".*?<\/form>/s.exec(html)?.[0] ?? '';
  const fields: Record<string, string> = {};
  for (const [tag, name] of form.matchAll(/<input [^>]*name="(\w+)"[^>]*>/g)) {
    if (name === 'csrf' || (/type="checkbox"/.test(tag) && !/ checked/.test(tag))) continue;
    fields[name!] = /value="([^"]*)"/.exec(tag)?.[1] ?? 'on';
  }
  for (const [, name, options] of form.matchAll(/<select [^>]*name="(\w+)"[^>]*>(.*?)<\/select>/gs)) {
    fields[name!] = /value="([^"]*)" selected/.exec(options!)?.[1] ?? '';
  }
  for (const [, name, text] of form.matchAll(/<textarea [^>]*name="(\w+)"[^>]*>([^<]*)</g)) fields[name!] = text!;
  return fields;
}

function plainText(html: string): string {
  return html
    .replaceAll('&#39;', "'")
    .replaceAll('&quot;', '"')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&');
}
