/** How far a run has come, on one line of a terminal; nothing in a pipe. */

import type { CheckResult } from '../conformance/result.ts';
import type { Effort, Progress } from '../conformance/runner.ts';
import type { Output } from './output.ts';

const WIDTH = 24;
/** Milliseconds between two pictures: a virtual key is judged faster than anybody can read. */
const INTERVAL = 80;
/** Seconds that a person takes to touch, and to pull a key out and put it in again. */
const A_TOUCH = 4;
const A_RESET = 15;

export class ProgressLine {
  readonly output: Output;
  /** A person touches the key. */
  hands = false;
  readonly #began = performance.now();
  #shown = 0;
  #failed = 0;

  constructor(output: Output) {
    this.output = output;
  }

  /** Before a check. */
  show(id: string, { done, total, left }: Progress): void {
    const now = performance.now();
    if (now - this.#shown < INTERVAL) return;
    this.#shown = now;
    const filled = Math.round((WIDTH * done) / Math.max(1, total));
    const bar = `${'█'.repeat(filled)}${'░'.repeat(WIDTH - filled)}`;
    const failed = this.#failed > 0 ? `  ${this.#failed} failed` : '';
    const perCheck = (now - this.#began) / 1000 / Math.max(1, done);
    const estimate = effortText(left, done < 5 ? 0 : perCheck * (total - done), this.hands);
    this.output.progress(`${bar} ${done}/${total}${failed}  ${estimate}  ${id}`);
  }

  /** After one. */
  count({ outcome }: CheckResult): void {
    if (outcome === 'failed') this.#failed++;
  }

  /** A sentence for hands, which does not run into the bar. */
  instruct(sentence: string): void {
    this.output.clearProgress();
    this.output.instruct(sentence);
    this.#shown = 0;
  }

  end(): void {
    this.output.clearProgress();
  }
}

/** What is left, in words: `12 touches, 3 resets, about 2 min left`. @param working seconds of the key's own work */
export function effortText({ touches, resets, seconds }: Effort, working: number, hands: boolean): string {
  const time = working + (hands ? seconds + touches * A_TOUCH + resets * A_RESET : 0);
  const parts = [
    ...(hands && touches > 0 ? [`${touches} ${touches === 1 ? 'touch' : 'touches'}`] : []),
    ...(hands && resets > 0 ? [`${resets} ${resets === 1 ? 'reset' : 'resets'}`] : []),
    time < 90 ? `about ${Math.ceil(time)} s` : `about ${Math.ceil(time / 60)} min`,
  ];
  return `${parts.join(', ')} left`;
}
