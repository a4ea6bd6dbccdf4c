/** A run in lines for a terminal: what failed and why, then the sums. */
import type pc from 'picocolors';
import { byGroup, type CheckResult, isGood, type Outcome, type Run } from '../result.ts';

type Colors = Pick<ReturnType<typeof pc.createColors>, 'bold' | 'dim' | 'green' | 'red' | 'yellow'>;

/** The sums in words, as `310 passed, 2 failed`; outcomes that did not come up are left out, but for the first two. */
export function countsText(counts: Run['counts']): string {
  const words: readonly (readonly [Outcome, string])[] = [
    ['passed', 'passed'],
    ['failed', 'failed'],
    ['warning', counts.warning === 1 ? 'warning' : 'warnings'],
    ['not-applicable', 'not applicable'],
    ['not-run', 'not run'],
  ];
  const shown = words.filter(([outcome], index) => index < 2 || counts[outcome] > 0);
  return shown.map(([outcome, word]) => `${counts[outcome]} ${word}`).join(', ');
}

/** @param printable makes text of the key's harmless to a terminal */
export function terminalLines(run: Run, colors: Colors, printable: (text: string) => string): string[] {
  const { bold, dim, green, red, yellow } = colors;
  const { key, counts, results } = run;
  const problem = (result: CheckResult) => {
    const mark = result.outcome === 'failed' ? red('FAILED ') : yellow('warning');
    return [
      `${mark}  ${bold(result.id)}  ${dim(result.section)}`,
      `         ${result.statement}`,
      `         ${printable(result.reason ?? '')}`,
    ];
  };
  const groups = [...byGroup(results)].map(([name, members]) => groupLine(name, members));
  const width = Math.max(...groups.map(([name]) => name.length));
  const sum = countsText(counts);
  return [
    `${bold(printable(key.product))} ${dim(`(${printable(key.device)})`)}  ${key.versions.map(printable).join(', ')}`,
    '',
    ...groups.map(([name, text]) => `${name.padEnd(width)}  ${text}`),
    '',
    ...results.filter(({ outcome }) => outcome === 'failed' || outcome === 'warning').flatMap(problem),
    ...reasons(results).map((line) => dim(printable(line))),
    ...run.notes.map((note) => yellow(printable(note))),
    counts.failed > 0 ? red(bold(sum)) : isGood(run) ? green(bold(sum)) : yellow(bold(sum)),
    ...(run.complete ? [] : [yellow('The run is not complete.')]),
  ];
}

function groupLine(name: string, members: readonly CheckResult[]): readonly [string, string] {
  const count = (outcome: Outcome) => members.filter((member) => member.outcome === outcome).length;
  const applicable = members.length - count('not-applicable');
  const failed = count('failed') + count('warning');
  return [name, `${count('passed')}/${applicable}${failed > 0 ? `  ${failed} not as it should be` : ''}`];
}

/** Why checks were left out, the commonest reason first. */
function reasons(results: readonly CheckResult[]): string[] {
  const leftOut = results.filter(({ outcome }) => outcome === 'not-run');
  const counts = new Map<string, number>();
  for (const { reason = '' } of leftOut) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return [...counts].sort(([, a], [, b]) => b - a).map(([reason, count]) => `not run (${count}): ${reason}`);
}
