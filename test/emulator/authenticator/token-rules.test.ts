/** Every command that takes a token, against every way for a token not to be good: status, and nothing stored. */
import { beforeEach, describe, expect, it } from 'vitest';
import { concat, utf8 } from '../../../ctap/bytes.ts';
import type { CborKey, CborMap } from '../../../ctap/cbor.ts';
import { authenticatorConfigAuthMessage, setMinPINLengthParams } from '../../../ctap/commands/authenticator-config.ts';
import { bioEnrollmentAuthMessage, bioEnrollmentParams } from '../../../ctap/commands/bio-enrollment.ts';
import {
  credentialManagementAuthMessage,
  credentialManagementParams,
} from '../../../ctap/commands/credential-management.ts';
import { getAssertionRequest } from '../../../ctap/commands/get-assertion.ts';
import { Command } from '../../../ctap/commands/index.ts';
import { largeBlobsAuthMessage } from '../../../ctap/commands/large-blobs.ts';
import { makeCredentialRequest } from '../../../ctap/commands/make-credential.ts';
import { Flag } from '../../../ctap/flags.ts';
import { Permission } from '../../../ctap/pin-uv-auth/index.ts';
import { nodeCrypto } from '../../../emulator/crypto-node.ts';
import { memoryStore } from '../../../emulator/store/memory.ts';
import { complete } from './complete-model.ts';
import { authenticate, CLIENT_DATA_HASH, Platform, RP_ID, statusOf } from './platform.ts';

const PIN = '123456';
let platform: Platform;
let commits: number;
let passkey: { type: string; id: Uint8Array };

/** A command as it goes over the wire but for its pinUvAuthParam, and where that has its place. */
interface Row {
  readonly name: string;
  readonly command: number;
  readonly permission: number;
  readonly request: () => CborMap;
  readonly message: () => Uint8Array;
  /** Keys of pinUvAuthProtocol and pinUvAuthParam. */
  readonly keys: readonly [protocol: number, param: number];
  /** What a request without any token gets. */
  readonly bare?: string;
}

const USER = { id: utf8('new'), name: 'new' };
const templateId = new Uint8Array(8);
const array = concat(new Uint8Array(1).fill(0x80), nodeCrypto.sha256(Uint8Array.of(0x80)).subarray(0, 16));

function management(name: string, subCommand: number, params?: () => CborMap): Row {
  return {
    name,
    command: Command.authenticatorCredentialManagement,
    permission: Permission.credentialManagement,
    request: () => new Map([[1, subCommand], ...(params ? ([[2, params()]] as const) : [])] as [number, number][]),
    message: () => credentialManagementAuthMessage(subCommand, params?.()),
    keys: [3, 4],
  };
}

function configuration(name: string, subCommand: number, params?: CborMap): Row {
  return {
    name,
    command: Command.authenticatorConfig,
    permission: Permission.authenticatorConfiguration,
    request: () => new Map([[1, subCommand], ...(params ? ([[2, params]] as const) : [])] as [number, number][]),
    message: () => authenticatorConfigAuthMessage(subCommand, params),
    keys: [3, 4],
  };
}

function fingerprint(name: string, subCommand: number, params?: CborMap): Row {
  return {
    name,
    command: Command.authenticatorBioEnrollment,
    permission: Permission.bioEnrollment,
    request: () =>
      new Map([[1, 1], [2, subCommand], ...(params ? ([[3, params]] as const) : [])] as [number, number][]),
    message: () => bioEnrollmentAuthMessage(1, subCommand, params),
    keys: [4, 5],
  };
}

const rows: Row[] = [
  {
    name: 'makeCredential',
    command: Command.authenticatorMakeCredential,
    permission: Permission.makeCredential,
    request: () =>
      makeCredentialRequest.encode({
        clientDataHash: CLIENT_DATA_HASH,
        rp: { id: RP_ID },
        user: USER,
        pubKeyCredParams: [{ alg: -7, type: 'public-key' }],
        options: { rk: true },
      }),
    message: () => CLIENT_DATA_HASH,
    keys: [9, 8],
  },
  {
    name: 'getAssertion',
    command: Command.authenticatorGetAssertion,
    permission: Permission.getAssertion,
    request: () =>
      getAssertionRequest.encode({ rpId: RP_ID, clientDataHash: CLIENT_DATA_HASH, options: { up: false } }),
    message: () => CLIENT_DATA_HASH,
    keys: [7, 6],
    bare: 'CTAP2_OK',
  },
  management('getCredsMetadata', 0x01),
  management('enumerateRPsBegin', 0x02),
  management('enumerateCredentialsBegin', 0x04, () =>
    credentialManagementParams.encode({ rpIDHash: nodeCrypto.sha256(utf8(RP_ID)) }),
  ),
  management('updateUserInformation', 0x07, () =>
    credentialManagementParams.encode({ credentialId: passkey, user: { id: utf8('user'), name: 'renamed' } }),
  ),
  management('deleteCredential', 0x06, () => credentialManagementParams.encode({ credentialId: passkey })),
  configuration('enableEnterpriseAttestation', 0x01),
  configuration('toggleAlwaysUv', 0x02),
  configuration('setMinPINLength', 0x03, setMinPINLengthParams.encode({ newMinPINLength: 5 })),
  configuration('enableLongTouchForReset', 0x04),
  fingerprint('enrollBegin', 0x01),
  fingerprint('enumerateEnrollments', 0x04),
  fingerprint('setFriendlyName', 0x05, bioEnrollmentParams.encode({ templateId, templateFriendlyName: 'x' })),
  {
    name: 'largeBlobs',
    command: Command.authenticatorLargeBlobs,
    permission: Permission.largeBlobWrite,
    request: () =>
      new Map<number, number | Uint8Array>([
        [2, array],
        [3, 0],
        [4, array.length],
      ]),
    message: () => largeBlobsAuthMessage(0, nodeCrypto.sha256(array)),
    keys: [6, 5],
  },
];

/** Status of the good request where the key has nothing for it yet. */
const GOOD: Record<string, string> = {
  enumerateEnrollments: 'CTAP2_ERR_INVALID_OPTION',
  setFriendlyName: 'CTAP2_ERR_INVALID_OPTION',
};

function send(row: Row, token: Uint8Array | undefined, version: number | null = 2, making: 1 | 2 = 2) {
  const request = new Map(row.request());
  const [protocol, param] = row.keys;
  if (version !== null) request.set(protocol, version);
  if (token) request.set(param, authenticate(token, row.message(), making));
  const sorted = new Map([...request].sort(([a], [b]) => Number(a) - Number(b)));
  return statusOf(platform.call(row.command, sorted));
}

const grant = (permissions: number, rpId: string | null = RP_ID) => {
  platform.forgetSharedSecret();
  return platform.getToken(PIN, rpId === null ? { permissions } : { permissions, rpId });
};

beforeEach(async () => {
  const memory = memoryStore();
  platform = await Platform.open({
    model: complete,
    store: {
      ...memory,
      commit(changes) {
        commits++;
        return memory.commit(changes);
      },
    },
  });
  await platform.makeCredential({ options: { rk: true } });
  const { credential } = await platform.getAssertion();
  passkey = credential!;
  await platform.setPin(PIN);
});

/** What an action stores, in commits, beside its status. */
async function stores(action: () => Promise<string>): Promise<[status: string, commits: number]> {
  commits = 0;
  return [await action(), commits];
}

describe.each(rows)('$name', (row) => {
  const refused = ['CTAP2_ERR_PIN_AUTH_INVALID', 0];

  it('takes a token of its permission', async () => {
    // a token that was bound to an RP ID would not do for commands on the whole key
    const token = await grant(row.permission, row.permission & 0x03 ? RP_ID : null);
    expect(await send(row, token)).toBe(GOOD[row.name] ?? 'CTAP2_OK');
    expect(platform.defects).toEqual([]);
  });

  it('refuses to do without', async () => {
    if (row.bare) expect(await send(row, undefined, null)).toBe(row.bare);
    else expect(await stores(() => send(row, undefined, null))).toEqual(['CTAP2_ERR_PUAT_REQUIRED', 0]);
  });

  it.each(Object.entries(Permission).filter(([, permission]) => permission !== row.permission && permission !== 0x40))(
    'refuses a token of %s',
    async (_, permission) => {
      const token = await grant(permission);
      expect(await stores(() => send(row, token))).toEqual(refused);
    },
  );

  it('refuses one without protocol, of an unknown one, or of the other one', async () => {
    const token = await grant(row.permission);
    expect(await stores(() => send(row, token, null))).toEqual(['CTAP2_ERR_MISSING_PARAMETER', 0]);
    expect(await stores(() => send(row, token, 3))).toEqual(['CTAP1_ERR_INVALID_PARAMETER', 0]);
    expect(await stores(() => send(row, token, 0))).toEqual(['CTAP1_ERR_INVALID_PARAMETER', 0]);
    expect(await stores(() => send(row, token, 1, 1))).toEqual(refused);
  });

  it('refuses one that was never issued, that another one replaced, or that a power cycle ended', async () => {
    expect(await stores(() => send(row, new Uint8Array(32)))).toEqual(refused);
    const old = await grant(row.permission);
    const current = await grant(row.permission);
    expect(await stores(() => send(row, old))).toEqual(refused);
    platform.key.powerCycle();
    expect(await stores(() => send(row, current))).toEqual(refused);
  });

  it('refuses one that was not used for 30 seconds, or is ten minutes old', async () => {
    const unused = await grant(row.permission);
    platform.clock.advance(30_000);
    expect(await stores(() => send(row, unused))).toEqual(refused);
    // used by another command of the same permission or of the silent assertion, which spends nothing
    const used = await grant(row.permission | Permission.getAssertion);
    const assertion = rows[1]!;
    expect(await send(assertion, used)).toBe('CTAP2_OK');
    platform.clock.advance(599_999);
    expect(await send(assertion, used)).toBe('CTAP2_OK');
    platform.clock.advance(1);
    expect(await stores(() => send(row, used))).toEqual(refused);
  });

  it('refuses one that a presence test has spent', async () => {
    if (row.permission === Permission.largeBlobWrite) return; // the one permission that is left
    const token = await grant(row.permission | Permission.makeCredential);
    await send(rows[0]!, token);
    expect(await stores(() => send(row, token))).toEqual(refused);
  });
});

describe('a token that was asked for over NFC', () => {
  const silent = (token: Uint8Array) => send(rows[1]!, token);

  it('lives unused for 19.8 seconds', async () => {
    platform.transport = 'nfc';
    const [soon, late] = [19_799, 19_800];
    const first = await grant(Permission.getAssertion);
    platform.clock.advance(soon);
    expect(await silent(first)).toBe('CTAP2_OK');
    const second = await grant(Permission.getAssertion);
    platform.clock.advance(late);
    expect(await silent(second)).toBe('CTAP2_ERR_PIN_AUTH_INVALID');
  });

  it('lives for ten minutes once it was used', async () => {
    platform.transport = 'nfc';
    const token = await grant(Permission.getAssertion);
    expect(await silent(token)).toBe('CTAP2_OK');
    platform.clock.advance(599_999);
    expect(await silent(token)).toBe('CTAP2_OK');
  });
});

describe('a command without token', () => {
  const parameterless = [
    ['enumerateCredentialsBegin', Command.authenticatorCredentialManagement, [[1, 0x04]]],
    ['deleteCredential', Command.authenticatorCredentialManagement, [[1, 0x06]]],
    ['updateUserInformation', Command.authenticatorCredentialManagement, [[1, 0x07]]],
    ['enrollCaptureNextSample', Command.authenticatorBioEnrollment, [[2, 0x02]]],
    ['setFriendlyName', Command.authenticatorBioEnrollment, [[2, 0x05]]],
    ['removeEnrollment', Command.authenticatorBioEnrollment, [[2, 0x06]]],
  ] as const;

  it.each(parameterless)('is told of that before its parameters are looked at: %s', async (_, command, members) => {
    expect(await statusOf(platform.call(command, new Map(members)))).toBe('CTAP2_ERR_PUAT_REQUIRED');
  });

  it.each(rows.slice(0, 2))('is what $name becomes on a key that nothing protects', async (row) => {
    platform = await Platform.open({ model: complete });
    await platform.makeCredential({ options: { rk: true } });
    const made = await platform.call(row.command, new Map([...row.request(), ...stray(row)].sort(byKey)));
    const authData = made.get(2) as Uint8Array;
    expect(authData[32]! & Flag.UV).toBe(0);
  });
});

/** A pinUvAuthParam that no token made. */
const stray = ({ keys: [protocol, param] }: Row) =>
  [
    [protocol, 2],
    [param, new Uint8Array(32)],
  ] as [number, number | Uint8Array][];
const byKey = ([a]: readonly [CborKey, unknown], [b]: readonly [CborKey, unknown]) => Number(a) - Number(b);

describe('a stateful command', () => {
  const LIFETIME = 600_000;
  const two = async () => {
    await platform.makeCredential({ options: { rk: true }, user: { id: utf8('other') }, ...(await proof(0x01)) });
  };
  const proof = async (permission: number) => ({
    pinUvAuthParam: authenticate(await grant(permission)),
    pinUvAuthProtocol: 2,
  });
  /** Lets a token grow old by commands that spend nothing. */
  const age = async (token: Uint8Array) => {
    expect(await send(rows[1]!, token)).toBe('CTAP2_OK');
    platform.clock.advance(LIFETIME - 1_000);
  };

  it('ends with the token that began it: assertions', async () => {
    await two();
    const token = await grant(Permission.getAssertion);
    await age(token);
    const authorized = { pinUvAuthParam: authenticate(token), pinUvAuthProtocol: 2 };
    expect((await platform.getAssertion(authorized)).numberOfCredentials).toBe(2);
    platform.clock.advance(1_000);
    expect(await statusOf(platform.getNextAssertion())).toBe('CTAP2_ERR_NOT_ALLOWED');
    expect((await platform.getAssertion({ options: { up: false } })).numberOfCredentials).toBe(2);
    expect(await statusOf(platform.getNextAssertion())).toBe('CTAP2_OK');
  });

  it('ends with the token that began it: enumerations, but for the persistent one', async () => {
    await two();
    const row = rows.find(({ name }) => name === 'enumerateCredentialsBegin')!;
    const next = () => statusOf(platform.call(Command.authenticatorCredentialManagement, new Map([[1, 0x05]])));
    const token = await grant(Permission.credentialManagement | Permission.getAssertion);
    await age(token);
    expect(await send(row, token)).toBe('CTAP2_OK');
    platform.clock.advance(1_000);
    expect(await next()).toBe('CTAP2_ERR_NOT_ALLOWED');
    const persistent = await grant(Permission.persistentCredentialManagementReadOnly, null);
    platform.clock.advance(LIFETIME);
    expect(await send(row, persistent)).toBe('CTAP2_OK');
    expect(await next()).toBe('CTAP2_OK');
  });

  it('ends with the token that began it: a write of large blobs', async () => {
    const token = await grant(Permission.largeBlobWrite | Permission.getAssertion);
    await age(token);
    const write = (set: Uint8Array, offset: number, length?: number) => {
      const message = largeBlobsAuthMessage(offset, nodeCrypto.sha256(set));
      const pinUvAuthParam = authenticate(token, message);
      return statusOf(platform.largeBlobs({ set, offset, length, pinUvAuthParam, pinUvAuthProtocol: 2 }));
    };
    expect(await write(array.subarray(0, 8), 0, array.length)).toBe('CTAP2_OK');
    platform.clock.advance(1_000);
    expect(await write(array.subarray(8), 8)).toBe('CTAP1_ERR_INVALID_SEQ');
  });
});

describe('a token bound to an RP ID', () => {
  const own = rows.filter(({ command }) => command === Command.authenticatorCredentialManagement);

  it.each(own)('is refused by $name of another RP, or of the whole key', async (row) => {
    const token = await grant(row.permission, 'other.example');
    expect(await stores(() => send(row, token))).toEqual(['CTAP2_ERR_PIN_AUTH_INVALID', 0]);
  });

  it.each(own.slice(2))('is taken by $name of its own RP', async (row) => {
    expect(await send(row, await grant(row.permission))).toBe('CTAP2_OK');
  });

  it.each(rows.slice(0, 2))('is refused by $name for another RP ID', async (row) => {
    const token = await grant(row.permission, 'other.example');
    expect(await stores(() => send(row, token))).toEqual(['CTAP2_ERR_PIN_AUTH_INVALID', 0]);
  });

  it('is bound to the first one that it is used for, where it came without', async () => {
    const token = await grant(Permission.credentialManagement, null);
    expect(await send(rows[2]!, token)).toBe('CTAP2_OK');
    platform.forgetSharedSecret();
    const legacy = await platform.getToken(PIN);
    expect(await send(rows[1]!, legacy)).toBe('CTAP2_OK');
    const other = getAssertionRequest.encode({
      rpId: 'other.example',
      clientDataHash: CLIENT_DATA_HASH,
      options: { up: false },
      pinUvAuthParam: authenticate(legacy),
      pinUvAuthProtocol: 2,
    });
    expect(await statusOf(platform.call(Command.authenticatorGetAssertion, other))).toBe('CTAP2_ERR_PIN_AUTH_INVALID');
  });
});
