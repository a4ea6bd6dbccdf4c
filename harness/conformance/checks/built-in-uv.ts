/** The key's own user verification by fingers, and tokens by it: CTAP 2.3 §6.5.3, §6.5.5.3, §6.5.5.7.3. */
import { ClientPinSubcommand, clientPinRequest } from '../../../ctap/commands/client-pin.ts';
import { Command } from '../../../ctap/commands/index.ts';
import type { Check, CheckGroup, Needs } from '../check.ts';
import { expect, expectEqual, expectOk, expectStatus } from '../expect.ts';
import { enterPin, tokenParameters } from '../pin-ceremony.ts';
import type { Subject } from '../subject.ts';

const BY_FINGER = 'getPinUvAuthTokenUsingUvWithPermissions';
const section = 'CTAP 2.3 §6.5.5.7.3';
const MAX_UV_RETRIES = 25;
const FINGER: Needs = { finger: true, options: ['pinUvAuthToken', 'bioEnroll'] };

/** Asks for a token while that finger is on the sensor. */
async function byFinger(key: Subject, finger?: 'enrolled' | 'other') {
  const { parameters } = await tokenParameters(key, BY_FINGER);
  if (finger !== undefined) key.bench.finger(finger);
  return key.request(Command.authenticatorClientPIN, parameters);
}

async function uvRetries(key: Subject): Promise<number> {
  const request = { subCommand: ClientPinSubcommand.getUVRetries };
  const answer = await key.accepted(Command.authenticatorClientPIN, clientPinRequest.encode(request));
  return Number(answer.get(0x05) ?? -1);
}

/** Wrong fingers until the sensor is blocked. */
async function block(key: Subject) {
  let answer = await byFinger(key, 'other');
  for (let tried = 1; tried < MAX_UV_RETRIES && (await uvRetries(key)) > 0; tried++)
    answer = await byFinger(key, 'other');
  return answer;
}

const checks: readonly Check[] = [
  {
    id: 'uv.token.finger',
    section,
    statement: 'A finger that is enrolled gives a token.',
    needs: { ...FINGER, touches: 1 },
    faults: ['uv-refuses-the-enrolled-finger'],
    async run(key) {
      expectOk(await byFinger(key, 'enrolled'));
    },
  },
  {
    id: 'uv.token.permissions.zero',
    section,
    statement: 'A token by finger without any permission is refused as an invalid parameter.',
    needs: FINGER,
    faults: ['uv-gives-tokens-without-permission'],
    async run(key) {
      const { parameters } = await tokenParameters(key, BY_FINGER, { given: { permissions: 0 } });
      expectStatus(await key.request(Command.authenticatorClientPIN, parameters), 'CTAP1_ERR_INVALID_PARAMETER');
    },
  },
  {
    id: 'uv.token.notEnrolled',
    section,
    statement: 'Without an enrolled finger no token by finger is to be had.',
    needs: { pin: true, options: ['pinUvAuthToken', 'bioEnroll'] },
    faults: ['uv-gives-tokens-without-fingers'],
    async run(key) {
      expectStatus(await byFinger(key), 'CTAP2_ERR_NOT_ALLOWED', 'CTAP1_ERR_INVALID_PARAMETER');
    },
  },
  {
    id: 'uv.token.otherFinger',
    section,
    statement: 'A finger that is not enrolled gives no token.',
    needs: { ...FINGER, touches: 1 },
    faults: ['uv-takes-any-finger'],
    async run(key) {
      const answer = await byFinger(key, 'other');
      await byFinger(key, 'enrolled');
      expectStatus(answer, 'CTAP2_ERR_UV_INVALID');
    },
  },
  {
    id: 'uv.retries.range',
    section: 'CTAP 2.3 §6.5.1',
    statement: 'uvRetries is 1 to 25 with a finger enrolled.',
    needs: FINGER,
    faults: ['uv-retries-beyond-the-most'],
    async run(key) {
      const retries = await uvRetries(key);
      expect(retries >= 1 && retries <= MAX_UV_RETRIES, `uvRetries of 1 to ${MAX_UV_RETRIES}`, retries);
    },
  },
  {
    id: 'uv.retries.spent',
    section,
    statement: 'A finger that is not enrolled costs a UV retry.',
    needs: { ...FINGER, touches: 2 },
    faults: ['uv-spends-no-retry-on-other-fingers'],
    async run(key) {
      const before = await uvRetries(key);
      await byFinger(key, 'other');
      const after = await uvRetries(key);
      await byFinger(key, 'enrolled');
      expect(after < before, `fewer than ${before} retries`, after);
    },
  },
  {
    id: 'uv.retries.back',
    section: 'CTAP 2.3 §6.5.3.1',
    statement: 'A finger that is enrolled gives all UV retries back.',
    needs: { ...FINGER, touches: 2 },
    faults: ['uv-gives-no-retries-back-for-a-finger'],
    async run(key) {
      const before = await uvRetries(key);
      await byFinger(key, 'other');
      await byFinger(key, 'enrolled');
      expectEqual(await uvRetries(key), before, 'uvRetries');
    },
  },
  {
    id: 'uv.retries.survivesPowerCycle',
    section: 'CTAP 2.3 §6.5.1',
    statement: 'A spent UV retry stays spent when the key has been without power.',
    needs: { ...FINGER, touches: 2 },
    faults: ['uv-gives-retries-back-without-power'],
    async run(key) {
      await byFinger(key, 'other');
      const before = await uvRetries(key);
      await key.replug();
      const after = await uvRetries(key);
      await byFinger(key, 'enrolled');
      expectEqual(after, before, 'uvRetries');
    },
  },
  {
    id: 'uv.blocked',
    section,
    statement: 'The finger that spends the last UV retry blocks the sensor.',
    needs: { ...FINGER, touches: 5, spoils: true },
    faults: ['uv-blocks-without-a-word'],
    async run(key) {
      expectStatus(await block(key), 'CTAP2_ERR_UV_BLOCKED');
    },
  },
  {
    id: 'uv.blocked.enrolled',
    section,
    statement: 'A blocked sensor takes no finger that is enrolled.',
    needs: { ...FINGER, touches: 5, spoils: true },
    faults: ['uv-blocked-takes-the-enrolled-finger'],
    async run(key) {
      await block(key);
      expectStatus(await byFinger(key, 'enrolled'), 'CTAP2_ERR_UV_BLOCKED');
    },
  },
  {
    id: 'uv.blocked.pin',
    section: 'CTAP 2.3 §6.5.5.7.2',
    statement: 'A right PIN unblocks the sensor.',
    needs: { ...FINGER, touches: 5, spoils: true },
    faults: ['uv-stays-blocked-after-the-pin'],
    async run(key) {
      const before = await uvRetries(key);
      await block(key);
      await enterPin(key, key.bench.pin);
      expectEqual(await uvRetries(key), before, 'uvRetries');
    },
  },
];

export const builtInUvChecks: CheckGroup = { name: 'user verification by finger', checks };
