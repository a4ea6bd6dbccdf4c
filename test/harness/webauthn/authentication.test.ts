import { describe, expect, it } from 'vitest';
import { fromBase64Url, fromUtf8, toBase64Url } from '../../../ctap/bytes.ts';
import { Command } from '../../../ctap/commands/index.ts';
import type { PresenceAnswer } from '../../../emulator/environment.ts';
import { Ctap1Client } from '../../../harness/client/ctap1.ts';
import { Ctap2Client } from '../../../harness/client/ctap2.ts';
import { PinClient } from '../../../harness/client/pin.ts';
import { sha256 } from '../../../harness/webauthn/digest.ts';
import type { CredentialChoice } from '../../../harness/webauthn/index.ts';
import {
  creation,
  descriptor,
  domException,
  openPage,
  type Page,
  RP_ID,
  register,
  request,
  signIn,
  wrap,
} from './page.ts';

function strangers(count: number): { type: string; id: string }[] {
  return Array.from({ length: count }, (_, i) => descriptor(Buffer.alloc(60, i).toString('base64url')));
}

/** A page whose requests to the key are kept: their command bytes. */
async function openWatchedPage(options: Parameters<typeof openPage>[0] = {}): Promise<Page & { commands: number[] }> {
  const commands: number[] = [];
  const page = await openPage({
    ...options,
    between: (device) =>
      wrap(device, {
        cbor: (message, exchange) => {
          commands.push(message[0]!);
          return device.cbor(message, exchange);
        },
      }),
  });
  return { ...page, commands };
}

describe('get with a list', () => {
  it.each([1, 8, 9, 40])('finds the one credential of %i that the key has', async (length) => {
    const { client, commands } = await openWatchedPage();
    const registered = await register(client);
    commands.length = 0;
    for (const at of [0, length - 1]) {
      const allowCredentials = strangers(length - 1).toSpliced(at, 0, descriptor(registered.credential.id)) as never;
      const { json } = await signIn(client, registered, { allowCredentials });
      expect(json.id).toBe(registered.credential.id);
    }
    // of one there is nothing to find out; else the first of the lists of eight knows it, then all of them are asked
    const silent = length === 1 ? 0 : 1 + Math.ceil(length / 8);
    expect(commands.filter((command) => command === Command.authenticatorGetAssertion)).toHaveLength(silent + 2);
  });

  it('asks one by one where the key does not say how many it takes', async () => {
    const { client, commands } = await openWatchedPage({ key: { model: { lastInfoMember: 5 } } });
    const registered = await register(client);
    commands.length = 0;
    const allowCredentials = [...strangers(2), descriptor(registered.credential.id)] as never;
    await signIn(client, registered, { allowCredentials });
    expect(commands.filter((command) => command === Command.authenticatorGetAssertion)).toHaveLength(3 + 1);
  });

  it('leaves out the user handle of a credential that has none', async () => {
    const { client } = await openPage();
    const { json } = await signIn(
      client,
      await register(client, { authenticatorSelection: { residentKey: 'discouraged' } }),
    );
    expect(json.response).not.toHaveProperty('userHandle');
    expect(json).toMatchObject({
      type: 'public-key',
      authenticatorAttachment: 'cross-platform',
      clientExtensionResults: {},
    });
    expect(JSON.parse(fromUtf8(fromBase64Url(json.response.clientDataJSON)))).toMatchObject({ type: 'webauthn.get' });
  });

  it('rejects with NotAllowedError, after a touch, where the key has none of them', async () => {
    const { client, commands } = await openWatchedPage();
    const refusal = client.get(request({ allowCredentials: strangers(3) }));
    await expect(refusal).rejects.toEqual(domException('NotAllowedError', /no credential of example.com/));
    expect(commands.at(-1)).toBe(Command.authenticatorSelection);
    await expect(client.get(request({ allowCredentials: [{ type: 'other', id: 'AQ' }] }))).rejects.toEqual(
      domException('NotAllowedError'),
    );
  });

  it('takes the touch of a CTAP 2.0 key that knows no authenticatorSelection', async () => {
    const { client, commands } = await openWatchedPage({ key: { model: { versions: ['FIDO_2_0'] } } });
    await expect(client.get(request({ allowCredentials: strangers(1) }))).rejects.toEqual(
      domException('NotAllowedError', /no credential/),
    );
    expect(commands.at(-1)).toBe(Command.authenticatorMakeCredential);
  });

  it('rejects with NotAllowedError where the user declines', async () => {
    let answer: PresenceAnswer = 'touched';
    const page = await openPage({ key: { presence: { request: () => answer } } });
    const { id } = await page.client.create(creation());
    answer = 'denied';
    await expect(page.client.get(request({ allowCredentials: [descriptor(id)] }))).rejects.toMatchObject({
      name: 'NotAllowedError',
      cause: { statusName: 'CTAP2_ERR_OPERATION_DENIED' },
    });
  });
});

describe('get without a list', () => {
  async function withAccounts(
    names: readonly string[],
    ui: { pin?: () => string } = {},
    asked: CredentialChoice[][] = [],
  ) {
    const page = await openPage({
      ui: {
        ...ui,
        selectCredential(choices) {
          asked.push([...choices]);
          return choices.find(({ user }) => user.name === 'bob') ?? choices.at(-1);
        },
      },
    });
    for (const name of names) {
      const user = { id: toBase64Url(new TextEncoder().encode(name)), name, displayName: name.toUpperCase() };
      await page.client.create(creation({ user, authenticatorSelection: { residentKey: 'required' } }));
    }
    return { ...page, asked };
  }

  it('answers with the user handle', async () => {
    const { client, asked } = await withAccounts(['alice']);
    const { response } = await client.get(request());
    expect(fromUtf8(fromBase64Url(response.userHandle!))).toBe('alice');
    expect(asked).toEqual([]);
  });

  it('lets the user choose, the newest first, without names where nobody was verified', async () => {
    const { client, asked } = await withAccounts(['alice', 'carol', 'dave']);
    const { response } = await client.get(request({ allowCredentials: [] }));
    expect(fromUtf8(fromBase64Url(response.userHandle!))).toBe('alice');
    const users = asked[0]!.map(({ user }) => ({ ...user, id: fromUtf8(user.id) }));
    expect(users).toEqual([{ id: 'dave' }, { id: 'carol' }, { id: 'alice' }]);
  });

  it('shows names to the verified user', async () => {
    const { client, device, asked } = await withAccounts(['alice', 'bob', 'carol'], { pin: () => '1234' });
    await new PinClient(new Ctap2Client(device)).setPin('1234');
    const { response } = await client.get(request({ userVerification: 'required' }));
    expect(fromUtf8(fromBase64Url(response.userHandle!))).toBe('bob');
    expect(asked[0]!.map(({ user }) => user.displayName)).toEqual(['CAROL', 'BOB', 'ALICE']);
  });

  it('takes the newest where nobody is asked', async () => {
    const { client } = await openPage();
    for (const id of ['AQ', 'Ag']) {
      const user = { id, name: id, displayName: id };
      await client.create(creation({ user, authenticatorSelection: { residentKey: 'required' } }));
    }
    expect((await client.get(request())).response.userHandle).toBe('Ag');
  });

  it('rejects with NotAllowedError where the user chooses none, or there is none', async () => {
    const page = await openPage({ ui: { selectCredential: () => undefined } });
    await expect(page.client.get(request())).rejects.toEqual(domException('NotAllowedError', /no credential/));
    for (const id of ['AQ', 'Ag']) {
      const user = { id, name: id, displayName: id };
      await page.client.create(creation({ user, authenticatorSelection: { residentKey: 'required' } }));
    }
    await expect(page.client.get(request())).rejects.toEqual(domException('NotAllowedError', /cancelled the choice/));
  });

  it('rejects where the key has no discoverable credentials at all', async () => {
    const { client } = await openPage({ key: { model: { options: ['up'] } } });
    await expect(client.get(request())).rejects.toEqual(domException('NotAllowedError', /no discoverable credentials/));
  });
});

describe('prf', () => {
  const first = 'Zmlyc3Q';
  const second = 'c2Vjb25k';

  it('gives the same results each time, and others for other inputs and credentials', async () => {
    const { client } = await openPage();
    const ids = [
      await client.create(creation({ extensions: { prf: {} } })),
      await client.create(creation({ extensions: { prf: {} } })),
    ];
    const results = async (index: number, values: object) => {
      const allowCredentials = [descriptor(ids[index]!.id)];
      const { clientExtensionResults } = await client.get(
        request({ allowCredentials, extensions: { prf: { eval: values } } }),
      );
      return clientExtensionResults.prf!.results!;
    };
    const both = await results(0, { first, second });
    expect(fromBase64Url(both.first)).toHaveLength(32);
    expect(fromBase64Url(both.second!)).toHaveLength(32);
    expect(await results(0, { first, second })).toEqual(both);
    expect(await results(0, { first })).toEqual({ first: both.first });
    expect(await results(0, { first: second })).toEqual({ first: both.second });
    expect((await results(1, { first })).first).not.toBe(both.first);
  });

  it('is hmac-secret of the hashed input with its context', async () => {
    const { client, device } = await openPage();
    const { id } = await client.create(creation({ extensions: { prf: {} } }));
    const allowCredentials = [descriptor(id)];
    const { clientExtensionResults } = await client.get(
      request({ allowCredentials, extensions: { prf: { eval: { first } } } }),
    );
    const ctap2 = new Ctap2Client(device);
    const { protocol, keyAgreement, sharedSecret } = await new PinClient(ctap2).sharedSecret();
    const salt = sha256('WebAuthn PRF', Uint8Array.of(0), fromBase64Url(first));
    const saltEnc = protocol.encrypt(sharedSecret, salt, (length) => new Uint8Array(length));
    const { hmacSecretInput } = await import('../../../ctap/extensions/hmac-secret.ts');
    const { authData } = await ctap2.getAssertion({
      rpId: RP_ID,
      clientDataHash: new Uint8Array(32),
      allowList: [{ type: 'public-key', id: fromBase64Url(id) }],
      extensions: {
        'hmac-secret': hmacSecretInput.encode({
          keyAgreement,
          saltEnc,
          saltAuth: protocol.authenticate(sharedSecret, saltEnc),
          pinUvAuthProtocol: protocol.version,
        }),
      },
    });
    const { decodeAuthenticatorData } = await import('../../../ctap/authenticator-data.ts');
    const output = decodeAuthenticatorData(authData).extensions!.get('hmac-secret') as Uint8Array;
    expect(clientExtensionResults.prf?.results?.first).toBe(toBase64Url(protocol.decrypt(sharedSecret, output)!));
  });

  it('takes the inputs of the credential that answers, and eval for others', async () => {
    const { client } = await openPage();
    const one = (await client.create(creation({ extensions: { prf: {} } }))).id;
    const other = (await client.create(creation({ extensions: { prf: {} } }))).id;
    const results = async (id: string, prf: object) => {
      const stranger = Buffer.alloc(40, 7).toString('base64url');
      const allowCredentials = [descriptor(stranger), descriptor(id)];
      const options = request({ allowCredentials, extensions: { prf } });
      return (await client.get(options)).clientExtensionResults.prf?.results;
    };
    const expected = await results(one, { eval: { first } });
    expect(await results(one, { evalByCredential: { [one]: { first } }, eval: { first: second } })).toEqual(expected);
    const others = await results(other, { eval: { first: second } });
    const stranger = Buffer.alloc(40, 7).toString('base64url');
    expect(await results(other, { evalByCredential: { [stranger]: { first } }, eval: { first: second } })).toEqual(
      others,
    );
    expect(await results(other, { evalByCredential: { [stranger]: { first } } })).toBeUndefined();
  });

  it.each([
    ['without a list', undefined, 'NotSupportedError'],
    ['for a credential that is not allowed', [descriptor('Ag')], 'SyntaxError'],
  ])('rejects evalByCredential %s', async (_, allowCredentials, name) => {
    const { client } = await openPage();
    const extensions = { prf: { evalByCredential: { AQ: { first } } } };
    await expect(client.get(request({ allowCredentials, extensions }))).rejects.toEqual(domException(name));
  });

  it('gives nothing where the key cannot', async () => {
    const { client } = await openPage({ key: { model: { extensions: [] } } });
    const { id } = await client.create(creation());
    const extensions = { prf: { eval: { first } } };
    const { clientExtensionResults } = await client.get(request({ allowCredentials: [descriptor(id)], extensions }));
    expect(clientExtensionResults).toEqual({ prf: {} });
  });
});

describe('appid', () => {
  const appid = 'https://example.com/u2f.json';

  it('signs with a credential that U2F made for the AppID', async () => {
    const { client, device } = await openPage();
    const application = sha256(appid);
    const { keyHandle } = await new Ctap1Client(device).register({ challenge: new Uint8Array(32), application });
    const allowCredentials = [descriptor(toBase64Url(keyHandle))];
    const { response, clientExtensionResults } = await client.get(request({ allowCredentials, extensions: { appid } }));
    expect(clientExtensionResults).toEqual({ appid: true });
    expect(fromBase64Url(response.authenticatorData).subarray(0, 32)).toEqual(application);
    await expect(client.get(request({ allowCredentials }))).rejects.toEqual(domException('NotAllowedError'));
  });

  it('is not used where the credential is of the RP ID', async () => {
    const { client } = await openPage();
    const { id } = await client.create(creation());
    const { clientExtensionResults } = await client.get(
      request({ allowCredentials: [descriptor(id)], extensions: { appid } }),
    );
    expect(clientExtensionResults).toEqual({ appid: false });
  });

  it('rejects with SecurityError for another site', async () => {
    const { client } = await openPage();
    const refusal = client.get(request({ extensions: { appid: 'https://example.net' } }));
    await expect(refusal).rejects.toEqual(domException('SecurityError'));
  });

  it('rejects with SyntaxError for what is no URL', async () => {
    const { client } = await openPage();
    const refusal = client.get(request({ extensions: { appid: 'no URL' } }));
    await expect(refusal).rejects.toEqual(domException('SyntaxError', /appid/));
  });
});

describe('credProps', () => {
  it('rejects with NotSupportedError: it goes with create()', async () => {
    const { client } = await openPage();
    const refusal = client.get(request({ extensions: { credProps: true } }));
    await expect(refusal).rejects.toEqual(domException('NotSupportedError', /credProps/));
  });
});

describe('a page in a frame', () => {
  const topOrigin = 'https://top.example';

  it('has the top origin in its client data', async () => {
    const { client } = await openPage({
      ancestorOrigins: ['https://middle.example', topOrigin],
      allow: ['publickey-credentials-create', 'publickey-credentials-get'],
    });
    const { id, response } = await client.create(creation());
    const read = (json: string) => JSON.parse(fromUtf8(fromBase64Url(json)));
    expect(read(response.clientDataJSON)).toMatchObject({ crossOrigin: true, topOrigin });
    const assertion = await client.get(request({ allowCredentials: [descriptor(id)] }));
    expect(read(assertion.response.clientDataJSON)).toMatchObject({ crossOrigin: true, topOrigin });
  });

  it('of the same origin is as if at top level', async () => {
    const { client } = await openPage({ topOrigin: 'https://login.example.com' });
    const { response } = await client.create(creation());
    expect(fromUtf8(fromBase64Url(response.clientDataJSON))).toMatch(/"crossOrigin":false}$/);
  });

  it('needs the leave of the page around it', async () => {
    const { client } = await openPage({ topOrigin, allow: ['publickey-credentials-get'] });
    const refusal = client.create(creation());
    await expect(refusal).rejects.toEqual(
      domException('NotAllowedError', /does not allow publickey-credentials-create/),
    );
  });
});
