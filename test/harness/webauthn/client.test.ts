import { describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../../emulator/clock.ts';
import { denyPresence, ManualPresence } from '../../../emulator/presence.ts';
import { Ctap2Client } from '../../../harness/client/ctap2.ts';
import type { CtapDevice } from '../../../harness/client/device.ts';
import { PinClient } from '../../../harness/client/pin.ts';
import { WebAuthnClient, type WebAuthnUi } from '../../../harness/webauthn/index.ts';
import { openKey, plugIn } from '../client/keys.ts';
import { creation, descriptor, domException, ORIGIN, openPage, request, wrap } from './page.ts';

/** Resolves when the key asks for its touch. */
function asked(presence: ManualPresence): Promise<void> {
  return new Promise((resolve) => {
    const look = () => {
      if (presence.pending.length === 0) return false;
      stop();
      resolve();
      return true;
    };
    const stop = presence.onChange(look);
    look();
  });
}

async function withManualPresence(options: Parameters<typeof openPage>[0] = {}) {
  const presence = new ManualPresence(systemClock);
  return { presence, ...(await openPage({ ...options, key: { presence } })) };
}

describe('abort', () => {
  it('before the request rejects with the reason, and asks no key', async () => {
    const authenticators = vi.fn(() => []);
    const client = new WebAuthnClient({ origin: ORIGIN, authenticators });
    const reason = new Error('changed my mind');
    await expect(client.create(creation(), { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    await expect(client.get(request(), { signal: AbortSignal.abort() })).rejects.toEqual(domException('AbortError'));
    expect(authenticators).not.toHaveBeenCalled();
  });

  it('while the key waits cancels it, and the key serves the next request', async () => {
    const { client, presence } = await withManualPresence();
    const controller = new AbortController();
    const aborted = client.create(creation(), { signal: controller.signal });
    await asked(presence);
    controller.abort();
    await expect(aborted).rejects.toEqual(domException('AbortError'));
    expect(presence.pending).toEqual([]);
    const next = client.create(creation());
    await asked(presence);
    presence.touch();
    expect((await next).type).toBe('public-key');
  });

  it('while the user is asked for a PIN takes the question back', async () => {
    const controller = new AbortController();
    const reason = new Error('enough');
    let question: AbortSignal | undefined;
    const ui: WebAuthnUi = {
      pin({ signal }) {
        question = signal;
        controller.abort(reason);
        return new Promise(() => {});
      },
    };
    const { client, device } = await openPage({ ui });
    await new PinClient(new Ctap2Client(device)).setPin('1234');
    await expect(client.create(creation(), { signal: controller.signal })).rejects.toBe(reason);
    expect(question?.aborted).toBe(true);
  });

  it('while keys are looked for ends the search', async () => {
    const controller = new AbortController();
    const authenticators = () => {
      controller.abort();
      return new Promise<never>(() => {});
    };
    const client = new WebAuthnClient({ origin: ORIGIN, authenticators });
    const aborted = client.get(request(), { signal: controller.signal });
    await expect(aborted).rejects.toEqual(domException('AbortError'));
  });
});

describe('a timeout', () => {
  it('ends in NotAllowedError, and the key no longer waits', async () => {
    const { client, presence } = await withManualPresence({ timeoutRange: [1, 1000] });
    const late = domException('NotAllowedError', /nothing happened within 20 ms/);
    await expect(client.create(creation({ timeout: 20 }))).rejects.toEqual(late);
    await expect(client.get(request({ timeout: 20 }))).rejects.toEqual(domException('NotAllowedError'));
    expect(presence.pending).toEqual([]);
  });

  it('is kept within its range, and has a default', async () => {
    const { client } = await withManualPresence({ timeoutRange: [10, 20], defaultTimeout: 15 });
    const lifetimes: unknown[] = [];
    for (const timeout of [1, 12, 4_000_000_000, undefined]) {
      await client.create(creation({ timeout })).catch((error) => lifetimes.push(error.message));
    }
    expect(lifetimes).toEqual([10, 12, 20, 15].map((ms) => `nothing happened within ${ms} ms`));
  });

  it.each([
    [undefined, 300_000],
    [1, 15_000],
    [60_000, 60_000],
    [3_600_000, 600_000],
  ])('of %s ms is one of %i ms by default', async (timeout, expected) => {
    const { client } = await openPage();
    const timer = vi.spyOn(globalThis, 'setTimeout');
    await client.create(creation({ timeout }));
    expect(timer.mock.calls.map(([, milliseconds]) => milliseconds)).toContain(expected);
    timer.mockRestore();
  });
});

describe('a request', () => {
  it('rejects with OperationError while another is pending', async () => {
    const { client, presence } = await withManualPresence();
    const first = client.create(creation());
    await expect(client.get(request())).rejects.toEqual(domException('OperationError'));
    await asked(presence);
    presence.touch();
    await first;
  });

  it.each(['silent', 'conditional'] as const)('with mediation %s rejects with NotSupportedError', async (mediation) => {
    const { client } = await openPage();
    await expect(client.get(request(), { mediation })).rejects.toEqual(domException('NotSupportedError'));
  });

  it('rejects with SecurityError from an insecure page', async () => {
    const { client } = await openPage({ origin: 'http://example.com' });
    await expect(client.create(creation())).rejects.toEqual(domException('SecurityError'));
    await expect(client.get(request())).rejects.toEqual(domException('SecurityError'));
  });

  it('rejects with NotAllowedError where there is no key', async () => {
    const client = new WebAuthnClient({ origin: ORIGIN, authenticators: [] });
    await expect(client.get(request())).rejects.toEqual(domException('NotAllowedError', /no authenticator/));
  });

  it('rejects with NotAllowedError, the cause kept, where the key is gone or answers nonsense', async () => {
    const cause = new Error('the device is gone');
    const gone = await openPage({ between: (device) => wrap(device, { cbor: () => Promise.reject(cause) }) });
    await expect(gone.client.create(creation())).rejects.toMatchObject({ name: 'NotAllowedError', cause });
    const nonsense = (device: CtapDevice) =>
      wrap(device, {
        async cbor(message, exchange) {
          const answer = await device.cbor(message, exchange);
          if (message[0] !== 1) return answer;
          // the first byte of the RP ID hash, after key, length and 0x58
          return answer.with(
            answer.findIndex((byte, i) => byte === 0xa3 && answer[i - 2] === 0x58),
            0,
          );
        },
      });
    const { client } = await openPage({ between: nonsense });
    await expect(client.create(creation())).rejects.toMatchObject({
      name: 'NotAllowedError',
      cause: { name: 'ProtocolError', message: expect.stringContaining('expected RP ID hash') },
    });
  });

  it('throws a TypeError at once for an origin that is none', () => {
    expect(() => new WebAuthnClient({ origin: 'example.com', authenticators: [] })).toThrow(TypeError);
    const framed = { origin: ORIGIN, topOrigin: 'https://top.example/', authenticators: [] };
    expect(() => new WebAuthnClient(framed)).toThrow(TypeError);
  });
});

describe('two keys', () => {
  async function openTwo(ui?: WebAuthnUi) {
    const presences = [new ManualPresence(systemClock), new ManualPresence(systemClock)] as const;
    const [one, two] = presences;
    const devices = [
      await plugIn(await openKey({ presence: one })),
      await plugIn(await openKey({ presence: two })),
    ] as const;
    const client = new WebAuthnClient({ origin: ORIGIN, authenticators: () => devices, ui });
    const bothAsked = () => Promise.all(presences.map(asked));
    return { presences, devices, client, bothAsked };
  }

  it.each([0, 1])('wait together, and key %i that is touched serves', async (index) => {
    const { presences, client, bothAsked, devices } = await openTwo();
    const created = client.create(creation());
    await bothAsked();
    presences[index]!.touch();
    const { id } = await created;
    expect(presences.map(({ pending }) => pending)).toEqual([[], []]);
    const alone = new WebAuthnClient({ origin: ORIGIN, authenticators: devices[index]! });
    const assertion = alone.get(request({ allowCredentials: [descriptor(id)] }));
    await asked(presences[index]!);
    presences[index]!.touch();
    expect((await assertion).id).toBe(id);
  });

  it('of which the one without the credential is touched end in NotAllowedError', async () => {
    const { presences, client, bothAsked } = await openTwo();
    const created = client.create(creation());
    await bothAsked();
    presences[0].touch();
    const { id } = await created;
    const options = request({ allowCredentials: [descriptor(id)] });
    const wrong = client.get(options);
    await bothAsked();
    presences[1].touch();
    await expect(wrong).rejects.toEqual(domException('NotAllowedError', /no credential/));
    const right = client.get(options);
    await bothAsked();
    presences[0].touch();
    expect((await right).id).toBe(id);
  });

  it('of which one has an excluded credential make one on the other, or refuse', async () => {
    const { presences, client, bothAsked } = await openTwo();
    const first = client.create(creation());
    await bothAsked();
    presences[0].touch();
    const excludeCredentials = [descriptor((await first).id)];
    const refused = client.create(creation({ excludeCredentials }));
    await bothAsked();
    presences[0].touch();
    await expect(refused).rejects.toEqual(domException('InvalidStateError'));
    const second = client.create(creation({ excludeCredentials }));
    await bothAsked();
    presences[1].touch();
    expect((await second).id).not.toBe(excludeCredentials[0]!.id);
  });

  it('of which one is refused by its user end in NotAllowedError', async () => {
    const { presences, client, bothAsked } = await openTwo();
    const created = client.create(creation());
    await bothAsked();
    presences[1].deny();
    await expect(created).rejects.toEqual(domException('NotAllowedError', /declined/));
    expect(presences[0].pending).toEqual([]);
  });

  it('with PINs are told apart by a touch before one is asked for', async () => {
    const questions: string[] = [];
    const { presences, client, devices, bothAsked } = await openTwo({
      pin: ({ reason }) => {
        questions.push(reason);
        return '2222';
      },
    });
    await new PinClient(new Ctap2Client(devices[0])).setPin('1111');
    await new PinClient(new Ctap2Client(devices[1])).setPin('2222');
    const created = client.create(creation({ authenticatorSelection: { userVerification: 'required' } }));
    await bothAsked();
    expect(presences.map(({ pending }) => pending[0]!.request.operation)).toEqual(['selection', 'selection']);
    expect(questions).toEqual([]);
    presences[1].touch();
    await asked(presences[1]);
    expect(presences[0].pending).toEqual([]);
    presences[1].touch();
    await created;
    expect(questions).toEqual(['enter']);
  });

  it('of which one cannot serve leave it to the other', async () => {
    const able = await plugIn(await openKey());
    const unable = await plugIn(await openKey({ model: { options: ['up'] } }));
    const client = new WebAuthnClient({ origin: ORIGIN, authenticators: [unable, able] });
    const options = creation({ authenticatorSelection: { residentKey: 'required' }, extensions: { credProps: true } });
    expect((await client.create(options)).clientExtensionResults.credProps?.rk).toBe(true);
  });

  it('of which one is broken leave it to the other, and tell of it where the other cannot either', async () => {
    const broken = wrap(await plugIn(await openKey()), { cbor: () => Promise.reject(new Error('broken')) });
    const able = await plugIn(await openKey());
    const client = new WebAuthnClient({ origin: ORIGIN, authenticators: [broken, able] });
    expect((await client.create(creation())).type).toBe('public-key');
    const neither = client.create(creation({ pubKeyCredParams: [{ type: 'public-key', alg: -257 }] }));
    await expect(neither).rejects.toEqual(domException('NotAllowedError', /broken/));
  });

  it('that both decline tell the first answer', async () => {
    const devices = await Promise.all([1, 2].map(async () => plugIn(await openKey({ presence: denyPresence }))));
    const client = new WebAuthnClient({ origin: ORIGIN, authenticators: devices });
    await expect(client.create(creation())).rejects.toEqual(domException('NotAllowedError', /declined/));
  });
});
