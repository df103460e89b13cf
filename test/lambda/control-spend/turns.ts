import { AsyncLocalStorage } from 'node:async_hooks';

/** So many steps in a row of one of several actors. */
export interface Turn {
  readonly actor: number;
  readonly steps: number;
}

/** Lets actors that run side by side take their steps in given turns, so that one can do much while another stands still. */
export class Turns {
  readonly #actor = new AsyncLocalStorage<number>();
  /** Steps that wait, in their order, of each actor: it may take several side by side. */
  readonly #waiting = new Map<number, (() => void)[]>();

  /** Runs an actor; each of its steps waits for its turn. */
  run<T>(actor: number, work: () => Promise<T>): Promise<T> {
    return this.#actor.run(actor, work);
  }

  /** To be awaited before each step. */
  step(): Promise<void> {
    const actor = this.#actor.getStore();
    if (actor === undefined) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.set(actor, [...(this.#waiting.get(actor) ?? []), resolve]));
  }

  /** Gives the turns, and after them lets everybody go on until all have ended. */
  async give(turns: readonly Turn[], ended: Promise<unknown>): Promise<void> {
    for (const { actor, steps } of turns) {
      for (let step = 0; step < steps; step += 1) {
        await settled();
        if (!this.#go(actor)) break;
      }
    }
    let isOver = false;
    const over = ended.finally(() => {
      isOver = true;
    });
    while (!isOver) {
      await settled();
      for (const actor of [...this.#waiting.keys()]) this.#go(actor);
    }
    await over;
  }

  #go(actor: number): boolean {
    const go = this.#waiting.get(actor)?.shift();
    go?.();
    return go !== undefined;
  }
}

/** Once everything that could go on by itself has gone on. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
