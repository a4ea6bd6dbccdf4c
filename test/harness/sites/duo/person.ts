/** Somebody before a browser: a client of the service with a key that a test can twist. */
import type {
  PublicKeyCredentialCreationOptionsJSON,
  PublicKeyCredentialRequestOptionsJSON,
} from '@simplewebauthn/server';
import { type Page, ServiceClient, ServiceRefusal } from '../../../../harness/cli/service-client.ts';
import { createEnrolmentLink } from '../../../../harness/sites/duo/domain/enrolment-links.ts';
import { createUser, findUser } from '../../../../harness/sites/duo/domain/users.ts';
import type { DuoService } from '../../../../harness/sites/duo/service.ts';
import { SoftKey, type Twist } from '../soft-key.ts';

export const ADMINISTRATOR = { email: 'admin@example.org', password: 'correct horse battery' };

export class Person extends ServiceClient {
  readonly key: SoftKey;

  constructor(service: DuoService) {
    super(service);
    this.key = new SoftKey(service.url);
  }

  /** Enrols the key by a fresh link. */
  static async enrolled(service: DuoService, username: string): Promise<Person> {
    const person = new Person(service);
    const { tenant } = service;
    const { userId } = findUser(tenant, username) ?? (await createUser(tenant, { username }));
    const { code } = await createEnrolmentLink(tenant, userId);
    await person.post('/enroll/start', { code });
    await person.post('/enroll/finish', person.key.register(await person.creationOptions()));
    return person;
  }

  creationOptions(): Promise<PublicKeyCredentialCreationOptionsJSON> {
    return this.post('/enroll/options', { kind: 'security-key' });
  }

  /** Goes to the prompt of the portal. */
  async name(username: string): Promise<Page> {
    return this.submit(await this.get('/sign-in'), '/sign-in', { username });
  }

  requestOptions(): Promise<PublicKeyCredentialRequestOptionsJSON> {
    return this.post('/sign-in/options', {});
  }

  /** Signs in to the portal by the key. */
  async signIn(username: string, twist: Twist = {}): Promise<void> {
    await this.name(username);
    await this.post('/sign-in/assertion', this.key.authenticate(await this.requestOptions(), twist));
  }

  async signInAsAdministrator(administrator = ADMINISTRATOR): Promise<Page> {
    return this.submit(await this.get('/dashboard'), '/dashboard/sign-in', administrator);
  }
}

/** The code that the service refuses with; an error where it does not. */
export async function refusal(answer: Promise<unknown>): Promise<string> {
  try {
    await answer;
  } catch (error) {
    if (error instanceof ServiceRefusal) return error.code;
    throw error;
  }
  throw new Error('expected the service to refuse, it did not');
}
