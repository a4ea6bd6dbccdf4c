/** authenticatorGetInfo: its form, and the type and range of each member. CTAP 2.3 §6.4. */
import { type CborKey, type CborMap, type CborValue, decodeCbor } from '../../../ctap/cbor.ts';
import { getInfoResponse } from '../../../ctap/commands/get-info.ts';
import { Command } from '../../../ctap/commands/index.ts';
import { CtapError, Status } from '../../../ctap/status.ts';
import { kebab } from '../../../emulator/faults/parameters.ts';
import type { Check, CheckGroup } from '../check.ts';
import { expect, expectEqual } from '../expect.ts';
import { NotApplicable } from '../not-applicable.ts';
import { GET_INFO, infoCheck, isDistinct, Said } from './get-info-steps.ts';

/** Members whose type has a check of its own. */
const OWN_CHECK = ['aaguid', 'pinUvAuthProtocols'];

/** Each member, where it is there, has the type that the table gives it. */
const typeChecks: readonly Check[] = getInfoResponse.members
  .filter(({ name }) => !OWN_CHECK.includes(name))
  .map(({ name, key: member }) => ({
    id: `getInfo.${name}.type`,
    section: GET_INFO,
    statement: `${name} is of the type that the specification gives it.`,
    faults: [`get-info-wrong-type-${kebab(name)}`],
    async run(key) {
      const value = (await Said.of(key)).need(name);
      // alone beside the members that are owed, so that no other is judged
      const answer: CborMap = new Map<CborKey, CborValue>([
        [0x01, ['FIDO_2_0']],
        [0x03, new Uint8Array(16)],
      ]);
      answer.set(member, value);
      try {
        getInfoResponse.decode(answer, getInfoResponse.name);
      } catch (error) {
        if (!(error instanceof CtapError)) throw error;
        expect(false, `${name} of its type`, error.message);
      }
    },
  }));

/** A number that must not be 0. */
function positive(name: string, fault: string): Check {
  return infoCheck(`${name}.positive`, `${name} is greater than 0 where it is there.`, fault, (said) => {
    expect(said.number(name) > 0, `${name} greater than 0`, 0);
  });
}

/** A list without anything twice. */
function distinct(name: string, fault: string): Check {
  return infoCheck(`${name}.distinct`, `Nothing stands twice in ${name}.`, fault, (said) => {
    const values = said.list(name);
    expect(isDistinct(values), `${name} without duplicates`, values);
  });
}

/** A list that is left out rather than empty. */
function filled(name: string, fault: string): Check {
  return infoCheck(`${name}.filled`, `${name} is not empty where it is there.`, fault, (said) => {
    expect(said.list(name).length > 0, `${name} with something in it`, 'an empty array');
  });
}

const TRANSPORTS = ['usb', 'nfc', 'ble', 'smart-card', 'hybrid', 'internal', 'cable'];

export const getInfoChecks: CheckGroup = {
  name: 'authenticatorGetInfo',
  checks: [
    {
      id: 'getInfo.canonical',
      section: 'CTAP 2.3 §8',
      statement: 'The answer is one canonical CBOR map and nothing after it.',
      faults: ['get-info-trailing-byte', 'get-info-unsorted'],
      async run(key) {
        const { body } = await key.request(Command.authenticatorGetInfo);
        expect(decodeCbor(body) instanceof Map, 'a CBOR map in the answer');
      },
    },
    {
      id: 'getInfo.request.parameters',
      section: GET_INFO,
      statement: 'A request with a byte after the command, which has no parameters, is refused.',
      severity: 'warning',
      faults: ['get-info-takes-parameters'],
      async run(key) {
        const { status } = await key.request(Command.authenticatorGetInfo, Uint8Array.of(0xa0));
        expect(status !== Status.CTAP2_OK, 'a refusal', 'CTAP2_OK');
      },
    },
    {
      id: 'getInfo.aaguid',
      section: GET_INFO,
      statement: 'aaguid is a byte string of 16 bytes.',
      faults: ['get-info-short-aaguid'],
      async run(key) {
        const aaguid = (await Said.of(key)).get('aaguid');
        expectEqual(aaguid instanceof Uint8Array ? aaguid.length : undefined, 16, 'the length of aaguid');
      },
    },
    ...typeChecks,
    infoCheck('maxMsgSize', 'maxMsgSize is at least 1024 where it is there.', 'get-info-small-max-msg-size', (said) => {
      const size = said.get('maxMsgSize') ?? 1024;
      expect(typeof size !== 'number' || size >= 1024, 'maxMsgSize of at least 1024', size);
    }),
    infoCheck(
      'maxMsgSize.carried',
      'maxMsgSize is no more than a CTAPHID message holds.',
      'get-info-large-max-msg-size',
      (said) => expect(said.number('maxMsgSize') <= 7609, 'maxMsgSize of at most 7609', said.number('maxMsgSize')),
      { needs: { carrier: 'hid' }, severity: 'warning' },
    ),
    positive('maxCredentialCountInList', 'get-info-no-credential-in-list'),
    positive('preferredPlatformUvAttempts', 'get-info-no-uv-attempts'),
    positive('uvModality', 'get-info-no-uv-modality'),
    distinct('versions', 'get-info-version-twice'),
    distinct('extensions', 'get-info-extension-twice'),
    distinct('pinUvAuthProtocols', 'get-info-protocol-twice'),
    distinct('transports', 'get-info-transport-twice'),
    distinct('attestationFormats', 'get-info-attestation-format-twice'),
    filled('versions', 'get-info-no-versions'),
    filled('attestationFormats', 'get-info-no-attestation-formats'),
    infoCheck(
      'pinUvAuthProtocols.known',
      'pinUvAuthProtocols has the versions 1 and 2 and no other.',
      'get-info-protocol-zero',
      (said) => {
        const protocols = said.list('pinUvAuthProtocols');
        expect(
          protocols.every((protocol) => protocol === 1 || protocol === 2),
          'the protocols 1 and 2',
          protocols,
        );
      },
    ),
    infoCheck(
      'transports.known',
      'transports has names that WebAuthn knows.',
      'get-info-unknown-transport',
      (said) => {
        const strange = said
          .list('transports')
          .filter((name) => typeof name === 'string' && !TRANSPORTS.includes(name));
        expect(strange.length === 0, 'known transports', strange);
      },
      { severity: 'warning' },
    ),
    infoCheck(
      'transports.usb',
      'A key that is reached over HID has usb among its transports.',
      'get-info-hides-usb',
      (said) => expect(said.list('transports').includes('usb'), 'usb among the transports', said.list('transports')),
      { needs: { carrier: 'hid' } },
    ),
    infoCheck('algorithms.distinct', 'No algorithm stands twice in algorithms.', 'get-info-algorithm-twice', (said) => {
      const algorithms = said
        .list('algorithms')
        .map((entry) => (entry instanceof Map ? (entry.get('alg') ?? null) : entry));
      expect(isDistinct(algorithms), 'algorithms without duplicates', algorithms);
    }),
    infoCheck(
      'algorithms.publicKey',
      'Every entry of algorithms has the type public-key.',
      'get-info-algorithm-of-other-type',
      (said) => {
        const types = said.list('algorithms').map((entry) => (entry instanceof Map ? entry.get('type') : undefined));
        expect(
          types.every((type) => typeof type !== 'string' || type === 'public-key'),
          'the type public-key',
          types,
        );
      },
    ),
    infoCheck(
      'algorithms.es256',
      'ES256, which every relying party takes, is among the algorithms.',
      'get-info-hides-es256',
      (said) => {
        const algorithms = said
          .list('algorithms')
          .map((entry) => (entry instanceof Map ? entry.get('alg') : undefined));
        expect(algorithms.includes(-7), 'the algorithm -7', algorithms);
      },
      { severity: 'warning' },
    ),
    infoCheck(
      'minPINLength.range',
      'minPINLength is 4 or more and 63 or less.',
      'get-info-min-pin-length-three',
      (said) => {
        const length = said.number('minPINLength');
        expect(length >= 4 && length <= 63, 'minPINLength of 4 to 63', length);
      },
      { needs: { pin: true } },
    ),
    infoCheck(
      'maxPINLength.range',
      'maxPINLength is 63 or less, and 8 or more.',
      'get-info-max-pin-length-64',
      (said) => {
        const length = said.number('maxPINLength');
        expect(length >= 8 && length <= 63, 'maxPINLength of 8 to 63', length);
      },
    ),
    infoCheck(
      'maxSerializedLargeBlobArray.least',
      'maxSerializedLargeBlobArray is at least 1024.',
      'get-info-small-large-blob-array',
      (said) => {
        const size = said.number('maxSerializedLargeBlobArray');
        expect(size >= 1024, 'maxSerializedLargeBlobArray of at least 1024', size);
      },
    ),
    infoCheck('maxCredBlobLength.least', 'maxCredBlobLength is at least 32.', 'get-info-small-cred-blob', (said) => {
      const length = said.number('maxCredBlobLength');
      expect(length >= 32, 'maxCredBlobLength of at least 32', length);
    }),
    infoCheck(
      'certifications.levels',
      'Every certification has a level greater than 0.',
      'get-info-certification-of-level-zero',
      (said) => {
        const certifications = said.need('certifications');
        if (!(certifications instanceof Map)) throw new NotApplicable('certifications is no map');
        const levels = [...certifications.values()];
        expect(
          levels.every((level) => typeof level !== 'number' || level > 0),
          'levels greater than 0',
          levels,
        );
      },
    ),
    infoCheck(
      'encIdentifier.length',
      'encIdentifier is an initialization vector and one block: 32 bytes.',
      'get-info-short-enc-identifier',
      (said) => {
        const value = said.need('encIdentifier');
        expectEqual(value instanceof Uint8Array ? value.length : 32, 32, 'the length of encIdentifier');
      },
    ),
    {
      id: 'getInfo.encIdentifier.fresh',
      section: GET_INFO,
      statement: 'encIdentifier is encrypted anew for each answer.',
      faults: ['get-info-same-enc-identifier'],
      async run(key) {
        const [first, second] = [
          (await Said.of(key)).need('encIdentifier'),
          (await Said.of(key)).need('encIdentifier'),
        ];
        if (!(first instanceof Uint8Array && second instanceof Uint8Array)) throw new NotApplicable('no bytes');
        expect(
          first.some((byte, index) => byte !== second[index]),
          'another encIdentifier',
          second,
        );
      },
    },
  ],
};
