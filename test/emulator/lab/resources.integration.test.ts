import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { Validator } from '@seriousme/openapi-schema-validator';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readTraffic } from '../../../ctap/trace/capture/read-capture.ts';
import { findModel } from '../../../emulator/models/index.ts';
import { Contract } from './contract.ts';

let contract: Contract;
beforeAll(async () => {
  contract = await Contract.open();
});
afterAll(async () => {
  await contract.close();
  expect(contract.defects).toEqual([]);
});

const ask: Contract['ask'] = (method, path, asked) => contract.ask(method, path, asked);

/** A new key of that model; it is left to the lab. */
async function newKey(model: string): Promise<string> {
  const { status, body } = await ask('POST', '/keys', { body: { model } });
  expect(status).toBe(201);
  return body.id;
}

const INIT = Uint8Array.from([255, 255, 255, 255, 0x86, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8, ...new Uint8Array(49)]);

describe('keys', () => {
  it('come and go', async () => {
    const made = await ask('POST', '/keys', { body: { model: 'ctap2.1', touch: 'after=5', transports: ['udp'] } });
    expect(made.body).toMatchObject({ model: 'ctap2.1', touch: 'after=5', inserted: true, formFactor: 'usb-a' });
    const { id } = made.body;
    expect((await ask('GET', '/keys')).body.keys.map((key: { id: string }) => key.id)).toContain(id);
    expect((await ask('DELETE', `/keys/${id}`)).body).toEqual({ deleted: true });
    expect((await ask('GET', `/keys/${id}`)).status).toBe(404);
    expect((await ask('POST', '/keys', { body: {} })).body.id).not.toBe(id); // no name comes again
  });

  it('may lie beside the computer at first', async () => {
    const { body } = await ask('POST', '/keys', { body: { inserted: false } });
    expect(body).toMatchObject({ inserted: false, led: 'off' });
    expect((await ask('POST', `/keys/${body.id}/touch`)).body.detail).toBe(`key ${body.id} is pulled out`);
    expect((await ask('POST', `/keys/${body.id}/insert`)).body).toMatchObject({ changed: true, key: { led: 'idle' } });
  });

  it('leave as files, and come back as the same keys', async () => {
    const id = await newKey('token2-r3');
    const user = { id: 'YWxpY2U', name: 'alice' };
    const added = await ask('POST', `/keys/${id}/passkeys`, { body: { rp: { id: 'example.com' }, user } });
    const described = await ask('GET', `/keys/${id}/export`);
    expect(described.body.records).toBeUndefined();
    const whole = await ask('GET', `/keys/${id}/export?privateKeys=true`);
    const back = await ask('POST', '/keys/import', { body: whole.body });
    expect(back.body.serialNumber).toBe(described.body.serialNumber);
    const { passkeys } = (await ask('GET', `/keys/${back.body.id}/passkeys`)).body;
    expect(passkeys[0].credentialId).toBe(added.body.credentialId);
    const before = (await ask('GET', '/keys')).body.keys.length;
    const broken = { ...whole.body, records: { ...whole.body.records, pin: 'AA' } };
    expect(await ask('POST', '/keys/import', { body: broken })).toMatchObject({
      status: 400,
      body: { code: 'bad_file' },
    });
    expect(await ask('POST', '/keys/import', { body: described.body })).toMatchObject({ status: 400 });
    expect((await ask('GET', '/keys')).body.keys).toHaveLength(before);
  });

  it('are taken back to how they were made', async () => {
    const id = await newKey('token2-r3');
    await ask('PUT', `/keys/${id}/pin`, { body: { pin: '314159' } });
    await ask('POST', `/keys/${id}/passkeys`, { body: { rp: { id: 'example.com' }, user: { id: 'YQ' } } });
    expect((await ask('GET', `/keys/${id}`)).body).toMatchObject({ passkeys: 1, pin: { set: true } });
    expect((await ask('POST', `/keys/${id}/reset`)).body.key).toMatchObject({ passkeys: 0, pin: { set: false } });
  });
});

describe('transports', () => {
  it('are attached and detached while the key runs', async () => {
    const id = await newKey('token2-r3');
    const first = (await ask('POST', `/keys/${id}/transports`, { body: { transport: 'udp' } })).body;
    const second = (await ask('POST', `/keys/${id}/transports`, { body: { transport: 'udp' } })).body;
    const socket = createSocket('udp4');
    const answered = once(socket, 'message');
    socket.send(INIT, Number(first.device.split(':').at(-1)), '127.0.0.1');
    expect((await answered)[0].subarray(7, 15)).toEqual(Buffer.from([1, 2, 3, 4, 5, 6, 7, 8]));
    socket.close();
    expect((await ask('DELETE', `/keys/${id}/transports/${first.id}`)).body).toEqual({ detached: true });
    expect((await ask('GET', `/keys/${id}`)).body.devices).toEqual([second.device]);
    expect((await ask('DELETE', `/keys/${id}/transports/${first.id}`)).status).toBe(404);
  });

  it('that are taken are refused, and leave the key as it was', async () => {
    const id = await newKey('token2-r3');
    const { device } = (await ask('POST', `/keys/${id}/transports`, { body: { transport: 'udp' } })).body;
    const transport = `udp:${device.split(':').at(-1)}`;
    const refused = await ask('POST', `/keys/${id}/transports`, { body: { transport } });
    expect(refused).toMatchObject({ status: 409, body: { code: 'cannot_plug_in' } });
    expect((await ask('GET', `/keys/${id}`)).body.transports).toHaveLength(1);
    const bad = await ask('POST', `/keys/${id}/transports`, { body: { transport: 'usb' } });
    expect(bad.body.detail).toContain('transport: expected uhid, udp');
    for (let count = 1; count < 8; count++) await ask('POST', `/keys/${id}/transports`, { body: { transport: 'udp' } });
    expect(await ask('POST', `/keys/${id}/transports`, { body: { transport: 'udp' } })).toMatchObject({ status: 409 });
  });
});

describe('the user', () => {
  it('decides beforehand', async () => {
    const { presence } = contract.lab.keys.get('1')!;
    const question = () => presence.request({ operation: 'selection' }, { signal: new AbortController().signal });
    const decisions = [{ answer: 'deny' }, { answer: 'touch', after: 5 }];
    const queue = await ask('PUT', '/keys/1/decisions', { body: { decisions } });
    expect(queue.body.decisions).toEqual([
      { answer: 'deny', after: 0 },
      { answer: 'touch', after: 5 },
    ]);
    expect(await question()).toBe('denied');
    expect((await ask('GET', '/keys/1/decisions')).body.decisions).toHaveLength(1);
    expect(await question()).toBe('touched');
    await ask('PUT', '/keys/1/decisions', { body: { decisions: [{ answer: 'ignore' }] } });
    const ignored = question();
    expect((await ask('GET', '/keys/1')).body).toMatchObject({ led: 'touch', pending: [] });
    expect((await ask('GET', '/keys/1/idle')).body).toEqual({ idle: false });
    await ask('PUT', '/clock', { body: { advance: 31_000 } });
    expect(await ignored).toBe('timeout');
    expect((await ask('GET', '/keys/1/idle?wait=60000')).body).toEqual({ idle: true });
  });

  it('gets a PIN that the policy allows', async () => {
    const id = await newKey('token2-r3.3-pin-plus');
    expect(await ask('PUT', `/keys/${id}/pin`, { body: { pin: '1234' } })).toMatchObject({
      status: 409,
      body: { code: 'pin_policy' },
    });
    expect((await ask('PUT', `/keys/${id}/pin`, { body: { pin: '904718' } })).body.key.pin).toEqual({
      set: true,
      retries: 8,
      blocked: false,
      powerCycleNeeded: false,
    });
    const u2f = await newKey('u2f-only');
    expect(await ask('PUT', `/keys/${u2f}/pin`, { body: { pin: '904718' } })).toMatchObject({ status: 409 });
    expect((await ask('GET', `/keys/${u2f}`)).body.pin).toBeNull();
  });

  it('has fingers on models with a sensor', async () => {
    const id = await newKey('token2-bio3');
    expect((await ask('GET', `/keys/${id}`)).body).toMatchObject({ formFactor: 'usb-a-bio', uv: { fingers: 0 } });
    expect((await ask('GET', `/keys/${id}/fingers`)).body).toEqual({ fingers: [] });
    expect((await ask('POST', `/keys/${id}/fingers`, { body: { finger: 'thumb' } })).status).toBe(200);
    expect((await ask('DELETE', `/keys/${id}/fingers`)).body).toEqual({ waiting: 0 });
    expect((await ask('GET', '/keys/1/fingers')).status).toBe(409);
  });
});

describe('passkeys', () => {
  it('are made, listed and deleted', async () => {
    const body = { rp: { id: 'example.com', name: 'Example' }, user: { id: 'YWxpY2U', name: 'alice' } };
    const made = await ask('POST', '/keys/2/passkeys', { body });
    expect(made).toMatchObject({ status: 201, body: { rp: body.rp, user: body.user, algorithm: -7 } });
    const again = await ask('POST', '/keys/2/passkeys', { body });
    const { passkeys, most } = (await ask('GET', '/keys/2/passkeys')).body;
    expect([passkeys.length, most]).toEqual([1, 300]);
    expect(passkeys[0].credentialId).toBe(again.body.credentialId);
    const path = `/keys/2/passkeys/${passkeys[0].credentialId}`;
    expect((await ask('DELETE', path)).body).toEqual({ deleted: true });
    expect((await ask('DELETE', path)).status).toBe(404);
    const rsa = await ask('POST', '/keys/2/passkeys', { body: { ...body, algorithm: -257 } });
    expect(rsa).toMatchObject({ status: 409, body: { code: 'passkey_refused' } });
  });
});

describe('one-time passwords', () => {
  it('are typed, and shown', async () => {
    await ask('PUT', '/keys/1/otp/hotp', { body: { seed: '3132333435363738393031323334353637383930' } });
    // RFC 4226 appendix D
    expect((await ask('POST', '/keys/1/otp/type')).body.text).toBe('755224\n');
    expect((await ask('POST', '/keys/1/otp/type')).body.text).toBe('287082\n');
    expect((await ask('DELETE', '/keys/1/otp/hotp')).body).toEqual({ programmed: false });
    expect(await ask('POST', '/keys/1/otp/type')).toMatchObject({ status: 409, body: { code: 'types_nothing' } });
    await ask('PUT', '/clock', { body: { frozen: true } });
    await ask('PUT', '/clock', { body: { set: '2033-05-18T03:33:20Z' } });
    const seed = '3132333435363738393031323334353637383930';
    const entries = await ask('PUT', '/keys/1/otp/entries', { body: { account: 'alice', digits: 8, seed } });
    // RFC 6238 appendix B: 2000000000
    expect(entries.body.entries).toEqual([expect.objectContaining({ code: '69279037', remaining: 10 })]);
    expect((await ask('GET', '/keys/1/otp')).body).toEqual(entries.body);
    expect((await ask('DELETE', '/keys/1/otp/entries', { body: { account: 'alice' } })).body.entries).toEqual([]);
    expect((await ask('DELETE', '/keys/1/otp/entries', { body: { account: 'alice' } })).status).toBe(404);
    await ask('PUT', '/clock', { body: { system: true } });
  });

  it('of Yubico are typed, too', async () => {
    const slot = { publicId: 'cccccccccccc', privateId: '010203040506', key: '000102030405060708090a0b0c0d0e0f' };
    expect((await ask('PUT', '/keys/2/yubico-otp', { body: slot })).body).toEqual({ programmed: true });
    expect((await ask('GET', '/keys/2/otp')).body.slots).toEqual({ hotp: false, yubico: true });
    expect((await ask('DELETE', '/keys/2/yubico-otp')).body).toEqual({ programmed: false });
  });
});

describe('programmable tokens', () => {
  it('show codes by a clock that drifts, until it is set', async () => {
    await ask('PUT', '/clock', { body: { frozen: true } });
    await ask('PUT', '/clock', { body: { set: '2033-05-18T03:33:20Z' } });
    const made = await ask('POST', '/tokens', { body: { model: 'molto2', driftPpm: 50 } });
    expect(made).toMatchObject({ status: 201, body: { profileCount: 100, ahead: 0 } });
    const path = `/tokens/${made.body.id}`;
    const seed = '3132333435363738393031323334353637383930';
    const filled = await ask('PUT', `${path}/profile`, { body: { profile: 7, seed, title: 'mail', digits: 8 } });
    expect(filled.body.profiles[1]).toMatchObject({ profile: 7, title: 'mail', code: '69279037', remaining: 10 });
    await ask('PUT', '/clock', { body: { advance: 1_000_000_000 } });
    expect((await ask('GET', path)).body.ahead).toBe(50);
    expect((await ask('PUT', `${path}/clock`, { body: { sync: true } })).body.ahead).toBe(0);
    expect((await ask('PUT', `${path}/clock`, { body: { driftPpm: -100 } })).body).toMatchObject({ driftPpm: -100 });
    await ask('PUT', '/clock', { body: { advance: 1_000_000_000 } });
    expect((await ask('GET', path)).body.ahead).toBe(-100);
    expect((await ask('PUT', `${path}/clock`, { body: { set: '2026-01-01T00:00:00Z' } })).body.now).toContain('2026');
    expect((await ask('POST', `${path}/press`)).body.confirmed).toBe(false);
    expect((await ask('GET', '/tokens')).body.tokens).toHaveLength(1);
    expect((await ask('DELETE', path)).body).toEqual({ deleted: true });
    expect((await ask('DELETE', path)).status).toBe(404);
    await ask('PUT', '/clock', { body: { system: true } });
  });

  it('refuse what their model does not have', async () => {
    const { id } = (await ask('POST', '/tokens', { body: {} })).body;
    for (const body of [{ profile: 1 }, { digits: 8 }]) {
      expect((await ask('PUT', `/tokens/${id}/profile`, { body })).status).toBe(409);
    }
    const two = await ask('PUT', `/tokens/${id}/clock`, { body: { sync: true, driftPpm: 1 } });
    expect(two).toMatchObject({ status: 400, body: { detail: 'expected exactly one of driftPpm, sync, set' } });
    await ask('DELETE', `/tokens/${id}`);
  });
});

describe('the clock', () => {
  it('stands still, moves on, and comes back', async () => {
    expect((await ask('PUT', '/clock', { body: { frozen: true } })).body.frozen).toBe(true);
    const set = await ask('PUT', '/clock', { body: { set: '2031-02-03T04:05:06+01:00' } });
    expect(set.body.now).toBe('2031-02-03T03:05:06.000Z');
    expect((await ask('PUT', '/clock', { body: { advance: 1500 } })).body.now).toBe('2031-02-03T03:05:07.500Z');
    expect((await ask('GET', '/clock')).body.now).toBe('2031-02-03T03:05:07.500Z');
    expect((await ask('PUT', '/clock', { body: { frozen: false } })).body.frozen).toBe(false);
    expect((await ask('PUT', '/clock', { body: { system: true } })).body).toMatchObject({ frozen: false, offset: 0 });
    for (const body of [{}, { frozen: true, system: true }, { set: 'noon' }, { advance: -1 }, { advance: 0.5 }]) {
      expect((await ask('PUT', '/clock', { body })).status).toBe(400);
    }
  });
});

describe('faults', () => {
  it('are turned on and off', async () => {
    const { faults } = (await ask('GET', '/faults')).body;
    const { id } = faults[0];
    expect((await ask('PUT', `/keys/2/faults/${id}`)).body).toEqual({ active: [id] });
    expect((await ask('GET', '/keys/2')).body.faults).toEqual([id]);
    expect((await ask('DELETE', `/keys/2/faults/${id}`)).body).toEqual({ active: [] });
    expect(await ask('PUT', '/keys/2/faults/none-such')).toMatchObject({
      status: 404,
      body: { code: 'no_such_fault' },
    });
  });
});

describe('traces', () => {
  it('are told decoded, or as a capture', async () => {
    const plug = contract.lab.keys.get('2')!.key.plugIn(() => {});
    plug.receive(INIT);
    plug.unplug();
    const { entries } = (await ask('GET', '/keys/2/trace')).body;
    expect(entries.map(({ name, type }: { name: string; type: string }) => [name, type])).toEqual([
      ['CTAPHID_INIT', 'command'],
      ['CTAPHID_INIT', 'answer'],
    ]);
    const byAccept = await ask('GET', '/keys/2/trace', { headers: { accept: 'application/x-pcapng' } });
    const capture = await ask('GET', '/keys/2/trace?format=pcapng');
    expect(byAccept.body).toEqual(capture.body);
    const { traffic } = readTraffic(capture.body);
    expect(traffic.map(({ direction }) => direction)).toEqual(['in', 'out']);
    expect((await ask('GET', '/keys/2/trace', { headers: { accept: 'text/html' } })).status).toBe(406);
    expect((await ask('DELETE', '/keys/2/trace')).body).toEqual({ cleared: true });
    expect((await ask('GET', '/keys/2/trace')).body).toEqual({ entries: [] });
  });
});

describe('the document', () => {
  it('is OpenAPI 3.1, says somebody else’s validator', async () => {
    const result = await new Validator().validate({ ...contract.document });
    expect(result).toEqual({ valid: true });
    expect(contract.document.openapi).toBe('3.1.0');
  });

  it('was held against every operation above and here', async () => {
    for (const path of [
      '/health',
      '/models',
      '/metadata?model=ctap2.0',
      '/openapi.json',
      '/panel',
      '/panel/panel.css',
    ]) {
      expect((await ask('GET', path)).status).toBe(200);
    }
    expect((await ask('GET', '/events')).status).toBe(426);
    const { path } = (await ask('POST', '/panel/links')).body;
    const code = path.split('code=')[1];
    expect((await ask('POST', '/panel/session', { body: { code } })).body.token).toBe(contract.server.token);
    await ask('GET', '/keys/1/pending');
    await ask('POST', '/keys/1/remove');
    await ask('POST', '/keys/1/deny');
    expect((await ask('POST', '/keys/1/site-links')).body.code).toBe('no_site');
    await ask('PUT', '/keys/1/touch-policy', { body: { touch: 'auto' } });
    await ask('PUT', '/snapshot', { body: (await ask('GET', '/snapshot')).body });
    const described = Object.entries(contract.document.paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect([...contract.asked].sort()).toEqual(described.sort());
  });
});

it('says of each model what it looks like', async () => {
  const { models } = (await ask('GET', '/models')).body;
  const forms = new Map(models.map(({ name, formFactor }: { name: string; formFactor: string }) => [name, formFactor]));
  expect(forms.get(findModel('token2-r3').name)).toBe('usb-c');
  expect(forms.get('token2-r1')).toBe('usb-a');
});
