/** Where the key of `ctaplab conformance` is judged: in this process, or wherever it is plugged in. */
import type { Bench } from '../conformance/bench.ts';
import type { Hand } from '../conformance/hand.ts';
import { effort, type Plan } from '../conformance/runner.ts';
import { LabsHand, PersonsHand } from './conformance-hands.ts';
import type { ConformanceOptions } from './conformance-options.ts';
import { effortText, type ProgressLine } from './conformance-progress.ts';
import { consent } from './consent.ts';
import type { DeviceWay } from './device-way.ts';
import { findDevice } from './devices.ts';
import { Failure } from './failure.ts';
import { argument } from './key-options.ts';
import { printable } from './output.ts';
import { readSecrets } from './secret-input.ts';

export interface OpenedBench {
  readonly bench: Bench;
  /** What its owner is asked before the first check. */
  prepare?(plan: Plan): Promise<void>;
}

/** The bench for that DEVICE. @throws Failure "usage" for options that do not go with it */
export async function openBench(
  device: string | undefined,
  options: ConformanceOptions,
  progress: ProgressLine,
): Promise<OpenedBench> {
  const [, virtual, model] = /^(virtual)(?::(.+))?$/.exec(device ?? process.env.CTAPLAB_DEVICE ?? '') ?? [];
  if (virtual !== undefined) return virtualBench(model, options);
  const { fault, carrier } = options;
  if (fault !== undefined)
    throw new Failure('usage', '--fault goes with a virtual key, which alone can be given faults');
  if (carrier !== undefined) throw new Failure('usage', '--carrier goes with a virtual key; others are as they are');
  return lastingBench(await findDevice(device), options, progress);
}

async function virtualBench(name: string | undefined, { carrier, fault }: ConformanceOptions): Promise<OpenedBench> {
  const [{ VirtualBench }, { defaultModel, findModel }] = await Promise.all([
    import('../conformance/virtual-bench.ts'),
    import('../../emulator/models/index.ts'),
  ]);
  const model = name === undefined ? defaultModel : argument(findModel)(name);
  return { bench: new VirtualBench({ model, carrier, faults: fault }) };
}

/** A key that is there before and after. */
async function lastingBench(way: DeviceWay, options: ConformanceOptions, progress: ProgressLine): Promise<OpenedBench> {
  const { PhysicalBench } = await import('../conformance/physical-bench.ts');
  const hand = (await labsHand(way)) ?? new PersonsHand(way, progress);
  const bench = new PhysicalBench({ carrier: way.kind, hand, allowReset: options.allowReset === true });
  const prepare = async (plan: Plan) => {
    const { facts, key, checks } = plan;
    const what = `${printable(key.product)} (${way.name})`;
    const extent = progress.hands ? `, ${effortText(effort(checks), 0, true)}` : '';
    if (checks.length > 0) progress.instruct(`${what}: ${checks.length} checks${extent}.`);
    await consent(way, options, question(what, options), `this would ${consequence(options)} on ${what}`);
    if (facts.info?.options?.clientPin !== true) return;
    const [pin] = await readSecrets([{ name: `PIN of ${what}`, file: options.pinFile, fresh: false }]);
    await bench.owner(pin!);
  };
  return { bench, prepare };
}

/** The hand of the lab whose key it is; undefined where no lab knows it. */
async function labsHand(way: DeviceWay): Promise<Hand | undefined> {
  if (way.physical) return undefined;
  const { findLab, LabClient } = await import('../lab/lab-client.ts');
  const address = findLab();
  if (address === undefined) return undefined;
  const lab = new LabClient(address);
  const key = (await lab.keys()).find(({ devices }) => devices.includes(way.name));
  return key && new LabsHand(way, lab, key);
}

function question(what: string, options: ConformanceOptions): string {
  return `This will ${consequence(options)} on ${what}. Go on?`;
}

function consequence({ allowReset }: ConformanceOptions): string {
  return allowReset
    ? 'delete all passkeys, the PIN, fingers and settings'
    : 'make and delete passkeys, and spend attempts of the PIN, but never the last three,';
}
