import { describe, expect, it } from 'vitest';
import { defaultModel } from '../../../emulator/models/index.ts';
import { denyPresence } from '../../../emulator/presence.ts';
import { createBrowserlessClient } from '../../../harness/browsers/index.ts';
import { domException, ORIGIN, register, signIn } from '../webauthn/page.ts';

describe('createBrowserlessClient', () => {
  it('registers and signs in at a server, with nothing but an origin', async () => {
    const client = await createBrowserlessClient({ origin: ORIGIN });
    const registered = await register(client);
    await signIn(client, registered);
    expect(client.key.model).toBe(defaultModel);
    await client.close();
  });

  it('takes a model by its name, and one of its own', async () => {
    const named = await createBrowserlessClient({ origin: ORIGIN, model: defaultModel.name });
    expect(named.key.model).toBe(defaultModel);
    await named.close();
    const model = { ...defaultModel, name: 'other', algorithms: [-8] };
    const own = await createBrowserlessClient({ origin: ORIGIN, model });
    expect((await register(own)).json.response.publicKeyAlgorithm).toBe(-8);
    await own.close();
    await expect(createBrowserlessClient({ origin: ORIGIN, model: 'no-such' })).rejects.toThrow(RangeError);
  });

  it('has a user who can be told to refuse, and to know a PIN', async () => {
    const refusing = await createBrowserlessClient({ origin: ORIGIN, presence: denyPresence });
    await expect(register(refusing)).rejects.toEqual(domException('NotAllowedError'));
    await refusing.close();
    const client = await createBrowserlessClient({ origin: ORIGIN, ui: { pin: () => '1234' } });
    const verified = { requireUserVerification: true };
    const registered = await register(client, { authenticatorSelection: { userVerification: 'required' } }, verified);
    await signIn(client, registered, { userVerification: 'required' }, verified);
    await client.close();
  });

  it('fails, and does not hang, once it is closed', async () => {
    const client = await createBrowserlessClient({ origin: ORIGIN });
    await client.close();
    await expect(register(client)).rejects.toEqual(domException('NotAllowedError', /closed/));
  });

  it('throws a TypeError for an origin that is none', async () => {
    await expect(createBrowserlessClient({ origin: 'example.com' })).rejects.toThrow(TypeError);
  });
});
