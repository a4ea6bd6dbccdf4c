import { Command } from 'commander';

/** What every verb module exports: its command, built when it is needed. */
export interface VerbModule {
  command(): Command;
}

/** A command with what all verbs share: --json, and an example at the end of --help. */
export function verb(name: string, summary: string, examples: readonly string[]): Command {
  return new Command(name)
    .summary(summary)
    .description(summary)
    .option('--json', 'print JSON: the result on stdout, an error on stderr')
    .addHelpText('after', `\nExample:\n${examples.map((example) => `  $ ctaplab ${example}`).join('\n')}`);
}
