/** Runs checks over a key, one after the other, whatever the key does. */
import { toHex } from '../../ctap/bytes.ts';
import type { GetInfoResponse } from '../../ctap/commands/get-info.ts';
import { HidCapability } from '../../ctap/hid/packet.ts';
import { StatusWordError } from '../../ctap/iso7816/apdu.ts';
import { CtapError, Status } from '../../ctap/status.ts';
import { Ctap1Client } from '../client/ctap1.ts';
import { ProtocolError } from '../client/protocol-error.ts';
import type { Bench, KeyState } from './bench.ts';
import type { Check, CheckGroup } from './check.ts';
import type { Traffic } from './hub.ts';
import { type Allowance, type KeyFacts, notApplicable, notRun } from './needs.ts';
import { type CheckResult, countOutcomes, type JudgedKey, type Run, type TrafficJSON } from './result.ts';
import { Subject } from './subject.ts';

export interface RunOptions {
  readonly groups: readonly CheckGroup[];
  readonly allowance: Allowance;
  /** Of this program, for the report. */
  readonly program: string;
  /** What an interrupted run has found already: these checks are not run again. */
  readonly before?: readonly CheckResult[] | undefined;
  /** Told before each check, and of its result. */
  readonly onCheck?: ((check: Check, done: number, total: number) => void) | undefined;
  readonly onResult?: ((result: CheckResult, traffic: readonly Traffic[]) => void) | undefined;
  /** Aborting ends the run after the check under way. */
  readonly signal?: AbortSignal | undefined;
}

/** Seconds that a check may take beyond what it waits on purpose. */
const PATIENCE = 60;

/** A check in its group. */
interface Listed {
  readonly group: string;
  readonly check: Check;
}

/** Judges the key. Never rejects for what the key does: that is in the results. */
export async function runChecks(bench: Bench, options: RunOptions): Promise<Run> {
  const startedAt = new Date();
  const { facts, key } = await examine(bench);
  const listed = options.groups.flatMap(({ name, checks }) => checks.map((check) => ({ group: name, check })));
  const before = new Map(options.before?.map((result) => [result.id, result]));
  const results = new Map<string, CheckResult>();
  let spoiled = false;
  let done = 0;
  for (const item of inOrder(listed)) {
    const { check } = item;
    options.onCheck?.(check, done++, listed.length);
    const known = before.get(check.id);
    const reason = notApplicable(check, facts);
    if (reason !== undefined) results.set(check.id, resultOf(item, 'not-applicable', 0, reason));
    else if (known !== undefined && known.outcome !== 'not-run') results.set(check.id, known);
    else if (options.signal?.aborted) results.set(check.id, resultOf(item, 'not-run', 0, 'the run was interrupted'));
    else {
      const held = notRun(check, facts, options.allowance);
      const { result, traffic } =
        held === undefined
          ? await tryOut(bench, item, spoiled)
          : { result: resultOf(item, 'not-run', 0, held), traffic: [] };
      if (held === undefined) spoiled = check.needs?.spoils === true;
      results.set(check.id, result);
      options.onResult?.(result, traffic);
    }
  }
  const inFile = listed.map(({ check }) => results.get(check.id)!);
  return {
    format: 'ctaplab-conformance',
    version: 1,
    program: options.program,
    startedAt: startedAt.toISOString(),
    finishedAt: new Date().toISOString(),
    key,
    complete: options.signal?.aborted !== true,
    counts: countOutcomes(inFile),
    results: inFile,
  };
}

/** Checks that leave the key as it is come first, by the state that they ask for: few resets, few touches. */
function inOrder(listed: readonly Listed[]): Listed[] {
  const rank = ({ check: { needs = {} } }: Listed) => (needs.spoils ? 4 : 0) + (needs.finger ? 2 : needs.pin ? 1 : 0);
  return [...listed].sort((a, b) => rank(a) - rank(b));
}

async function examine(bench: Bench): Promise<{ facts: KeyFacts; key: JudgedKey }> {
  await bench.begin({ pin: false, finger: false }, false);
  const subject = new Subject(bench, { pin: false, finger: false });
  await subject.connect();
  try {
    const { device } = subject;
    const { capabilities, deviceVersion } = device.hid;
    const info = capabilities & HidCapability.CBOR ? await infoOf(subject) : undefined;
    const u2f = info === undefined || (info.versions.includes('U2F_V2') && !(capabilities & HidCapability.NMSG));
    const facts: KeyFacts = {
      virtual: bench.virtual,
      carrier: bench.carrier,
      info,
      u2f,
      token2: await hasToken2(subject),
    };
    const key: JudgedKey = {
      device: bench.device,
      product: device.name,
      virtual: bench.virtual,
      carrier: bench.carrier,
      deviceVersion: deviceVersion.join('.'),
      capabilities,
      versions: info?.versions ?? [await new Ctap1Client(device).version()],
      aaguid: info === undefined ? null : toHex(info.aaguid),
      firmwareVersion: info?.firmwareVersion ?? null,
    };
    return { facts, key };
  } finally {
    await subject.close();
  }
}

/** A card says that it has the FIDO applet, not that there is CTAP2 in it. */
async function infoOf(subject: Subject): Promise<GetInfoResponse | undefined> {
  try {
    return await subject.ctap2.getInfo();
  } catch (error) {
    if (error instanceof CtapError && error.status === Status.CTAP1_ERR_INVALID_COMMAND) return undefined;
    throw error;
  }
}

async function hasToken2(subject: Subject): Promise<boolean> {
  try {
    await (await subject.token2()).deviceInfo();
    return true;
  } catch (error) {
    // a refusal, or the silence of a key that does not know these reports
    if (error instanceof StatusWordError || error instanceof ProtocolError) return false;
    throw error;
  }
}

async function tryOut(
  bench: Bench,
  item: Listed,
  spoiled: boolean,
): Promise<{ result: CheckResult; traffic: readonly Traffic[] }> {
  const { check } = item;
  const { needs = {} } = check;
  const state: KeyState = { pin: needs.pin === true || needs.finger === true, finger: needs.finger === true };
  const subject = new Subject(bench, state);
  const began = performance.now();
  const since = Date.now();
  let result: CheckResult;
  try {
    await bench.begin(state, spoiled);
    bench.user(needs.user ?? 'touches');
    await inTime(PATIENCE + (bench.virtual ? 0 : (needs.seconds ?? 0)), async () => {
      await subject.connect();
      await check.run(subject);
    });
    result = resultOf(item, 'passed', performance.now() - began);
  } catch (error) {
    const outcome = check.severity === 'warning' ? 'warning' : 'failed';
    result = resultOf(item, outcome, performance.now() - began, error instanceof Error ? error.message : String(error));
  } finally {
    await subject.close().catch(() => undefined); // a key that is gone has been told of already
  }
  const { traffic } = subject;
  return { result: { ...result, traffic: traffic.map((entry) => trafficJSON(entry, since)) }, traffic };
}

async function inTime(seconds: number, action: () => Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`the check took longer than ${seconds} s`)), seconds * 1000);
  });
  try {
    await Promise.race([action(), late]);
  } finally {
    clearTimeout(timer);
  }
}

function resultOf(
  { group, check }: Listed,
  outcome: CheckResult['outcome'],
  milliseconds: number,
  reason?: string,
): CheckResult {
  const { id, section, statement, severity = 'error' } = check;
  const rounded = Math.round(milliseconds * 10) / 10;
  return {
    id,
    group,
    section,
    statement,
    severity,
    outcome,
    ...(reason === undefined ? {} : { reason }),
    milliseconds: rounded,
  };
}

function trafficJSON({ at, direction, bytes }: Traffic, since: number): TrafficJSON {
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === 0) end--;
  return { at: at - since, direction, bytes: toHex(bytes.subarray(0, end)) };
}
