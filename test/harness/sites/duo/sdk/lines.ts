/** The side of a program that a test talks to: one JSON request a line in, one JSON answer a line out. */
import { createInterface } from 'node:readline';

export type Answer =
  | { readonly value: unknown }
  | { readonly error: { readonly name: string; readonly message: string } };

/** Answers each line on stdin with what `handle` makes of it, in turn, until stdin ends. */
export async function answerLines<Request>(handle: (request: Request) => Promise<unknown>): Promise<void> {
  for await (const line of createInterface({ input: process.stdin })) {
    let answer: Answer;
    try {
      answer = { value: await handle(JSON.parse(line) as Request) };
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      answer = { error: { name: error.name, message: error.message } };
    }
    console.log(JSON.stringify(answer));
  }
}
