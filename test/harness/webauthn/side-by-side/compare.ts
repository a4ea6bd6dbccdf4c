/** Two stacks, one option set after the other, and what they make of each. */
import { isDeepStrictEqual } from 'node:util';
import type { WebAuthnClient } from '../../../../harness/webauthn/client.ts';
import type { Reply } from './chromium-page.ts';
import { differences } from './differences.ts';
import { type OptionSet, withOwn } from './option-sets.ts';
import { type Outcome, outcomeOf } from './outcome.ts';

/** Runs an option set on one side. */
export type Run = (set: OptionSet) => Promise<Reply>;

/** What differs between the keys of both sides, and so cannot be compared. */
export type Neutral = (outcome: Outcome) => Outcome;

export interface Comparison {
  /** Option sets by what came of them, as "create answer" or "get SecurityError". */
  readonly outcomes: Readonly<Record<string, number>>;
  /** Option sets by the reason of a difference that is known. */
  readonly explained: Readonly<Record<string, number>>;
  readonly unexplained: readonly { readonly set: OptionSet; readonly chromium: unknown; readonly ours: unknown }[];
}

/** Our client's side. */
export function runOurs(client: WebAuthnClient): Run {
  return async (set) => {
    try {
      return { answer: set.type === 'create' ? await client.create(set.options) : await client.get(set.options) };
    } catch (error) {
      const { name, message } = error as Error;
      return { error: name, message };
    }
  };
}

export const RP_ID = 'example.com';
export const ORIGIN = 'https://login.example.com';

const base = {
  rp: { id: RP_ID, name: 'Example' },
  challenge: 'Y2hhbGxlbmdl',
  user: { id: 'b3du', name: 'own', displayName: 'Own' },
  pubKeyCredParams: [{ type: 'public-key', alg: -7 }],
};

export interface OwnCredentials {
  readonly own: string;
  readonly discoverable: string;
}

/** Makes the credentials that the option sets name. */
export async function makeOwn(run: Run, extensions: object = {}): Promise<OwnCredentials> {
  const make = async (residentKey: string, more: object) => {
    const options = { ...base, authenticatorSelection: { residentKey }, extensions: { ...extensions, ...more } };
    const reply = await run({ type: 'create', options });
    if ('error' in reply) throw new Error(`expected a credential, got ${reply.error}: ${reply.message}`);
    return reply.answer.id;
  };
  const own = await make('discouraged', {});
  return { own, discoverable: await make('required', { credentialProtectionPolicy: 'userVerificationOptional' }) };
}

/** Judges what both sides made of each set. */
export function judge(
  sets: readonly OptionSet[],
  replies: readonly { readonly chromium: Reply; readonly ours: Reply }[],
  neutral: Neutral = (outcome) => outcome,
): Comparison {
  const outcomes: Record<string, number> = {};
  const explained: Record<string, number> = {};
  const unexplained: Comparison['unexplained'][number][] = [];
  for (const [index, set] of sets.entries()) {
    const { chromium, ours } = replies[index]!;
    const expected = neutral(outcomeOf(ours));
    let outcome = neutral(outcomeOf(chromium));
    count(outcomes, `${set.type} ${'error' in outcome ? outcome.error : 'answer'}`);
    const reasons: string[] = [];
    for (const { reason, reconcile } of differences) {
      const reconciled = reconcile(set, outcome, expected);
      if (isDeepStrictEqual(reconciled, outcome)) continue;
      if (isDeepStrictEqual(outcome, expected)) break;
      outcome = reconciled;
      reasons.push(reason);
    }
    if (!isDeepStrictEqual(outcome, expected)) {
      unexplained.push({
        set,
        chromium: { outcome, ...message(chromium) },
        ours: { outcome: expected, ...message(ours) },
      });
    } else for (const reason of reasons) count(explained, reason);
  }
  return { outcomes, explained, unexplained };
}

/** One set on both sides, one after the other. */
export async function runBoth(
  set: OptionSet,
  chromium: { readonly run: Run; readonly ids: OwnCredentials },
  ours: { readonly run: Run; readonly ids: OwnCredentials },
): Promise<{ chromium: Reply; ours: Reply }> {
  return {
    chromium: await chromium.run(withOwn(set, chromium.ids)),
    ours: await ours.run(withOwn(set, ours.ids)),
  };
}

function count(tally: Record<string, number>, what: string): void {
  tally[what] = (tally[what] ?? 0) + 1;
}

function message(reply: Reply): object {
  return 'error' in reply ? { message: reply.message } : {};
}
