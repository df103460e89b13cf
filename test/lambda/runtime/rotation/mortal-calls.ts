import { randomUUID } from 'node:crypto';

export const newToken = (): string => randomUUID();

/** Thrown by every call of a process that has died. */
export class ProcessDied extends Error {
  override readonly name = 'ProcessDied';
}

/** Where a process dies: at its n-th call of the outside world from now, before or after the call has its effect. */
export interface Crash {
  readonly atCall: number;
  readonly when: 'before' | 'after';
}

/** The outside world as a process calls it that can die at any of its calls. */
export class MortalCalls {
  nowMs = 1_800_000_000_000;
  /** Names of the calls that were begun. */
  readonly calls: string[] = [];
  /** Runs before each call; a test may let it throw. */
  beforeCall: (name: string) => void = () => undefined;
  #crash: Crash | undefined;
  #callsLeft = Number.POSITIVE_INFINITY;
  #isDead = false;

  crash(crash: Crash): void {
    this.#crash = crash;
    this.#callsLeft = crash.atCall;
  }

  /** Starts the process again; answers whether it had died. */
  revive(): boolean {
    const hadDied = this.#isDead;
    this.#isDead = false;
    this.#crash = undefined;
    return hadDied;
  }

  protected readonly perform = async <T>(name: string, work: () => T): Promise<T> => {
    if (this.#isDead) throw new ProcessDied();
    this.calls.push(name);
    this.beforeCall(name);
    this.#callsLeft -= 1;
    const dies = this.#crash !== undefined && this.#callsLeft === 0;
    if (dies) this.#isDead = true;
    if (dies && this.#crash?.when === 'before') throw new ProcessDied();
    await Promise.resolve();
    const result = work();
    if (dies) throw new ProcessDied();
    return result;
  };

  protected readonly sleep = (ms: number): Promise<void> =>
    this.perform('sleep', () => {
      this.nowMs += ms;
    });
}
