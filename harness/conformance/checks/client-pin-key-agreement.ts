/** Key agreement of both PIN/UV auth protocols: CTAP 2.3 §6.5.5.4, §6.5.6, §6.5.7. */
import { equalBytes } from '../../../ctap/bytes.ts';
import type { CborMap, CborValue } from '../../../ctap/cbor.ts';
import { ClientPinSubcommand, clientPinRequest } from '../../../ctap/commands/client-pin.ts';
import { Command } from '../../../ctap/commands/index.ts';
import type { Check, CheckGroup } from '../check.ts';
import { expect, expectEqual } from '../expect.ts';
import { pinRetries, pinSubcommand, tokenParameters, WRONG_PIN } from '../pin-ceremony.ts';
import type { Subject } from '../subject.ts';

const COORDINATE = 32;

/** The COSE key that getKeyAgreement answers. */
async function keyAgreement(key: Subject, protocol: 1 | 2): Promise<CborMap> {
  const request = { pinUvAuthProtocol: protocol, subCommand: ClientPinSubcommand.getKeyAgreement };
  const answer = await key.accepted(Command.authenticatorClientPIN, clientPinRequest.encode(request));
  const cose = answer.get(0x01);
  expect(cose instanceof Map, 'a COSE key as keyAgreement (0x01)', cose ?? 'none');
  return cose;
}

/** Asked twice: some keys answer well but the first time. */
async function keyAgreements(key: Subject, protocol: 1 | 2): Promise<CborMap[]> {
  return [await keyAgreement(key, protocol), await keyAgreement(key, protocol)];
}

function coordinates(cose: CborMap): Uint8Array[] {
  const bytes = (value: CborValue | undefined) => (value instanceof Uint8Array ? value : new Uint8Array(0));
  return [bytes(cose.get(-2)), bytes(cose.get(-3))];
}

function isOnCurve(key: Subject, cose: CborMap): boolean {
  const point = new Uint8Array(2 * COORDINATE);
  for (const [index, bytes] of coordinates(cose).entries()) {
    const digits = bytes.subarray(Math.max(0, bytes.length - COORDINATE)); // how long they are, another check tells
    point.set(digits, (index + 1) * COORDINATE - digits.length);
  }
  const { crypto } = key.bench;
  const own = crypto.generateEcdhKeyPair((length) => globalThis.crypto.getRandomValues(new Uint8Array(length)));
  try {
    crypto.ecdh(own.privateKey, point);
    return true;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

const labels = [
  { member: 'kty', label: 1, value: 2, statement: 'is of key type EC2 (kty 2)' },
  { member: 'alg', label: 3, value: -25, statement: 'says algorithm -25' },
  { member: 'crv', label: -1, value: 1, statement: 'is of the curve P-256 (crv 1)' },
] as const;

function checksOf(protocol: 1 | 2): Check[] {
  const section = `CTAP 2.3 §6.5.5.4, §6.5.${protocol === 1 ? 6 : 7}`;
  const needs = { protocols: [protocol] } as const;
  const name = protocol === 1 ? 'one' : 'two';
  return [
    ...labels.map(
      ({ member, label, value, statement }): Check => ({
        id: `clientPin.keyAgreement.${name}.${member}`,
        section,
        statement: `The key agreement key of protocol ${name} ${statement}.`,
        needs,
        faults: [`key-agreement-${name}-other-${member}`],
        async run(key) {
          expectEqual((await keyAgreement(key, protocol)).get(label), value, member);
        },
      }),
    ),
    {
      id: `clientPin.keyAgreement.${name}.members`,
      section,
      statement: `The key agreement key of protocol ${name} has the members kty, alg, crv, x, y and no other.`,
      needs,
      faults: [`key-agreement-${name}-further-member`],
      async run(key) {
        const members = [...(await keyAgreement(key, protocol)).keys()].sort().join(' ');
        expectEqual(members, [1, 3, -1, -2, -3].sort().join(' '), 'the labels of the COSE key');
      },
    },
    {
      id: `clientPin.keyAgreement.${name}.coordinates`,
      section,
      statement: `x and y of the key agreement key of protocol ${name} are 32 bytes each, zeros at the beginning included.`,
      needs,
      faults: [`key-agreement-${name}-long-coordinate`],
      async run(key) {
        for (const cose of await keyAgreements(key, protocol)) {
          const lengths = coordinates(cose).map(({ length }) => length);
          expect(
            lengths.every((length) => length === COORDINATE),
            'x and y of 32 bytes',
            lengths,
          );
        }
      },
    },
    {
      id: `clientPin.keyAgreement.${name}.onCurve`,
      section,
      statement: `The key agreement key of protocol ${name} is a point of P-256.`,
      needs,
      faults: [`key-agreement-${name}-off-curve`],
      async run(key) {
        for (const cose of await keyAgreements(key, protocol)) {
          expect(isOnCurve(key, cose), 'a point of P-256', coordinates(cose)[0]);
        }
      },
    },
    {
      id: `clientPin.keyAgreement.${name}.freshAfterPowerUp`,
      section: `${section}: initialize`,
      statement: `The key agreement key of protocol ${name} is another one after power up.`,
      needs,
      faults: [`key-agreement-${name}-same-after-power-up`],
      async run(key) {
        const before = coordinates(await keyAgreement(key, protocol))[0]!;
        await key.replug();
        for (const cose of await keyAgreements(key, protocol)) {
          expect(!equalBytes(coordinates(cose)[0]!, before), 'another x after power up', before);
        }
      },
    },
    {
      id: `clientPin.keyAgreement.${name}.freshAfterWrongPin`,
      section: `CTAP 2.3 §6.5.5.7, §6.5.${protocol === 1 ? 6 : 7}: regenerate`,
      statement: `The key agreement key of protocol ${name} is another one after a wrong PIN.`,
      needs: { ...needs, pin: true, attempts: 1 },
      faults: [`key-agreement-${name}-same-after-wrong-pin`],
      async run(key) {
        const before = coordinates(await keyAgreement(key, protocol))[0]!;
        await pinRetries(key); // so that the key is not asked twice in a row here
        const { parameters } = await tokenParameters(key, await pinSubcommand(key), {
          client: key.pinBy(protocol),
          pin: WRONG_PIN,
        });
        await key.request(Command.authenticatorClientPIN, parameters);
        for (const cose of await keyAgreements(key, protocol)) {
          expect(!equalBytes(coordinates(cose)[0]!, before), 'another x after a wrong PIN', before);
        }
      },
    },
  ];
}

export const keyAgreementChecks: CheckGroup = {
  name: 'authenticatorClientPIN key agreement',
  checks: [...checksOf(1), ...checksOf(2)],
};
