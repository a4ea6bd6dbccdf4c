/** What comes while time passes for a key. */
import type { Answer } from './answer.ts';
import type { Subject } from './subject.ts';

/** A request whose answer comes while time passes, if it does. */
export async function answerWithin(
  key: Subject,
  answer: Promise<Answer>,
  seconds: number,
): Promise<Answer | undefined> {
  let come: Answer | undefined;
  void answer.then(
    (value) => {
      come = value;
    },
    () => undefined, // whoever has the promise is told
  );
  for (let waited = 0; waited < seconds && come === undefined; waited++) await key.wait(1000);
  return come;
}
