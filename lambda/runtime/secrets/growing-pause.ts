import type { Clock, Random } from '../clock/clock';

export interface GrowingPauseOptions {
  /** Milliseconds of the first pause; each one after it lasts twice as long. */
  readonly firstMs: number;
  /** Milliseconds that a pause lasts at most. */
  readonly maxMs: number;
  readonly now: Clock;
  readonly random: Random;
}

/** Part of a time by which it is shortened at random, so that a fleet does nothing in step. */
export const JITTER = 0.2;

/** The time for which something that has just brought nothing is not tried again. */
export class GrowingPause {
  readonly #options: GrowingPauseOptions;
  #pauses = 0;
  #until = Number.NEGATIVE_INFINITY;

  constructor(options: GrowingPauseOptions) {
    this.#options = options;
  }

  get isOver(): boolean {
    return this.#options.now() >= this.#until;
  }

  /** Begins a pause, twice as long as the one before. */
  begin(): void {
    const { firstMs, maxMs, now, random } = this.#options;
    const pauseMs = Math.min(firstMs * 2 ** this.#pauses, maxMs);
    this.#pauses += 1;
    this.#until = now() + pauseMs * (1 - JITTER * random());
  }

  /** Ends the pause, and lets the next one be the first again. */
  reset(): void {
    this.#pauses = 0;
    this.#until = Number.NEGATIVE_INFINITY;
  }
}
