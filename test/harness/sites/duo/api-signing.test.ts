import { createHmac } from 'node:crypto';
import { createRequire } from 'node:module';
import fc from 'fast-check';
import { Hono } from 'hono';
import { describe, expect, it } from 'vitest';
import { fail, ok } from '../../../../harness/sites/duo/api-signing/envelope.ts';
import { requireSignature, type SignedVariables } from '../../../../harness/sites/duo/api-signing/middleware.ts';
import { pageMetadata, readParameters } from '../../../../harness/sites/duo/api-signing/parameters.ts';
import type { SigningKey } from '../../../../harness/sites/duo/api-signing/signature.ts';

type Params = Record<string, string | string[]>;

/** The signing of Duo's own client for Node, as it comes from the registry. */
const duo = createRequire(import.meta.url)('@duosecurity/duo_api/lib/duo_sig.js') as {
  sign(ikey: string, skey: string, method: string, host: string, path: string, params: Params, date: string): string;
  signV5(
    ...args: [
      ikey: string,
      skey: string,
      method: string,
      host: string,
      path: string,
      params: Params,
      date: string,
      body: string,
    ]
  ): string;
};

const KEY = { key: 'DIWJ8X6AEYOR5OMC6TQ1', secret: 'Zh5eGmUq9zpfQnyUIu5OL9iWoMMv5ZNmk3zLJ4Ep', api: true };
const OTHER = { key: 'DIXXXXXXXXXXXXXXXXXX', secret: 'x'.repeat(40), api: false };
const HOST = 'api-xxxxxxxx.duo.localhost:8443';
const NOW = Date.UTC(2026, 0, 2, 3, 4, 5);
const DATE = new Date(NOW).toUTCString();
const PATH = '/admin/v1/users';

const app = new Hono<{ Variables: SignedVariables<SigningKey & { api: boolean }> }>();
app.use(
  requireSignature({
    find: (key) => [KEY, OTHER].find((known) => known.key === key),
    allows: ({ api }) => api,
    now: () => NOW,
  }),
);
app.all('*', (c) => ok(c, { name: c.get('parameters').text('realname'), key: c.get('integration').key }));
app.onError((error, c) => fail(c, error));

interface Call {
  method?: string;
  query?: string;
  body?: string;
  headers?: Record<string, string>;
}

async function call({
  method = 'GET',
  query = '',
  body,
  headers = {},
}: Call): Promise<{ status: number; body: unknown }> {
  const answer = await app.request(`https://${HOST}${PATH}${query}`, {
    method,
    headers: { host: HOST, date: DATE, ...headers },
    ...(body === undefined ? {} : { body }),
  });
  return { status: answer.status, body: await answer.json() };
}

const form = (params: Params): string =>
  new URLSearchParams(
    Object.entries(params).flatMap(([name, value]) => [value].flat().map((one): [string, string] => [name, one])),
  ).toString();
const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
const JSON_BODY = { 'content-type': 'application/json' };
const sign = (params: Params, { key = KEY, method = 'GET', host = HOST, date = DATE } = {}) =>
  duo.sign(key.key, key.secret, method, host, PATH, params, date);

const basic = (text: string, algorithm: string): string =>
  `Basic ${Buffer.from(`${KEY.key}:${createHmac(algorithm, KEY.secret).update(text).digest('hex')}`).toString('base64')}`;

describe('signatures of Duo’s client for Node', () => {
  const names = fc.stringMatching(/^[a-zA-Z0-9_.~!'()* -]{1,12}$/);
  const values = fc.string({ unit: 'binary', maxLength: 30 });
  const params = fc.dictionary(names, fc.oneof(values, fc.array(values, { minLength: 1, maxLength: 3 })), {
    maxKeys: 5,
  });

  it('are accepted for whatever parameters, in a query and in a form', async () => {
    await fc.assert(
      fc.asyncProperty(params, async (given) => {
        const query = `?${form(given)}`;
        const got = await call({ query, headers: { authorization: sign(given) } });
        expect(got).toMatchObject({ status: 200, body: { stat: 'OK' } });
        const authorization = sign(given, { method: 'POST' });
        const posted = await call({ method: 'POST', body: form(given), headers: { ...FORM, authorization } });
        expect(posted).toMatchObject({ status: 200, body: { stat: 'OK' } });
      }),
      { numRuns: 200 },
    );
  });

  it('of version 5 cover a body of JSON', async () => {
    const body = JSON.stringify({ realname: 'Größe & Söhne', count: 3 });
    const authorization = duo.signV5(KEY.key, KEY.secret, 'POST', HOST, PATH, {}, DATE, body);
    const sent = { method: 'POST', body, headers: { ...JSON_BODY, authorization } };
    expect(await call(sent)).toMatchObject({
      status: 200,
      body: { response: { name: 'Größe & Söhne', key: KEY.key } },
    });
    const changed = { ...sent, body: body.replace('3', '4') };
    expect(await call(changed)).toMatchObject({ status: 401, body: { code: 40103 } });
  });

  it('of version 5 cover a query', async () => {
    const authorization = duo.signV5(KEY.key, KEY.secret, 'GET', HOST, PATH, { limit: '5' }, DATE, '');
    expect(await call({ query: '?limit=5', headers: { authorization } })).toMatchObject({ status: 200 });
    expect(await call({ query: '?limit=6', headers: { authorization } })).toMatchObject({ status: 401 });
  });

  it('are accepted for the host without its port', async () => {
    const authorization = sign({}, { host: HOST.replace(':8443', '') });
    expect(await call({ headers: { authorization } })).toMatchObject({ status: 200 });
  });
});

describe('other forms', () => {
  it('the example of Duo’s documentation, HMAC-SHA1, has the signature that it prints', () => {
    const date = 'Tue, 21 Aug 2012 17:29:18 -0000';
    const text = [
      date,
      'POST',
      'api-xxxxxxxx.duosecurity.com',
      '/accounts/v1/account/list',
      'realname=First%20Last&username=root',
    ];
    const signature = createHmac('sha1', KEY.secret).update(text.join('\n')).digest('hex');
    expect(signature).toBe('2d97d6166319781b5a3a07af39d366f491234edc');
  });

  it('HMAC-SHA1 of version 2, with the date in X-Duo-Date', async () => {
    const authorization = basic([DATE, 'GET', HOST, PATH, 'realname=a%20b'].join('\n'), 'sha1');
    const headers = { date: '', 'x-duo-date': DATE, authorization };
    expect(await call({ query: '?realname=a+b', headers })).toMatchObject({ body: { response: { name: 'a b' } } });
  });

  it('values of one name sorted, as Python’s client does', async () => {
    const authorization = basic([DATE, 'GET', HOST, PATH, 'a=1&a=2'].join('\n'), 'sha512');
    expect(await call({ query: '?a=2&a=1', headers: { authorization } })).toMatchObject({ status: 200 });
  });
});

describe('refusals', () => {
  const good = sign({});
  const tampered = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;

  it.each([
    ['no credentials', {}, 40101],
    ['credentials of another scheme', { authorization: 'Bearer x' }, 40101],
    ['credentials without a signature', { authorization: tampered(KEY.key) }, 40101],
    ['an unknown key', { authorization: sign({}, { key: { ...KEY, key: 'DIUNKNOWNUNKNOWNUNKN' } }) }, 40102],
    ['a wrong secret', { authorization: sign({}, { key: { ...KEY, secret: OTHER.secret } }) }, 40103],
    ['a signature of zeros', { authorization: tampered(`${KEY.key}:${'0'.repeat(128)}`) }, 40103],
    ['a signature that is no hexadecimal', { authorization: tampered(`${KEY.key}:${'x'.repeat(128)}`) }, 40103],
    ['another method', { authorization: sign({}, { method: 'DELETE' }) }, 40103],
    ['another host', { authorization: sign({}, { host: 'api-yyyyyyyy.duo.localhost' }) }, 40103],
    ['parameters that were not signed', { authorization: sign({ a: '1' }) }, 40103],
    ['another date than the signed one', { authorization: good, date: new Date(NOW + 1000).toUTCString() }, 40103],
    ['no date', { authorization: good, date: '' }, 40104],
    ['a date that is none', { authorization: good, date: 'yesterday' }, 40105],
    ['an old date', { authorization: good, date: new Date(NOW - 301_000).toUTCString() }, 40105],
    ['a date to come', { authorization: good, date: new Date(NOW + 301_000).toUTCString() }, 40105],
    ['an integration of another type', { authorization: sign({}, { key: OTHER }) }, 40301],
  ])('%s', async (_name, headers: Record<string, string>, code) => {
    expect(await call({ headers })).toMatchObject({ status: Math.trunc(code / 100), body: { stat: 'FAIL', code } });
  });
});

describe('parameters', () => {
  const parameters = readParameters(
    [
      ['limit', '7'],
      ['empty', ''],
      ['word', 'b'],
    ],
    '',
    '',
  );

  it('are texts, numbers and words; empty ones count as missing', () => {
    expect(parameters.text('empty')).toBeUndefined();
    expect(parameters.has('empty')).toBe(true);
    expect(parameters.integer('limit', 1, 10)).toBe(7);
    expect(parameters.oneOf('word', ['a', 'b'])).toBe('b');
    expect(() => parameters.required('empty')).toThrow(expect.objectContaining({ code: 40001, detail: 'empty' }));
    expect(() => parameters.integer('limit', 1, 6)).toThrow(expect.objectContaining({ code: 40002, detail: 'limit' }));
    expect(() => parameters.integer('word', 1, 6)).toThrow(expect.objectContaining({ code: 40002, detail: 'word' }));
    expect(() => parameters.oneOf('word', ['a'])).toThrow(expect.objectContaining({ code: 40002, detail: 'word' }));
  });

  it.each(['[]', 'null', '{', '{"a":{}}', '{"a":[1]}'])('JSON that is %s is refused', (body) => {
    expect(() => readParameters([], 'application/json', body)).toThrow(expect.objectContaining({ code: 40002 }));
  });

  it('page through a list with metadata as Duo gives it', () => {
    expect(parameters.page(100, 500)).toEqual({ limit: 7, offset: 0 });
    expect(parameters.page(1, 5)).toEqual({ limit: 5, offset: 0 });
    expect(pageMetadata({ limit: 10, offset: 0 }, 10)).toEqual({ total_objects: 10 });
    expect(pageMetadata({ limit: 10, offset: 5 }, 30)).toEqual({ next_offset: 15, prev_offset: 0, total_objects: 30 });
    expect(pageMetadata({ limit: 10, offset: 20 }, 30)).toEqual({ prev_offset: 10, total_objects: 30 });
  });
});
