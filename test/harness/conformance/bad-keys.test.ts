/** Keys that lie, stall, disappear, flood: each check fails with its reason, and the report is whole. */
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { concat } from '../../../ctap/bytes.ts';
import { encodeCbor } from '../../../ctap/cbor.ts';
import { Command } from '../../../ctap/commands/index.ts';
import { HidCommand } from '../../../ctap/hid/packet.ts';
import type { Check } from '../../../harness/conformance/check.ts';
import { checkGroups } from '../../../harness/conformance/checks/index.ts';
import { runPage } from '../../../harness/conformance/report/run-page.ts';
import { runSchema } from '../../../harness/conformance/report/run-schema.ts';
import { isGood, type Run } from '../../../harness/conformance/result.ts';
import { runChecks } from '../../../harness/conformance/runner.ts';
import { DeviceGoneError, type HidConnection } from '../../../harness/transports/connection.ts';
import { afterInit, ScriptedConnection, type SentMessage } from '../client/scripted-connection.ts';
import { ScriptedBench } from './scripted-bench.ts';

const allowance = { reset: true, seconds: Number.POSITIVE_INFINITY };
const fits = new Ajv2020({ strict: true }).compile(runSchema);

const asksInfo: Check = {
  id: 'example.info',
  section: 'CTAP 2.3 §6.4',
  statement: 'getInfo is answered.',
  faults: [],
  run: async (key) => void (await key.accepted(Command.authenticatorGetInfo)),
};
const pings: Check = {
  id: 'example.ping',
  section: 'CTAP 2.3 §11.2.9.1.4',
  statement: 'PING is answered.',
  needs: { carrier: 'hid', ctap2: false },
  faults: [],
  run: async ({ wire }) => void (await wire.transact(await wire.open(), HidCommand.PING, Uint8Array.of(1))),
};

const INFO = encodeCbor(
  new Map<number, string[] | Uint8Array>([
    [1, ['FIDO_2_1']],
    [3, new Uint8Array(16)],
  ]),
);

type Script = (message: SentMessage, connection: ScriptedConnection) => void;

/** A key that behaves for the examination; `script` comes after that, from the second getInfo on. */
function later(script: Script): () => HidConnection {
  let asked = 0;
  return () =>
    afterInit((message, connection) => {
      const { command, data, channel } = message;
      const isInfo = command === HidCommand.CBOR && data[0] === Command.authenticatorGetInfo;
      if (isInfo && asked++ === 0) connection.say(HidCommand.CBOR, concat(Uint8Array.of(0), INFO), channel);
      else script(message, connection);
    });
}

async function judge(connect: () => HidConnection, ...checks: readonly Check[]): Promise<Run> {
  const run = await runChecks(new ScriptedBench(connect), {
    groups: [{ name: 'examples', checks }],
    allowance,
    program: 'ctaplab test',
  });
  fits(JSON.parse(JSON.stringify(run)));
  expect(fits.errors).toBeNull();
  expect(run.results.map(({ id }) => id)).toEqual(checks.map(({ id }) => id));
  return run;
}

const answer =
  (...bytes: readonly number[]): Script =>
  ({ channel, command }, connection) =>
    connection.say(command, Uint8Array.from(bytes), channel);

/** Nested arrays, an item each. */
const deep = (levels: number) => new Uint8Array(levels).fill(0x81);

describe('a key that behaves until a check asks', () => {
  const silent: Script = () => {};
  const cases: readonly (readonly [string, Script, RegExp])[] = [
    ['says nothing', silent, /said nothing for 100 ms/],
    ['answers with no byte', answer(), /expected a status byte, got an empty answer/],
    ['refuses', answer(0x27), /expected CTAP2_OK, got CTAP2_ERR_OPERATION_DENIED/],
    ['answers with what is no CBOR', answer(0, 0xff), /expected CBOR in the answer/],
    ['answers with a number', answer(0, 1), /expected a CBOR map in the answer/],
    ['promises more than it sends', answer(0, 0xbf, 1), /expected CBOR in the answer/],
    ['says that it has 2^32 members', answer(0, 0xba, 0xff, 0xff, 0xff, 0xff), /expected CBOR in the answer/],
    ['says that it has 2^64 bytes', answer(0, 0x5b, ...new Array(8).fill(0xff)), /expected CBOR in the answer/],
    ['nests 7000 arrays', (m, c) => c.say(m.command, concat(Uint8Array.of(0), deep(7000)), m.channel), /expected C/],
    [
      'answers on another channel',
      ({ command, channel }, connection) => connection.say(command, concat(Uint8Array.of(0), INFO), channel + 1),
      /said nothing for 100 ms/,
    ],
    ['answers another command', (m, c) => c.say(HidCommand.PING, m.data, m.channel), /expected an answer to 0x10/],
    [
      'sends a continuation of nothing',
      (_, c) => c.report(Uint8Array.from({ length: 64 }, (_, at) => [1, 2, 3, 4, 0][at] ?? 0)),
      /expected an initialization packet/,
    ],
    ['sends short reports', (_, c) => c.report(Uint8Array.of(1, 2, 3, 4, 0x90, 0, 1, 0)), /reports of 64 bytes/],
    ['disappears', (_, c) => c.fail(new DeviceGoneError('it was unplugged')), /it was unplugged/],
  ];

  it.each(cases)('%s: the check fails, and the next one is tried', async (_, script, reason) => {
    const run = await judge(later(script), asksInfo, { ...asksInfo, id: 'example.again' });
    expect(run.complete).toBe(true);
    expect(run.results.map(({ outcome }) => outcome)).toEqual(['failed', 'failed']);
    expect(run.results[0]?.reason).toMatch(reason);
    expect(isGood(run)).toBe(false);
  });

  it('floods: what it sends is kept to a limit, and the check ends', async () => {
    let timer: NodeJS.Immediate | undefined;
    const flood: Script = ({ channel }, connection) => {
      const more = () => {
        for (let index = 0; index < 5000; index++) connection.say(HidCommand.PING, new Uint8Array(57), channel + 1);
        if (!connection.closed) timer = setImmediate(more);
      };
      more();
    };
    const run = await judge(later(flood), asksInfo);
    clearImmediate(timer);
    const [result] = run.results;
    expect(result).toMatchObject({ outcome: 'failed', reason: expect.stringMatching(/said nothing/) });
    expect(result?.trafficDropped).toBeGreaterThan(0);
    expect(JSON.stringify(run).length).toBeLessThan(1_000_000);
    expect((await runPage(run)).length).toBeLessThan(1_000_000);
  });

  it('keeps its host waiting with keepalives: the check ends all the same', async () => {
    let timer: NodeJS.Timeout | undefined;
    const stall: Script = ({ channel }, connection) => {
      timer = setInterval(() => connection.say(HidCommand.KEEPALIVE, Uint8Array.of(1), channel), 5);
    };
    const waits: Check = {
      ...asksInfo,
      run: async (key) => {
        const answered = key.request(Command.authenticatorGetInfo, undefined, { signal: AbortSignal.timeout(50) });
        await Promise.race([answered, new Promise((_, reject) => setTimeout(reject, 300, new Error('too long')))]);
      },
    };
    const run = await judge(later(stall), waits);
    clearInterval(timer);
    expect(run.results[0]).toMatchObject({ outcome: 'failed', reason: 'too long' });
  });
});

describe('a key that cannot be examined', () => {
  /** The last: it answers PING all the same. */
  const keys: readonly [string, () => HidConnection, boolean?][] = [
    ['says nothing at all', () => new ScriptedConnection(() => {})],
    [
      'gives out the broadcast channel',
      () => new ScriptedConnection((m, c) => c.sayInit(m.data, m.channel, 0xffffffff)),
    ],
    [
      'answers INIT with another nonce',
      () => new ScriptedConnection((m, c) => c.sayInit(new Uint8Array(8), m.channel)),
    ],
    ['answers getInfo with no byte', () => afterInit((m, c) => c.say(m.command, new Uint8Array(0), m.channel)), true],
    [
      'answers getInfo with deep CBOR',
      () => afterInit((m, c) => c.say(m.command, concat(Uint8Array.of(0), deep(7000)), m.channel)),
      true,
    ],
    [
      'goes at once',
      () => {
        const connection = new ScriptedConnection(() => connection.fail(new DeviceGoneError('it was unplugged')));
        return connection;
      },
    ],
    [
      'cannot be opened',
      () => {
        throw new DeviceGoneError('there is no such device');
      },
    ],
  ];

  it.each(keys)(
    '%s: the report says so, and what can be tried is tried',
    async (_, connect: () => HidConnection, echoes = false) => {
      const run = await judge(connect, asksInfo, pings);
      expect(run.complete).toBe(false);
      expect(run.notes[0]).toMatch(/^The key could not be examined: ./);
      expect(run.results[0]).toMatchObject({
        outcome: 'not-run',
        reason: expect.stringMatching(/could not be examined/),
      });
      expect(run.results[1]?.outcome).toBe(echoes ? 'passed' : 'failed');
      expect(run.results[1]?.reason ?? '').toMatch(echoes ? /^$/ : /./);
      expect(isGood(run)).toBe(false);
      expect(await runPage(run)).toContain('could not be examined');
    },
  );

  it('ends the run after all checks that there are, however many', async () => {
    const hid = checkGroups.find(({ name }) => name === 'CTAPHID framing')!;
    const run = await runChecks(new ScriptedBench(() => new ScriptedConnection(() => {})), {
      groups: [hid],
      allowance,
      program: 'ctaplab test',
    });
    expect(run.counts.failed).toBeGreaterThan(0);
    expect(run.counts.passed).toBe(0);
  });
});

it('ends a run early where the key cannot be made ready any more', async () => {
  class Broken extends ScriptedBench {
    override async begin(wanted: Parameters<ScriptedBench['begin']>[0]) {
      if (this.begun >= 2) throw new DeviceGoneError('it was unplugged');
      return super.begin(wanted);
    }
  }
  const checks = ['a', 'b', 'c', 'd', 'e', 'f'].map((id) => ({ ...asksInfo, id }));
  const sayInfo: Script = ({ channel }, connection) =>
    connection.say(HidCommand.CBOR, concat(Uint8Array.of(0), INFO), channel);
  const bench = new Broken(() => afterInit((message, connection) => sayInfo(message, connection)));
  const run = await runChecks(bench, { groups: [{ name: 'examples', checks }], allowance, program: 'ctaplab test' });
  expect(run.results.map(({ outcome }) => outcome)).toEqual(['passed', ...new Array(5).fill('not-run')]);
  expect(run.results[1]?.reason).toBe('the key could not be made ready: it was unplugged');
  expect(run.results[5]?.reason).toMatch(/could not be made ready for the checks before/);
  expect(run.complete).toBe(false);
});

it('leaves a check that does not end once the run is given up', async () => {
  const given = new AbortController();
  const endless = { ...asksInfo, id: 'endless', run: () => new Promise<never>(() => given.abort()) };
  const bench = new ScriptedBench(() =>
    afterInit(({ channel }, connection) => connection.say(HidCommand.CBOR, concat(Uint8Array.of(0), INFO), channel)),
  );
  const run = await runChecks(bench, {
    groups: [{ name: 'examples', checks: [endless, { ...asksInfo, id: 'next' }] }],
    allowance,
    program: 'ctaplab test',
    abandon: given.signal,
  });
  expect(run.results.map(({ outcome, reason }) => [outcome, reason])).toEqual([
    ['not-run', 'the run was interrupted'],
    ['not-run', 'the run was interrupted'],
  ]);
  expect([run.complete, run.notes.at(-1)]).toEqual([false, expect.stringContaining('ended at once')]);
});
