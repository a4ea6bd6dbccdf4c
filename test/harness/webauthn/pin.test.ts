import { describe, expect, it } from 'vitest';
import { fromBase64Url } from '../../../ctap/bytes.ts';
import { decodeCbor, encodeCbor } from '../../../ctap/cbor.ts';
import { getInfoResponse } from '../../../ctap/commands/get-info.ts';
import { Command } from '../../../ctap/commands/index.ts';
import { Flag } from '../../../ctap/flags.ts';
import { Ctap2Client } from '../../../harness/client/ctap2.ts';
import type { CtapDevice } from '../../../harness/client/device.ts';
import { PinClient } from '../../../harness/client/pin.ts';
import type { PinRequest, WebAuthnUi } from '../../../harness/webauthn/index.ts';
import {
  creation,
  descriptor,
  domException,
  openPage,
  type Page,
  type PageOptions,
  register,
  request,
  signIn,
  wrap,
} from './page.ts';

const required = { authenticatorSelection: { userVerification: 'required' } } as const;

/** A dialog that gives these entries one after the other, and keeps what it was asked. */
function entering(...entries: (string | undefined)[]): { ui: WebAuthnUi; asked: Omit<PinRequest, 'signal'>[] } {
  const asked: Omit<PinRequest, 'signal'>[] = [];
  const ui: WebAuthnUi = {
    pin({ signal, ...question }) {
      asked.push(question);
      if (entries.length === 0) throw new Error('asked for a PIN too often');
      return entries.shift();
    },
  };
  return { ui, asked };
}

async function openPageWithPin(pin: string, options: PageOptions): Promise<Page & { pin: PinClient }> {
  const page = await openPage(options);
  const client = new PinClient(new Ctap2Client(page.device));
  await client.setPin(pin);
  return { ...page, pin: client };
}

function isVerified(json: { response: { authenticatorData: string } }): boolean {
  return (fromBase64Url(json.response.authenticatorData)[32]! & Flag.UV) !== 0;
}

/** A device whose getInfo says otherwise. */
function saying(device: CtapDevice, more: Partial<ReturnType<typeof getInfoResponse.decode>>): CtapDevice {
  return wrap(device, {
    async cbor(message, exchange) {
      const answer = await device.cbor(message, exchange);
      if (message[0] !== Command.authenticatorGetInfo) return answer;
      const info = getInfoResponse.decode(decodeCbor(answer), 'getInfo');
      const options = { ...info.options, ...more.options };
      return encodeCbor(getInfoResponse.encode({ ...info, ...more, options }));
    },
  });
}

describe('a PIN', () => {
  it('is entered where user verification is required, and a server sees it', async () => {
    const { ui, asked } = entering('1234', '1234');
    const { client } = await openPageWithPin('1234', { ui });
    const registered = await register(client, required, { requireUserVerification: true });
    const { info } = await signIn(
      client,
      registered,
      { userVerification: 'required' },
      { requireUserVerification: true },
    );
    expect(info.userVerified).toBe(true);
    expect(asked).toEqual(
      Array(2).fill({
        rpId: 'example.com',
        authenticator: 'FIDO2 Security Key',
        reason: 'enter',
        attempts: 8,
        minPINLength: 4,
        error: undefined,
      }),
    );
  });

  it.each([
    ['required', true],
    ['preferred', true],
    ['discouraged', false],
  ] as const)('is entered for %s: %s', async (userVerification, expected) => {
    const { ui, asked } = entering('1234', '1234');
    const { client } = await openPageWithPin('1234', { ui });
    const json = await client.create(creation({ authenticatorSelection: { userVerification } }));
    expect(isVerified(json)).toBe(expected);
    const assertion = await client.get(request({ allowCredentials: [descriptor(json.id)], userVerification }));
    expect(isVerified(assertion)).toBe(expected);
    expect(asked).toHaveLength(expected ? 2 : 0);
  });

  it.each(['required', 'preferred'])('is not entered where there is none and it is but %s', async (residentKey) => {
    const { ui, asked } = entering();
    const { client } = await openPage({ ui });
    const json = await client.create(creation({ authenticatorSelection: { residentKey } }));
    expect(isVerified(json)).toBe(false);
    expect(asked).toEqual([]);
  });

  it('is entered where the key demands it, whatever the server wants', async () => {
    const { ui, asked } = entering('1234', '1234');
    const { client } = await openPageWithPin('1234', { ui });
    const discoverable = { residentKey: 'required', userVerification: 'discouraged' };
    expect(isVerified(await client.create(creation({ authenticatorSelection: discoverable })))).toBe(true);
    const old = await openPageWithPin('1234', { ui, key: { model: { options: ['rk', 'up', 'clientPin'] } } });
    const plain = { userVerification: 'discouraged' };
    expect(isVerified(await old.client.create(creation({ authenticatorSelection: plain })))).toBe(true);
    expect(asked).toHaveLength(2);
  });

  it('is entered with alwaysUv even for a sign-in', async () => {
    const { ui, asked } = entering('1234', '1234');
    const between = (device: CtapDevice) => saying(device, { options: { alwaysUv: true, makeCredUvNotRqd: false } });
    const { client } = await openPageWithPin('1234', { ui, between });
    const { id } = await client.create(creation({ authenticatorSelection: { userVerification: 'discouraged' } }));
    const options = request({ allowCredentials: [descriptor(id)], userVerification: 'discouraged' });
    expect(isVerified(await client.get(options))).toBe(true);
    expect(asked).toHaveLength(2);
  });

  it('is set first where there is none and the server requires it', async () => {
    const { ui, asked } = entering('1', '1234');
    const { client, device } = await openPage({ ui });
    expect(isVerified(await client.create(creation(required)))).toBe(true);
    expect(asked).toMatchObject([
      { reason: 'set', attempts: undefined, error: undefined },
      { reason: 'set', error: expect.stringContaining('at least 4 characters, got 1') },
    ]);
    expect((await new Ctap2Client(device).getInfo()).options?.clientPin).toBe(true);
  });

  it('is never set for a sign-in', async () => {
    const { ui, asked } = entering();
    const { client } = await openPage({ ui });
    const { id } = await client.create(creation({ authenticatorSelection: { userVerification: 'discouraged' } }));
    const options = request({ allowCredentials: [descriptor(id)], userVerification: 'required' });
    await expect(client.get(options)).rejects.toEqual(domException('NotAllowedError', /cannot verify the user/));
    expect(asked).toEqual([]);
  });

  it('is asked for again after a wrong one, with the attempts that are left', async () => {
    const { ui, asked } = entering('0000', '1111', '1234');
    const { client } = await openPageWithPin('1234', { ui });
    expect(isVerified(await client.create(creation(required)))).toBe(true);
    expect(asked).toMatchObject([
      { attempts: 8, error: undefined },
      { attempts: 7, error: 'the PIN is wrong' },
      { attempts: 6, error: 'the PIN is wrong' },
    ]);
  });

  it('ends the request after three wrong ones in a row, and is then not asked for at all', async () => {
    const { ui, asked } = entering('0000', '0000', '0000');
    const { client } = await openPageWithPin('1234', { ui });
    const blocked = expect.objectContaining({ statusName: 'CTAP2_ERR_PIN_AUTH_BLOCKED' });
    await expect(client.create(creation(required))).rejects.toMatchObject({ name: 'NotAllowedError', cause: blocked });
    await expect(client.create(creation(required))).rejects.toMatchObject({ name: 'NotAllowedError', cause: blocked });
    expect(asked).toHaveLength(3);
  });

  it('ends the request when it is blocked for good', async () => {
    const { ui, asked } = entering(...Array(8).fill('0000'));
    const { client, key } = await openPageWithPin('1234', { ui });
    const failures: unknown[] = [];
    for (let i = 0; i < 4; i++) {
      await client.create(creation(required)).catch((error) => failures.push(error.cause.statusName));
      key.powerCycle();
    }
    expect(failures).toEqual([
      'CTAP2_ERR_PIN_AUTH_BLOCKED',
      'CTAP2_ERR_PIN_AUTH_BLOCKED',
      'CTAP2_ERR_PIN_BLOCKED',
      'CTAP2_ERR_PIN_BLOCKED',
    ]);
    expect(asked).toHaveLength(8);
  });

  it('ends the request with NotAllowedError where the user cancels', async () => {
    const { ui } = entering(undefined);
    const { client } = await openPageWithPin('1234', { ui });
    await expect(client.create(creation(required))).rejects.toEqual(domException('NotAllowedError', /cancelled/));
  });

  it('is out of reach without a dialog', async () => {
    const { client } = await openPageWithPin('1234', {});
    await expect(client.create(creation(required))).rejects.toEqual(domException('NotAllowedError'));
    const preferred = await client.create(creation());
    expect(isVerified(preferred)).toBe(false);
    const discoverable = client.create(creation({ authenticatorSelection: { residentKey: 'required' } }));
    await expect(discoverable).rejects.toEqual(domException('NotAllowedError', /cannot verify the user/));
  });

  it('finds credentials of credProtect level 3 in long lists', async () => {
    const { ui } = entering('1234', '1234', '1234');
    const { client } = await openPageWithPin('1234', { ui });
    const extensions = { credentialProtectionPolicy: 'userVerificationRequired' };
    const { id } = await client.create(creation({ ...required, extensions }));
    const strangers = Array.from({ length: 20 }, (_, i) => descriptor(Buffer.alloc(60, i).toString('base64url')));
    const list = [...strangers, descriptor(id)];
    const assertion = await client.get(request({ allowCredentials: list, userVerification: 'required' }));
    expect(assertion.id).toBe(id);
    const excluded = client.create(creation({ ...required, excludeCredentials: list }));
    await expect(excluded).rejects.toEqual(domException('InvalidStateError'));
  });

  it('is not usable on a key that keeps it from credentials', async () => {
    const { ui, asked } = entering();
    const between = (device: CtapDevice) => saying(device, { options: { noMcGaPermissionsWithClientPin: true } });
    const { client } = await openPageWithPin('1234', { ui, between });
    await expect(client.create(creation(required))).rejects.toEqual(domException('NotAllowedError'));
    expect(asked).toEqual([]);
  });
});

describe('a forced change of the PIN', () => {
  it('asks for the old one, then for another one, and goes on', async () => {
    const { ui, asked } = entering('0000', '5678', '1234', '1234', '5678');
    const between = (device: CtapDevice) => saying(device, { forcePINChange: true });
    const { client, pin } = await openPageWithPin('1234', { ui, between });
    expect(isVerified(await client.create(creation(required)))).toBe(true);
    expect(asked).toMatchObject([
      { reason: 'enter', attempts: 8 },
      { reason: 'change', attempts: undefined, error: undefined },
      { reason: 'enter', attempts: 7, error: 'the PIN is wrong' },
      { reason: 'change', error: undefined },
      { reason: 'change', error: expect.stringContaining('expected another PIN than before') },
    ]);
    await pin.changePin('5678', '0000');
  });
});
