/** The tests' side of a visit: starts its program in the guest and hands out the steps that it prints. */

import type { Step } from './browsers/visit.ts';
import type { Job, Kernel } from './kernel.ts';

/** Seconds for a step, the browser's start included; an emulated machine may have to share its processors. */
const PATIENCE = 600;

export interface VisitJob {
  readonly job: Job;
  /** Waits for the step of that name. */
  step(name: string): Promise<Step>;
}

/** `npm run build` compiles the programs too: the guest starts JavaScript several times as fast. */
export async function startVisit(kernel: Kernel, browser: 'chromium' | 'firefox'): Promise<VisitJob> {
  // exec: a signal to end the job reaches Node itself.
  const job = await kernel.spawn(`exec node dist/test/system/browsers/${browser}.js`);
  return {
    job,
    async step(name) {
      const [line] = await job.waitForLine(new RegExp(`^{"step":"${name}",.*}$`), { timeout: PATIENCE });
      return JSON.parse(line) as Step;
    },
  };
}
