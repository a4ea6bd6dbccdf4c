import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { LoadUser } from '../../../harness/load/user.ts';
import { type CountingParty, startCountingParty } from './relying-party.ts';

let party: CountingParty;
beforeAll(async () => {
  party = await startCountingParty();
});
afterAll(() => party.close());
let user: LoadUser;
beforeEach(async () => {
  user = await LoadUser.open(1, party.origin);
  user.signal = new AbortController().signal;
});
afterEach(() => user.close());

describe('a user of a load', () => {
  it('keeps cookies, and follows redirects with them as a browser does', async () => {
    const headers = { 'content-type': 'application/json' };
    const response = await user.fetch('/moved', { method: 'POST', headers, body: '{}' });
    expect(await response.text()).toBe('GET moved=yes');
    expect((await user.fetch('/moved', { redirect: 'manual' })).status).toBe(302);
  });

  it('tells what came in the place of what was expected', async () => {
    await expect(user.post('/nowhere')).rejects.toThrow('/nowhere: 404 no such path');
    await expect(user.post('/sign-in/options')).rejects.toThrow('400 nobody has registered');
  });

  it('ends with its signal', async () => {
    user.signal = AbortSignal.timeout(50);
    await expect(user.fetch('/hung')).rejects.toMatchObject({ name: 'TimeoutError' });
  });
});
