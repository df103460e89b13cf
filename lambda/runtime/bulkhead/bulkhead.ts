import { BulkheadFullError } from './errors';

/** How many calls may run at a time, which may change with what the calls come to. */
export interface IConcurrencyLimit {
  /** At least 1. */
  readonly current: number;
  /** A call succeeded; `running` counts it and the others that run. */
  succeeded(running: number): void;
  failed(error: unknown): void;
}

export interface BulkheadOptions {
  /** Calls that may run at a time: an integer >= 1, or a limit that adapts itself. */
  readonly maxConcurrent: number | IConcurrencyLimit;
  /** Calls that may wait for a place; an integer >= 0. @default 0 */
  readonly maxQueued?: number;
}

const fixedAt = (current: number): IConcurrencyLimit => ({
  current,
  succeeded: () => undefined,
  failed: () => undefined,
});

/** Keeps calls that would be too many from running at once; they wait in order, and beyond that they are refused. */
export class Bulkhead {
  readonly #limit: IConcurrencyLimit;
  readonly #maxQueued: number;
  /** What lets each waiting call begin; a set keeps the order, and lets one in its middle leave. */
  readonly #waiting = new Set<() => void>();
  #running = 0;

  /** @throws RangeError where an option is out of its range. */
  constructor({ maxConcurrent, maxQueued = 0 }: BulkheadOptions) {
    if (typeof maxConcurrent === 'number' && (!Number.isInteger(maxConcurrent) || maxConcurrent < 1)) {
      throw new RangeError(`\`maxConcurrent\` must be an integer >= 1, got: ${maxConcurrent}`);
    }
    if (!Number.isInteger(maxQueued) || maxQueued < 0) {
      throw new RangeError(`\`maxQueued\` must be an integer >= 0, got: ${maxQueued}`);
    }
    this.#limit = typeof maxConcurrent === 'number' ? fixedAt(maxConcurrent) : maxConcurrent;
    this.#maxQueued = maxQueued;
  }

  /** Calls that run now. */
  get running(): number {
    return this.#running;
  }

  /** Calls that wait now. */
  get queued(): number {
    return this.#waiting.size;
  }

  /**
   * Makes the call as soon as there is a place, and settles as it does. An abort of `signal` while it waits rejects at
   * once with the signal's reason, and the call is not made.
   * @throws BulkheadFullError where no call more may wait.
   */
  async execute<T>(call: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    if (signal?.aborted) throw signal.reason;
    if (this.#running < this.#limit.current) this.#running += 1;
    else await this.#place(signal);
    try {
      const value = await call();
      this.#limit.succeeded(this.#running);
      return value;
    } catch (error) {
      this.#limit.failed(error);
      throw error;
    } finally {
      this.#running -= 1;
      this.#letIn();
    }
  }

  /** Waits for a place, which whoever leaves one has then taken for this call. */
  #place(signal: AbortSignal | undefined): Promise<void> {
    if (this.#waiting.size >= this.#maxQueued) {
      return Promise.reject(new BulkheadFullError(this.#limit.current, this.#maxQueued));
    }
    if (!signal) return new Promise((resolve) => this.#waiting.add(resolve));
    return new Promise((resolve, reject) => {
      const begin = () => {
        signal.removeEventListener('abort', leave);
        resolve();
      };
      const leave = () => {
        this.#waiting.delete(begin);
        reject(signal.reason);
      };
      this.#waiting.add(begin);
      signal.addEventListener('abort', leave);
    });
  }

  #letIn(): void {
    for (const begin of this.#waiting) {
      if (this.#running >= this.#limit.current) return;
      this.#waiting.delete(begin);
      this.#running += 1;
      begin();
    }
  }
}
