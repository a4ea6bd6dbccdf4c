import { rmSync } from 'node:fs';
import { resolve } from 'node:path';
import type { TestProject } from 'vitest/node';
import type { GuestAddress } from '../../scripts/kernel/guest.ts';
import { bootMachine } from '../../scripts/kernel/machine.ts';

declare module 'vitest' {
  interface ProvidedContext {
    guest: GuestAddress;
  }
}

/** Boots the one guest that serves all system tests; its logs stay in test-results/system. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = resolve('test-results/system');
  rmSync(folder, { recursive: true, force: true });
  const machine = await bootMachine({ folder });
  project.provide('guest', machine.guest.address);
  // The guest's serial line takes one connection at a time: from here on the test files have it in turn.
  machine.guest.close();
  return () => machine.stop();
}
