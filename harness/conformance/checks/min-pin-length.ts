/** setMinPINLength: CTAP 2.3 §6.11.4. */
import type { GetInfoResponse } from '../../../ctap/commands/get-info.ts';
import { Command } from '../../../ctap/commands/index.ts';
import { RP_ID, register } from '../ceremony.ts';
import type { Check } from '../check.ts';
import { expect, expectEqual, expectOk, expectStatus } from '../expect.ts';
import { changePinParameters, enterPin, NEW_PIN, padded } from '../pin-ceremony.ts';
import type { Subject } from '../subject.ts';
import { info, least, MIN_PIN, needing, rpIds, section, setMinPINLength } from './config-steps.ts';

const MIN_PIN_SPOILS = needing(['setMinPINLength'], { spoils: true });

/** Shorter than the PIN of the bench, longer than the length of any key that is as it was made. */
const RAISED = 7;

const NEW_LENGTH = 12;

const unlessRaisable = ({ minPINLength = 4 }: GetInfoResponse) =>
  minPINLength >= RAISED ? `minPINLength is ${minPINLength} already` : undefined;

async function raise(key: Subject, newMinPINLength = RAISED): Promise<void> {
  expectOk(await setMinPINLength(key, { newMinPINLength }));
}

async function forceChange(key: Subject): Promise<void> {
  expectOk(await setMinPINLength(key, { forceChangePin: true }));
}

/** The extension's output of a new credential. */
async function toldLength(key: Subject): Promise<unknown> {
  const { authData } = await register(key, { extensions: { minPinLength: true } });
  return authData.extensions?.get('minPinLength');
}

export const minPinLength: readonly Check[] = [
  {
    id: 'config.setMinPINLength.same',
    section,
    statement: 'The length that is in force is taken.',
    needs: MIN_PIN,
    faults: ['config-refuses-the-same-min-pin-length'],
    async run(key) {
      expectOk(await setMinPINLength(key, { newMinPINLength: await least(key), minPinLengthRPIDs: [] }));
    },
  },
  {
    id: 'config.setMinPINLength.raised',
    section,
    statement: 'getInfo tells the length that was set.',
    needs: { ...MIN_PIN_SPOILS, unless: unlessRaisable },
    faults: ['config-leaves-min-pin-length'],
    async run(key) {
      await raise(key);
      expectEqual((await info(key)).minPINLength, RAISED, 'minPINLength');
    },
  },
  {
    id: 'config.setMinPINLength.survivesPowerCycle',
    section,
    statement: 'The length that was set is kept when the key has been without power.',
    needs: { ...MIN_PIN_SPOILS, unless: unlessRaisable },
    faults: ['config-forgets-min-pin-length-without-power'],
    async run(key) {
      await raise(key);
      await key.replug();
      expectEqual((await info(key)).minPINLength, RAISED, 'minPINLength');
    },
  },
  {
    id: 'config.setMinPINLength.longPin',
    section,
    statement: 'A PIN that is long enough need not be changed.',
    needs: { ...MIN_PIN_SPOILS, unless: unlessRaisable },
    faults: ['config-forces-change-of-a-long-pin'],
    async run(key) {
      await raise(key);
      expect((await info(key)).forcePINChange !== true, 'forcePINChange that is not true', true);
    },
  },
  {
    id: 'config.setMinPINLength.shortPin',
    section,
    statement: 'A PIN that is too short now has to be changed.',
    needs: MIN_PIN_SPOILS,
    faults: ['config-lets-a-short-pin-be'],
    async run(key) {
      await raise(key, NEW_LENGTH);
      expectEqual((await info(key)).forcePINChange, true, 'forcePINChange');
    },
  },
  {
    id: 'config.setMinPINLength.newPin',
    section: `${section}, §6.5.5.6`,
    statement: 'A new PIN below the length that was set violates the policy.',
    needs: MIN_PIN_SPOILS,
    faults: ['change-pin-forgets-the-raised-length'],
    async run(key) {
      await raise(key, NEW_LENGTH);
      const request = await changePinParameters(key, padded(NEW_PIN));
      const answer = await key.request(Command.authenticatorClientPIN, request);
      expectStatus(answer, 'CTAP2_ERR_PIN_POLICY_VIOLATION');
    },
  },
  {
    id: 'config.forceChangePin.forcePINChange',
    section,
    statement: 'forceChangePin sets forcePINChange.',
    needs: MIN_PIN_SPOILS,
    faults: ['config-forces-no-change'],
    async run(key) {
      await forceChange(key);
      expectEqual((await info(key)).forcePINChange, true, 'forcePINChange');
    },
  },
  {
    id: 'config.forceChangePin.survivesPowerCycle',
    section,
    statement: 'A PIN that has to be changed still has to when the key has been without power.',
    needs: MIN_PIN_SPOILS,
    faults: ['config-forgets-forced-change-without-power'],
    async run(key) {
      await forceChange(key);
      await key.replug();
      expectEqual((await info(key)).forcePINChange, true, 'forcePINChange');
    },
  },
  {
    id: 'config.forceChangePin.token',
    section: 'CTAP 2.3 §6.5.5.7.2',
    statement: 'A PIN that has to be changed gives no token: it violates the policy.',
    needs: MIN_PIN_SPOILS,
    faults: ['token-by-pin-that-has-to-be-changed'],
    async run(key) {
      await forceChange(key);
      const answer = await enterPin(key, key.bench.pin, 'getPinUvAuthTokenUsingPinWithPermissions');
      expectStatus(answer, 'CTAP2_ERR_PIN_POLICY_VIOLATION');
    },
  },
  {
    id: 'config.forceChangePin.getPinToken',
    section: 'CTAP 2.3 §6.5.5.7.1',
    statement: 'getPinToken says of a PIN that has to be changed that it is invalid.',
    needs: MIN_PIN_SPOILS,
    faults: ['get-pin-token-with-pin-that-has-to-be-changed', 'get-pin-token-accepts-wrong-pin'],
    async run(key) {
      await forceChange(key);
      expectStatus(await enterPin(key, key.bench.pin, 'getPinToken'), 'CTAP2_ERR_PIN_INVALID');
    },
  },
  {
    id: 'config.forceChangePin.changed',
    section: 'CTAP 2.3 §6.5.5.6',
    statement: 'changePIN ends forcePINChange.',
    needs: MIN_PIN_SPOILS,
    faults: ['change-pin-leaves-force-pin-change'],
    async run(key) {
      await forceChange(key);
      expectOk(await key.request(Command.authenticatorClientPIN, await changePinParameters(key, NEW_PIN)));
      expect((await info(key)).forcePINChange !== true, 'forcePINChange that is not true', true);
    },
  },
  {
    id: 'config.forceChangePin.samePin',
    section: 'CTAP 2.3 §6.5.5.6',
    statement: 'A PIN that has to be changed cannot be set again.',
    needs: MIN_PIN_SPOILS,
    faults: ['change-pin-takes-the-same-one-though-forced'],
    async run(key) {
      await forceChange(key);
      const request = await changePinParameters(key, key.bench.pin);
      const answer = await key.request(Command.authenticatorClientPIN, request);
      expectStatus(answer, 'CTAP2_ERR_PIN_POLICY_VIOLATION');
    },
  },
  {
    id: 'config.minPinLengthRPIDs.most',
    section,
    statement: 'As many RP IDs as maxRPIDsForSetMinPINLength are taken.',
    needs: needing(['setMinPINLength'], { spoils: true, extensions: ['minPinLength'] }),
    faults: ['config-refuses-the-most-rp-ids'],
    async run(key) {
      const { maxRPIDsForSetMinPINLength: most = 0 } = await info(key);
      expectOk(await setMinPINLength(key, { minPinLengthRPIDs: rpIds(most) }));
    },
  },
  {
    id: 'config.minPinLengthRPIDs.listed',
    section: `${section}, §12.5`,
    statement: 'An RP of the list learns the length by the extension minPinLength.',
    needs: needing(['setMinPINLength'], { spoils: true, extensions: ['minPinLength'], touches: 1 }),
    faults: ['min-pin-length-wrong', 'config-forgets-listed-rp-ids'],
    async run(key) {
      expectOk(await setMinPINLength(key, { minPinLengthRPIDs: [RP_ID] }));
      expectEqual(await toldLength(key), await least(key), 'the output of minPinLength');
    },
  },
];
