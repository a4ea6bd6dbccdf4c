import { afterEach, describe, expect, it, vi } from 'vitest';
import { fromUtf8, toHex } from '../../../ctap/bytes.ts';
import { decodeCoseKey } from '../../../ctap/cose.ts';
import { HMAC_SECRET, hmacSecretInput } from '../../../ctap/extensions/hmac-secret.ts';
import { Permission } from '../../../ctap/pin-uv-auth/index.ts';
import { decodeTrace } from '../../../ctap/trace/decoder.ts';
import type { Json, TraceEntry, TraceOptions } from '../../../ctap/trace/entry.ts';
import { formatTraceEntry } from '../../../ctap/trace/text.ts';
import type { Traffic } from '../../../ctap/trace/traffic.ts';
import { nodeCrypto } from '../../../emulator/crypto-node.ts';
import type { VirtualKey } from '../../../emulator/key.ts';
import { systemRandom } from '../../../emulator/random.ts';
import { Ctap2Client } from '../../../harness/client/ctap2.ts';
import { PinClient } from '../../../harness/client/pin.ts';
import { openKey, plugIn } from '../../harness/client/keys.ts';

const PIN = '2468 and more';
const SALT = new Uint8Array(32).fill(0x5a);
const CLIENT_DATA_HASH = new Uint8Array(32).fill(7);

let key: VirtualKey;
afterEach(() => key.close());

interface Recorded {
  readonly traffic: readonly Traffic[];
  /** By the platform's key, X and Y in hexadecimal. */
  readonly sharedSecrets: ReadonlyMap<string, Uint8Array>;
}

/** A PIN is set, a token got, a passkey made and its hmac-secret asked for, twice by getNextAssertion. */
async function record(version: 1 | 2): Promise<Recorded> {
  key = await openKey();
  const traffic: Traffic[] = [];
  key.onTraffic((passing) => traffic.push(passing));
  const ctap2 = new Ctap2Client(await plugIn(key));
  const pin = new PinClient(ctap2, { protocol: version });
  const sharedSecrets = new Map<string, Uint8Array>();
  const agree = pin.sharedSecret.bind(pin);
  const shared = vi.spyOn(pin, 'sharedSecret').mockImplementation(async (options) => {
    const made = await agree(options);
    sharedSecrets.set(toHex(decodeCoseKey(made.keyAgreement).publicKey), made.sharedSecret);
    return made;
  });
  await pin.setPin(PIN);
  const permissions = Permission.makeCredential | Permission.getAssertion;
  // A token is good for one ceremony.
  const authenticated = async () => {
    const token = await pin.getPinUvAuthToken({ pin: PIN, permissions, rpId: 'example.com' });
    return { pinUvAuthParam: token.authenticate(CLIENT_DATA_HASH), pinUvAuthProtocol: version };
  };
  for (const id of [1, 2]) {
    await ctap2.makeCredential({
      clientDataHash: CLIENT_DATA_HASH,
      rp: { id: 'example.com' },
      user: { id: Uint8Array.of(id), name: 'alice' },
      pubKeyCredParams: [{ alg: -7, type: 'public-key' }],
      options: { rk: true },
      extensions: { [HMAC_SECRET]: true },
      ...(await authenticated()),
    });
  }
  const { protocol, keyAgreement, sharedSecret } = await pin.sharedSecret();
  const saltEnc = protocol.encrypt(sharedSecret, SALT, (length) => systemRandom.bytes(length));
  const salts = {
    keyAgreement,
    saltEnc,
    saltAuth: protocol.authenticate(sharedSecret, saltEnc),
    pinUvAuthProtocol: version,
  };
  await ctap2.getAssertion({
    rpId: 'example.com',
    clientDataHash: CLIENT_DATA_HASH,
    extensions: { [HMAC_SECRET]: hmacSecretInput.encode(salts) },
    ...(await authenticated()),
  });
  await ctap2.getNextAssertion();
  shared.mockRestore();
  return { traffic, sharedSecrets };
}

function at(value: Json | undefined, ...path: string[]): Json | undefined {
  return path.reduce<Json | undefined>(
    (inner, name) => (inner as { readonly [name: string]: Json } | undefined)?.[name],
    value,
  );
}

/** The first member of that place among the entries of that name. */
function find(entries: readonly TraceEntry[], name: string, ...path: string[]): Json | undefined {
  return entries.filter((entry) => entry.name === name).flatMap(({ fields }) => at(fields, ...path) ?? [])[0];
}

const HMAC_OUTPUT = ['authData', 'extensions', HMAC_SECRET] as const;

describe.each([1, 2] as const)('secrets of PIN/UV auth protocol %i', (version) => {
  const iv = version === 1 ? 0 : 16;

  it('are hidden, in the members and in the bytes', async () => {
    const { traffic } = await record(version);
    const entries = decodeTrace(traffic);
    const shown = decodeTrace(traffic, { secrets: 'shown' });
    const all = JSON.stringify(entries) + entries.map((entry) => formatTraceEntry(entry, { full: true })).join('');
    const secrets = [
      ['authenticatorClientPIN', 'newPinEnc', 64 + iv],
      ['authenticatorClientPIN', 'pinHashEnc', 16 + iv],
      ['authenticatorClientPIN', 'pinUvAuthParam', version * 16],
      ['authenticatorClientPIN', 'pinUvAuthToken', 32 + iv],
      ['authenticatorMakeCredential', 'pinUvAuthParam', version * 16],
    ] as const;
    const deep = [
      ['authenticatorGetAssertion', ['extensions', HMAC_SECRET, 'saltEnc'], 32 + iv],
      ['authenticatorGetAssertion', ['extensions', HMAC_SECRET, 'saltAuth'], version * 16],
      ['authenticatorGetAssertion', HMAC_OUTPUT, 32 + iv],
      ['authenticatorGetNextAssertion', HMAC_OUTPUT, 32 + iv],
    ] as const;
    for (const [name, path, size] of [...secrets.map(([n, p, s]) => [n, [p], s] as const), ...deep]) {
      expect(find(entries, name, ...path), `${name} ${path}`).toEqual({ hidden: size });
      const open = find(shown, name, ...path);
      expect(open).toMatch(new RegExp(`^[0-9a-f]{${2 * size}}$`));
      expect(all).not.toContain(open);
      expect(JSON.stringify(shown.map(({ hex }) => hex))).toContain(open);
    }
    expect(all).toContain(`<hidden, ${64 + iv} bytes>`);
    for (const [index, { hex }] of entries.entries()) expect(hex).toHaveLength(shown[index]!.hex.length);
  });

  it('are opened where the caller has the shared secret', async () => {
    const { traffic, sharedSecrets } = await record(version);
    const decryption: TraceOptions['decryption'] = {
      crypto: nodeCrypto,
      sharedSecret: (platformKey) => sharedSecrets.get(toHex(platformKey)),
    };
    const entries = decodeTrace(traffic, { decryption });
    const newPin = find(entries, 'authenticatorClientPIN', 'newPinEnc', 'decrypted');
    expect(fromUtf8(Buffer.from(newPin as string, 'hex')).replace(/\0+$/, '')).toBe(PIN);
    expect(find(entries, 'authenticatorClientPIN', 'pinHashEnc', 'decrypted')).toBe(
      toHex(nodeCrypto.sha256(Buffer.from(PIN)).slice(0, 16)),
    );
    expect(find(entries, 'authenticatorClientPIN', 'pinUvAuthToken', 'decrypted')).toMatch(/^[0-9a-f]{64}$/);
    expect(find(entries, 'authenticatorGetAssertion', 'extensions', HMAC_SECRET, 'saltEnc', 'decrypted')).toBe(
      toHex(SALT),
    );
    const outputs = ['authenticatorGetAssertion', 'authenticatorGetNextAssertion'].map((name) =>
      find(entries, name, ...HMAC_OUTPUT, 'decrypted'),
    );
    expect(outputs).toEqual([expect.stringMatching(/^[0-9a-f]{64}$/), expect.stringMatching(/^[0-9a-f]{64}$/)]);
    expect(new Set(outputs).size).toBe(2);
    expect(find(entries, 'authenticatorClientPIN', 'pinUvAuthParam')).toEqual({ hidden: version * 16 });
  });

  it('stay hidden under the shared secret of somebody else', async () => {
    const { traffic } = await record(version);
    const decryption = { crypto: nodeCrypto, sharedSecret: () => undefined };
    expect(decodeTrace(traffic, { decryption })).toEqual(decodeTrace(traffic));
  });
});
