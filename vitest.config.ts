import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** What runs a browser in the emulated kernel: it wants both processors, so it comes last, when the other suites are done. */
const BROWSER_IN_KERNEL = /system\/(chromium|firefox|side-by-side)\.system\.test\.ts$/;

class BrowsersLast extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isLast = ({ moduleId }: TestSpecification) => BROWSER_IN_KERNEL.test(moduleId);
    return [...sorted.filter((file) => !isLast(file)), ...sorted.filter(isLast)];
  }
}

// Four suites: what needs nothing (unit), what opens sockets and processes (integration),
// what drives a browser on this machine (browser), and what needs a real kernel with uhid (system).
export default defineConfig({
  test: {
    sequence: { sequencer: BrowsersLast },
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/**/*.{integration,browser,system}.test.ts'],
          // These files share nothing that one of them changes: loading the modules once saves most of their time.
          isolate: false,
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'integration',
          include: ['test/**/*.integration.test.ts'],
          testTimeout: 240_000,
          hookTimeout: 240_000,
        },
      },
      {
        test: {
          name: 'browser',
          include: ['test/**/*.browser.test.ts'],
          testTimeout: 240_000,
          hookTimeout: 240_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: 'system',
          include: ['test/system/**/*.system.test.ts'],
          globalSetup: 'test/system/global-setup.ts',
          testTimeout: 900_000,
          hookTimeout: 900_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
