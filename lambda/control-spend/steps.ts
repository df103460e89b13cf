import type { Log } from '../runtime/observability/observability';

/** A step that could not be taken. */
export interface Unfinished {
  readonly what: string;
  readonly error: unknown;
}

/** Takes steps of which none keeps the next from being tried, and remembers those that failed. */
export class Steps {
  readonly unfinished: Unfinished[] = [];
  readonly #log: Log;

  constructor(log: Log) {
    this.#log = log;
  }

  /** Answers what the step did; undefined where it failed, as `take` of a step that answers nothing does as well. */
  async take<T>(what: string, step: () => Promise<T>): Promise<T | undefined> {
    try {
      return await step();
    } catch (error) {
      this.unfinished.push({ what, error });
      this.#log.warn(`A step could not be taken, and will be tried again: ${what}.`, error as Error);
      return undefined;
    }
  }
}
