/** `ctaplab conformance`: judges a key by the specifications. */
import { writeFile } from 'node:fs/promises';
import { type Command, Option } from 'commander';
import type { Check, CheckGroup } from '../conformance/check.ts';
import type { Run } from '../conformance/result.ts';
import { closing } from './closing.ts';
import { compareCommand } from './conformance-compare.ts';
import type { ConformanceOptions } from './conformance-options.ts';
import { ProgressLine } from './conformance-progress.ts';
import { Failure } from './failure.ts';
import { DEVICE_HELP } from './info.ts';
import { addFaultOption } from './key-options.ts';
import { Output, printable } from './output.ts';
import { PROGRAM } from './program-name.ts';
import { verb } from './verb.ts';
import { packageVersion } from './version.ts';

export function command(): Command {
  const begun = verb('conformance', 'judge a key by the specifications: JUnit, JSON and HTML reports', [
    'conformance virtual --junit out.xml --html out.html',
    'conformance hidraw:/dev/hidraw0 --report run.json --html run.html',
    'conformance hidraw:/dev/hidraw0 --resume run.json',
    'conformance virtual:token2-r3 --fault wrong-sign-count',
    "conformance --list --only 'makeCredential.*'",
    'conformance compare before.json after.json',
  ])
    .argument('[device]', DEVICE_HELP)
    .addOption(verbOptions.carrier());
  return addFaultOption(begun, 'of a virtual key')
    .option(
      '--only <pattern>',
      'checks or commands of that name, where * stands for anything; can be given again',
      each,
    )
    .option('--list', 'show the checks, and run none')
    .option('--schema', 'print the JSON Schema of a report, and run nothing')
    .option('--report <file>', 'write the report there, as JSON')
    .option('--junit <file>', 'write it as JUnit XML')
    .option('--html <file>', 'write it as a page')
    .option('--resume <file>', 'go on with the run that ended early and left this report, and write it there again')
    .option('--slow', 'run checks that wait for more than a few seconds, too')
    .option('--allow-reset', 'reset the key where checks need that: all that is on it is deleted')
    .option('--pin-file <file>', 'file whose first line is the PIN of the key (default: asked for)')
    .option('--yes', 'judge a physical key without asking first')
    .addHelpText(
      'after',
      `
The exit code is 0 where nothing failed and nothing was cut short, else 1. Ctrl-C ends the run after the check
that is under way; a second one at once. A check that the key rules out is not applicable, with the reason.`,
    )
    .addCommand(compareCommand())
    .action(conformance);
}

const verbOptions = {
  carrier: () =>
    new Option('--carrier <way>', 'how a virtual key is reached; others are as they are').choices(['hid', 'card']),
};

function each(text: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), text];
}

async function conformance(device: string | undefined, options: ConformanceOptions): Promise<void> {
  const output = new Output(options);
  if (options.schema) return printSchema();
  const groups = await chosenGroups(options.only);
  if (options.list) return listChecks(groups, output);
  const abandonment = new AbortController();
  await closing(async (onClose) => {
    const run = await judge(device, groups, options, output, onClose, abandonment);
    await writeReports(run, options);
    await tell(run, options, output);
  });
  if (abandonment.signal.aborted) process.exit(); // what the check was about would hold the process
}

async function judge(
  device: string | undefined,
  groups: readonly CheckGroup[],
  options: ConformanceOptions,
  output: Output,
  onClose: (close: () => unknown) => void,
  abandonment: AbortController,
): Promise<Run> {
  const [{ openBench }, { runChecks }, { readRun }] = await Promise.all([
    import('./conformance-bench.ts'),
    import('../conformance/runner.ts'),
    import('../conformance/report/run-schema.ts'),
  ]);
  const before = options.resume === undefined ? undefined : readRun(options.resume);
  const interruption = new AbortController();
  const interrupt = () => {
    if (interruption.signal.aborted) return abandonment.abort();
    interruption.abort();
    output.instruct('The run ends after this check; at once with another Ctrl-C.');
  };
  process.on('SIGINT', interrupt);
  onClose(() => process.off('SIGINT', interrupt));
  const progress = new ProgressLine(output);
  onClose(() => progress.end());
  const { bench, prepare } = await openBench(device, options, progress);
  onClose(() => (abandonment.signal.aborted ? undefined : bench.close()));
  return runChecks(bench, {
    groups,
    allowance: { reset: options.allowReset === true, seconds: options.slow ? Number.POSITIVE_INFINITY : PATIENCE },
    program: `ctaplab ${packageVersion()}`,
    before: before?.results,
    signal: interruption.signal,
    abandon: abandonment.signal,
    onPlan: async (plan) => {
      if (before !== undefined) assertSameKey(before, plan.key, options.resume!);
      await prepare?.(plan);
    },
    onCheck: (check, state) => progress.show(check.id, state),
    onResult: (result) => progress.count(result),
  });
}

/** Seconds that a check may wait on purpose, without --slow. */
const PATIENCE = 3;

function assertSameKey({ key: before }: Run, now: Run['key'], file: string): void {
  const same = before.aaguid === now.aaguid && before.firmwareVersion === now.firmwareVersion;
  if (same && before.carrier === now.carrier) return;
  const [was, is] = [before, now].map(
    ({ product, aaguid, firmwareVersion, carrier }) =>
      `${printable(product)} (AAGUID ${aaguid ?? 'none'}, firmware ${firmwareVersion ?? 'unknown'}, over ${carrier})`,
  );
  throw new Failure('usage', `${file} is of another key: expected ${was}, got ${is}`);
}

async function writeReports(run: Run, { report, resume, junit, html }: ConformanceOptions): Promise<void> {
  const file = report ?? resume;
  if (file !== undefined) await writeFile(file, `${JSON.stringify(run)}\n`);
  if (junit !== undefined) {
    const { junitXml } = await import('../conformance/report/junit.ts');
    await writeFile(junit, junitXml(run));
  }
  if (html !== undefined) {
    const { runPage } = await import('../conformance/report/run-page.ts');
    await writeFile(html, await runPage(run));
  }
}

async function tell(run: Run, { report, resume, junit, html }: ConformanceOptions, output: Output): Promise<void> {
  const [{ terminalLines }, { isGood }] = await Promise.all([
    import('../conformance/report/terminal.ts'),
    import('../conformance/result.ts'),
  ]);
  output.document(run);
  for (const line of terminalLines(run, output.colors, printable)) output.line(line);
  for (const file of [report ?? resume, junit, html]) if (file !== undefined) output.line(`written: ${file}`);
  const saved = report ?? resume;
  if (!run.complete && saved !== undefined) {
    output.line(`Go on with: ${PROGRAM} conformance ${run.key.device} --resume ${saved}`);
  }
  process.exitCode = isGood(run) ? 0 : 1;
}

/** @throws Failure "usage" for a pattern that fits no check */
async function chosenGroups(patterns: readonly string[] | undefined): Promise<readonly CheckGroup[]> {
  const { checkGroups } = await import('../conformance/checks/index.ts');
  if (patterns === undefined) return checkGroups;
  const tests = patterns.map((pattern) => {
    const parts = pattern.split('*').map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
    return { pattern, expression: new RegExp(`^${parts.join('.*')}$`, 'i') };
  });
  const fits = ({ expression }: { expression: RegExp }, group: CheckGroup, check: Check) =>
    expression.test(check.id) || expression.test(group.name);
  for (const test of tests) {
    if (checkGroups.some((group) => group.checks.some((check) => fits(test, group, check)))) continue;
    throw new Failure('usage', `no check is called ${test.pattern}`, `See them: ${PROGRAM} conformance --list`);
  }
  const chosen = checkGroups.map((group) => ({
    ...group,
    checks: group.checks.filter((check) => tests.some((test) => fits(test, group, check))),
  }));
  return chosen.filter(({ checks }) => checks.length > 0);
}

function listChecks(groups: readonly CheckGroup[], output: Output): void {
  const rows = groups.flatMap(({ name: group, checks }) => checks.map((check) => ({ group, ...check })));
  output.document(
    rows.map(({ id, group, section, statement, severity = 'error', faults }) => ({
      id,
      group,
      section,
      statement,
      severity,
      faults,
    })),
  );
  output.table(rows.map(({ id, section, statement }) => [id, section, statement]));
  output.line(`${rows.length} checks`);
}

async function printSchema(): Promise<void> {
  const { runSchema } = await import('../conformance/report/run-schema.ts');
  process.stdout.write(`${JSON.stringify(runSchema, undefined, 2)}\n`);
}
