/** Before an act that cannot be undone on a key that somebody may need: --yes, or a terminal's answer. */
import { Failure } from './failure.ts';
import { confirm } from './secret-input.ts';

/**
 * Asks the owner of a physical key before something is done to it; returns at once for a virtual one, or with --yes.
 * @throws Failure "refused" where the owner says no, or nobody is there to say it
 */
export async function consent(
  { physical }: { readonly physical: boolean },
  { yes }: { readonly yes?: boolean },
  question: string,
  consequence: string,
): Promise<void> {
  if (!physical || yes === true) return;
  const next = 'Say so with --yes, or answer on a terminal.';
  if (process.stdin.isTTY && (await confirm(question))) return;
  throw new Failure('refused', consequence, next);
}

/** The same for one act, as "delete the entry alice", on the device of that DEVICE name. */
export function consentTo(
  act: string,
  target: { readonly name: string; readonly physical: boolean },
  options: { readonly yes?: boolean },
): Promise<void> {
  return consent(target, options, `This will ${act} on ${target.name}. Go on?`, `this would ${act} on ${target.name}`);
}
