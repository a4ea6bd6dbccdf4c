/** libfido2's fido2-token: what the key says of itself, its PIN, its resident credentials, its reset. */
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { decodeCbor } from '../../ctap/cbor.ts';
import { type GetInfoResponse, getInfoResponse } from '../../ctap/commands/get-info.ts';
import { Command } from '../../ctap/commands/index.ts';
import { RESET_WINDOW } from '../../ctap/commands/reset.ts';
import { UHID_MAX_MESSAGE_SIZE } from '../../emulator/transports/uhid.ts';
import { openVirtualKey } from '../../harness/cli/virtual-key.ts';
import { fail, onTerminal, report, succeed } from './commands.ts';
import { bootKernel } from './kernel.ts';
import { startLab } from './lab.ts';
import { assert, assertParameters, make } from './libfido2.ts';

const kernel = await bootKernel();
const lab = await startLab(kernel, '--touch', 'auto', '--no-site');
const device = lab.node;
/** The key got its power before this. */
const powered = performance.now();

const PIN = '123456';
const NEW_PIN = 'pïn-654321';

/** The lines of fido2-token -I, by what stands before the colon. */
async function info(): Promise<Map<string, string>> {
  const stdout = await succeed(kernel, `fido2-token -I ${device}`);
  return new Map(stdout.split('\n').map((line) => [line.split(': ', 1)[0]!, line.slice(line.indexOf(': ') + 2)]));
}

/** A fido2-token command that asks for PINs and gets them on stdin. */
const withPin = (pins: readonly string[], options: string) =>
  `printf '%s\\n' ${pins.map((pin) => `'${pin}'`).join(' ')} | fido2-token ${options}`;

/** What a fresh key of the same model says, asked in this process. */
async function freshInfo(): Promise<GetInfoResponse> {
  const key = await openVirtualKey();
  try {
    const exchange = { signal: new AbortController().signal, keepalive: () => undefined };
    const [status, ...body] = await key.cbor(Uint8Array.of(Command.authenticatorGetInfo), exchange);
    expect(status).toBe(0);
    return getInfoResponse.decode(decodeCbor(Uint8Array.from(body)), 'getInfo');
  } finally {
    await key.close();
  }
}

describe('fido2-token', () => {
  it('lists the key with the vendor and product of its model', async () => {
    expect(await succeed(kernel, 'fido2-token -L')).toMatch(
      new RegExp(`^${device}: vendor=0x349e, product=0x0022 .*\\n$`),
    );
  });

  it('shows what the key says of itself', async () => {
    const said = await freshInfo();
    const printed = await info();
    const names = new Map([
      [-7, 'es256'],
      [-8, 'eddsa'],
    ]);
    expect(Object.fromEntries(printed)).toMatchObject({
      proto: '0x02',
      caps: '0x05 (wink, cbor, msg)',
      'version strings': said.versions.join(', '),
      'extension strings': said.extensions!.join(', '),
      'transport strings': said.transports!.join(', '),
      algorithms: said.algorithms!.map(({ alg }) => `${names.get(alg)} (public-key)`).join(', '),
      aaguid: 'ab32f0c62239afbbc470d2ef4e254db7',
      fwversion: `0x${said.firmwareVersion!.toString(16)}`,
      maxmsgsiz: String(Math.min(said.maxMsgSize!, UHID_MAX_MESSAGE_SIZE)),
      maxcredcntlst: String(said.maxCredentialCountInList),
      maxcredlen: String(said.maxCredentialIdLength),
      'remaining rk(s)': String(said.remainingDiscoverableCredentials),
      minpinlen: String(said.minPINLength),
      'pin protocols': said.pinUvAuthProtocols!.join(', '),
      'pin retries': '8',
      'pin change required': 'false',
    });
    const options = Object.entries(said.options!).map(([name, value]) => (value ? name : `no${name}`));
    expect(printed.get('options')!.split(', ').sort()).toEqual(options.sort());
  });

  it('sets a PIN once, on a terminal', async () => {
    await succeed(kernel, onTerminal(`fido2-token -S ${device}`, PIN, PIN));
    expect((await info()).get('options')).toMatch(/(^|, )clientPin/);
    const again = await fail(kernel, withPin([PIN, PIN], `-S ${device}`));
    expect(again.stderr).toMatch(/FIDO_ERR_PIN_AUTH_INVALID/);
  });

  it('changes the PIN for who knows it, and takes a retry from who does not', async () => {
    const wrong = await fail(kernel, withPin(['999999', NEW_PIN, NEW_PIN], `-C ${device}`));
    expect(wrong.stderr).toMatch(/FIDO_ERR_PIN_INVALID/);
    expect((await info()).get('pin retries')).toBe('7');
    await succeed(kernel, onTerminal(`fido2-token -C ${device}`, PIN, NEW_PIN, NEW_PIN));
    expect((await info()).get('pin retries')).toBe('8');
    const old = await fail(kernel, withPin([PIN], `-L -r ${device}`));
    expect(old.stderr).toMatch(/FIDO_ERR_PIN_INVALID/);
    await succeed(kernel, withPin([NEW_PIN], `-I -c ${device}`));
  });

  it('lists, shows, renames and deletes resident credentials', async () => {
    const user = (name: string) => ({ name, id: createHash('sha256').update(name).digest('base64') });
    const ceremony = { options: '-r -v', pin: NEW_PIN };
    const ann = await make(kernel, device, { ...ceremony, rpId: 'a.example' }, user('ann'), '-v');
    const bob = await make(kernel, device, { ...ceremony, rpId: 'a.example', type: 'eddsa' }, user('bob'), '-v');
    const cid = await make(kernel, device, { ...ceremony, rpId: 'b.example' }, user('cid'), '-v');
    const total = Number((await freshInfo()).remainingDiscoverableCredentials);

    expect(await succeed(kernel, withPin([NEW_PIN], `-I -c ${device}`))).toBe(
      `existing rk(s): 3\nremaining rk(s): ${total - 3}\n`,
    );
    expect((await info()).get('remaining rk(s)')).toBe(String(total - 3));
    const hash = (rpId: string) => createHash('sha256').update(rpId).digest('base64');
    const rps = await succeed(kernel, withPin([NEW_PIN], `-L -r ${device}`));
    expect(rps.match(/\S+ \S+$/gm)!.sort()).toEqual(
      [`${hash('a.example')} a.example`, `${hash('b.example')} b.example`].sort(),
    );
    const listed = await succeed(kernel, withPin([NEW_PIN], `-L -k a.example ${device}`));
    expect(listed.match(/(?<=^\d\d: )\S+ \S+ \S+ \S+/gm)!.sort()).toEqual(
      [`${ann.id} (null) ${user('ann').id} es256`, `${bob.id} (null) ${user('bob').id} eddsa`].sort(),
    );
    expect(await succeed(kernel, withPin([NEW_PIN], `-I -k a.example -i ${ann.id} ${device}`))).toBe(
      `${ann.id}\n${ann.publicKey}`,
    );

    const rename = `-S -c -i ${ann.id} -k ${user('ann').id} -n anna -p Anna ${device}`;
    await succeed(kernel, withPin([NEW_PIN], rename));
    expect(await succeed(kernel, withPin([NEW_PIN], `-L -k a.example ${device}`))).toContain(` Anna ${user('ann').id}`);

    await succeed(kernel, withPin([NEW_PIN], `-D -i ${cid.id} ${device}`));
    const none = await fail(kernel, withPin([NEW_PIN], `-L -k b.example ${device}`));
    expect(none.stderr).toMatch(/FIDO_ERR_NO_CREDENTIALS/);
    // Two are left for a.example: the latest signs first, and both name their user.
    const resident = { rpId: 'a.example', options: '-r -v', pin: NEW_PIN };
    const both = await assert(kernel, device, { ...resident, type: 'eddsa' }, { publicKey: bob.publicKey }, '-v');
    expect([both.rest[0], both.rest.at(-1)]).toEqual([user('bob').id, user('ann').id]);
    await succeed(kernel, withPin([NEW_PIN], `-D -i ${bob.id} ${device}`));
    const one = await assert(kernel, device, resident, { publicKey: ann.publicKey }, '-v');
    expect(one.rest).toEqual([user('ann').id]);
  });

  it('resets no key that has been plugged in for long', async () => {
    // The window is the specification's; most of it has passed by now.
    const left = Math.max(0, RESET_WINDOW - (performance.now() - powered)) / 1000;
    const late = await fail(kernel, `sleep ${left.toFixed(1)}; fido2-token -R ${device}`);
    expect(late.stderr, report(late)).toMatch(/FIDO_ERR_NOT_ALLOWED/);
  });

  it('is locked out by wrong PINs: three until the key is replugged, eight for good', async () => {
    const guess = async () => (await fail(kernel, withPin(['000000'], `-L -r ${device}`))).stderr;
    expect(await guess()).toMatch(/FIDO_ERR_PIN_INVALID/);
    expect(await guess()).toMatch(/FIDO_ERR_PIN_INVALID/);
    expect(await guess()).toMatch(/FIDO_ERR_PIN_AUTH_BLOCKED/);
    const locked = await fail(kernel, withPin([NEW_PIN], `-L -r ${device}`));
    expect(locked.stderr).toMatch(/FIDO_ERR_PIN_AUTH_BLOCKED/);
    expect((await info()).get('pin retries')).toBe('5');
    expect(await lab.replug()).toBe(device);
    expect(await guess()).toMatch(/FIDO_ERR_PIN_INVALID/);
    expect(await guess()).toMatch(/FIDO_ERR_PIN_INVALID/);
    expect(await guess()).toMatch(/FIDO_ERR_PIN_AUTH_BLOCKED/);
    await lab.replug();
    expect(await guess()).toMatch(/FIDO_ERR_PIN_INVALID/);
    expect(await guess()).toMatch(/FIDO_ERR_PIN_BLOCKED/);
    const blocked = await fail(kernel, withPin([NEW_PIN], `-L -r ${device}`));
    expect(blocked.stderr).toMatch(/FIDO_ERR_PIN_BLOCKED/);
    expect((await info()).get('pin retries')).toBe('0');
  });

  it('resets the key soon after it was plugged in', async () => {
    await lab.replug(`fido2-token -R ${device}`);
    const after = await info();
    expect(after.get('options')).toMatch(/noclientPin/);
    expect(after.get('pin retries')).toBe('8');
    expect(after.get('remaining rk(s)')).toBe(String((await freshInfo()).remainingDiscoverableCredentials));
    const gone = await fail(kernel, `fido2-assert -G -r -i <(printf %s "$PARAMETERS") ${device}`, {
      env: { PARAMETERS: assertParameters('a.example') },
    });
    expect(gone.stderr).toMatch(/FIDO_ERR_NO_CREDENTIALS/);
  });
});
