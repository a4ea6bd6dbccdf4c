/** `ctaplab bench`: this program against the bare libraries below it. */
import { type Command, Option } from 'commander';
import type { Contest, Measurement } from './bench/rounds.ts';
import { Failure } from './failure.ts';
import { integer } from './key-options.ts';
import { Output } from './output.ts';
import { verb } from './verb.ts';

interface BenchOptions {
  readonly json?: boolean;
  readonly rounds: number;
  readonly duration: number;
  readonly only?: readonly string[];
}

export function command(): Command {
  return verb('bench', 'measure this program against bare OpenSSL and cbor-x', [
    'bench',
    'bench --only cbor-decode --json',
  ])
    .addOption(new Option('--rounds <n>', 'rounds, whose median counts').default(7).argParser(integer(5, 1000)))
    .addOption(
      new Option('--duration <ms>', 'about how long each side of a round takes')
        .default(200)
        .argParser(integer(1, 60_000)),
    )
    .option('--only <name...>', 'these rows alone')
    .action(bench);
}

async function bench(options: BenchOptions): Promise<void> {
  const output = new Output(options);
  const [{ contests }, { measure, Unavailable }] = await Promise.all([
    import('./bench/contests.ts'),
    import('./bench/rounds.ts'),
  ]);
  const names = options.only ?? [...contests.keys()];
  const unknown = names.find((name) => !contests.has(name));
  if (unknown !== undefined) {
    throw new Failure('usage', `there is no bench row "${unknown}"`, `Rows: ${[...contests.keys()].join(', ')}.`);
  }
  const rows: Measurement[] = [];
  const skipped: string[] = [];
  for (const name of names) {
    output.progress(`${name} ...`);
    let contest: Contest | undefined;
    try {
      contest = await contests.get(name)!();
      rows.push(await measure(contest, options));
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error;
      skipped.push(`skipped ${name}: ${error.message}`);
    } finally {
      await contest?.close?.();
      output.clearProgress();
    }
  }
  output.document(rows);
  const count = (value: number) => (value < 10 ? value.toFixed(2) : Math.round(value).toLocaleString('en'));
  output.table(
    [
      ['name', 'a second', 'reference', 'ratio', ''],
      ...rows.map((row) => [
        row.name,
        count(row.perSecond),
        count(row.referencePerSecond),
        row.ratio.toFixed(2),
        row.reference,
      ]),
    ],
    new Set([1, 2, 3]),
  );
  for (const line of skipped) process.stderr.write(`${line}\n`);
}
