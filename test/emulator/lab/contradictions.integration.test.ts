/** Commands that contradict each other, and files that are broken: a clear answer, and nothing half done. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { Contract } from './contract.ts';

let contract: Contract;
let folder: string | undefined;
afterEach(async () => {
  await contract.close();
  expect(contract.defects).toEqual([]);
  if (folder !== undefined) rmSync(folder, { recursive: true });
  folder = undefined;
});

/** Something that waits for the key's user, as a command in a transport would. */
function question(id: string) {
  const request = { operation: 'getAssertion', rpId: 'example.com' } as const;
  return contract.lab.keys.get(id)!.presence.request(request, { signal: new AbortController().signal });
}

/** All that the API says of the lab, but for the time. */
async function state() {
  const { keys, tokens } = (await contract.ask('GET', '/snapshot')).body;
  const entries = keys.map(({ file: { exportedAt, ...file }, ...key }: { file: { exportedAt: string } }) => ({
    ...key,
    file,
  }));
  return { entries, tokens, keys: (await contract.ask('GET', '/keys')).body.keys };
}

describe('contradicting commands', () => {
  it('touch and deny: one of them answers', async () => {
    contract = await Contract.open({ rateLimit: { burst: 100_000, perSecond: 1000 } });
    for (let round = 0; round < 20; round++) {
      const answer = question('1');
      const sent = await Promise.all(['touch', 'deny'].map((what) => contract.ask('POST', `/keys/1/${what}`)));
      expect(sent.map(({ status }) => status).sort()).toEqual([200, 409]);
      expect(await answer).toBe(sent[0]!.status === 200 ? 'touched' : 'denied');
    }
  });

  it('touch, remove, insert and delete: each has an answer of the document', async () => {
    contract = await Contract.open({
      keys: 6,
      transports: [{ kind: 'udp', port: 0 }],
      rateLimit: { burst: 100_000, perSecond: 1000 },
    });
    const slot = { publicId: 'cc', privateId: '010203040506', key: '000102030405060708090a0b0c0d0e0f' };
    for (const id of [...contract.lab.keys.keys()]) {
      await contract.ask('PUT', `/keys/${id}/yubico-otp`, { body: slot });
      const requests = ['touch', 'remove', 'touch', 'insert', 'reset', 'remove'].map((what) =>
        contract.ask('POST', `/keys/${id}/${what}`),
      );
      requests.push(contract.ask('PUT', `/keys/${id}/pin`, { body: { pin: '314159' } }));
      requests.push(contract.ask('DELETE', `/keys/${id}`), contract.ask('POST', `/keys/${id}/insert`));
      await Promise.all(requests); // each is held against the document
      expect((await contract.ask('GET', `/keys/${id}`)).status).toBe(404);
    }
    expect(contract.lab.keys.size).toBe(0);
  });
});

describe.each(['in memory', 'in a folder'])('a snapshot %s', (place) => {
  const open = async () => {
    if (place === 'in a folder') folder = mkdtempSync(join(tmpdir(), 'ctaplab-snapshot-'));
    contract = await Contract.open({ state: folder && join(folder, 'state'), transports: [{ kind: 'udp', port: 0 }] });
  };

  it('brings everything back', async () => {
    await open();
    await contract.ask('POST', '/keys/1/passkeys', { body: { rp: { id: 'example.com' }, user: { id: 'YQ' } } });
    await contract.ask('PUT', '/keys/2/pin', { body: { pin: '314159' } });
    await contract.ask('POST', '/keys/2/remove');
    await contract.ask('POST', '/tokens', { body: { driftPpm: 7 } });
    await contract.ask('PUT', '/clock', { body: { frozen: true } });
    const taken = await contract.ask('GET', '/snapshot');
    const before = await state();
    await contract.ask('DELETE', '/keys/1');
    await contract.ask('POST', '/keys/2/reset');
    await contract.ask('POST', '/keys', { body: { model: 'u2f-only' } });
    await contract.ask('DELETE', '/tokens/1');
    await contract.ask('PUT', '/clock', { body: { system: true } });
    expect((await contract.ask('PUT', '/snapshot', { body: taken.body })).body).toEqual({
      restored: true,
      keys: 2,
      tokens: 1,
    });
    const after = await state();
    expect([after.entries, after.tokens]).toEqual([before.entries, before.tokens]);
    expect(after.keys[1]).toMatchObject({ inserted: false, pin: { set: true } });
    expect((await contract.ask('GET', '/clock')).body).toMatchObject({ frozen: true, now: taken.body.clock.now });
  });

  it('that is broken changes nothing', async () => {
    await open();
    await contract.ask('POST', '/tokens', { body: {} });
    const { body } = await contract.ask('GET', '/snapshot');
    const before = await state();
    const [first, second] = body.keys;
    const records = (changes: object) => ({
      ...second,
      file: { ...second.file, records: { ...second.file.records, ...changes } },
    });
    const broken: [object, string][] = [
      [{ ...body, keys: [first, first] }, 'keys: expected each number once'],
      [{ ...body, keys: [first, records({ pin: 'AA' })] }, 'key 2: '],
      [{ ...body, keys: [first, records({ attestation: 'AA' })] }, 'key 2: '],
      [{ ...body, keys: [first, records({ model: 'bm9uZQ' })] }, 'key 2: there is no model "none"'],
      [{ ...body, keys: [first, records({ '../x': 'AA' })] }, 'key 2: '],
      [{ ...body, keys: [{ ...first, settings: { transports: ['usb'] } }] }, 'key 1: '],
      [{ ...body, keys: [{ ...first, faults: ['none'] }] }, 'key 1: there is no fault "none"'],
      [{ ...body, tokens: [{ ...body.tokens[0], records: {} }] }, 'token 1: records: expected "token/serial"'],
      [{ ...body, version: 2 }, 'version: expected 1, got 2'],
      [{ ...body, more: true }, 'expected no member "more"'],
    ];
    for (const [snapshot, detail] of broken) {
      const { status, body: problem } = await contract.ask('PUT', '/snapshot', { body: snapshot });
      expect([status, problem.detail]).toEqual([400, expect.stringContaining(detail)]);
    }
    expect(await state()).toEqual(before);
  });

  it('that cannot be plugged in changes nothing', async () => {
    await open();
    const { body } = await contract.ask('GET', '/snapshot');
    const other = await Contract.open({ keys: 1, transports: [{ kind: 'udp', port: 0 }] });
    const taken = other.lab.keys.get('1')!.devices[0]!.replace('127.0.0.1:', '');
    const keys = [body.keys[0], { ...body.keys[1], settings: { transports: [taken] } }];
    const refused = await contract.ask('PUT', '/snapshot', { body: { ...body, keys } });
    expect(refused).toMatchObject({ status: 409, body: { code: 'cannot_restore' } });
    await other.close();
    const after = (await contract.ask('GET', '/snapshot')).body;
    expect(after.keys.map(({ settings }: { settings: object }) => settings)).toEqual([{}, {}]);
    expect(
      (await contract.ask('GET', '/keys')).body.keys.every(({ inserted }: { inserted: boolean }) => inserted),
    ).toBe(true);
  });
});
