/** The site's JSON API with the cookies that a browser would keep. */
import type { AuthenticationResultJSON, ErrorJSON, RegistrationResultJSON } from '../sites/duo/index.ts';
import type {
  PublicKeyCredentialCreationOptionsJSON,
  PublicKeyCredentialRequestOptionsJSON,
} from '../webauthn/index.ts';

/** The site said no; `code` is its word for why. */
export class SiteRefusal extends Error {
  readonly code: string;

  constructor(status: number, { error }: ErrorJSON) {
    super(`the site refused: ${error.message} (${status} ${error.code})`);
    this.name = 'SiteRefusal';
    this.code = error.code;
  }
}

export class SiteClient {
  readonly #url: string;
  readonly #cookies = new Map<string, string>();

  /** `url` without a slash at its end. */
  constructor(url: string) {
    this.#url = url;
  }

  async registrationOptions(username: string): Promise<PublicKeyCredentialCreationOptionsJSON> {
    const options = await this.#post('/api/registration/options', { username });
    return options as PublicKeyCredentialCreationOptionsJSON;
  }

  async register(response: object): Promise<RegistrationResultJSON> {
    return (await this.#post('/api/registration', response)) as RegistrationResultJSON;
  }

  async authenticationOptions(username: string): Promise<PublicKeyCredentialRequestOptionsJSON> {
    const options = await this.#post('/api/authentication/options', { username });
    return options as PublicKeyCredentialRequestOptionsJSON;
  }

  async authenticate(response: object): Promise<AuthenticationResultJSON> {
    return (await this.#post('/api/authentication', response)) as AuthenticationResultJSON;
  }

  async signOut(): Promise<void> {
    await this.#post('/api/sign-out', {});
  }

  async #post(path: string, body: object): Promise<unknown> {
    const response = await fetch(`${this.#url}${path}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Cookie: this.#cookieHeader() },
      body: JSON.stringify(body),
    });
    for (const cookie of response.headers.getSetCookie()) this.#keep(cookie);
    const answer: unknown = await response.json();
    if (response.ok) return answer;
    throw new SiteRefusal(response.status, answer as ErrorJSON);
  }

  #keep(cookie: string): void {
    const [name, value] = cookie.split(';', 1)[0]!.split(/=(.*)/s, 2);
    if (name !== undefined && value !== undefined) this.#cookies.set(name, value);
  }

  #cookieHeader(): string {
    return [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  }
}
