/**
 * What the specification names for requests that are wrong, and after each the key goes on.
 * Packets that are wrong: hid-device.test.ts.
 */
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { concat, fromHex, utf8 } from '../../ctap/bytes.ts';
import { type CborKey, type CborMap, type CborValue, encodeCbor } from '../../ctap/cbor.ts';
import { Command } from '../../ctap/commands/index.ts';
import { statusName } from '../../ctap/status.ts';
import { StatusWord, splitU2fResponse } from '../../ctap/u2f/raw-messages.ts';
import { findModel } from '../../emulator/models/index.ts';
import type { Platform } from './authenticator/platform.ts';
import { builders, type RequestName, requestBytes } from './fuzz/requests.ts';
import { type Prepared, plugInPrepared, prepare } from './fuzz/subject.ts';

let prepared: Prepared;
let platform: Platform;
beforeAll(async () => {
  prepared = await prepare(findModel('ctap2.3-everything'));
});
beforeEach(async () => {
  platform = await plugInPrepared(prepared, { seed: '00' });
});

const exchange = () => ({ signal: new AbortController().signal, keepalive: () => {} });

/** The status of a request; the key must go on to tell who it is. */
async function status(request: Uint8Array): Promise<string> {
  const answer = await platform.key.cbor(request, exchange());
  const info = await platform.key.cbor(Uint8Array.of(Command.authenticatorGetInfo), exchange());
  expect([info[0], platform.defects]).toEqual([0, []]);
  return statusName(answer[0]!);
}

describe('CBOR', () => {
  it.each([
    ['no command at all', '', 'CTAP1_ERR_INVALID_LENGTH'],
    ['command 00', '00', 'CTAP1_ERR_INVALID_COMMAND'],
    ['the command of CTAP1 that was never used, 03', '03a0', 'CTAP1_ERR_INVALID_COMMAND'],
    ['a vendor command, 50', '50', 'CTAP1_ERR_INVALID_COMMAND'],
    ['an unknown command with bytes that are no CBOR', 'ffff', 'CTAP1_ERR_INVALID_COMMAND'],
    ['getInfo with parameters', '04a0', 'CTAP1_ERR_INVALID_LENGTH'],
    ['reset with parameters', '07a0', 'CTAP1_ERR_INVALID_LENGTH'],
    ['getNextAssertion with parameters', '08a0', 'CTAP1_ERR_INVALID_LENGTH'],
    ['selection with parameters', '0ba0', 'CTAP1_ERR_INVALID_LENGTH'],
    ['a truncated map', '06a101', 'CTAP2_ERR_INVALID_CBOR'],
    ['bytes after the map', '06a1020100', 'CTAP2_ERR_INVALID_CBOR'],
    ['a key twice', '06a202010201', 'CTAP2_ERR_INVALID_CBOR'],
    ['keys out of order', '06a202010101', 'CTAP2_ERR_INVALID_CBOR'],
    ['an integer that is not minimal', '06a1021801', 'CTAP2_ERR_INVALID_CBOR'],
    ['an indefinite length', '06bf0201ff', 'CTAP2_ERR_INVALID_CBOR'],
    ['a tag', '06c1a10201', 'CTAP2_ERR_INVALID_CBOR'],
    ['five levels', '06a10281818180', 'CTAP2_ERR_INVALID_CBOR'],
    ['text that is not UTF-8', '06a2020b0a61ff', 'CTAP2_ERR_INVALID_CBOR'],
    ['a length beyond the message', '06a1045bffffffffffffffff', 'CTAP2_ERR_INVALID_CBOR'],
    ['an array as parameters', '0680', 'CTAP2_ERR_CBOR_UNEXPECTED_TYPE'],
    ['an integer as parameters', '0100', 'CTAP2_ERR_CBOR_UNEXPECTED_TYPE'],
    ['no subcommand', '06a0', 'CTAP2_ERR_MISSING_PARAMETER'],
    ['an unknown subcommand of clientPIN', '06a1020f', 'CTAP2_ERR_INVALID_SUBCOMMAND'],
    ['an unknown subcommand of credentialManagement', '0aa1010f', 'CTAP2_ERR_INVALID_SUBCOMMAND'],
    ['a negative subcommand', '06a10220', 'CTAP2_ERR_CBOR_UNEXPECTED_TYPE'],
    ['a PIN protocol that there is not', '06a201030202', 'CTAP1_ERR_INVALID_PARAMETER'],
    ['getKeyAgreement without a PIN protocol', '06a10202', 'CTAP2_ERR_MISSING_PARAMETER'],
    ['a getNextAssertion that continues nothing', '08', 'CTAP2_ERR_NOT_ALLOWED'],
    ['a map with an unknown key', '06a2020118ff00', 'CTAP2_OK'],
  ])('%s: %s gets %s', async (_, request, expected) => {
    expect(await status(fromHex(request))).toBe(expected);
  });

  it('a message over maxMsgSize gets CTAP2_ERR_REQUEST_TOO_LARGE, the largest does not', async () => {
    const { maxMsgSize } = prepared.model;
    const sized = (size: number) => {
      const parameters = (filler: number) => encodeCbor(new Map([[0x0b, new Uint8Array(filler)]]));
      const overhead = 1 + parameters(1000).length - 1000;
      return concat(Uint8Array.of(Command.authenticatorClientPIN), parameters(size - overhead));
    };
    expect(await status(sized(maxMsgSize))).toBe('CTAP2_ERR_MISSING_PARAMETER');
    expect(await status(sized(maxMsgSize + 1))).toBe('CTAP2_ERR_REQUEST_TOO_LARGE');
  });
});

/** A value of another type than the one that belongs there. */
function ofAnotherType(value: CborValue): CborValue {
  if (value instanceof Uint8Array) return 'text';
  if (typeof value === 'string') return utf8(value);
  if (value instanceof Map) return [];
  if (Array.isArray(value)) return new Map();
  return typeof value === 'boolean' ? 1 : true;
}

type Change = (parameters: CborMap) => void;

async function spoiled(name: RequestName, change: Change): Promise<string> {
  const { command, parameters } = (await builders[name](platform, prepared)) as {
    command: number;
    parameters: CborMap;
  };
  change(parameters);
  return status(requestBytes({ command, parameters }));
}

const at = (parameters: CborMap, ...path: readonly (CborKey | number)[]): CborMap =>
  path.reduce<CborValue>(
    (value, key) => (Array.isArray(value) ? value[key as number]! : (value as CborMap).get(key)!),
    parameters,
  ) as CborMap;

describe('a member of another type gets CTAP2_ERR_CBOR_UNEXPECTED_TYPE', () => {
  it.each<[RequestName, readonly number[]]>([
    ['makeDiscoverableCredential', [1, 2, 3, 4, 7, 8, 9]],
    ['makeCredentialWithExtensions', [6]],
    ['makeCredentialExcluding', [5]],
    ['getVerifiedAssertion', [1, 2, 6, 7]],
    ['getAssertion', [3, 5]],
    ['getAssertionWithHmacSecret', [4]],
    ['changePIN', [1, 2, 3, 4, 5, 6]],
    ['getPinUvAuthToken', [1, 2, 3, 6, 9, 10]],
    ['deleteCredential', [1, 2, 3, 4]],
    ['writeLargeBlobs', [2, 3, 4, 5, 6]],
    ['readLargeBlobs', [1, 3]],
    ['setMinPINLength', [1, 2, 3, 4]],
    ['enumerateEnrollments', [1, 2, 4, 5]],
  ])('%s, members %j', async (name, members) => {
    for (const member of members) {
      const result = await spoiled(name, (parameters) => {
        expect(parameters.has(member), `member ${member} of ${name}`).toBe(true);
        parameters.set(member, ofAnotherType(parameters.get(member)!));
      });
      expect(result, `member ${member}`).toBe('CTAP2_ERR_CBOR_UNEXPECTED_TYPE');
    }
  });

  it.each<[string, RequestName, readonly (CborKey | number)[], CborKey]>([
    ['rp.id', 'makeCredential', [2], 'id'],
    ['rp.name', 'makeCredential', [2], 'name'],
    ['user.id', 'makeCredential', [3], 'id'],
    ['user.name', 'makeCredential', [3], 'name'],
    ['user.displayName', 'makeCredential', [3], 'displayName'],
    ['pubKeyCredParams[1].alg', 'makeCredential', [4, 1], 'alg'],
    ['pubKeyCredParams[1].type', 'makeCredential', [4, 1], 'type'],
    ['excludeList[0].id', 'makeCredentialExcluding', [5, 0], 'id'],
    ['excludeList[0].type', 'makeCredentialExcluding', [5, 0], 'type'],
    ['extensions.credProtect', 'makeCredentialWithExtensions', [6], 'credProtect'],
    ['extensions.hmac-secret', 'makeCredentialWithExtensions', [6], 'hmac-secret'],
    ['options.rk', 'makeDiscoverableCredential', [7], 'rk'],
    ['allowList[1].id', 'getAssertion', [3, 1], 'id'],
    ['allowList[1].type', 'getAssertion', [3, 1], 'type'],
    ['options.up', 'getAssertion', [5], 'up'],
    ['hmac-secret.saltEnc', 'getAssertionWithHmacSecret', [4, 'hmac-secret'], 2],
    ['keyAgreement.x', 'getPinUvAuthToken', [3], -2],
    ['subCommandParams.credentialId', 'deleteCredential', [2], 2],
  ])('%s of %s', async (_, name, path, key) => {
    const result = await spoiled(name, (parameters) => {
      const container = at(parameters, ...path);
      container.set(key, ofAnotherType(container.get(key)!));
    });
    expect(result).toBe('CTAP2_ERR_CBOR_UNEXPECTED_TYPE');
  });
});

describe('a member that is missing', () => {
  it.each<[RequestName, readonly number[]]>([
    ['makeDiscoverableCredential', [1, 2, 3, 4, 9]],
    ['getVerifiedAssertion', [1, 2, 7]],
    ['setPIN', [1, 2, 3, 4, 5]],
    ['changePIN', [1, 2, 3, 4, 5, 6]],
    ['getPinUvAuthToken', [1, 2, 3, 6, 9, 10]],
    ['getPinToken', [1, 2, 3, 6]],
    ['deleteCredential', [1, 2, 3]],
  ])('of %s gets CTAP2_ERR_MISSING_PARAMETER: %j', async (name, members) => {
    for (const member of members) {
      const result = await spoiled(name, (parameters) => expect(parameters.delete(member)).toBe(true));
      expect(result, `member ${member}`).toBe('CTAP2_ERR_MISSING_PARAMETER');
    }
  });

  it.each<[string, RequestName, readonly (CborKey | number)[], CborKey, string]>([
    ['rp.id', 'makeCredential', [2], 'id', 'CTAP2_ERR_MISSING_PARAMETER'],
    ['user.id', 'makeCredential', [3], 'id', 'CTAP2_ERR_MISSING_PARAMETER'],
    ['pubKeyCredParams[1].alg', 'makeCredential', [4, 1], 'alg', 'CTAP2_ERR_INVALID_CBOR'],
    ['pubKeyCredParams[1].type', 'makeCredential', [4, 1], 'type', 'CTAP2_ERR_INVALID_CBOR'],
    ['allowList[0].id', 'getAssertion', [3, 0], 'id', 'CTAP2_ERR_MISSING_PARAMETER'],
    ['allowList[0].type', 'getAssertion', [3, 0], 'type', 'CTAP2_ERR_MISSING_PARAMETER'],
    ['keyAgreement.x', 'getPinUvAuthToken', [3], -2, 'CTAP2_ERR_MISSING_PARAMETER'],
    ['hmac-secret.saltAuth', 'getAssertionWithHmacSecret', [4, 'hmac-secret'], 3, 'CTAP2_ERR_MISSING_PARAMETER'],
  ])('%s of %s', async (_, name, path, key, expected) => {
    const result = await spoiled(name, (parameters) => expect(at(parameters, ...path).delete(key)).toBe(true));
    expect(result).toBe(expected);
  });
});

describe('a value that is out of place', () => {
  it.each<[string, RequestName, Change, string]>([
    [
      'a client data hash of 31 bytes',
      'makeCredential',
      (p) => p.set(1, new Uint8Array(31)),
      'CTAP1_ERR_INVALID_LENGTH',
    ],
    ['a client data hash of 33 bytes', 'getAssertion', (p) => p.set(2, new Uint8Array(33)), 'CTAP1_ERR_INVALID_LENGTH'],
    ['no algorithm', 'makeCredential', (p) => p.set(4, []), 'CTAP2_ERR_UNSUPPORTED_ALGORITHM'],
    [
      'an algorithm that there is not',
      'makeCredential',
      (p) =>
        p.set(4, [
          new Map<string, CborValue>([
            ['alg', -999],
            ['type', 'public-key'],
          ]),
        ]),
      'CTAP2_ERR_UNSUPPORTED_ALGORITHM',
    ],
    ['up: false', 'makeCredential', (p) => p.set(7, new Map([['up', false]])), 'CTAP2_ERR_INVALID_OPTION'],
    ['rk', 'getAssertion', (p) => p.set(5, new Map([['rk', true]])), 'CTAP2_ERR_UNSUPPORTED_OPTION'],
    ['an unknown option', 'getAssertion', (p) => p.set(5, new Map([['xyz', true]])), 'CTAP2_OK'],
    ['an unknown extension', 'getAssertion', (p) => p.set(4, new Map([['xyz', true]])), 'CTAP2_OK'],
    ['PIN protocol 3', 'getVerifiedAssertion', (p) => p.set(7, 3), 'CTAP1_ERR_INVALID_PARAMETER'],
    ['a token that is none', 'getVerifiedAssertion', (p) => p.set(6, new Uint8Array(32)), 'CTAP2_ERR_PIN_AUTH_INVALID'],
    ['no permissions', 'getPinUvAuthToken', (p) => p.set(9, 0), 'CTAP1_ERR_INVALID_PARAMETER'],
    ['permissions for getPinToken', 'getPinToken', (p) => p.set(9, 1), 'CTAP1_ERR_INVALID_PARAMETER'],
    [
      'a key that is no point of the curve',
      'getPinUvAuthToken',
      (p) => at(p, 3).set(-2, new Uint8Array(32).fill(1)),
      'CTAP1_ERR_INVALID_PARAMETER',
    ],
    ['a subcommand over 2^53', 'getPINRetries', (p) => p.set(2, 2n ** 64n - 1n), 'CTAP1_ERR_INVALID_PARAMETER'],
  ])('%s in %s', async (_, name, change, expected) => {
    expect(await spoiled(name, change)).toBe(expected);
  });
});

describe('U2F', () => {
  it.each([
    ['less than a header', '000300', StatusWord.WRONG_LENGTH],
    ['class 80', '80030000', StatusWord.CLA_NOT_SUPPORTED],
    ['instruction 7f', '007f0000', StatusWord.INS_NOT_SUPPORTED],
    ['data that U2F_VERSION does not have', '000300000000010000', StatusWord.WRONG_LENGTH],
    ['a length beyond the message', '00010000000040ff', StatusWord.WRONG_LENGTH],
    ['a registration of 63 bytes', `0001000000003f${'00'.repeat(63)}0000`, StatusWord.WRONG_LENGTH],
    ['a key handle longer than the request', `00020300000041${'00'.repeat(64)}ff0000`, StatusWord.WRONG_LENGTH],
    ['a key handle of nobody', `00020300000042${'00'.repeat(64)}01aa0000`, StatusWord.WRONG_DATA],
  ])('%s: %s', async (_, request, expected) => {
    const answer = await platform.key.msg(fromHex(request), exchange());
    expect(splitU2fResponse(answer)).toEqual({ data: new Uint8Array(), statusWord: expected });
    expect(platform.defects).toEqual([]);
  });
});
