/** A Token2 key that lasts is judged over each of its carriers: what its owner has on it stays as it is. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { utf8 } from '../../../ctap/bytes.ts';
import type { OtpEntryWithSeed } from '../../../ctap/token2/otp-entries.ts';
import { systemClock } from '../../../emulator/clock.ts';
import { nodeCrypto } from '../../../emulator/crypto-node.ts';
import { VirtualKey } from '../../../emulator/key.ts';
import { LabPresence } from '../../../emulator/lab/touch-policy.ts';
import { findModel } from '../../../emulator/models/index.ts';
import { systemRandom } from '../../../emulator/random.ts';
import { memoryStore } from '../../../emulator/store/memory.ts';
import { Token2OtpClient } from '../../../harness/client/token2.ts';
import { checkGroups } from '../../../harness/conformance/checks/index.ts';
import type { Hand } from '../../../harness/conformance/hand.ts';
import { entryNamed } from '../../../harness/conformance/otp-applet.ts';
import { PhysicalBench } from '../../../harness/conformance/physical-bench.ts';
import { runChecks } from '../../../harness/conformance/runner.ts';
import type { CardConnection } from '../../../harness/transports/connection.ts';
import { connectCardInProcess, connectInProcess } from '../../../harness/transports/in-process.ts';

const checks = checkGroups.flatMap((group) => group.checks).filter(({ needs }) => needs?.token2);
const OWNED: OtpEntryWithSeed = {
  type: 'hotp',
  algorithm: 'SHA1',
  period: 0,
  digits: 6,
  touch: false,
  app: 'bank.example',
  account: 'owner',
  seed: utf8('12345678901234567890'),
};

let key: VirtualKey;
let presence: LabPresence;
let asked: number;
let hand: Hand;

beforeEach(async () => {
  presence = new LabPresence('auto', systemClock);
  asked = 0;
  key = await VirtualKey.open({
    environment: { clock: systemClock, random: systemRandom, crypto: nodeCrypto, store: memoryStore(), presence },
    model: findModel('token2-r3'),
  });
  hand = {
    device: 'a key',
    canRefuse: false,
    connect: async () => connectInProcess(key),
    connectCard: async () => connectCardInProcess(key),
    user: async () => {},
    asked: () => {
      asked += 1;
    },
    replug: async () => {},
    finger: async () => {},
    clear: async () => {},
    close: async () => {},
  };
});
afterEach(() => key.close());

/** Acts as the owner's own program does. */
async function asOwner<T>(act: (client: Token2OtpClient) => Promise<T>): Promise<T> {
  const card = connectCardInProcess(key);
  try {
    return await act(await Token2OtpClient.open(card, { selects: true }));
  } finally {
    await card.close();
  }
}

describe.each(['hid', 'card'] as const)('over %s', (carrier) => {
  const judge = () =>
    runChecks(new PhysicalBench({ carrier, hand, allowReset: false }), {
      groups: [{ name: 'Token2', checks }],
      allowance: { reset: false, seconds: 0 },
      program: 'ctaplab test',
    });

  it('holds, and leaves entries and settings as they were', async () => {
    await asOwner(async (client) => {
      await client.writeEntry(OWNED);
      await client.entry(OWNED, 0);
      await client.configureButton({ keypad: true, longTouch: true });
    });
    const before = await asOwner((client) => client.deviceInfo());
    const { results, counts, notes, complete } = await judge();
    expect(results.filter(({ outcome }) => outcome === 'failed' || outcome === 'warning')).toEqual([]);
    expect({ complete, notes }).toEqual({ complete: true, notes: [] });
    const reached = checks.filter(({ needs }) => (needs?.carrier ?? carrier) === carrier);
    expect(counts.passed).toBeGreaterThan(reached.length - 10); // of those that wait, or want a PIN, or no entries
    expect(counts.failed).toBe(0);
    expect(await asOwner((client) => client.deviceInfo())).toEqual(before);
    const { seed: _, ...owned } = OWNED;
    expect(await asOwner((client) => client.entries(0))).toEqual([owned]);
    expect((await asOwner((client) => client.entry(OWNED, 0))).code).toBe('287082'); // RFC 4226: counter 1
  });

  it('takes away what an interrupted run has left, at the end', async () => {
    await asOwner((client) => client.writeEntry(entryNamed('of another run')));
    const { notes } = await judge();
    expect(notes).toEqual(['1 entries for one-time passwords that checks had made were deleted again.']);
    await expect(asOwner((client) => client.entries(0))).resolves.toEqual([]);
  });

  it('asks for a touch where an entry waits for one', async () => {
    presence.policy = 'manual';
    hand = {
      ...hand,
      asked: () => {
        asked += 1;
        presence.manual.touch();
      },
    };
    const touching = checks.filter(({ id }) => id === 'token2.touch.code');
    const { results } = await runChecks(new PhysicalBench({ carrier, hand, allowReset: false }), {
      groups: [{ name: 'Token2', checks: touching }],
      allowance: { reset: false, seconds: 0 },
      program: 'ctaplab test',
    });
    expect(results.map(({ outcome }) => outcome)).toEqual(['passed']);
    expect(asked).toBe(1);
  });
});

it('tells a check of a reset that the reader has none', async () => {
  hand = {
    ...hand,
    connectCard: async (): Promise<CardConnection> => {
      const { reset: _, ...card } = connectCardInProcess(key);
      return card;
    },
  };
  const resetting = checks.filter(({ id }) => id === 'token2.select.reset');
  const { results } = await runChecks(new PhysicalBench({ carrier: 'card', hand, allowReset: false }), {
    groups: [{ name: 'Token2', checks: resetting }],
    allowance: { reset: false, seconds: 0 },
    program: 'ctaplab test',
  });
  expect(results[0]).toMatchObject({ outcome: 'not-applicable', reason: 'the way to the card has no reset' });
});
