/** A key that lasts, on its bench: what is asked of hands, what is kept, what is given back. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Command } from '../../../ctap/commands/index.ts';
import { Permission } from '../../../ctap/pin-uv-auth/index.ts';
import { systemClock } from '../../../emulator/clock.ts';
import { nodeCrypto } from '../../../emulator/crypto-node.ts';
import type { PresentedFingerprints } from '../../../emulator/fingerprint.ts';
import { VirtualKey } from '../../../emulator/key.ts';
import { LabPresence } from '../../../emulator/lab/touch-policy.ts';
import { findModel } from '../../../emulator/models/index.ts';
import { systemRandom } from '../../../emulator/random.ts';
import { memoryStore } from '../../../emulator/store/memory.ts';
import { PasskeysClient } from '../../../harness/client/passkeys.ts';
import type { PinClient } from '../../../harness/client/pin.ts';
import { NotReady, type WantedState } from '../../../harness/conformance/bench.ts';
import { RP_ID, register } from '../../../harness/conformance/ceremony.ts';
import type { Check, Needs } from '../../../harness/conformance/check.ts';
import type { Hand } from '../../../harness/conformance/hand.ts';
import { PhysicalBench } from '../../../harness/conformance/physical-bench.ts';
import type { Run } from '../../../harness/conformance/result.ts';
import { runChecks } from '../../../harness/conformance/runner.ts';
import { connectInProcess } from '../../../harness/transports/in-process.ts';
import { asOwner as actAsOwner, openOwnedKey } from './owned-key.ts';

const PIN = 'owner-1234';
const AS_IT_IS: WantedState = {
  pin: undefined,
  finger: false,
  spoiled: false,
  attempts: 0,
  powerUp: false,
  fills: false,
};

let key: VirtualKey;
let hand: Hand;
let done: string[];

/** Does what it is asked, and tells that. */
function handOf(presence: LabPresence, fingerprints: PresentedFingerprints | undefined) {
  const self = {
    device: 'a key',
    canRefuse: false,
    connect: async () => connectInProcess(key),
    connectCard: async () => {
      throw new Error('no card');
    },
    user: async (behaviour: 'touches' | 'refuses' | 'absent') => {
      presence.policy = behaviour === 'absent' ? 'manual' : 'auto';
    },
    asked: () => void done.push('asked'),
    replug: async () => void done.push('replug'),
    finger: async (which: 'enrolled' | 'other') => {
      done.push(`${which} finger`);
      fingerprints?.present(which, 'FP_GOOD');
    },
    clear: async () => fingerprints?.clear(),
    close: async () => {},
  } satisfies Hand;
  return self;
}

async function plugIn(model: string): Promise<void> {
  done = [];
  const owned = await openOwnedKey(model);
  key = owned.key;
  hand = handOf(owned.presence, owned.fingerprints);
}

const asOwner = <T>(act: (pin: PinClient) => Promise<T>): Promise<T> => actAsOwner(key, act);

const wrongPin = (pin: PinClient) =>
  expect(pin.getPinUvAuthToken({ pin: 'wrong-1234', permissions: Permission.credentialManagement })).rejects.toThrow();

function judge(bench: PhysicalBench, checks: readonly Check[]): Promise<Run> {
  const allowance = { reset: true, seconds: 0 };
  return runChecks(bench, { groups: [{ name: 'examples', checks }], allowance, program: 'ctaplab test' });
}

const retries = () => asOwner(async (pin) => (await pin.getPinRetries()).retries);

beforeEach(() => plugIn('token2-r3'));
afterEach(() => key.close());

describe('without leave to reset', () => {
  const bench = () => new PhysicalBench({ carrier: 'hid', hand, allowReset: false });
  beforeEach(() => asOwner((pin) => pin.setPin(PIN)));

  it('leaves the key as it is', async () => {
    expect(await bench().begin(AS_IT_IS)).toEqual({ pin: true, finger: false });
    expect(done).toEqual([]);
  });

  it.each([
    ['a key without PIN', { pin: false }],
    ['a key that is not spoiled', { spoiled: true }],
  ])('gives no %s', async (_, wanted) => {
    await expect(bench().begin({ ...AS_IT_IS, ...wanted })).rejects.toThrow(NotReady);
    expect((await asOwner((pin) => pin.ctap2.getInfo())).options?.clientPin).toBe(true);
  });

  it('tries the owner’s PIN once, and keeps it', async () => {
    await expect(bench().owner('wrong-1234')).rejects.toMatchObject({ statusName: 'CTAP2_ERR_PIN_INVALID' });
    expect(await retries()).toBe(7);
    const judged = bench();
    await judged.owner(PIN);
    expect(judged.pin).toBe(PIN);
    expect(await retries()).toBe(8);
  });

  it('gives attempts back before a check that spends some', async () => {
    const judged = bench();
    await judged.owner(PIN);
    await asOwner(wrongPin);
    await asOwner(wrongPin);
    expect(await retries()).toBe(6);
    await judged.begin({ ...AS_IT_IS, attempts: 5 });
    expect(await retries()).toBe(8);
  });

  it('never spends the last three', async () => {
    const judged = bench();
    await judged.owner(PIN);
    await expect(judged.begin({ ...AS_IT_IS, attempts: 6 })).rejects.toThrow(
      'it spends 6 attempts of the PIN, and 8 are left: the last three are kept',
    );
    await judged.close(); // what keeps the key powered
    for (let attempt = 0; attempt < 5; attempt++) await asOwner(wrongPin); // each on a power-up of its own
    expect(await retries()).toBe(3);
    await expect(judged.begin({ ...AS_IT_IS, attempts: 1 })).rejects.toThrow(/3 are left/);
    expect(await retries()).toBe(3);
  });

  it('deletes the passkeys that checks have made, and no other', async () => {
    const make = async (rpId: string) =>
      asOwner(async (pin) => {
        const permissions = Permission.makeCredential;
        const token = await pin.getPinUvAuthToken({ pin: PIN, permissions, rpId });
        const clientDataHash = new Uint8Array(32);
        await pin.ctap2.makeCredential({
          clientDataHash,
          rp: { id: rpId },
          user: { id: Uint8Array.of(1), name: 'alice' },
          pubKeyCredParams: [{ type: 'public-key', alg: -7 }],
          options: { rk: true },
          pinUvAuthParam: token.authenticate(clientDataHash),
          pinUvAuthProtocol: token.protocol.version,
        });
      });
    await make('bank.example');
    await make(RP_ID); // of a run that was killed
    const judged = bench();
    await judged.owner(PIN);
    await make('another.example');
    expect(await judged.finish({ otpEntries: false })).toEqual(['2 passkeys that checks had made were deleted again.']);
    const rps = await asOwner(async (pin) => {
      const token = await pin.getPinUvAuthToken({ pin: PIN, permissions: Permission.credentialManagement });
      return new PasskeysClient(pin.ctap2, token).rps();
    });
    expect(rps.map(({ rp }) => rp.id)).toEqual(['bank.example']);
    expect(await judged.finish({ otpEntries: false })).toEqual([]);
  });

  it('asks for a touch each time that the key waits for one', async () => {
    const presence = new LabPresence('manual', systemClock);
    const asked = () => {
      done.push('asked');
      presence.manual.touch();
    };
    hand = { ...hand, user: async () => {}, asked };
    await key.close();
    key = await VirtualKey.open({
      environment: { clock: systemClock, random: systemRandom, crypto: nodeCrypto, store: memoryStore(), presence },
      model: findModel('token2-r3'),
    });
    const twice: Check = {
      id: 'example.touch',
      section: 'CTAP 2.3 §6.1',
      statement: 'Credentials are made.',
      needs: { touches: 2 },
      faults: [],
      run: async (subject) => {
        await register(subject);
        await register(subject);
      },
    };
    const run = await judge(bench(), [twice]);
    expect(run.results[0]?.outcome).toBe('passed');
    expect(done).toEqual(['asked', 'asked']);
  });
});

describe('with leave to reset', () => {
  const bench = () => new PhysicalBench({ carrier: 'hid', hand, allowReset: true });

  it('resets a key with a PIN into one without, and a spoiled one, each after a power-up', async () => {
    await asOwner((pin) => pin.setPin(PIN));
    const judged = bench();
    expect(await judged.begin({ ...AS_IT_IS, pin: false })).toEqual({ pin: false, finger: false });
    expect(done.filter((act) => act === 'replug').length).toBe(1);
    await judged.begin({ ...AS_IT_IS, spoiled: true });
    expect(done.filter((act) => act === 'replug').length).toBe(2);
    expect((await asOwner((pin) => pin.ctap2.getInfo())).options?.clientPin).toBe(false);
  });

  it('sets a PIN where a check wants one, and takes it away at the end', async () => {
    const judged = bench();
    expect(await judged.begin({ ...AS_IT_IS, pin: true })).toEqual({ pin: true, finger: false });
    expect((await asOwner((pin) => pin.ctap2.getInfo())).options?.clientPin).toBe(true);
    expect(await judged.finish({ otpEntries: false })).toEqual([
      'The key was reset, and is as it was made: what was on it before is gone.',
    ]);
    expect((await asOwner((pin) => pin.ctap2.getInfo())).options?.clientPin).toBe(false);
  });

  it('enrols a finger where a check wants one', async () => {
    await key.close();
    await plugIn('token2-bio3');
    const judged = bench();
    expect(await judged.begin({ ...AS_IT_IS, pin: true, finger: true })).toEqual({ pin: true, finger: true });
    expect(done.filter((act) => act === 'enrolled finger').length).toBeGreaterThan(1);
    expect((await asOwner((pin) => pin.ctap2.getInfo())).options?.bioEnroll).toBe(true);
  });

  it('powers the key up just before a check that begins so', async () => {
    const judged = bench();
    await judged.begin({ ...AS_IT_IS, powerUp: true });
    expect(done).toEqual(['replug']);
    await judged.begin({ ...AS_IT_IS, powerUp: true }); // it has just been
    expect(done).toEqual(['replug']);
  });
});

it('runs checks in an order that takes few resets', async () => {
  await asOwner((pin) => pin.setPin(PIN));
  const order: string[] = [];
  const check = (id: string, needs: Needs): Check => ({
    id,
    section: 'CTAP 2.3 §6.4',
    statement: 'getInfo is answered.',
    needs,
    faults: [],
    run: async (subject) => {
      order.push(id);
      await subject.accepted(Command.authenticatorGetInfo);
    },
  });
  const checks = [
    check('spoils', { spoils: true }),
    check('no PIN', { pin: false }),
    check('spoils too', { spoils: true }),
    check('a PIN', { pin: true }),
    check('any', {}),
    check('no PIN again', { pin: false }),
  ];
  const judged = new PhysicalBench({ carrier: 'hid', hand, allowReset: true });
  await judged.owner(PIN);
  const run = await judge(judged, checks);
  expect(run.counts.passed).toBe(checks.length);
  expect(order).toEqual(['a PIN', 'any', 'no PIN', 'no PIN again', 'spoils', 'spoils too']);
  expect(done.filter((act) => act === 'replug').length).toBe(3); // to no PIN, between the spoiling ones, at the end
});
