/// <reference lib="dom" />
/** Chromium's side, for a page: the function goes there as its text. */
import type { OptionSet } from './option-sets.ts';
import type { Answer } from './outcome.ts';

/** What a stack gave: its answer, or the error that it rejected with. */
export type Reply = { readonly answer: Answer } | { readonly error: string; readonly message: string };

/** Runs one option set as a page does that gets its options as JSON; gives up after `patience` milliseconds. */
export async function runInPage({ set, patience }: { set: OptionSet; patience: number }): Promise<Reply> {
  const signal = AbortSignal.timeout(patience);
  try {
    const credential =
      set.type === 'create'
        ? await navigator.credentials.create({
            publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(
              set.options as PublicKeyCredentialCreationOptionsJSON,
            ),
            signal,
          })
        : await navigator.credentials.get({
            publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(
              set.options as PublicKeyCredentialRequestOptionsJSON,
            ),
            signal,
          });
    const answer = (credential as PublicKeyCredential).toJSON() as Answer;
    return { answer };
  } catch (error) {
    const { name, message } = error as Error;
    return { error: name, message };
  }
}
