import type { Clock, Sleep } from '../../../lambda/runtime/clock/clock';

/** Events between two looks at the real event loop, so that a simulation can still be interrupted. */
const EVENTS_A_TURN = 20_000;

/** When every simulation begins; any date serves, and one fixed date makes two runs equal. */
const EPOCH_MS = Date.parse('2026-11-22T12:00:00Z');

const nothing = (): void => undefined;

/** An event that is yet to come; to cancel it twice, or after it happened, changes nothing. */
export interface Timer {
  cancel(): void;
}

/**
 * A clock of its own and the events to come, in order of time and then of their making. Between two events every
 * promise that can settle does, so that asynchronous code runs as it would, only without any waiting: the same
 * seed gives the same run.
 */
export class VirtualTime {
  #nowMs = EPOCH_MS;
  #made = 0;
  #executed = 0;
  #isStopped = false;
  // A binary heap in three parallel lists: one object an event would be the simulation's largest cost.
  readonly #times: number[] = [];
  readonly #orders: number[] = [];
  readonly #works: (() => void)[] = [];
  readonly #cancelled = new Set<number>();

  /** Milliseconds since the epoch. */
  readonly now: Clock = () => this.#nowMs;

  readonly sleep: Sleep = (ms, signal) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      if (!signal) {
        this.after(ms, resolve);
        return;
      }
      const stop = () => {
        timer.cancel();
        reject(signal.reason);
      };
      const timer = this.timer(ms, () => {
        signal.removeEventListener('abort', stop);
        resolve();
      });
      signal.addEventListener('abort', stop, { once: true });
    });

  /** Milliseconds since the simulation's begin. */
  get elapsedMs(): number {
    return this.#nowMs - EPOCH_MS;
  }

  get executed(): number {
    return this.#executed;
  }

  /** Does `work` in `ms` milliseconds; never in the past. */
  after(ms: number, work: () => void): void {
    this.#push(this.#nowMs + (ms > 0 ? ms : 0), work);
  }

  /** As `after`, for what may be cancelled. */
  timer(ms: number, work: () => void): Timer {
    const order = this.#made;
    this.after(ms, work);
    return { cancel: () => void this.#cancelled.add(order) };
  }

  /** Ends the run before its time. */
  stop(): void {
    this.#isStopped = true;
  }

  /** Runs every event of the next `ms` milliseconds; rejects with what an event throws. */
  run(ms: number): Promise<void> {
    const endsAt = this.#nowMs + ms;
    this.#isStopped = false;
    return new Promise((resolve, reject) => {
      const step = () => {
        if (this.#isStopped || this.#times.length === 0 || (this.#times[0] as number) > endsAt) {
          if (!this.#isStopped) this.#nowMs = endsAt;
          return resolve();
        }
        try {
          this.#next();
        } catch (error) {
          return reject(error);
        }
        // Node empties the whole queue of promises before it looks at the next tick.
        if (this.#executed % EVENTS_A_TURN === 0) setImmediate(step);
        else queueMicrotask(onceSettled);
      };
      const onceSettled = () => process.nextTick(step);
      setImmediate(step);
    });
  }

  #next(): void {
    const order = this.#orders[0] as number;
    this.#nowMs = this.#times[0] as number;
    const work = this.#works[0] as () => void;
    this.#pop();
    this.#executed += 1;
    if (this.#cancelled.size > 0 && this.#cancelled.delete(order)) return;
    work();
  }

  #push(time: number, work: () => void): void {
    let at = this.#times.length;
    const order = this.#made;
    this.#made += 1;
    this.#times.push(time);
    this.#orders.push(order);
    this.#works.push(work);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if ((this.#times[parent] as number) <= time) break;
      this.#move(parent, at);
      at = parent;
    }
    this.#place(at, time, order, work);
  }

  #pop(): void {
    const time = this.#times.pop() as number;
    const order = this.#orders.pop() as number;
    const work = this.#works.pop() ?? nothing;
    const size = this.#times.length;
    if (size === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= size) break;
      if (child + 1 < size && this.#isBefore(child + 1, this.#times[child] as number, this.#orders[child] as number))
        child += 1;
      if (!this.#isBefore(child, time, order)) break;
      this.#move(child, at);
      at = child;
    }
    this.#place(at, time, order, work);
  }

  #isBefore(at: number, time: number, order: number): boolean {
    const other = this.#times[at] as number;
    return other < time || (other === time && (this.#orders[at] as number) < order);
  }

  #move(from: number, to: number): void {
    this.#place(to, this.#times[from] as number, this.#orders[from] as number, this.#works[from] ?? nothing);
  }

  #place(at: number, time: number, order: number, work: () => void): void {
    this.#times[at] = time;
    this.#orders[at] = order;
    this.#works[at] = work;
  }
}
