import { Command } from 'commander';

/** What every verb module exports: its command, built when it is needed. */
export interface VerbModule {
  command(): Command;
}

/**
 * A command with what all verbs share: --json, and examples at the end of --help. An example is what comes after
 * `ctaplab`, or a whole command line where it names that itself.
 */
export function verb(name: string, summary: string, examples: readonly string[]): Command {
  return new Command(name)
    .summary(summary)
    .description(summary)
    .option('--json', 'print JSON: the result on stdout, an error on stderr')
    .addHelpText('after', `\nExample:\n${examples.map(commandLine).join('\n')}`);
}

function commandLine(example: string): string {
  return `  $ ${/\bctaplab\b/.test(example) ? '' : 'ctaplab '}${example}`;
}
