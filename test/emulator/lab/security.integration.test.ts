import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { MAX_BODY } from '../../../emulator/lab/api/limits.ts';
import { Lab } from '../../../emulator/lab/lab.ts';
import { defaultModel } from '../../../emulator/models/index.ts';
import { CtapHidDevice } from '../../../harness/client/ctap-hid.ts';
import { Ctap2Client } from '../../../harness/client/ctap2.ts';
import { PinClient } from '../../../harness/client/pin.ts';
import { connectInProcess } from '../../../harness/transports/in-process.ts';
import { Contract } from './contract.ts';

let contract: Contract;
beforeAll(async () => {
  contract = await Contract.open();
});
afterAll(async () => {
  await contract.close();
  expect(contract.defects).toEqual([]);
});

const port = () => Number(new URL(contract.server.url).port);
const token = () => contract.server.token;

/** As fetch, with headers that fetch keeps for itself. */
async function raw(path: string, headers: Record<string, string>, method = 'GET') {
  const sent = httpRequest(`${contract.server.url}${path}`, { headers, method });
  sent.end();
  const [response] = await once(sent, 'response');
  response.resume();
  return { status: response.statusCode as number, headers: response.headers as Record<string, string> };
}

/** The status that a WebSocket is refused with; 101 where it is not. */
function upgrade(protocols: string[], headers: Record<string, string> = {}, path = '/events'): Promise<number> {
  const socket = new WebSocket(`${contract.server.url.replace('http', 'ws')}${path}`, protocols, { headers });
  return new Promise((resolve) => {
    socket.on('unexpected-response', (_, response) => {
      resolve(response.statusCode!);
      socket.terminate();
    });
    socket.on('open', () => {
      resolve(101);
      socket.terminate();
    });
    socket.on('error', () => undefined); // it was told already
  });
}

describe('only this machine', () => {
  it('reaches the lab', async () => {
    const others = Object.values(networkInterfaces()).flatMap((addresses = []) =>
      addresses.filter(({ internal, family }) => !internal && family === 'IPv4').map(({ address }) => address),
    );
    for (const host of others) {
      const socket = connect(port(), host);
      const outcome = await once(socket, 'connect').then(
        () => 'connected',
        (error: NodeJS.ErrnoException) => error.code,
      );
      socket.destroy();
      expect(outcome).toBe('ECONNREFUSED');
    }
    expect(contract.server.url).toMatch(/^http:\/\/127\.0\.0\.1:/);
  });
});

describe('the token', () => {
  it('is wanted by every operation but the panel’s own', async () => {
    for (const [path, operations] of Object.entries(contract.document.paths)) {
      for (const [method, { security }] of Object.entries(operations)) {
        const { status } = await raw(path.replace(/\{\w+\}/g, '1'), {}, method.toUpperCase());
        const open = security?.length === 0;
        expect([path, method, open]).toEqual([
          path,
          method,
          path === '/panel' || path === '/panel/{file}' || path === '/panel/session',
        ]);
        // Whoever guesses is slowed down as well.
        if (!open) expect([401, 429]).toContain(status);
        else expect(status).not.toBe(401);
      }
    }
  });

  it('comes by a link that works once', async () => {
    const { path } = (await contract.ask('POST', '/panel/links')).body;
    expect(path).toMatch(/^\/panel#code=[A-Za-z0-9_-]{43}$/); // behind the #, so that no server and no log has it
    const redeem = (code: string) =>
      fetch(`${contract.server.url}/panel/session`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ code }),
      });
    const code = path.split('=')[1];
    const first = await redeem(code);
    expect(await first.json()).toEqual({ token: token() });
    for (const wrong of [code, '', 'x'.repeat(43)]) {
      const refused = await redeem(wrong);
      expect([403, await refused.text()]).toEqual([refused.status, expect.not.stringContaining(token())]);
    }
  });
});

describe('the door', () => {
  it.each(['evil.example', '127.0.0.1', '[::1]', 'localhost.evil.example'])('is shut to the Host %s', async (host) => {
    for (const path of ['/keys', '/panel']) {
      const { status } = await raw(path, { authorization: `Bearer ${token()}`, host: `${host}:${port() + 1}` });
      expect(status).toBe(421);
    }
    expect(await upgrade(['ctaplab', `bearer.${token()}`], { host: `${host}:${port() + 1}` })).toBe(421);
  });

  it.each(['https://evil.example', 'null', 'http://127.0.0.1', 'https://127.0.0.1:1'])(
    'is shut to the Origin %s',
    async (origin) => {
      for (const path of ['/keys', '/panel']) {
        expect((await raw(path, { authorization: `Bearer ${token()}`, origin })).status).toBe(403);
      }
      expect(await upgrade(['ctaplab', `bearer.${token()}`], { origin })).toBe(403);
    },
  );

  it('lets WebSockets in with the token alone', async () => {
    expect(await upgrade(['ctaplab', `bearer.${token()}`])).toBe(101);
    expect(await upgrade(['ctaplab'], { authorization: `Bearer ${token()}` })).toBe(101);
    expect(await upgrade(['ctaplab', `bearer.${token()}`], { origin: contract.server.url })).toBe(101);
    expect([401, 429]).toContain(await upgrade(['ctaplab', 'bearer.wrong']));
    expect([401, 429]).toContain(await upgrade(['ctaplab']));
    expect(await upgrade(['other', `bearer.${token()}`])).toBe(400);
    expect(await upgrade(['ctaplab', `bearer.${token()}`], {}, '/keys')).toBe(404);
    expect(await upgrade(['ctaplab', `bearer.${token()}`], {}, '/events?everything=1')).toBe(400);
  });

  it('allows no page of another origin anything', async () => {
    const preflight = { origin: 'https://evil.example', 'access-control-request-method': 'POST' };
    expect((await raw('/keys', preflight, 'OPTIONS')).status).toBe(403);
    const { headers } = await raw('/keys', { authorization: `Bearer ${token()}`, origin: contract.server.url });
    expect(Object.keys(headers).filter((name) => name.startsWith('access-control-'))).toEqual([]);
    expect(headers['x-content-type-options']).toBe('nosniff');
    expect(headers['cache-control']).toBe('no-store');
  });
});

describe('limits', () => {
  const put = (text: string, headers: Record<string, string> = {}) =>
    contract.ask('PUT', '/keys/1/touch-policy', { text, headers });

  it('keep long bodies out, before they are read', async () => {
    const long = await put(JSON.stringify({ touch: 'x'.repeat(MAX_BODY) }));
    expect(long).toMatchObject({ status: 413, body: { code: 'too_long' } });
    const authorization = `Bearer ${token()}`;
    const chunked = httpRequest(`${contract.server.url}/keys`, {
      method: 'POST',
      headers: { authorization, 'content-type': 'application/json', 'transfer-encoding': 'chunked' },
    });
    chunked.end('{}');
    const [response] = await once(chunked, 'response');
    response.resume();
    expect(response.statusCode).toBe(411);
  });

  it('keep deep bodies out', async () => {
    expect(await put('['.repeat(33) + ']'.repeat(33))).toMatchObject({ status: 400, body: { code: 'too_deep' } });
    expect((await put(`${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`)).body.code).toBe('too_deep');
    expect((await put(`{"touch":"${'['.repeat(100)}"}`)).body.code).toBe('bad_request'); // text is not deep
  });

  it('keep out what is not JSON, and members that nobody knows', async () => {
    expect((await put('{"touch":"auto"}', { 'content-type': 'text/plain' })).status).toBe(415);
    for (const text of ['', '{', 'null', '[]', '{"touch":"auto","tuoch":"deny"}', '{"touch":"auto","__proto__":{}}']) {
      expect((await put(text)).status).toBe(400);
    }
    expect((await contract.ask('GET', '/keys/1')).body.touch).toBe('manual');
    expect((await contract.ask('GET', '/keys/1/pending?wait=0&wiat=1')).status).toBe(400);
  });

  it('slow down who asks too often, and who guesses sooner', async () => {
    const small = await Contract.open({ rateLimit: { burst: 5, perSecond: 0.001 } });
    try {
      const statuses: number[] = [];
      for (let count = 0; count < 8; count++) statuses.push((await small.ask('GET', '/health')).status);
      expect(statuses).toEqual([200, 200, 200, 200, 429, 429, 429, 429]); // one went for the document
      const { headers } = await small.ask('GET', '/health');
      expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
    } finally {
      await small.close();
    }
    const guesses = await Promise.all(
      Array.from({ length: 60 }, () => raw('/keys', { authorization: 'Bearer guess' }).then(({ status }) => status)),
    );
    expect(new Set(guesses)).toEqual(new Set([401, 429]));
    expect((await contract.ask('GET', '/health')).status).toBe(200); // who has the token does not wait for them
  });
});

describe('the panel', () => {
  it('may load nothing from elsewhere, and run nothing but its files', async () => {
    const { headers } = await contract.ask('GET', '/panel');
    const policy = headers.get('content-security-policy') ?? '';
    for (const rule of [
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self'",
      "frame-ancestors 'none'",
      "base-uri 'none'",
      "form-action 'none'",
    ]) {
      expect(policy.split('; ')).toContain(rule);
    }
    expect(policy).not.toMatch(/unsafe|\*/);
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    for (const path of ['/panel/..%2fserver.ts', '/panel/%2e%2e', '/panel/page.ts', '/panel/assets.ts']) {
      expect((await raw(path, {})).status).toBeGreaterThanOrEqual(400);
    }
  });
});

describe('secrets', () => {
  it('of a PIN are in no decoded trace', async () => {
    const { entries } = (await contract.ask('GET', '/keys/1/trace')).body;
    expect(entries).toEqual([]);
    const device = await CtapHidDevice.open(connectInProcess(contract.lab.keys.get('1')!.key));
    await new PinClient(new Ctap2Client(device)).setPin('271828');
    await device.close();
    const text = JSON.stringify((await contract.ask('GET', '/keys/1/trace')).body);
    expect(text).toContain('newPinEnc');
    expect(text).toMatch(/"newPinEnc":\{"hidden":\d+\}/);
  });

  it('lie in a folder that is the user’s alone', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ctaplab-security-'));
    const state = join(folder, 'state');
    const lab = await Lab.open({ model: defaultModel, keys: 1, touch: 'auto', transports: [], state });
    await lab.close();
    expect(statSync(state).mode & 0o777).toBe(0o700);
    expect(statSync(join(state, 'keys')).mode & 0o777).toBe(0o700);
    rmSync(folder, { recursive: true });
  });
});
