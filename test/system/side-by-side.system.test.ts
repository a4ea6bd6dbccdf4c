/** Chromium's own WebAuthn stack and this project's client, each before an equal key: 200 option sets, one outcome. */
import { expect, it } from 'vitest';
import type { Comparison } from '../harness/webauthn/side-by-side/compare.ts';
import { bootKernel } from './kernel.ts';

const kernel = await bootKernel();

it('answers 200 option sets as Chromium does with a key in the kernel', async () => {
  const job = await kernel.spawn('exec node dist/test/system/browsers/side-by-side.js');
  const [line] = await job.waitForLine(/^{"compared":.*}$/, { timeout: 800 });
  const { compared, outcomes, unexplained } = JSON.parse(line) as Comparison & { compared: number };
  expect(unexplained).toEqual([]);
  expect(compared).toBe(200);
  expect(Object.keys(outcomes)).toEqual(
    expect.arrayContaining(['create answer', 'create NotSupportedError', 'create SecurityError', 'get answer']),
  );
  expect(await job.ended).toMatchObject({ status: 0 });
});
