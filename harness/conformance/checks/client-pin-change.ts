/** changePIN: CTAP 2.3 §6.5.5.6. */
import type { Check } from '../check.ts';
import { expect, expectEqual, expectOk, expectStatus } from '../expect.ts';
import {
  changePinParameters,
  enterPin,
  enterWrongPin,
  NEW_PIN,
  padded,
  pinRetries,
  WRONG_PIN,
} from '../pin-ceremony.ts';
import type { Subject } from '../subject.ts';

import { ascii, command } from './client-pin-set-steps.ts';

const CHANGES = { pin: true, spoils: true } as const;

async function changePin(key: Subject, pin = NEW_PIN): Promise<void> {
  expectOk(await key.request(command, await changePinParameters(key, pin)));
}

export const changePinChecks: readonly Check[] = [
  {
    id: 'clientPin.changePIN.notSet',
    section: 'CTAP 2.3 §6.5.5.6',
    statement: 'changePIN is refused where no PIN is set.',
    needs: { options: ['clientPin'], pin: false },
    faults: ['change-pin-without-a-pin'],
    async run(key) {
      const answer = await key.request(command, await changePinParameters(key, NEW_PIN));
      expectStatus(answer, 'CTAP2_ERR_PIN_NOT_SET');
    },
  },
  {
    id: 'clientPin.changePIN.newPin',
    section: 'CTAP 2.3 §6.5.5.6',
    statement: 'After changePIN the new PIN gives a token.',
    needs: CHANGES,
    faults: ['change-pin-refuses-the-new-one'],
    async run(key) {
      await changePin(key);
      expectOk(await enterPin(key, NEW_PIN));
    },
  },
  {
    id: 'clientPin.changePIN.oldPin',
    section: 'CTAP 2.3 §6.5.5.6',
    statement: 'After changePIN the old PIN is a wrong one.',
    needs: { ...CHANGES, attempts: 2 },
    faults: ['change-pin-keeps-the-old-one-too'],
    async run(key) {
      await changePin(key);
      await enterWrongPin(key);
      expectStatus(await enterPin(key, key.bench.pin), 'CTAP2_ERR_PIN_INVALID');
    },
  },
  {
    id: 'clientPin.changePIN.protocolOne',
    section: 'CTAP 2.3 §6.5.5.6, §6.5.6',
    statement: 'changePIN by PIN/UV auth protocol one changes the PIN.',
    needs: { ...CHANGES, protocols: [1] },
    faults: ['change-pin-fails-by-protocol-one'],
    async run(key) {
      const parameters = await changePinParameters(key, NEW_PIN, { client: key.pinBy(1) });
      expectOk(await key.request(command, parameters));
    },
  },
  {
    id: 'clientPin.changePIN.wrongPin',
    section: 'CTAP 2.3 §6.5.5.6',
    statement: 'changePIN with a wrong PIN is refused as one.',
    needs: { pin: true, attempts: 1 },
    faults: ['change-pin-accepts-wrong-pin'],
    async run(key) {
      const parameters = await changePinParameters(key, NEW_PIN, { current: WRONG_PIN });
      expectStatus(await key.request(command, parameters), 'CTAP2_ERR_PIN_INVALID');
    },
  },
  {
    id: 'clientPin.changePIN.wrongPin.attempt',
    section: 'CTAP 2.3 §6.5.5.6',
    statement: 'changePIN with a wrong PIN costs an attempt.',
    needs: { pin: true, attempts: 1 },
    faults: ['change-pin-with-wrong-pin-is-free'],
    async run(key) {
      const { retries: before = 0 } = await pinRetries(key);
      await key.request(command, await changePinParameters(key, NEW_PIN, { current: WRONG_PIN }));
      expectEqual((await pinRetries(key)).retries, before - 1, 'pinRetries');
    },
  },
  {
    id: 'clientPin.changePIN.otherParam.attempt',
    section: 'CTAP 2.3 §6.5.5.6',
    statement: 'changePIN with a pinUvAuthParam that does not fit costs no attempt.',
    needs: { pin: true },
    faults: ['change-pin-with-other-param-costs-an-attempt'],
    async run(key) {
      const { retries } = await pinRetries(key);
      const given = { pinUvAuthParam: new Uint8Array(32).fill(0xa5) };
      await key.request(command, await changePinParameters(key, NEW_PIN, { given }));
      expectEqual((await pinRetries(key)).retries, retries, 'pinRetries');
    },
  },
  {
    id: 'clientPin.changePIN.retries',
    section: 'CTAP 2.3 §6.5.5.6',
    statement: 'After changePIN all attempts are back.',
    needs: { ...CHANGES, attempts: 1 },
    faults: ['change-pin-leaves-attempts-spent'],
    async run(key) {
      const { retries } = await pinRetries(key);
      await enterWrongPin(key);
      await changePin(key);
      expectEqual((await pinRetries(key)).retries, retries, 'pinRetries');
    },
  },
  {
    id: 'clientPin.changePIN.violation.keeps',
    section: 'CTAP 2.3 §6.5.5.6',
    statement: 'A new PIN that violates the policy leaves the old one in force.',
    needs: { pin: true },
    faults: ['change-pin-violation-locks-the-old-one'],
    async run(key) {
      await key.request(command, await changePinParameters(key, padded(ascii(3))));
      expect((await enterPin(key, key.bench.pin)).status === 0, 'a token for the old PIN');
    },
  },
];
