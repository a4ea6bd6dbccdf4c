import { createPublicKey, verify, X509Certificate } from 'node:crypto';
import { describe, expect, it, vi } from 'vitest';
import { u2fAttestationBytes } from '../../../ctap/attestation.ts';
import { concat, toBase64Url } from '../../../ctap/bytes.ts';
import { U2fControl, u2fAuthenticationBytes } from '../../../ctap/u2f/raw-messages.ts';
import { systemClock } from '../../../emulator/clock.ts';
import { denyPresence, ManualPresence } from '../../../emulator/presence.ts';
import { Ctap1Client } from '../../../harness/client/ctap1.ts';
import type { CtapDevice } from '../../../harness/client/device.ts';
import { openKey, plugIn, type TestKeyOptions } from './keys.ts';

const challenge = new Uint8Array(32).fill(1);
const application = new Uint8Array(32).fill(2);

async function client(options?: TestKeyOptions): Promise<Ctap1Client> {
  return new Ctap1Client(await plugIn(await openKey(options)));
}

function p256(publicKey: Uint8Array) {
  const [x, y] = [toBase64Url(publicKey.subarray(0, 32)), toBase64Url(publicKey.subarray(32))];
  return createPublicKey({ format: 'jwk', key: { kty: 'EC', crv: 'P-256', x, y } });
}

describe('U2F', () => {
  it('has a version', async () => {
    expect(await (await client()).version()).toBe('U2F_V2');
  });

  it('registers and authenticates, with signatures that are good', async () => {
    const u2f = await client();
    const { publicKey, keyHandle, certificate, signature } = await u2f.register({ challenge, application });
    const attested = u2fAttestationBytes(application, challenge, keyHandle, publicKey);
    expect(verify('sha256', attested, new X509Certificate(certificate).publicKey, signature)).toBe(true);

    const counters: number[] = [];
    for (let i = 0; i < 2; i++) {
      const answer = await u2f.authenticate({ challenge, application, keyHandle });
      const signed = u2fAuthenticationBytes(application, answer.userPresence, answer.counter, challenge);
      expect(verify('sha256', signed, p256(publicKey), answer.signature)).toBe(true);
      expect(answer.userPresence).toBe(1);
      counters.push(answer.counter);
    }
    expect(counters[1]).toBeGreaterThan(counters[0]!);
  });

  it('knows its own key handles, without a touch', async () => {
    const u2f = await client();
    const { keyHandle } = await u2f.register({ challenge, application });
    expect(await u2f.knows({ application, keyHandle })).toBe(true);
    expect(await u2f.knows({ application: challenge, keyHandle })).toBe(false);
    expect(await u2f.knows({ application, keyHandle: concat(keyHandle, Uint8Array.of(0)) })).toBe(false);
    await expect(u2f.authenticate({ challenge, application: challenge, keyHandle })).rejects.toMatchObject({
      name: 'U2fError',
      statusWord: 0x6a80,
    });
  });

  it('signs without a touch where it is asked so', async () => {
    const u2f = await client();
    const { keyHandle } = await u2f.register({ challenge, application });
    const control = U2fControl.DONT_ENFORCE_USER_PRESENCE_AND_SIGN;
    expect((await u2f.authenticate({ challenge, application, keyHandle, control })).userPresence).toBe(0);
  });

  it('asks again until the key is touched', async () => {
    const presence = new ManualPresence(systemClock);
    const u2f = await client({ presence });
    let asked = 0;
    const registered = u2f.register({ challenge, application }, { onTouchNeeded: () => asked++ });
    await vi.waitFor(() => expect(presence.pending).toHaveLength(1));
    presence.touch();
    expect((await registered).keyHandle.length).toBeGreaterThan(0);
    expect(asked).toBe(1);
  });

  it('stops asking when it is told to', async () => {
    const u2f = await client({ presence: new ManualPresence(systemClock) });
    const controller = new AbortController();
    const { signal } = controller;
    const call = u2f.register({ challenge, application }, { signal, onTouchNeeded: () => controller.abort() });
    await expect(call).rejects.toMatchObject({ statusName: 'CTAP2_ERR_KEEPALIVE_CANCEL' });
  });

  it('stops asking in the end', async () => {
    const u2f = await client({ presence: denyPresence });
    const call = u2f.register({ challenge, application }, { timeout: 5 });
    await expect(call).rejects.toMatchObject({ statusName: 'CTAP2_ERR_USER_ACTION_TIMEOUT' });
  });

  it('wants hashes', async () => {
    const u2f = await client();
    await expect(u2f.register({ challenge: new Uint8Array(31), application })).rejects.toThrow(/challenge: expected/);
  });

  it.each([
    ['no status word', Uint8Array.of(0x90)],
    ['a registration that is none', Uint8Array.of(4, 0x90, 0x00)],
  ])('takes no answer with %s', async (_, bytes) => {
    const device: CtapDevice = {
      name: 'scripted',
      hid: { protocolVersion: 2, deviceVersion: [1, 0, 0], capabilities: 0 },
      cbor: async () => bytes,
      msg: async () => bytes,
      ping: async (data) => data,
      async wink() {},
      async close() {},
    };
    await expect(new Ctap1Client(device).register({ challenge, application })).rejects.toMatchObject({
      name: 'ProtocolError',
    });
  });
});
