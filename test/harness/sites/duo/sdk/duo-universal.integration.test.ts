/** @duosecurity/duo_universal of the npm registry, as it is, against the Universal Prompt's endpoints. */
import type {
  PublicKeyCredentialCreationOptionsJSON,
  PublicKeyCredentialRequestOptionsJSON,
} from '@simplewebauthn/server';
import { decodeJwt, SignJWT } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createBrowserlessClient } from '../../../../../harness/browsers/browserless.ts';
import { listAuthentications } from '../../../../../harness/sites/duo/domain/authentication-log.ts';
import { createUser } from '../../../../../harness/sites/duo/domain/users.ts';
import { sendEnrolmentMail } from '../../../../../harness/sites/duo/mail/enrolment-mail.ts';
import { HttpBrowser } from '../http-browser.ts';
import { SdkProgram } from './child.ts';
import type { Answer } from './lines.ts';
import { code, type Keys, ServiceBench } from './service.ts';
import { TamperingProxy } from './tampering-proxy.ts';
import type { UniversalRequest } from './universal-program.ts';

/** Passwords are hashed and programs start, on a machine that may be busy. */
const PATIENCE_MS = 60_000;

const STATE = 'a state that has at least 22 characters';
const CALLBACK = 'https://app.example/callback';

let bench: ServiceBench;
let program: SdkProgram;
let app: Keys;
let browser: HttpBrowser;
let counter = 0;

beforeAll(async () => {
  bench = await ServiceBench.start();
  program = new SdkProgram('universal-program.ts', bench.address);
  app = await bench.integration('web');
  await bench.userWithToken('ann');
}, PATIENCE_MS);
afterAll(async () => {
  await program.end();
  await bench.close();
});
beforeEach(() => {
  browser = new HttpBrowser(bench.service.certificateAuthority);
});

type Method = UniversalRequest['method'];

function call(method: Method, words: readonly string[] = [], options = {}): Promise<Answer> {
  const own = { clientId: app.key, clientSecret: app.secret, apiHost: bench.host, redirectUrl: CALLBACK };
  return program.ask({ options: { ...own, ...options }, method, words } satisfies UniversalRequest);
}

async function value<T>(method: Method, words: readonly string[] = [], options = {}): Promise<T> {
  const answer = await call(method, words, options);
  if ('error' in answer) throw new Error(`${method}: ${answer.error.message}`);
  return answer.value as T;
}

/** The message of the SDK's exception. */
async function refusal(method: Method, words: readonly string[] = [], options = {}): Promise<string> {
  const answer = await call(method, words, options);
  if ('value' in answer) throw new Error(`${method}: expected an exception, got ${JSON.stringify(answer.value)}`);
  expect(answer.error.name).toBe('DuoException');
  return answer.error.message;
}

/** Signs in by the next passcode, where the SDK sends the browser; resolves to where the application gets it back. */
async function throughPrompt(username: string, options = {}): Promise<URL> {
  const prompt = await browser.open(await value<string>('createAuthUrl', [username, STATE], options));
  expect([prompt.status, prompt.body]).toEqual([200, expect.stringContaining('A web of tests')]);
  const answer = await browser.post(`${prompt.url}/passcode`, { passcode: code(counter++) });
  expect(answer.status, answer.body).toBe(200);
  return new URL((JSON.parse(answer.body) as { url: string }).url);
}

describe('healthCheck', () => {
  it('finds the service well', async () => {
    expect(await value('healthCheck')).toEqual({ stat: 'OK', response: { timestamp: expect.any(Number) } });
  });

  it('is refused with a wrong secret, and with an unknown client', async () => {
    const wrong = 'invalid_client: Failed to verify signature.';
    expect(await refusal('healthCheck', [], { clientSecret: 'x'.repeat(40) })).toBe(wrong);
    expect(await refusal('healthCheck', [], { clientId: 'DIXXXXXXXXXXXXXXXXXX' })).toBe(wrong);
  });

  it('is refused when the clocks differ too much', async () => {
    bench.setAhead(361);
    expect(await refusal('healthCheck')).toBe('invalid_client: Token has expired.');
    bench.setAhead(350);
    expect(await value('healthCheck')).toMatchObject({ stat: 'OK' });
    bench.setAhead(0);
  });
});

describe('a sign-in', () => {
  it('by passcode comes back with the state and a code, which the SDK exchanges once', async () => {
    const back = await throughPrompt('ann');
    expect([back.origin + back.pathname, back.searchParams.get('state')]).toEqual([CALLBACK, STATE]);
    const words = [back.searchParams.get('duo_code')!, 'ann'];
    const token = await value<Record<string, unknown>>('exchangeAuthorizationCodeFor2FAResult', words);
    expect(token).toMatchObject({
      iss: `https://${bench.host}/oauth/v1/token`,
      aud: app.key,
      preferred_username: 'ann',
      auth_result: { result: 'allow', status: 'allow' },
      auth_context: {
        result: 'success',
        reason: 'valid_passcode',
        factor: 'hardware_token',
        user: { name: 'ann' },
        application: { name: 'A web of tests', key: app.key },
        auth_device: { name: 'HOTP-6 token of-ann' },
        access_device: { ip: '127.0.0.1' },
      },
    });
    const { txid } = (token as { auth_context: { txid: string } }).auth_context;
    expect(listAuthentications(bench.service.tenant)[0]).toMatchObject({ txid, integrationKey: app.key });
    expect(await refusal('exchangeAuthorizationCodeFor2FAResult', words)).toMatch(/^invalid_grant: /);
  });

  it('gives the code as `code` where the application wants it so', async () => {
    const options = { useDuoCodeAttribute: false };
    const back = await throughPrompt('ann', options);
    expect(back.searchParams.has('duo_code')).toBe(false);
    const words = [back.searchParams.get('code')!, 'ann'];
    expect(await value('exchangeAuthorizationCodeFor2FAResult', words, options)).toMatchObject({ aud: app.key });
  });

  it('keeps the spelling of the name that the application uses', async () => {
    const back = await throughPrompt('ANN');
    const words = [back.searchParams.get('duo_code')!, 'ANN'];
    expect(await value('exchangeAuthorizationCodeFor2FAResult', words)).toMatchObject({ preferred_username: 'ANN' });
  });

  it('of another user than the application thinks is noticed by the SDK', async () => {
    const back = await throughPrompt('ann');
    const words = [back.searchParams.get('duo_code')!, 'bob'];
    expect(await refusal('exchangeAuthorizationCodeFor2FAResult', words)).toBe('The username is invalid');
  });

  it('without a nonce is refused by an SDK that wants one', async () => {
    const back = await throughPrompt('ann');
    const words = [back.searchParams.get('duo_code')!, 'ann', 'nonce'];
    expect(await refusal('exchangeAuthorizationCodeFor2FAResult', words)).toBe('The nonce is invalid');
  });

  it('is not exchanged with a wrong secret, by another application, for another place, or too late', async () => {
    const exchange = async (options = {}) => {
      const back = await throughPrompt('ann');
      return refusal('exchangeAuthorizationCodeFor2FAResult', [back.searchParams.get('duo_code')!, 'ann'], options);
    };
    expect(await exchange({ clientSecret: 'x'.repeat(40) })).toBe('invalid_client: Failed to verify signature.');
    const other = await bench.integration('web');
    expect(await exchange({ clientId: other.key, clientSecret: other.secret })).toMatch(/^invalid_grant: /);
    expect(await exchange({ redirectUrl: 'https://app.example/elsewhere' })).toMatch(/^invalid_grant: redirect_uri/);
    const late = await throughPrompt('ann');
    bench.setAhead(310);
    const words = [late.searchParams.get('duo_code')!, 'ann'];
    expect(await refusal('exchangeAuthorizationCodeFor2FAResult', words)).toMatch(/^invalid_grant: /);
    bench.setAhead(0);
  });
});

describe('an id_token that was changed on its way', () => {
  let proxy: TamperingProxy;
  let victim: SdkProgram;
  beforeAll(async () => {
    proxy = await TamperingProxy.start(bench.authority, new URL(bench.service.url).hostname, bench.service.port);
    victim = new SdkProgram('universal-program.ts', { ...bench.address, port: proxy.port });
  }, PATIENCE_MS);
  afterAll(async () => {
    await victim.end();
    await proxy.close();
  });

  /** What the SDK says of an answer of the token endpoint whose id_token was changed. */
  async function exchange(change: (idToken: string) => string | Promise<string>): Promise<Answer> {
    const back = await throughPrompt('ann');
    proxy.tamper(async (body) => {
      const answer = JSON.parse(body) as { id_token: string };
      return JSON.stringify({ ...answer, id_token: await change(answer.id_token) });
    });
    const options = { clientId: app.key, clientSecret: app.secret, apiHost: bench.host, redirectUrl: CALLBACK };
    const words = [back.searchParams.get('duo_code')!, 'ann'];
    return victim.ask({ options, method: 'exchangeAuthorizationCodeFor2FAResult', words } satisfies UniversalRequest);
  }

  const refused = { error: { name: 'DuoException', message: 'Error decoding JWT' } };
  const resign = (idToken: string, change: object, secret = app.secret) =>
    new SignJWT({ ...decodeJwt(idToken), ...change }).setProtectedHeader({ alg: 'HS512' }).sign(Buffer.from(secret));

  it('is taken by the SDK where it is whole, and where it is signed anew with the same secret', async () => {
    expect(await exchange((idToken) => idToken)).toMatchObject({ value: { preferred_username: 'ann' } });
    expect(await exchange((idToken) => resign(idToken, {}))).toMatchObject({ value: { preferred_username: 'ann' } });
  });

  it.each([
    ['has another claim under the old signature', replaceClaims],
    ['is signed with another secret', (idToken: string) => resign(idToken, {}, 'x'.repeat(40))],
    ['has expired', (idToken: string) => resign(idToken, { exp: Math.floor(Date.now() / 1000) - 61 })],
    ['is for another application', (idToken: string) => resign(idToken, { aud: 'DIXXXXXXXXXXXXXXXXXX' })],
    ['is of another issuer', (idToken: string) => resign(idToken, { iss: 'https://evil.example/oauth/v1/token' })],
  ])('is refused by the SDK where it %s', async (_name, change) => {
    expect(await exchange(change)).toEqual(refused);
  });

  function replaceClaims(idToken: string): string {
    const [head, , signature] = idToken.split('.');
    const claims = Buffer.from(JSON.stringify({ ...decodeJwt(idToken), sub: 'root' })).toString('base64url');
    return [head, claims, signature].join('.');
  }
});

describe('a security key', () => {
  it('is enrolled by the link of the mail, and signs in through the prompt', async () => {
    const { tenant, url: origin } = bench.service;
    const { userId } = await createUser(tenant, { username: 'keyed', email: 'keyed@example.org' });
    const { url: link, code: enrolCode } = await sendEnrolmentMail(tenant, userId, 'a test');
    const key = await createBrowserlessClient({ origin });
    const post = async <T>(url: string, body: unknown): Promise<T> => {
      const answer = await browser.post(url, body);
      expect(answer.status, answer.body).toBe(200);
      return JSON.parse(answer.body) as T;
    };
    try {
      expect((await browser.open(link)).status).toBe(200);
      await post(`${origin}/enroll/start`, { code: enrolCode });
      const creation = await post<PublicKeyCredentialCreationOptionsJSON>(`${origin}/enroll/options`, {
        kind: 'security-key',
      });
      await post(`${origin}/enroll/finish`, await key.create(creation));

      const { url: prompt } = await browser.open(await value<string>('createAuthUrl', ['keyed', STATE]));
      const request = await post<PublicKeyCredentialRequestOptionsJSON>(`${prompt}/options`, {});
      const { url: back } = await post<{ url: string }>(`${prompt}/assertion`, await key.get(request));
      const words = [new URL(back).searchParams.get('duo_code')!, 'keyed'];
      expect(await value('exchangeAuthorizationCodeFor2FAResult', words)).toMatchObject({
        preferred_username: 'keyed',
        auth_context: {
          factor: 'security_key',
          reason: 'user_approved',
          user: { key: userId },
          auth_device: { name: 'Security key' },
          email: 'keyed@example.org',
        },
      });
    } finally {
      await key.close();
    }
  });
});

describe('authorization requests that were changed', () => {
  async function changed(change: (request: URL) => void | Promise<void>): Promise<string> {
    const request = new URL(await value<string>('createAuthUrl', ['ann', STATE]));
    await change(request);
    const page = await browser.open(String(request), { follow: false });
    expect([page.status, page.headers.location]).toEqual([400, undefined]);
    return page.body;
  }

  it('are refused on a page of the service: a tampered claim, another client, another signature', async () => {
    const claims = await changed((request) => {
      const [head, , signature] = request.searchParams.get('request')!.split('.');
      const payload = { ...decodeJwt(request.searchParams.get('request')!), duo_uname: 'root' };
      const body = Buffer.from(JSON.stringify(payload)).toString('base64url');
      request.searchParams.set('request', [head, body, signature].join('.'));
    });
    expect(claims).toContain('Failed to verify signature.');
    const other = await bench.integration('web');
    expect(await changed((request) => request.searchParams.set('client_id', other.key))).toContain('Failed to verify');
    const expired = await changed(async (request) => {
      const payload = { ...decodeJwt(request.searchParams.get('request')!), exp: 1 };
      const signed = new SignJWT(payload).setProtectedHeader({ alg: 'HS512' }).sign(Buffer.from(app.secret));
      request.searchParams.set('request', await signed);
    });
    expect(expired).toContain('Token has expired.');
  });

  it('do not put what they carry into the page as HTML', async () => {
    const body = await changed((request) => request.searchParams.set('redirect_uri', '"><script>alert(1)</script>'));
    expect(body).not.toContain('<script>alert');
  });

  it('lead to registered places alone, where an application has some', async () => {
    const strict = await bench.integration('web', [CALLBACK]);
    const options = { clientId: strict.key, clientSecret: strict.secret };
    const open = async (redirectUrl: string) =>
      browser.open(await value<string>('createAuthUrl', ['ann', STATE], { ...options, redirectUrl }), {
        follow: false,
      });
    expect(await open('https://evil.example/callback')).toMatchObject({ status: 400 });
    expect(await open(CALLBACK)).toMatchObject({ status: 303 });
  });
});

describe('the web application behind it', () => {
  it('opens after the second factor, and not by a code of another session', async () => {
    const env = { CLIENT_ID: app.key, CLIENT_SECRET: app.secret, API_HOST: bench.host };
    const webApp = new SdkProgram('web-app.ts', bench.address, env);
    try {
      const { origin } = (await webApp.next()) as { origin: string };
      expect(await browser.open(origin)).toMatchObject({ status: 401 });
      const signIn = `${origin}/sign-in?${new URLSearchParams({ username: 'ann', password: 'the first factor' })}`;
      const prompt = await browser.open(signIn);
      expect(prompt.url.host).toBe(bench.host);
      const wrong = await browser.post(`${prompt.url}/passcode`, { passcode: '000000' });
      expect(wrong.status).toBe(401);
      expect(await browser.open(origin)).toMatchObject({ status: 401 });
      const right = await browser.post(`${prompt.url}/passcode`, { passcode: code(counter++) });
      const { url } = JSON.parse(right.body) as { url: string };
      const stranger = await new HttpBrowser(bench.service.certificateAuthority).open(url);
      expect([stranger.status, stranger.body]).toEqual([403, expect.stringContaining('state is not of this session')]);
      expect(await browser.open(url)).toMatchObject({ status: 200, body: 'Welcome, ann, by hardware_token.' });
    } finally {
      await webApp.end();
    }
  });
});
