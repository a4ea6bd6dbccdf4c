/** Runs one Web Platform Test in a browser. */
import type { TestBrowser } from './browsers.ts';
import type { Message, Subtest } from './vendor.ts';

/** What testharness.js calls the statuses of a subtest. */
const STATUSES = ['PASS', 'FAIL', 'TIMEOUT', 'NOTRUN', 'PRECONDITION_FAILED'];

export interface SubtestResult {
  /** `PASS` and what else testharness.js knows. */
  readonly status: string;
  readonly message: string;
}

/** Resolves to the results by the name of the subtest; where the test itself came to no good end, that is in it by an empty name. */
export async function runTest(browser: TestBrowser, url: string): Promise<Map<string, SubtestResult>> {
  await browser.open(url);
  const authenticators = new Set<unknown>();
  const perform = async (name: string, parameters: readonly unknown[], frame: number | undefined) => {
    if (name === 'click') return browser.click(String(parameters[0]), frame);
    const value = await browser.authenticators(name, parameters);
    if (name === 'add') authenticators.add(value);
    if (name === 'remove') authenticators.delete(parameters[0]);
    return value;
  };
  for (;;) {
    const message = (await browser.evaluate('ctaplab.take()')) as Message;
    if (message.type === 'results') {
      // A test that has timed out has not cleaned up.
      for (const id of authenticators) await browser.authenticators('remove', [id]);
      return resultsOf(message.status, message.subtests);
    }
    const { id, name, parameters, frame } = message;
    const answer = await perform(name, parameters, frame).then(
      (value) => ({ value: value ?? null }),
      (error) => ({ error: String(error.message) }),
    );
    await browser.evaluate(`ctaplab.answer(${id}, ${JSON.stringify(answer)})`);
  }
}

function resultsOf(status: number, subtests: readonly Subtest[]): Map<string, SubtestResult> {
  const results = new Map(
    subtests.map(({ name, status, message }) => [
      name,
      { status: STATUSES[status] ?? String(status), message: message ?? '' },
    ]),
  );
  if (status !== 0) results.set('', { status: `harness status ${status}`, message: '' });
  return results;
}
