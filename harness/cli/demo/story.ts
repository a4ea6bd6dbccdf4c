import type { TouchPolicy } from '../../../emulator/lab/touch-policy.ts';
import type { TransportChoice } from '../../../emulator/lab/transport.ts';
import type { Model } from '../../../emulator/models/index.ts';
import type { Output } from '../output.ts';

export interface DemoOptions {
  readonly json?: boolean;
  readonly model: Model;
  readonly touch?: TouchPolicy;
  readonly transport?: readonly TransportChoice[];
  readonly seed?: string;
}

export interface Step {
  readonly number: number;
  readonly chapter: string;
  readonly step: string;
  readonly ok: boolean;
  readonly detail: string;
}

export type OnClose = (close: () => unknown) => void;

const STEP_WIDTH = 44;

/** Tells each step as it ends, numbered and in chapters, and keeps them for --json. */
export class Story {
  readonly steps: Step[] = [];
  readonly #output: Output;
  #chapter = '';

  constructor(output: Output) {
    this.#output = output;
  }

  /** Begins a chapter. */
  chapter(title: string): void {
    this.#output.clearProgress();
    this.#output.line(`${this.#chapter === '' ? '' : '\n'}${this.#output.colors.bold(title)}`);
    this.#chapter = title;
  }

  /** Does one step; `work` resolves to its result and a few words on it. */
  async step<T>(step: string, work: () => Promise<readonly [T, string]>): Promise<T> {
    this.#output.progress(`${step} ...`);
    try {
      const [result, detail] = await work();
      this.#tell(step, true, detail);
      return result;
    } catch (error) {
      this.#tell(step, false, error instanceof Error ? error.message : String(error));
      throw error;
    }
  }

  #tell(step: string, ok: boolean, detail: string): void {
    const { colors } = this.#output;
    const number = this.steps.length + 1;
    this.steps.push({ number, chapter: this.#chapter, step, ok, detail });
    this.#output.clearProgress();
    const mark = ok ? colors.green('ok    ') : colors.red('failed');
    this.#output.line(`${String(number).padStart(2)}  ${mark}  ${step.padEnd(STEP_WIDTH)}  ${detail}`);
  }
}
