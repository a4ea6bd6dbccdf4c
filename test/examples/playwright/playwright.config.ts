import { defineConfig } from '@playwright/test';
import { CHROMIUM, CHROMIUM_ARGUMENTS } from '../../harness/browsers/chromium.ts';

export default defineConfig({
  testDir: '.',
  outputDir: '../../../test-results/playwright-example',
  workers: 1,
  reporter: 'line',
  use: { launchOptions: { executablePath: CHROMIUM, args: CHROMIUM_ARGUMENTS } },
});
