// npm test [-- SUITE... [VITEST OPTION...]]: builds, then runs the suites and sums them up.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';

const SUITES = ['unit', 'integration', 'browser', 'system'];
/** The unit suite also runs under this Node, so that the newest release stays supported. */
const CURRENT_NODE = 26;

const root = join(import.meta.dirname, '..');
const results = join(root, 'test-results');
const strict = process.env.CI === 'true';
const words = process.argv.slice(2);
const firstOption = words.findIndex((word) => !SUITES.includes(word));
const chosen = firstOption === -1 ? words : words.slice(0, firstOption);
const options = firstOption === -1 ? [] : words.slice(firstOption);
const suites = chosen.length === 0 ? SUITES : SUITES.filter((suite) => chosen.includes(suite));
const sum = { passed: 0, failed: 0 };
/** Each failed test by suite, file and name: told again at the end, where the tail of a log still shows it. */
const failures = [];

/** A suite, or part of it, that cannot run: one line, and a failure where nothing may be skipped. */
function skip(what, reason) {
  console.log(`${strict ? 'FAILED' : 'skipped'}: ${what}: ${reason}`);
  if (strict) sum.failed += 1;
}

/** The first line of the first message. */
const firstLine = ([message]) => (message ?? '').split('\n')[0].slice(0, 200);

/** The Debian packages that a suite needs and this machine has not, by scripts/packages.txt. */
function missingPackages(suite) {
  return readFileSync(join(root, 'scripts/packages.txt'), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.split('|').map((column) => column.trim()))
    .filter(([, suites, file]) => suites.split(' ').includes(suite) && !existsSync(file))
    .map(([name]) => name);
}

/** Runs a suite; with `aside`, its output comes in one piece at its end, so that another suite can run meanwhile. */
async function runSuite(suite, title, node, aside = false) {
  if (!aside) console.log(`\n== ${title}`);
  const report = join(results, `${title.replaceAll(' ', '-')}.json`);
  rmSync(report, { force: true });
  const vitest = join(root, 'node_modules/vitest/vitest.mjs');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const child = spawn(node, [vitest, 'run', '--project', suite, ...reporters, ...options], {
    cwd: root,
    stdio: aside ? ['ignore', 'pipe', 'pipe'] : 'inherit',
  });
  const output = [];
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (data) => output.push(data));
  const status = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  const counts = existsSync(report) ? JSON.parse(readFileSync(report, 'utf8')) : undefined;
  const passed = counts?.numPassedTests ?? 0;
  const failed = counts?.numFailedTests ?? 0;
  sum.passed += passed;
  for (const file of counts?.testResults ?? []) {
    const name = relative(root, file.name);
    const tests = file.assertionResults.filter(({ status }) => status === 'failed');
    for (const test of tests) failures.push(`${title}: ${name}: ${test.fullName}: ${firstLine(test.failureMessages)}`);
    if (tests.length === 0 && file.status === 'failed')
      failures.push(`${title}: ${name}: ${firstLine([file.message])}`);
  }
  // A file that does not load, an error between tests or no test at all fails the suite without failing a test.
  sum.failed += failed === 0 && status !== 0 ? 1 : failed;
  const left = (counts?.numPendingTests ?? 0) + (counts?.numTodoTests ?? 0);
  return () => {
    if (aside) process.stdout.write(`\n== ${title}\n${Buffer.concat(output)}`);
    // With options, tests are left out because somebody asked for it.
    if (left > 0 && options.length === 0) skip(title, `${left} tests did not run`);
  };
}

/** Runs a suite, and unit under both Nodes. Resolves to what tells of it. */
async function runChosen(suite, aside) {
  const missing = missingPackages(suite);
  if (missing.length > 0) {
    return () => skip(suite, `missing Debian package ${missing.join(', ')}; scripts/setup installs it`);
  }
  const tell = await runSuite(suite, suite, process.execPath, aside);
  if (suite !== 'unit' || Number(process.versions.node.split('.')[0]) >= CURRENT_NODE) return tell;
  tell();
  const node = currentNode();
  if (node === undefined) return () => skip(`unit under Node ${CURRENT_NODE}`, 'npm could not fetch it');
  return runSuite(suite, `unit under Node ${CURRENT_NODE}`, node, aside);
}

/** The path of the newest Node, from the npm package that holds its binary. */
function currentNode() {
  const platform = process.platform === 'win32' ? 'win' : process.platform;
  const name = `node-${platform}-${process.arch}@${CURRENT_NODE}`;
  const found = spawnSync('npm', ['exec', '--yes', `--package=${name}`, '--', 'node', '-p', 'process.execPath'], {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return found.status === 0 ? found.stdout.trim() : undefined;
}

mkdirSync(results, { recursive: true });
const build = spawnSync('npm', ['run', '--silent', 'build'], { cwd: root, stdio: 'inherit' });
if (build.status !== 0) {
  console.log('FAILED: build: npm run build');
  sum.failed += 1;
} else {
  // The kernel bench has one emulated machine to wait for, the others have the rest of this one.
  const others = suites.filter((suite) => suite !== 'system');
  const aside = others.length > 0 && others.length < suites.length;
  if (aside) console.log('system runs meanwhile; its output follows the others\u2019');
  const system = suites.includes('system') ? runChosen('system', aside) : undefined;
  for (const suite of others) (await runChosen(suite, false))();
  (await system)?.();
}
for (const failure of failures) console.log(`FAILED: ${failure}`);
console.log(`${sum.passed} passed, ${sum.failed} failed`);
process.exitCode = sum.failed === 0 && sum.passed > 0 ? 0 : 1;
