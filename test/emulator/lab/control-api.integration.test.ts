import { X509Certificate } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Lab, type LabOptions } from '../../../emulator/lab/lab.ts';
import { type ControlServer, serveControlApi } from '../../../emulator/lab/server.ts';
import { defaultModel, findModel } from '../../../emulator/models/index.ts';

const base: LabOptions = {
  model: defaultModel,
  keys: 2,
  touch: 'manual',
  transports: [{ kind: 'udp', port: 0 }],
};
let lab: Lab;
let server: ControlServer;
let defects: unknown[];

async function open(options: Partial<LabOptions> = {}): Promise<void> {
  lab = await Lab.open({ ...base, ...options });
  server = await serveControlApi(lab, { onDefect: (error) => defects.push(error) });
}
beforeEach(async () => {
  defects = [];
  await open();
});
afterEach(async () => {
  await server.close();
  await lab.close();
  expect(defects).toEqual([]);
});

async function ask(method: string, path: string, headers: Record<string, string> = {}) {
  const authorization = `Bearer ${server.token}`;
  const response = await fetch(`${server.url}${path}`, { method, headers: { authorization, ...headers } });
  return { status: response.status, type: response.headers.get('content-type'), body: await response.json() };
}

function portOf(device: string): number {
  return Number(device.split(':').at(-1));
}

/** A free port: this one, or any. Rejects where it is taken. */
async function freePort(port = 0): Promise<number> {
  const socket = createSocket('udp4');
  socket.bind(port, '127.0.0.1');
  await once(socket, 'listening');
  const address = socket.address();
  socket.close();
  await once(socket, 'close');
  return address.port;
}

/** As ask(), with headers that fetch keeps for itself. */
async function askRaw(headers: Record<string, string>): Promise<number | undefined> {
  const sent = httpRequest(`${server.url}/health`, { headers });
  sent.end();
  const [response] = await once(sent, 'response');
  response.resume();
  return response.statusCode;
}

/** Something that waits for the key's user, as a command in a transport would. */
function question(id: string, signal = new AbortController().signal) {
  const request = { operation: 'getAssertion', rpId: 'example.com', userName: 'alice' } as const;
  return lab.keys.get(id)!.presence.request(request, { signal });
}

describe('the control API', () => {
  it('is healthy', async () => {
    expect(await ask('GET', '/health')).toMatchObject({ status: 200, body: { status: 'ok', keys: 2 } });
  });

  it('lists keys', async () => {
    const { body } = await ask('GET', '/keys');
    expect(body.keys).toHaveLength(2);
    expect(body.keys[0]).toMatchObject({
      id: '1',
      model: 'token2-r3',
      product: 'FIDO2 Security Key',
      aaguid: 'ab32f0c62239afbbc470d2ef4e254db7',
      inserted: true,
      touch: 'manual',
      pending: [],
    });
    expect(body.keys[0].devices[0]).toMatch(/^udp:127\.0\.0\.1:\d+$/);
    expect((await ask('GET', '/keys/2')).body).toEqual(body.keys[1]);
  });

  it('tells what waits, and touches it', async () => {
    const answer = question('1');
    const { body } = await ask('GET', '/keys/1/pending');
    expect(body.pending).toEqual([
      { operation: 'getAssertion', rpId: 'example.com', userName: 'alice', since: expect.any(String) },
    ]);
    expect(Math.abs(Date.parse(body.pending[0].since) - Date.now())).toBeLessThan(60_000);
    expect(await ask('POST', '/keys/1/touch')).toMatchObject({ status: 200, body: { touched: true } });
    expect(await answer).toBe('touched');
  });

  it('denies', async () => {
    const answer = question('2');
    expect(await ask('POST', '/keys/2/deny')).toMatchObject({ status: 200, body: { denied: true } });
    expect(await answer).toBe('denied');
  });

  it('waits for a question, and answers the moment it comes', async () => {
    const waiting = ask('GET', '/keys/1/pending?wait=60000');
    await ask('GET', '/health');
    const answer = question('1');
    expect((await waiting).body.pending).toHaveLength(1);
    await ask('POST', '/keys/1/touch');
    await answer;
  });

  it('ends a wait without a question', async () => {
    expect((await ask('GET', '/keys/1/pending?wait=1')).body).toEqual({ pending: [] });
  });

  it('refuses a touch that nothing waits for', async () => {
    expect(await ask('POST', '/keys/1/touch')).toEqual({
      status: 409,
      type: 'application/problem+json',
      body: {
        type: 'about:blank',
        title: 'Conflict',
        status: 409,
        code: 'nothing_waits',
        detail: 'nothing waits for key 1: it asks for no touch now',
      },
    });
  });

  it('types at a touch that nothing waits for, where a password is set up', async () => {
    const { key } = lab.keys.get('1')!;
    await key.writeYubicoSlot({
      publicId: new Uint8Array(6),
      privateId: new Uint8Array(6),
      key: new Uint8Array(16),
    });
    const touched = await ask('POST', '/keys/1/touch');
    expect(touched).toMatchObject({ status: 200, body: { touched: true, typed: expect.any(Array) } });
    expect(touched.body.typed).toHaveLength(45);
    expect(await ask('POST', '/keys/1/touch?press=twice')).toMatchObject({
      status: 400,
      body: { code: 'bad_request' },
    });
  });

  it('pulls a key out and puts it back', async () => {
    const port = portOf(lab.keys.get('1')!.devices[0]!);
    const removed = await ask('POST', '/keys/1/remove');
    expect(removed.body).toMatchObject({ changed: true, key: { inserted: false, devices: [] } });
    expect(await freePort(port)).toBe(port);
    expect((await ask('POST', '/keys/1/remove')).body.changed).toBe(false);
    expect((await ask('POST', '/keys/1/insert')).body).toMatchObject({ changed: true, key: { inserted: true } });
    expect((await ask('POST', '/keys/1/insert')).body.changed).toBe(false);
    expect((await ask('GET', '/keys/2')).body.inserted).toBe(true);
  });

  it('takes contradicting commands one after the other', async () => {
    const paths = ['remove', 'insert', 'remove', 'remove', 'insert', 'insert'];
    const answers = await Promise.all(paths.map((path) => ask('POST', `/keys/1/${path}`)));
    expect(answers.every((answer) => answer.status === 200)).toBe(true);
    const inserts = answers.filter((answer, i) => paths[i] === 'insert' && answer.body.changed).length;
    const removals = answers.filter((answer, i) => paths[i] === 'remove' && answer.body.changed).length;
    expect(lab.keys.get('1')!.inserted).toBe(inserts === removals);
  });

  it.each([
    ['GET', '/keys/3', 404, 'no_such_key'],
    ['POST', '/keys/%2e%2e/touch', 404, 'not_found'],
    ['POST', '/keys/toString/touch', 404, 'no_such_key'],
    ['GET', '/nothing', 404, 'not_found'],
    ['PATCH', '/keys/1', 405, 'wrong_method'],
    ['GET', '/keys/1/touch', 405, 'wrong_method'],
    ['GET', '/keys/1/pending?wait=60001', 400, 'bad_request'],
    ['GET', '/keys/1/pending?wait=-1', 400, 'bad_request'],
    ['GET', '/keys/1/pending?wait=soon', 400, 'bad_request'],
  ])('answers %s %s with a problem', async (method, path, status, code) => {
    const answer = await ask(method, path);
    expect(answer).toMatchObject({ status, type: 'application/problem+json', body: { status, code } });
    expect(answer.body.detail.length).toBeGreaterThan(10);
  });
});

describe('who may use the control API', () => {
  it('describes the models that are asked for, under the root of all its keys', async () => {
    const { status, body } = await ask('GET', '/metadata?model=ctap2.0&model=u2f-only');
    const { statements, attestationRoot } = body as { statements: { description: string }[]; attestationRoot: string };
    expect([status, statements.length]).toEqual([200, 2]);
    const root = new X509Certificate(attestationRoot).raw.toString('hex');
    for (const { key } of lab.keys.values()) expect(Buffer.from(key.attestationRoot).toString('hex')).toBe(root);
    const unknown = await ask('GET', '/metadata?model=token3');
    expect(unknown).toMatchObject({ status: 400, type: 'application/problem+json', body: { code: 'bad_request' } });
  });

  it('wants the token', async () => {
    const health = `${server.url}/health`;
    for (const authorization of ['', 'Bearer', `Basic ${server.token}`, 'Bearer wrong', `Bearer ${server.token}x`]) {
      const response = await fetch(health, { headers: { authorization } });
      expect(response.status).toBe(401);
      expect(response.headers.get('www-authenticate')).toBe('Bearer realm="ctaplab"');
      expect(await response.text()).not.toContain(server.token);
    }
    expect((await fetch(health)).status).toBe(401);
    expect((await fetch(`${server.url}/nothing`)).status).toBe(401);
  });

  it('has a token of 32 bytes, another for each lab', async () => {
    expect(Buffer.from(server.token, 'base64url')).toHaveLength(32);
    const other = await serveControlApi(lab, { onDefect: (error) => defects.push(error) });
    expect(other.token).not.toBe(server.token);
    await other.close();
  });

  it('answers to its own name alone, against DNS rebinding', async () => {
    const authorization = `Bearer ${server.token}`;
    const { port } = new URL(server.url);
    expect(await askRaw({ authorization, host: `127.0.0.1:${port}` })).toBe(200);
    expect(await askRaw({ authorization, host: `localhost:${port}` })).toBe(200);
    expect(await askRaw({ authorization, host: `evil.example:${port}` })).toBe(421);
    expect(await askRaw({ authorization, host: '127.0.0.1' })).toBe(421);
  });

  it('refuses pages of other origins', async () => {
    expect((await ask('GET', '/health', { origin: 'https://evil.example' })).body.code).toBe('wrong_origin');
    expect((await ask('GET', '/health', { origin: 'null' })).status).toBe(403);
    expect((await ask('GET', '/health', { origin: server.url })).status).toBe(200);
  });

  it('listens on loopback', () => {
    expect(new URL(server.url).hostname).toBe('127.0.0.1');
  });
});

describe('a lab', () => {
  it('says that a key which answers by itself waits for nobody', async () => {
    await server.close();
    await lab.close();
    await open({ touch: 'auto' });
    expect(await question('1')).toBe('touched');
    expect((await ask('POST', '/keys/1/touch')).body.detail).toContain('touch: auto');
  });

  it('leaves nothing behind where a key cannot be plugged in', async () => {
    const taken = portOf(lab.keys.get('2')!.devices[0]!);
    const free = await freePort();
    const transports = [
      { kind: 'udp', port: free },
      { kind: 'udp', port: taken },
    ] as const;
    await expect(Lab.open({ ...base, keys: 1, transports })).rejects.toThrow(`UDP port ${taken}`);
    expect(await freePort(free)).toBe(free);
  });
});

/** Sends a body, whatever it is. */
async function send(method: string, path: string, body: string) {
  const headers = { authorization: `Bearer ${server.token}`, 'content-type': 'application/json' };
  const response = await fetch(`${server.url}${path}`, { method, headers, body });
  return { status: response.status, body: (await response.json()) as { code?: string; feedback?: string } };
}

describe('a Yubico OTP', () => {
  const slot = { publicId: 'cccccccccccc', privateId: '010203040506', key: '000102030405060708090a0b0c0d0e0f' };
  const put = (members: unknown) => send('PUT', '/keys/1/yubico-otp', JSON.stringify(members));

  it('is typed once it is given, until it is taken away', async () => {
    expect(await put(slot)).toMatchObject({ status: 200, body: { programmed: true } });
    expect((await ask('POST', '/keys/1/touch')).body.typed).toHaveLength(45);
    expect((await ask('DELETE', '/keys/1/yubico-otp')).body).toEqual({ programmed: false });
    expect(await ask('POST', '/keys/1/touch')).toMatchObject({ status: 409, body: { code: 'nothing_waits' } });
  });

  it.each([
    ['no object', null, 'expected object, got null'],
    ['no modhex', { ...slot, publicId: 'abcd' }, 'publicId: expected at most 16 bytes in modhex'],
    ['a long public id', { ...slot, publicId: 'cc'.repeat(17) }, 'publicId: expected at most 16 bytes in modhex'],
    ['no hexadecimal', { ...slot, key: 'secret' }, 'key: expected 16 bytes in hexadecimal'],
    ['a short private id', { ...slot, privateId: '0102' }, 'privateId: expected 6 bytes in hexadecimal'],
    ['no key', { ...slot, key: undefined }, 'key: expected string, got nothing'],
    ['more than its members', { ...slot, name: 'x' }, 'expected no member "name"'],
  ])('is not made of %s', async (_, members, detail) => {
    expect(await put(members)).toMatchObject({ status: 400, body: { code: 'bad_request', detail } });
  });

  it('needs a key that types', async () => {
    await server.close();
    await lab.close();
    await open({ model: findModel('token2-r1') });
    expect(await put(slot)).toMatchObject({ status: 409, body: { code: 'no_keyboard' } });
  });
});

describe('touch policy', () => {
  it('answers the next questions in another way', async () => {
    expect((await send('PUT', '/keys/1/touch-policy', '{"touch":"after=5"}')).body).toMatchObject({
      key: { id: '1', touch: 'after=5' },
    });
    expect((await ask('GET', '/keys/2')).body).toMatchObject({ touch: 'manual' });
    expect(await send('PUT', '/keys/1/touch-policy', '{}')).toMatchObject({
      status: 400,
      body: { code: 'bad_request', detail: 'touch: expected string, got nothing' },
    });
  });
});

describe('fingers', () => {
  const put = (key: string, body: string) => send('POST', `/keys/${key}/fingers`, body);

  it('reach the sensor of the key', async () => {
    await server.close();
    await lab.close();
    await open({ model: findModel('token2-bio3') });
    const sensor = lab.keys.get('1')!.fingerprints!;
    const exchange = { signal: new AbortController().signal };
    const sample = sensor.capture({ purpose: 'enroll', enrolled: [] }, exchange);
    expect((await put('1', '{"finger":"thumb","feedback":"FP_TOO_LEFT"}')).body.feedback).toBe('FP_TOO_LEFT');
    expect(await sample).toEqual({ finger: 'thumb', feedback: 'FP_TOO_LEFT' });
    expect((await put('1', '{"finger":"thumb"}')).body.feedback).toBe('FP_GOOD');
    expect(await sensor.capture({ purpose: 'verify', enrolled: [] }, exchange)).toEqual({
      finger: 'thumb',
      feedback: 'FP_GOOD',
    });
    await put('1', '{"finger":"another"}');
    expect((await send('DELETE', '/keys/1/fingers', '')).body).toEqual({ waiting: 0 });
    await put('1', '{"finger":"index"}');
    await send('POST', '/keys/1/remove', '');
    await send('POST', '/keys/1/insert', '');
    await put('1', '{"finger":"thumb"}');
    expect(await sensor.capture({ purpose: 'verify', enrolled: [] }, exchange)).toMatchObject({ finger: 'thumb' });
    for (const wrong of ['', '[]', 'null', '{}', '{"finger":7}', '{"finger":""}']) {
      expect(await put('1', wrong)).toMatchObject({ status: 400, body: { code: 'bad_request' } });
    }
    const feedback = await put('1', '{"finger":"thumb","feedback":"toString"}');
    expect(feedback).toMatchObject({ status: 400, body: { code: 'bad_request' } });
  });

  it('find no sensor on a key without one', async () => {
    expect(await put('1', '{"finger":"thumb"}')).toMatchObject({ status: 409, body: { code: 'no_sensor' } });
    expect(await send('DELETE', '/keys/1/fingers', '')).toMatchObject({ status: 409, body: { code: 'no_sensor' } });
  });
});
