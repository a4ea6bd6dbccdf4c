/** setPIN and changePIN: CTAP 2.3 §6.5.1, §6.5.5.5, §6.5.5.6. */
import type { CborMap } from '../../../ctap/cbor.ts';
import type { ClientPinRequest } from '../../../ctap/commands/client-pin.ts';
import type { GetInfoResponse } from '../../../ctap/commands/get-info.ts';
import type { StatusName } from '../../../ctap/status.ts';
import type { Check, CheckGroup, Needs } from '../check.ts';
import { expectEqual, expectOk, expectStatus } from '../expect.ts';
import {
  changePinParameters,
  enterPin,
  NEW_PIN,
  type PinRequestOptions,
  padded,
  setPinParameters,
} from '../pin-ceremony.ts';
import type { Subject } from '../subject.ts';
import { changePinChecks } from './client-pin-change.ts';
import { ascii, command } from './client-pin-set-steps.ts';

const LONGEST = 63;

interface Way {
  readonly name: 'setPIN' | 'changePIN';
  readonly fault: 'set-pin' | 'change-pin';
  readonly section: string;
  readonly needs: Needs;
  readonly parameters: (key: Subject, plain: string | Uint8Array, options?: PinRequestOptions) => Promise<CborMap>;
}

const ways: readonly Way[] = [
  {
    name: 'setPIN',
    fault: 'set-pin',
    section: 'CTAP 2.3 §6.5.5.5',
    needs: { options: ['clientPin'], pin: false },
    parameters: setPinParameters,
  },
  {
    name: 'changePIN',
    fault: 'change-pin',
    section: 'CTAP 2.3 §6.5.5.6',
    needs: { pin: true },
    parameters: changePinParameters,
  },
];

interface BadPin {
  readonly name: string;
  readonly fault: string;
  readonly section?: string;
  readonly statement: string;
  readonly status: readonly StatusName[];
  readonly plain: (info: GetInfoResponse) => string | Uint8Array;
  readonly given?: Partial<ClientPinRequest>;
}

const badPins: readonly BadPin[] = [
  {
    name: 'short',
    fault: 'short-pin',
    statement: 'a PIN of a code point less than minPINLength violates the policy',
    status: ['CTAP2_ERR_PIN_POLICY_VIOLATION'],
    plain: ({ minPINLength = 4 }) => padded(ascii(minPINLength - 1)),
  },
  {
    name: 'shortInCodePoints',
    fault: 'pin-short-in-code-points',
    section: 'CTAP 2.3 §6.5.1',
    statement: 'a PIN with enough bytes, but a code point less than minPINLength, violates the policy',
    status: ['CTAP2_ERR_PIN_POLICY_VIOLATION'],
    plain: ({ minPINLength = 4 }) => padded(['ж', '語', 'é', '€', 'ß', 'ñ', 'ø'].slice(0, minPINLength - 1).join('')),
  },
  {
    name: 'long',
    fault: 'pin-of-64-bytes',
    section: 'CTAP 2.3 §6.5.1',
    statement: 'a PIN of 64 bytes violates the policy',
    status: ['CTAP2_ERR_PIN_POLICY_VIOLATION'],
    plain: () => ascii(64),
  },
  {
    name: 'unpadded',
    fault: 'pin-of-less-padding',
    statement: 'a PIN that is padded to less than 64 bytes is an invalid parameter',
    status: ['CTAP1_ERR_INVALID_PARAMETER'],
    plain: () => padded(NEW_PIN, 48),
  },
  {
    name: 'overpadded',
    fault: 'pin-of-more-padding',
    statement: 'a PIN that is padded to more than 64 bytes is an invalid parameter',
    status: ['CTAP1_ERR_INVALID_PARAMETER'],
    plain: () => padded(NEW_PIN, 80),
  },
  {
    name: 'noBlocks',
    fault: 'pin-of-no-whole-blocks',
    section: 'CTAP 2.3 §6.5.5.5, §6.5.6',
    statement:
      'a newPinEnc that is no whole blocks of 16 bytes cannot be decrypted, which is an invalid authentication',
    status: ['CTAP2_ERR_PIN_AUTH_INVALID'],
    plain: () => NEW_PIN,
    given: { newPinEnc: new Uint8Array(70).fill(0x5a) },
  },
  {
    name: 'otherParam',
    fault: 'pin-with-other-param',
    statement: 'a pinUvAuthParam that does not fit is an invalid authentication',
    status: ['CTAP2_ERR_PIN_AUTH_INVALID'],
    plain: () => NEW_PIN,
    given: { pinUvAuthParam: new Uint8Array(32).fill(0xa5) },
  },
];

const refusals = ways.flatMap((way) =>
  badPins.map(
    ({ name, fault, section = way.section, statement, status, plain, given = {} }): Check => ({
      id: `clientPin.${way.name}.${name}`,
      section,
      statement: `${way.name}: ${statement}.`,
      needs: way.needs,
      faults: [`${way.fault}-accepts-${fault}`],
      async run(key) {
        const bytes = plain(await key.info());
        const parameters = await way.parameters(key, typeof bytes === 'string' ? padded(bytes) : bytes, { given });
        expectStatus(await key.request(command, parameters), ...status);
      },
    }),
  ),
);

const unlessLongest = ({ maxPINLength = LONGEST }: GetInfoResponse) =>
  maxPINLength < LONGEST ? `maxPINLength is ${maxPINLength}` : undefined;

const unlessFree = ({ pinComplexityPolicy, minPINLength = 4 }: GetInfoResponse) =>
  pinComplexityPolicy || minPINLength > 6 ? 'the key has a policy of its own for PINs' : undefined;

const SETS = { options: ['clientPin'], pin: false, spoils: true } as const;

async function setPin(key: Subject, pin: string): Promise<void> {
  expectOk(await key.request(command, await setPinParameters(key, pin)));
}

const setPinChecks: readonly Check[] = [
  {
    id: 'clientPin.setPIN.clientPin',
    section: 'CTAP 2.3 §6.4, §6.5.5.5',
    statement: 'Once a PIN is set, the option clientPin is true.',
    needs: SETS,
    faults: ['set-pin-leaves-client-pin-false'],
    async run(key) {
      await setPin(key, NEW_PIN);
      expectEqual((await key.ctap2.getInfo()).options?.clientPin, true, 'the option clientPin');
    },
  },
  {
    id: 'clientPin.setPIN.right',
    section: 'CTAP 2.3 §6.5.5.5',
    statement: 'The PIN that was set gives a token.',
    needs: SETS,
    faults: ['set-pin-refuses-it-at-once'],
    async run(key) {
      await setPin(key, NEW_PIN);
      expectOk(await enterPin(key, NEW_PIN));
    },
  },
  {
    id: 'clientPin.setPIN.survivesPowerCycle',
    section: 'CTAP 2.3 §6.5.1',
    statement: 'The PIN that was set gives a token after the key has been without power.',
    needs: SETS,
    faults: ['set-pin-forgets-it-without-power'],
    async run(key) {
      await setPin(key, NEW_PIN);
      await key.replug();
      expectOk(await enterPin(key, NEW_PIN));
    },
  },
  {
    id: 'clientPin.setPIN.again',
    section: 'CTAP 2.3 §6.5.5.5',
    statement: 'setPIN is refused as an invalid authentication where a PIN is set.',
    needs: { pin: true },
    faults: ['set-pin-takes-a-second-one'],
    async run(key) {
      expectStatus(await key.request(command, await setPinParameters(key, NEW_PIN)), 'CTAP2_ERR_PIN_AUTH_INVALID');
    },
  },
  {
    id: 'clientPin.setPIN.longest',
    section: 'CTAP 2.3 §6.5.1',
    statement: 'A PIN of 63 bytes is taken.',
    needs: { ...SETS, unless: unlessLongest },
    faults: ['set-pin-refuses-63-bytes'],
    async run(key) {
      await setPin(key, ascii(LONGEST));
    },
  },
  {
    id: 'clientPin.setPIN.shortest',
    section: 'CTAP 2.3 §6.5.1',
    statement: 'A PIN of minPINLength code points is taken.',
    needs: { ...SETS, unless: unlessFree },
    faults: ['set-pin-refuses-the-shortest'],
    async run(key) {
      const { minPINLength = 4 } = await key.info();
      await setPin(key, ascii(minPINLength));
    },
  },
  {
    id: 'clientPin.setPIN.codePoints',
    section: 'CTAP 2.3 §6.5.1',
    statement: 'A PIN of other characters than those of ASCII is taken.',
    needs: SETS,
    faults: ['set-pin-refuses-other-scripts'],
    async run(key) {
      await setPin(key, 'Ключ語9é€ß');
    },
  },
  {
    id: 'clientPin.setPIN.protocolOne',
    section: 'CTAP 2.3 §6.5.5.5, §6.5.6',
    statement: 'setPIN by PIN/UV auth protocol one sets the PIN.',
    needs: { ...SETS, protocols: [1] },
    faults: ['set-pin-fails-by-protocol-one'],
    async run(key) {
      const parameters = await setPinParameters(key, NEW_PIN, { client: key.pinBy(1) });
      expectOk(await key.request(command, parameters));
    },
  },
];

export const clientPinSetChecks: CheckGroup = {
  name: 'authenticatorClientPIN setPIN and changePIN',
  checks: [...setPinChecks, ...changePinChecks, ...refusals],
};
