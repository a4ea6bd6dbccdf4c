/** Before an act that cannot be undone on a key that somebody may need: --yes, or a terminal's answer. */
import { Failure } from './failure.ts';
import { confirm } from './secret-input.ts';

export interface ConsentTarget {
  /** DEVICE name. */
  readonly name: string;
  readonly physical: boolean;
}

/**
 * @param act what is done to the key, as "delete the entry alice"
 * @throws Failure "refused" without consent
 */
export async function consent({ name, physical }: ConsentTarget, act: string, yes: boolean | undefined): Promise<void> {
  if (!physical || yes === true) return;
  const refusal = new Failure('refused', `this would ${act} on ${name}`, 'Say so with --yes, or answer on a terminal.');
  if (!process.stdin.isTTY) throw refusal;
  if (!(await confirm(`This will ${act} on ${name}. Go on?`))) throw refusal;
}
