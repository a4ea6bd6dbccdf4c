/** Attempts at the PIN: CTAP 2.3 §6.5.1, §6.5.5.2, §6.5.5.7. */
import { Command } from '../../../ctap/commands/index.ts';
import type { Check, CheckGroup } from '../check.ts';
import { expectEqual, expectOk, expectStatus } from '../expect.ts';
import {
  changePinParameters,
  enterPin,
  enterWrongPin,
  NEW_PIN,
  pinRetries,
  type TokenSubcommand,
  WRONG_PIN,
} from '../pin-ceremony.ts';
import type { Subject } from '../subject.ts';

const MAX_RETRIES = 8;
const IN_A_ROW = 3;

/** As many wrong PINs as block it, with power cycles where they are due. The last answer. */
async function blockPin(key: Subject) {
  for (let left = MAX_RETRIES; ; left -= IN_A_ROW) {
    const answer = await enterWrongPin(key, Math.min(left, IN_A_ROW));
    if (left <= IN_A_ROW) return answer;
    await key.replug();
  }
}

const byPin: readonly { readonly name: TokenSubcommand; readonly fault: string; readonly section: string }[] = [
  { name: 'getPinToken', fault: 'get-pin-token', section: 'CTAP 2.3 §6.5.5.7.1' },
  {
    name: 'getPinUvAuthTokenUsingPinWithPermissions',
    fault: 'token-by-pin',
    section: 'CTAP 2.3 §6.5.5.7.2',
  },
];

function optionsOf(name: TokenSubcommand): readonly 'pinUvAuthToken'[] {
  return name === 'getPinToken' ? [] : ['pinUvAuthToken'];
}

const wrongPins = byPin.flatMap(({ name, fault, section }): Check[] => [
  {
    id: `clientPin.${name}.wrongPin`,
    section,
    statement: `${name} with a wrong PIN is refused as one.`,
    needs: { pin: true, attempts: 1, options: optionsOf(name) },
    faults: [`${fault}-accepts-wrong-pin`],
    async run(key) {
      expectStatus(await enterPin(key, WRONG_PIN, name), 'CTAP2_ERR_PIN_INVALID');
    },
  },
  {
    id: `clientPin.${name}.wrongPin.attempt`,
    section,
    statement: `${name} with a wrong PIN costs one attempt.`,
    needs: { pin: true, attempts: 1, options: optionsOf(name) },
    faults: [`${fault}-with-wrong-pin-is-free`],
    async run(key) {
      const { retries = 0 } = await pinRetries(key);
      await enterPin(key, WRONG_PIN, name);
      expectEqual((await pinRetries(key)).retries, retries - 1, 'pinRetries');
    },
  },
  {
    id: `clientPin.${name}.notSet`,
    section,
    statement: `${name} is refused where no PIN is set.`,
    needs: { pin: false, options: ['clientPin', ...optionsOf(name)] },
    faults: [`${fault}-without-a-pin`],
    async run(key) {
      expectStatus(await enterPin(key, NEW_PIN, name), 'CTAP2_ERR_PIN_NOT_SET');
    },
  },
]);

const ONE = { pin: true, attempts: 1 } as const;
const THREE = { pin: true, attempts: IN_A_ROW } as const;
const ALL = { pin: true, attempts: MAX_RETRIES, spoils: true } as const;

const retries: readonly Check[] = [
  {
    id: 'clientPin.pinRetries.first',
    section: 'CTAP 2.3 §6.5.1',
    statement: 'There are eight attempts at a PIN.',
    needs: { pin: true },
    faults: ['pin-retries-are-ten'],
    async run(key) {
      expectEqual((await pinRetries(key)).retries, MAX_RETRIES, 'pinRetries');
    },
  },
  {
    id: 'clientPin.pinRetries.back',
    section: 'CTAP 2.3 §6.5.1',
    statement: 'A right PIN gives all attempts back.',
    needs: ONE,
    faults: ['right-pin-leaves-attempts-spent'],
    async run(key) {
      const { retries: before } = await pinRetries(key);
      await enterWrongPin(key);
      await enterPin(key, key.bench.pin);
      expectEqual((await pinRetries(key)).retries, before, 'pinRetries');
    },
  },
  {
    id: 'clientPin.pinRetries.survivesPowerCycle',
    section: 'CTAP 2.3 §6.5.1',
    statement: 'A spent attempt stays spent when the key has been without power.',
    needs: ONE,
    faults: ['power-cycle-gives-attempts-back'],
    async run(key) {
      await enterWrongPin(key);
      const { retries: before } = await pinRetries(key);
      await key.replug();
      expectEqual((await pinRetries(key)).retries, before, 'pinRetries after a power cycle');
    },
  },
  {
    id: 'clientPin.powerCycleState.false',
    section: 'CTAP 2.3 §6.5.5.2',
    statement: 'powerCycleState is not true while the PIN can be entered.',
    needs: { pin: true },
    faults: ['power-cycle-state-true-for-nothing'],
    async run(key) {
      expectEqual((await pinRetries(key)).powerCycle, false, 'powerCycleState');
    },
  },
  {
    id: 'clientPin.powerCycleState.true',
    section: 'CTAP 2.3 §6.5.5.2',
    statement: 'powerCycleState, where the key has it, is true after three wrong PINs in a row.',
    needs: THREE,
    severity: 'warning',
    faults: ['power-cycle-state-stays-false'],
    async run(key) {
      await enterWrongPin(key, IN_A_ROW);
      expectEqual((await pinRetries(key)).powerCycle, true, 'powerCycleState');
    },
  },
  {
    id: 'clientPin.pinAuthBlocked.third',
    section: 'CTAP 2.3 §6.5.5.7.2',
    statement: 'The third wrong PIN in a row is answered by CTAP2_ERR_PIN_AUTH_BLOCKED.',
    needs: THREE,
    faults: ['third-wrong-pin-is-like-others'],
    async run(key) {
      expectStatus(await enterWrongPin(key, IN_A_ROW), 'CTAP2_ERR_PIN_AUTH_BLOCKED');
    },
  },
  {
    id: 'clientPin.pinAuthBlocked.right',
    section: 'CTAP 2.3 §6.5.5.7.2',
    statement: 'After three wrong PINs in a row the right one is refused too.',
    needs: THREE,
    faults: ['pin-auth-blocked-lets-the-right-pin-in'],
    async run(key) {
      await enterWrongPin(key, IN_A_ROW);
      expectStatus(await enterPin(key, key.bench.pin), 'CTAP2_ERR_PIN_AUTH_BLOCKED');
    },
  },
  {
    id: 'clientPin.pinAuthBlocked.changePIN',
    section: 'CTAP 2.3 §6.5.5.6',
    statement: 'After three wrong PINs in a row changePIN is refused too.',
    needs: THREE,
    faults: ['pin-auth-blocked-lets-change-pin-in'],
    async run(key) {
      await enterWrongPin(key, IN_A_ROW);
      const parameters = await changePinParameters(key, NEW_PIN);
      expectStatus(await key.request(Command.authenticatorClientPIN, parameters), 'CTAP2_ERR_PIN_AUTH_BLOCKED');
    },
  },
  {
    id: 'clientPin.pinAuthBlocked.free',
    section: 'CTAP 2.3 §6.5.5.7.2',
    statement: 'A PIN that is not looked at, after three wrong ones, costs no attempt.',
    needs: THREE,
    faults: ['pin-auth-blocked-spends-attempts'],
    async run(key) {
      await enterWrongPin(key, IN_A_ROW);
      const { retries: before } = await pinRetries(key);
      await enterPin(key, key.bench.pin);
      expectEqual((await pinRetries(key)).retries, before, 'pinRetries');
    },
  },
  {
    id: 'clientPin.pinAuthBlocked.powerCycle',
    section: 'CTAP 2.3 §6.5.1',
    statement: 'A power cycle ends the block of three wrong PINs in a row.',
    needs: THREE,
    faults: ['pin-auth-blocked-for-ever'],
    async run(key) {
      await enterWrongPin(key, IN_A_ROW);
      await key.replug();
      expectOk(await enterPin(key, key.bench.pin));
    },
  },
  {
    id: 'clientPin.pinAuthBlocked.inARow',
    section: 'CTAP 2.3 §6.5.1',
    statement: 'A right PIN begins the count of wrong ones in a row anew.',
    needs: { pin: true, attempts: 2 },
    faults: ['right-pin-does-not-end-the-row'],
    async run(key) {
      await enterWrongPin(key, 2);
      await enterPin(key, key.bench.pin);
      expectStatus(await enterWrongPin(key), 'CTAP2_ERR_PIN_INVALID');
      await enterPin(key, key.bench.pin);
    },
  },
];

const blocked: readonly Check[] = [
  {
    id: 'clientPin.pinBlocked.last',
    section: 'CTAP 2.3 §6.5.5.7.2',
    statement: 'The wrong PIN that spends the last attempt is answered by CTAP2_ERR_PIN_BLOCKED.',
    needs: ALL,
    faults: ['last-wrong-pin-is-like-others'],
    async run(key) {
      expectStatus(await blockPin(key), 'CTAP2_ERR_PIN_BLOCKED');
    },
  },
  {
    id: 'clientPin.pinBlocked.retries',
    section: 'CTAP 2.3 §6.5.5.2',
    statement: 'A blocked PIN has no attempts left.',
    needs: ALL,
    faults: ['pin-blocked-says-an-attempt-is-left'],
    async run(key) {
      await blockPin(key);
      expectEqual((await pinRetries(key)).retries, 0, 'pinRetries');
    },
  },
  {
    id: 'clientPin.pinBlocked.right',
    section: 'CTAP 2.3 §6.5.1',
    statement: 'A blocked PIN is refused though it is right.',
    needs: ALL,
    faults: ['pin-blocked-lets-the-right-pin-in'],
    async run(key) {
      await blockPin(key);
      expectStatus(await enterPin(key, key.bench.pin), 'CTAP2_ERR_PIN_BLOCKED');
    },
  },
  {
    id: 'clientPin.pinBlocked.powerCycle',
    section: 'CTAP 2.3 §6.5.1',
    statement: 'A power cycle does not unblock a blocked PIN.',
    needs: ALL,
    faults: ['pin-blocked-until-power-cycle', 'init-gives-channel-twice'],
    async run(key) {
      await blockPin(key);
      await key.replug();
      expectStatus(await enterPin(key, key.bench.pin), 'CTAP2_ERR_PIN_BLOCKED');
    },
  },
  {
    id: 'clientPin.pinBlocked.changePIN',
    section: 'CTAP 2.3 §6.5.5.6',
    statement: 'A blocked PIN cannot be changed.',
    needs: ALL,
    faults: ['pin-blocked-lets-change-pin-in'],
    async run(key) {
      await blockPin(key);
      const parameters = await changePinParameters(key, NEW_PIN);
      expectStatus(await key.request(Command.authenticatorClientPIN, parameters), 'CTAP2_ERR_PIN_BLOCKED');
    },
  },
];

export const clientPinRetryChecks: CheckGroup = {
  name: 'authenticatorClientPIN attempts',
  checks: [...wrongPins, ...retries, ...blocked],
};
