/** `ctaplab conformance compare`: what changed from one run to another. */
import { writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import type { Comparison } from '../conformance/report/compare.ts';
import { Failure } from './failure.ts';
import { Output, printable } from './output.ts';
import { verb } from './verb.ts';

interface CompareOptions {
  readonly json?: boolean;
  readonly html?: string;
}

export function compareCommand(): Command {
  return verb('compare', 'what changed from one report to another: firmware A and B, or key and key', [
    'conformance compare before.json after.json --html changes.html',
  ])
    .argument('<before>', 'report in JSON of the first run')
    .argument('<after>', 'and of the second')
    .option('--html <file>', 'write the comparison as a page')
    .addHelpText('after', '\nThe exit code is 1 where something does not hold any more that was no problem before.')
    .action(compare);
}

async function compare(before: string, after: string, _: object, command: Command): Promise<void> {
  const options = command.optsWithGlobals<CompareOptions>();
  const output = new Output(options);
  const [{ compareRuns }, { readRun }] = await Promise.all([
    import('../conformance/report/compare.ts'),
    import('../conformance/report/run-schema.ts'),
  ]);
  const [first, second] = [before, after].map((file) => {
    try {
      return readRun(file);
    } catch (cause) {
      throw new Failure('usage', (cause as Error).message, undefined, { cause });
    }
  });
  const comparison = compareRuns(first!, second!);
  if (options.html !== undefined) {
    const { comparePage } = await import('../conformance/report/compare-page.ts');
    await writeFile(options.html, await comparePage(comparison));
  }
  output.document(comparison);
  tell(comparison, output);
  if (options.html !== undefined) output.line(`written: ${options.html}`);
  process.exitCode = comparison.counts.broken > 0 ? 1 : 0;
}

function tell({ before, after, counts, changes, stillFailing }: Comparison, output: Output): void {
  const { bold, green, red, dim } = output.colors;
  const called = ({ key }: Comparison['before']) =>
    `${printable(key.product)} (${key.device}, firmware ${key.firmwareVersion ?? key.deviceVersion ?? 'unknown'})`;
  output.line(`${bold('first')}   ${called(before)}`);
  output.line(`${bold('second')}  ${called(after)}`);
  output.line();
  for (const { id, kind, before: was, after: is, reasonAfter } of changes) {
    const word = kind === 'broken' ? red('broken') : kind === 'fixed' ? green('fixed ') : dim('other ');
    output.line(`${word}  ${bold(id)}  ${was ?? 'absent'} -> ${is ?? 'absent'}`);
    if (kind === 'broken' && reasonAfter !== undefined) output.line(`        ${printable(reasonAfter)}`);
  }
  for (const id of stillFailing) output.line(`${red('failed')}  ${bold(id)}  in both`);
  output.line(`${counts.broken} broken, ${counts.fixed} fixed, ${counts.other} other, ${counts.same} the same`);
}
