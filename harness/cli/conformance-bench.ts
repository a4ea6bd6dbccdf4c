/** Where the key of `ctaplab conformance` is judged: in this process, or wherever it is plugged in. */
import type { Bench } from '../conformance/bench.ts';
import type { Plan } from '../conformance/runner.ts';
import type { ConformanceOptions } from './conformance-options.ts';
import type { ProgressLine } from './conformance-progress.ts';
import { Failure } from './failure.ts';
import { argument } from './key-options.ts';

export interface OpenedBench {
  readonly bench: Bench;
  /** What its owner is asked before the first check. */
  prepare?(plan: Plan): Promise<void>;
}

/** The bench for that DEVICE. @throws Failure "usage" for options that do not go with it */
export async function openBench(
  device: string | undefined,
  options: ConformanceOptions,
  _progress: ProgressLine,
): Promise<OpenedBench> {
  const [, virtual, model] = /^(virtual)(?::(.+))?$/.exec(device ?? process.env.CTAPLAB_DEVICE ?? '') ?? [];
  if (virtual !== undefined) return virtualBench(model, options);
  throw new Failure('usage', `expected virtual[:MODEL], got ${JSON.stringify(device)}`);
}

async function virtualBench(name: string | undefined, { carrier, fault }: ConformanceOptions): Promise<OpenedBench> {
  const [{ VirtualBench }, { defaultModel, findModel }] = await Promise.all([
    import('../conformance/virtual-bench.ts'),
    import('../../emulator/models/index.ts'),
  ]);
  const model = name === undefined ? defaultModel : argument(findModel)(name);
  return { bench: new VirtualBench({ model, carrier, faults: fault }) };
}
