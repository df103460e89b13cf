import type { BreakerState } from '../../../../lambda/runtime/breaker/breaker';
import type { BreakerObserver, BreakerOptions } from '../../../../lambda/runtime/breaker/breaker-options';
import { CircuitBreaker } from '../../../../lambda/runtime/breaker/circuit-breaker';

interface Sleeper {
  readonly until: number;
  readonly wake: () => void;
}

/** A clock that only the test moves, with the sleeps that end on the way. */
export class World {
  nowMs = 1_000_000;
  random = 0.5;
  readonly changes: string[] = [];
  readonly degraded: boolean[] = [];
  readonly errors: unknown[] = [];
  probes = 0;
  #sleepers: Sleeper[] = [];

  readonly now = (): number => this.nowMs;

  readonly sleep = (ms: number, signal?: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      const sleeper = { until: this.nowMs + ms, wake: resolve };
      this.#sleepers.push(sleeper);
      signal?.addEventListener('abort', () => {
        this.#sleepers = this.#sleepers.filter((other) => other !== sleeper);
        reject(signal.reason);
      });
    });

  readonly observer: BreakerObserver = {
    onChange: (to: BreakerState, from: BreakerState, reason) => {
      this.changes.push(`${from.status}:${from.epoch} -> ${to.status}:${to.epoch} (${reason})`);
    },
    onDegraded: (degraded, error) => {
      this.degraded.push(degraded);
      this.errors.push(error);
    },
    onProbe: () => {
      this.probes += 1;
    },
  };

  get sleeping(): number {
    return this.#sleepers.length;
  }

  /** A breaker of this world, told of in `changes`; `skewMs` is how far its clock is ahead. */
  breaker(options: BreakerOptions = {}, skewMs = 0): CircuitBreaker {
    return new CircuitBreaker(
      { observer: this.observer, ...options },
      { now: () => this.nowMs + skewMs, random: () => this.random, sleep: this.sleep },
    );
  }

  /** Moves the clock, and lets all run that follows from it. */
  async advance(ms: number): Promise<void> {
    this.advanceQuickly(ms);
    await settled();
  }

  /** Moves the clock; what follows from it runs when the caller waits. */
  advanceQuickly(ms: number): void {
    this.nowMs += ms;
    const due = this.#sleepers.filter(({ until }) => until <= this.nowMs);
    this.#sleepers = this.#sleepers.filter(({ until }) => until > this.nowMs);
    for (const { wake } of due) wake();
  }
}

/** Lets everything run that needs no time. */
export const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export const succeed = async (): Promise<string> => 'value';

export class Down extends Error {
  override readonly name = 'Down';
}

export const fail = async (): Promise<never> => {
  throw new Down('the upstream is down');
};

/** Makes so many calls that fail, one after the other. */
export const failTimes = async (breaker: CircuitBreaker, times: number): Promise<void> => {
  for (let call = 0; call < times; call += 1) await breaker.execute(fail).catch(() => undefined);
};

/** A call that knows how often it was made. */
export const counted = <T>(call: () => Promise<T>) => {
  const counter = {
    times: 0,
    make: (): Promise<T> => {
      counter.times += 1;
      return call();
    },
  };
  return counter;
};
