import { afterAll, inject } from 'vitest';
import { GUEST_SHARE, Guest } from '../../scripts/kernel/guest.ts';

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
  await kernel.run(END_LEFTOVERS);
  return kernel;
}

/** A file that fails before its first test never comes to its clean-up: its jobs would be in the way of the next file. */
const END_LEFTOVERS = `
for job in ${GUEST_SHARE}/jobs/*/; do
  [ -e "$job/status" ] || { read -r pid <"$job/pid" && [ "$pid" != $$ ] && kill -KILL -- "-$pid"; }
done`;
