import { afterAll, inject } from 'vitest';
import { Guest } from '../../scripts/kernel/guest.ts';

export type { Job, JobResult } from '../../scripts/kernel/job.ts';
export type Kernel = Guest;

/**
 * The guest that serves all system tests, for one test file: `const kernel = await bootKernel()` at its top
 * (a hook is too late for the clean-up). Jobs that still run at the end of the file are ended. The guest's /tmp is shared by all files of a run.
 */
export async function bootKernel(): Promise<Kernel> {
  const kernel = await Guest.connect(inject('guest'));
  afterAll(async () => {
    await kernel.stopJobs();
    kernel.close();
  });
  await kernel.ping();
  return kernel;
}
