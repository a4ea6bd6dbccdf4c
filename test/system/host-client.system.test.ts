/** Our own host client over node-hid: the command line's verbs, and the library as its users have it. */
import { beforeAll, describe, expect, it } from 'vitest';
import { Flag } from '../../ctap/flags.ts';
import { token2R3 } from '../../emulator/models/token2-r3.ts';
import { fail, succeed } from './commands.ts';
import { bootKernel } from './kernel.ts';
import { CTAPLAB, startLab } from './lab.ts';

const kernel = await bootKernel();
const lab = await startLab(kernel, '--touch', 'auto', '--no-site');
const device = `hidraw:${lab.node}`;
const PIN = '142857';

/** A verb for which the key is anybody's: it does not see the lab. */
const strange = (words: string) => `XDG_RUNTIME_DIR=/tmp/no-lab ${CTAPLAB} ${words} --json`;
const ask = async (words: string, stdin = '') =>
  JSON.parse(await succeed(kernel, `printf '${stdin}' | ${strange(words)}`)) as unknown;

describe('the command line', () => {
  it('lists the key and tells what it says of itself', async () => {
    const { serialNumber } = lab.keys[0]!;
    expect(await ask('list')).toEqual([expect.objectContaining({ device, serialNumber })]);
    expect(await ask('info')).toMatchObject({
      device,
      info: { versions: token2R3.versions, aaguid: 'ab32f0c6-2239-afbb-c470-d2ef4e254db7' },
    });
  });

  it('sets and changes the PIN, and counts wrong ones', async () => {
    expect(await ask(`pin set ${device}`, '1111\\n')).toEqual({ device, set: true });
    const refused = await fail(kernel, `printf '1111\\n${PIN}\\n' | ${strange(`pin change ${device}`)}`);
    expect(refused).toMatchObject({ status: 4, stderr: expect.stringMatching(/would cost .* an attempt/) });
    expect(await ask(`pin change ${device} --yes`, `1111\\n${PIN}\\n`)).toEqual({ device, changed: true });
    const wrong = await fail(kernel, `printf '1111\\n2222\\n' | ${strange(`pin change ${device} --yes`)}`);
    expect(wrong).toMatchObject({ status: 4, stderr: expect.stringMatching(/PIN_INVALID|wrong PIN/i) });
    expect(await ask(`pin status ${device}`)).toMatchObject({ device, set: true, retries: 7 });
  });
});

describe('the library', () => {
  let said: Readonly<Record<'keys' | 'commands' | 'passkeys' | 'u2f' | 'webauthn', unknown>>;
  beforeAll(async () => {
    said = JSON.parse(await succeed(kernel, `node test/system/host-client/ceremonies.mjs ${PIN}`));
  });

  it('finds the key by its report descriptor', () => {
    const { usb } = token2R3;
    expect(said.keys).toEqual([
      expect.objectContaining({ path: lab.node, vendorId: usb.vendorId, productId: usb.productId }),
    ]);
  });

  it.each([1, 2])('makes and uses a credential with PIN/UV auth protocol %i', (protocol) => {
    const expected = { protocol, flags: Flag.UP | Flag.UV, newestFirst: true, verified: true };
    expect(said.commands).toContainEqual(expected);
  });

  it('manages discoverable credentials', () => {
    const { maxDiscoverableCredentials: most } = token2R3;
    expect(said.passkeys).toEqual({ existing: 2, remaining: most - 2, rp: 'example.com', users: ['user 1', 'user 2'] });
  });

  it('registers and authenticates over U2F', () => {
    expect(said.u2f).toEqual({ version: 'U2F_V2', known: true, userPresence: 1, counted: true });
  });

  it('creates and gets as a browser does, and an independent server agrees', () => {
    expect(said.webauthn).toEqual({
      registered: true,
      fmt: 'packed',
      signedIn: true,
      userHandle: 'dXNlcg',
      asked: ['enter 8', 'enter 8'],
    });
  });
});
