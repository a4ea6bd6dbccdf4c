import { describe, expect, it } from 'vitest';
import { fromBase64Url } from '../../../ctap/bytes.ts';
import { Flag } from '../../../ctap/flags.ts';
import type { FingerprintReader } from '../../../emulator/environment.ts';
import { findModel, type Model } from '../../../emulator/models/index.ts';
import type { WebAuthnUi } from '../../../harness/webauthn/index.ts';
import { enrollFinger, setPin } from './management.ts';
import { creation, descriptor, domException, openPage, register, request, signIn } from './page.ts';

const PIN = '735917';
const required = { authenticatorSelection: { userVerification: 'required' } } as const;

const bio = findModel('token2-bio3');
/** CTAP 2.0 gave no token for a finger: the option uv of each request asks for it. */
const withoutToken: Model = {
  ...bio,
  options: bio.options.filter((option) => option !== 'pinUvAuthToken'),
  versions: bio.versions.filter((version) => version !== 'FIDO_2_1'),
};

/** A sensor on which lie the named fingers, one after the other, then the last for ever. */
function sensor(...fingers: string[]): FingerprintReader & { reads: number; fingers: string[] } {
  return {
    fingers,
    reads: 0,
    async capture() {
      this.reads++;
      return { finger: this.fingers.length > 1 ? this.fingers.shift()! : this.fingers[0]!, feedback: 'FP_GOOD' };
    },
  };
}

async function openPageWithFinger(model: Model, ui: WebAuthnUi = {}) {
  const fingerprints = sensor('thumb');
  const page = await openPage({ key: { model, fingerprints }, ui });
  await setPin(page.device, PIN);
  await enrollFinger(page.device, PIN);
  fingerprints.reads = 0;
  return { ...page, fingerprints };
}

function isVerified(json: { response: { authenticatorData: string } }): boolean {
  return (fromBase64Url(json.response.authenticatorData)[32]! & Flag.UV) !== 0;
}

/** A dialog that counts, and gives the right PIN. */
function counting(): { ui: WebAuthnUi; asked: () => number } {
  let asked = 0;
  const ui: WebAuthnUi = {
    pin() {
      asked++;
      return PIN;
    },
  };
  return { ui, asked: () => asked };
}

describe.each([
  ['with a token', bio],
  ['with the option uv', withoutToken],
])('a fingerprint %s', (_, model) => {
  it('verifies the user for a server, and no PIN is asked for', async () => {
    const { ui, asked } = counting();
    const { client, fingerprints } = await openPageWithFinger(model, ui);
    const registered = await register(client, required, { requireUserVerification: true });
    const signedIn = await signIn(
      client,
      registered,
      { userVerification: 'required' },
      { requireUserVerification: true },
    );
    expect(signedIn.info.userVerified).toBe(true);
    expect(asked()).toBe(0);
    expect(fingerprints.reads).toBe(2);
  });

  it('is used where verification is preferred, and not where it is discouraged', async () => {
    const { client, fingerprints } = await openPageWithFinger(model);
    const { id } = await client.create(creation());
    const allowCredentials = [descriptor(id)];
    expect(isVerified(await client.get(request({ allowCredentials })))).toBe(true);
    fingerprints.reads = 0;
    expect(isVerified(await client.get(request({ allowCredentials, userVerification: 'discouraged' })))).toBe(false);
    expect(fingerprints.reads).toBe(0);
  });

  it('may be another one at first', async () => {
    const { ui, asked } = counting();
    const { client, fingerprints } = await openPageWithFinger(model, ui);
    fingerprints.fingers = ['little', 'thumb'];
    expect(isVerified(await client.create(creation(required)))).toBe(true);
    expect([fingerprints.reads, asked()]).toEqual([2, 0]);
  });

  it('gives way to the PIN where it never fits, and at once the next time', async () => {
    const { ui, asked } = counting();
    const { client, fingerprints } = await openPageWithFinger(model, ui);
    fingerprints.fingers = ['little'];
    const { id } = await client.create(creation(required));
    expect([fingerprints.reads, asked()]).toEqual([3, 1]);
    const options = request({ allowCredentials: [descriptor(id)], userVerification: 'required' });
    expect(isVerified(await client.get(options))).toBe(true); // the right PIN has given all attempts back
    expect([fingerprints.reads, asked()]).toEqual([6, 2]);
  });

  it('that never fits ends in NotAllowedError where no PIN can be entered', async () => {
    const { client, fingerprints } = await openPageWithFinger(model);
    fingerprints.fingers = ['little'];
    await expect(client.create(creation(required))).rejects.toEqual(domException('NotAllowedError'));
    fingerprints.reads = 0;
    await expect(client.create(creation(required))).rejects.toEqual(domException('NotAllowedError'));
    expect(fingerprints.reads).toBe(0);
  });
});

describe('a fingerprint on one of two keys', () => {
  it('chooses that key', async () => {
    const { client, device } = await openPageWithFinger(bio);
    const other = await openPage({
      key: { model: bio, fingerprints: { capture: (_, { signal }) => silence(signal) } },
    });
    await setPin(other.device, PIN);
    const { WebAuthnClient } = await import('../../../harness/webauthn/index.ts');
    const both = new WebAuthnClient({ origin: 'https://login.example.com', authenticators: [other.device, device] });
    const { id } = await both.create(creation(required));
    expect((await client.get(request({ allowCredentials: [descriptor(id)] }))).id).toBe(id);
  });

  function silence(signal: AbortSignal): Promise<'timeout'> {
    return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
  }
});
