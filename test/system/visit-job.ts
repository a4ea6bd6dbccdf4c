/** The tests' side of a visit: starts its program in the guest and hands out the steps that it prints. */

import type { PageStep, Step } from './browsers/visit.ts';
import type { Job, Kernel } from './kernel.ts';

/** Seconds for a step, the browser's start included; an emulated machine may have to share its processors. */
const PATIENCE = 600;

export interface VisitJob {
  readonly job: Job;
  /** Waits for the step of that name. */
  step(name: string): Promise<Step>;
  /** Waits for the step of that name, which is no ceremony. */
  seen(name: string): Promise<object>;
  /** Waits for the ceremony of that name, run in the page. */
  pageStep(name: string): Promise<PageStep>;
}

/** `npm run build` compiles the programs too: the guest starts JavaScript several times as fast. */
export async function startVisit(kernel: Kernel, browser: 'chromium' | 'firefox'): Promise<VisitJob> {
  // exec: a signal to end the job reaches Node itself.
  const job = await kernel.spawn(`exec node dist/test/system/browsers/${browser}.js`);
  const read = async <T>(name: string): Promise<T> => {
    const [line] = await job.waitForLine(new RegExp(`^{"step":"${name}",.*}$`), { timeout: PATIENCE });
    return JSON.parse(line) as T;
  };
  return {
    job,
    step: (name) => read<Step>(name),
    pageStep: (name) => read<PageStep>(name),
    seen: (name) => read<object>(name),
  };
}
