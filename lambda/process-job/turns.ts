import type { Random } from '../runtime/clock/clock';

/** Most milliseconds before a job whose turn came too late is received again: in another batch, if chance will. */
export const MOST_TURN_DELAY_MS = 60_000;

/** Whether a job has waited for its turn for more than half of the time that there was. */
export const isTooLate = (times: {
  readonly startedAt: number;
  readonly deadline: number;
  readonly nowMs: number;
}): boolean => times.nowMs - times.startedAt > times.deadline - times.nowMs;

/**
 * Lets those jobs of one batch that workers have died over run one at a time, after all others: should one kill this
 * worker too, no other is lost with it. Chance decides who of them is next, so that none is for ever behind a killer.
 */
export class Turns {
  #running: number;
  readonly #waiting: (() => void)[] = [];
  readonly #random: Random;

  /** @param records records of the batch, each of which counts as running until it waits or leaves */
  constructor(records: number, random: Random) {
    this.#running = records;
    this.#random = random;
  }

  /** Resolves when no other record of the batch runs. */
  async wait(): Promise<void> {
    const turn = new Promise<void>((resolve) => {
      this.#waiting.push(resolve);
    });
    this.leave();
    await turn;
  }

  /** Says of a record that runs that it does no longer. */
  leave(): void {
    this.#running -= 1;
    if (this.#running > 0) return;
    const [next] = this.#waiting.splice(Math.floor(this.#random() * this.#waiting.length), 1);
    if (!next) return;
    this.#running = 1;
    next();
  }
}
