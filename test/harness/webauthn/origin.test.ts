import { afterEach, describe, expect, it, vi } from 'vitest';
import { parseOrigin, registrableDomain } from '../../../harness/webauthn/origin.ts';
import { fetchRelatedOrigins, isRelatedOrigin } from '../../../harness/webauthn/related-origins.ts';
import { resolveAppId, resolveRpId } from '../../../harness/webauthn/rp-id.ts';
import { domException } from './page.ts';

const never = new AbortController().signal;

function rpIdOf(origin: string, rpId?: string, fetchRelated?: () => Promise<unknown>): Promise<string> {
  return resolveRpId(parseOrigin(origin), rpId, fetchRelated, never);
}

describe('an origin', () => {
  it.each([
    ['https://example.com', 'https', 'example.com'],
    ['https://example.com:8443', 'https', 'example.com'],
    ['http://localhost:3000', 'http', 'localhost'],
    ['https://[2001:db8::1]', 'https', '[2001:db8::1]'],
    ['https://xn--mnchen-3ya.de', 'https', 'xn--mnchen-3ya.de'],
  ])('%s is read', (origin, scheme, host) => {
    expect(parseOrigin(origin)).toEqual({ serialized: origin, scheme, host });
  });

  it.each([
    ['https://example.com/', 'expected "https://example.com", got "https://example.com/"'],
    ['https://example.com/login', 'expected "https://example.com"'],
    ['https://example.com:443', 'expected "https://example.com"'],
    ['https://Example.com', 'expected "https://example.com"'],
    ['https://münchen.de', 'expected "https://xn--mnchen-3ya.de"'],
    ['https://user@example.com', 'expected "https://example.com"'],
    ['example.com', 'expected scheme, host and port'],
    ['null', 'expected scheme, host and port'],
    ['ftp://example.com', 'expected scheme, host and port'],
    ['file:///etc', 'expected scheme, host and port'],
    ['', 'expected scheme, host and port'],
  ])('%j is none', (origin, message) => {
    expect(() => parseOrigin(origin)).toThrow(TypeError);
    expect(() => parseOrigin(origin)).toThrow(message);
  });
});

describe('the RP ID', () => {
  it.each([
    ['https://example.com', 'example.com'],
    ['https://login.example.com:8443', 'login.example.com'],
    ['http://localhost:8080', 'localhost'],
    ['http://app.localhost', 'app.localhost'],
    ['https://github.io', 'github.io'],
  ])('of %s is %s unless the options name another', async (origin, expected) => {
    expect(await rpIdOf(origin)).toBe(expected);
  });

  it.each([
    ['https://login.example.com', 'example.com'],
    ['https://login.example.com', 'login.example.com'],
    ['https://a.b.c.example.co.uk', 'example.co.uk'],
    ['https://a.b.c.example.co.uk', 'c.example.co.uk'],
    ['https://app.alice.github.io', 'alice.github.io'],
    ['https://github.io', 'github.io'],
    ['https://login.xn--mnchen-3ya.de', 'xn--mnchen-3ya.de'],
    ['https://a.xn--85x722f.xn--55qx5d.cn', 'xn--85x722f.xn--55qx5d.cn'],
    ['http://localhost:3000', 'localhost'],
    ['https://login.corp', 'login.corp'],
    ['https://a.login.corp', 'login.corp'],
    ['https://city.kawasaki.jp', 'city.kawasaki.jp'],
    ['https://a.city.kawasaki.jp', 'city.kawasaki.jp'],
  ])('at %s may be %s', async (origin, rpId) => {
    expect(await rpIdOf(origin, rpId)).toBe(rpId);
  });

  it.each([
    ['https://example.com', 'other.com'],
    ['https://example.com', 'login.example.com'],
    ['https://example.com', 'com'],
    ['https://example.com', ''],
    ['https://example.com', 'ample.com'],
    ['https://notexample.com', 'example.com'],
    ['https://example.com', 'https://example.com'],
    ['https://example.com:8443', 'example.com:8443'],
    ['https://login.example.com', '.example.com'],
    ['https://login.example.com', 'example.com.'],
    ['https://login.example.com', 'Example.com'],
    ['https://example.co.uk', 'co.uk'],
    ['https://alice.github.io', 'github.io'],
    ['https://alice.github.io', 'bob.github.io'],
    ['https://app.localhost', 'localhost'],
    ['https://login.corp', 'corp'],
    ['https://x.y.kawasaki.jp', 'y.kawasaki.jp'],
    ['https://login.xn--mnchen-3ya.de', 'münchen.de'],
    ['https://example.com', '93.184.216.34'],
    ['https://example.com', 'exa mple.com'],
  ])('at %s may not be %j', async (origin, rpId) => {
    await expect(rpIdOf(origin, rpId)).rejects.toEqual(domException('SecurityError', /registrable domain suffix/));
  });

  it.each([
    ['http://example.com', /no secure context/],
    ['http://localhost.example.com', /no secure context/],
    ['http://192.168.0.1', /no secure context/],
    ['http://127.0.0.1:8080', /IP address/],
    ['http://127.8.9.1', /IP address/],
    ['http://[::1]:8080', /IP address/],
    ['https://192.168.0.1', /IP address/],
    ['https://[2001:db8::1]', /IP address/],
  ])('is never had at %s', async (origin, message) => {
    await expect(rpIdOf(origin)).rejects.toEqual(domException('SecurityError', message));
    await expect(rpIdOf(origin, 'localhost')).rejects.toEqual(domException('SecurityError', message));
  });
});

describe('related origins', () => {
  const caller = 'https://shop.example.net';

  it('let a listed origin use the RP ID', async () => {
    const asked: string[] = [];
    const fetchRelated = async (...[rpId]: [string?]) => {
      asked.push(rpId!);
      return { origins: ['https://example.com', caller] };
    };
    expect(await resolveRpId(parseOrigin(caller), 'example.com', fetchRelated, never)).toBe('example.com');
    expect(asked).toEqual(['example.com']);
  });

  it('are not asked for where the RP ID fits, or is no domain', async () => {
    const fetchRelated = () => Promise.reject(new Error('must not be called'));
    expect(await rpIdOf(caller, 'example.net', fetchRelated)).toBe('example.net');
    for (const rpId of ['not a domain', 'a.com/path', 'user@a.com', '127.0.0.1', '']) {
      const refusal = rpIdOf(caller, rpId, fetchRelated);
      await expect(refusal).rejects.toEqual(domException('SecurityError', /suffix of it$/));
    }
  });

  it('refuse with a SecurityError where the list cannot be had or lacks the origin', async () => {
    const cause = new Error('no network');
    const failed = rpIdOf(caller, 'example.com', () => Promise.reject(cause));
    await expect(failed).rejects.toMatchObject({ name: 'SecurityError', cause });
    const unlisted = rpIdOf(caller, 'example.com', async () => ({ origins: ['https://example.net'] }));
    await expect(unlisted).rejects.toEqual(domException('SecurityError', /does not list/));
  });

  it.each([
    ['the very origin', [caller], true],
    ['another port', [`${caller}:8443`], false],
    ['another scheme', ['http://shop.example.net'], false],
    ['a path after the origin', [`${caller}/path`], true],
    ['what is no URL', ['nonsense', 5, null, caller], true],
    ['an IP address first', ['https://192.0.2.1', caller], true],
    ['an empty list', [], false],
    ['no list', 'https://shop.example.net', false],
  ])('with %s', (_, origins, expected) => {
    expect(isRelatedOrigin(parseOrigin(caller), { origins })).toBe(expected);
  });

  it('count no more than five labels, however many origins each has', () => {
    const of = (label: string) => ['com', 'de', 'co.uk'].map((suffix) => `https://${label}.${suffix}`);
    const four = ['a1', 'a2', 'a3', 'a4'].flatMap(of);
    expect(isRelatedOrigin(parseOrigin(caller), { origins: [...four, caller] })).toBe(true);
    expect(isRelatedOrigin(parseOrigin(caller), { origins: [...four, ...of('a5'), caller] })).toBe(false);
    const known = [...four, 'https://example.org', ...of('a6'), caller];
    expect(isRelatedOrigin(parseOrigin(caller), { origins: known })).toBe(true);
  });

  it.each([undefined, null, [], 'text', {}])('are none in the document %j', (document) => {
    expect(isRelatedOrigin(parseOrigin(caller), document)).toBe(false);
  });
});

describe('fetchRelatedOrigins', () => {
  afterEach(() => vi.restoreAllMocks());

  function answering(body: string, type: string, status = 200) {
    const response = new Response(body, { status, headers: { 'content-type': type } });
    return vi.spyOn(globalThis, 'fetch').mockResolvedValue(response);
  }

  it('gets the well-known document without credentials and referrer', async () => {
    const fetched = answering('{"origins":["https://example.net"]}', 'application/json; charset=utf-8');
    expect(await fetchRelatedOrigins('example.com', never)).toEqual({ origins: ['https://example.net'] });
    const [url, init] = fetched.mock.calls[0]!;
    expect(url).toBe('https://example.com/.well-known/webauthn');
    expect(init).toEqual({ credentials: 'omit', referrerPolicy: 'no-referrer', signal: never });
  });

  it.each([
    ['another status', '{}', 'application/json', 404, 'expected status 200, got 404'],
    ['another type', '<html>', 'text/html', 200, 'expected application/json, got text/html'],
    [
      'a type that only begins alike',
      '{}',
      'application/jsonp',
      200,
      'expected application/json, got application/jsonp',
    ],
  ])('rejects %s', async (_, body, type, status, message) => {
    answering(body, type, status);
    await expect(fetchRelatedOrigins('example.com', never)).rejects.toThrow(message);
  });
});

describe('an AppID', () => {
  const caller = parseOrigin('https://login.example.com');

  it.each([
    ['https://login.example.com', 'https://login.example.com'],
    ['https://example.com/app-id.json', 'https://example.com/app-id.json'],
    ['https://other.example.com:444/x', 'https://other.example.com:444/x'],
    ['', 'https://login.example.com'],
  ])('%j is good', (appId, expected) => {
    expect(resolveAppId(caller, appId)).toBe(expected);
  });

  it.each([
    ['https://example.net', /not of the site/],
    ['https://com', /not of the site/],
    ['http://login.example.com', /is not https/],
    ['android:apk-key-hash:x', /is not https/],
  ])('%j is refused', (appId, message) => {
    expect(() => resolveAppId(caller, appId)).toThrow(domException('SecurityError', message) as Error);
  });

  it('is not shared among owners below a public suffix', () => {
    expect(() => resolveAppId(parseOrigin('https://alice.github.io'), 'https://bob.github.io')).toThrow(
      /not of the site/,
    );
  });
});

describe('a registrable domain', () => {
  it.each([
    ['a.b.example.co.uk', 'example.co.uk'],
    ['alice.github.io', 'alice.github.io'],
    ['github.io', undefined],
    ['com', undefined],
    ['localhost', undefined],
  ])('of %s is %s', (domain, expected) => {
    expect(registrableDomain(domain)).toBe(expected);
  });
});
