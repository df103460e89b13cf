import type { IBreaker } from '../breaker/breaker';
import { BreakerOpenError } from '../breaker/errors';
import type { Bulkhead } from '../bulkhead/bulkhead';
import { BulkheadFullError } from '../bulkhead/errors';
import { type Clock, type ITimers, type Random, type Sleep, systemClock, systemTimers } from '../clock/clock';
import type { Classify } from '../retry/classification';
import { RetryError } from '../retry/errors';
import { type RetryOptions, RetryPolicy } from '../retry/retry-policy';
import { Attempt } from './attempt';
import { CallTimeoutError } from './errors';

export interface ResilientCallOptions {
  /** How often, and after which delays, a call is made again. @default - as `RetryOptions` has it */
  readonly retry?: RetryOptions;
  /** Asked before each call. @default - none */
  readonly breaker?: IBreaker;
  /** Milliseconds that each call may take; > 0. @default - no call is timed out */
  readonly timeoutMs?: number;
  /** Bounds the calls that run at a time; a place is not kept during a delay. @default - none */
  readonly bulkhead?: Bulkhead;
}

/** The world as a resilient call sees it. @default - the system's clock, `Math.random`, timers */
export interface ResilientCallTools {
  readonly now?: Clock;
  readonly random?: Random;
  readonly sleep?: Sleep;
  readonly timers?: ITimers;
}

/** Limits of one execution. */
export interface ExecutionLimits {
  /** Milliseconds since the epoch by which the last call must have ended. @default - no deadline */
  readonly deadline?: number;
  /** Ends the execution: rejects at once with the signal's reason, and calls no more. */
  readonly signal?: AbortSignal;
}

type Call<T> = (attempt: Attempt) => Promise<T>;

const NO_LIMITS: ExecutionLimits = {};

/** A call that was refused was not made, and asking again at once is what the refusal is against. */
const REFUSED = { action: 'never' } as const;

const sparing =
  (classify: Classify | undefined): Classify =>
  (error) => {
    if (error instanceof BreakerOpenError || error instanceof BulkheadFullError) return REFUSED;
    return classify ? classify(error) : { action: 'retry' };
  };

/**
 * Retry, bulkhead, breaker and timeout in one: the retry asks for a place, then the breaker, then makes the call in
 * time, and does so again as often as its policy allows. A refusal of breaker or bulkhead is not retried.
 */
export class ResilientCall {
  readonly #retry: RetryPolicy;
  readonly #breaker: IBreaker | undefined;
  readonly #bulkhead: Bulkhead | undefined;
  readonly #timeoutMs: number;
  readonly #now: Clock;
  readonly #timers: ITimers;

  /** @throws RangeError where an option is out of its range. */
  constructor(options: ResilientCallOptions = {}, tools: ResilientCallTools = {}) {
    const { retry = {}, breaker, timeoutMs = Number.POSITIVE_INFINITY, bulkhead } = options;
    if (!(timeoutMs > 0)) throw new RangeError(`\`timeoutMs\` must be > 0, got: ${timeoutMs}`);
    this.#retry = new RetryPolicy({ ...retry, classify: sparing(retry.classify) }, tools);
    this.#breaker = breaker;
    this.#bulkhead = bulkhead;
    this.#timeoutMs = timeoutMs;
    this.#now = tools.now ?? systemClock;
    this.#timers = tools.timers ?? systemTimers;
  }

  /**
   * Settles as the last call does; an abort rejects with the signal's reason.
   * @throws BreakerOpenError, BulkheadFullError or CallTimeoutError where the last call ended so.
   */
  async execute<T>(call: Call<T>, limits: ExecutionLimits = NO_LIMITS): Promise<T> {
    try {
      return (await this.#retry.run((number) => this.#attempt(call, number, limits), limits)).value;
    } catch (error) {
      throw error instanceof RetryError ? error.cause : error;
    }
  }

  #attempt<T>(call: Call<T>, number: number, { signal, deadline }: ExecutionLimits): Promise<T> {
    const attempt = new Attempt(number, signal);
    const timed = () => this.#callInTime(call, attempt, deadline);
    const guarded = this.#breaker ? () => (this.#breaker as IBreaker).execute(timed, signal) : timed;
    return this.#bulkhead ? this.#bulkhead.execute(guarded, signal) : guarded();
  }

  #callInTime<T>(call: Call<T>, attempt: Attempt, deadline: number | undefined): Promise<T> {
    const leftMs = deadline === undefined ? Number.POSITIVE_INFINITY : deadline - this.#now();
    const timeoutMs = Math.min(this.#timeoutMs, leftMs);
    if (timeoutMs === Number.POSITIVE_INFINITY) return call(attempt);
    if (timeoutMs <= 0) return Promise.reject(new CallTimeoutError(0));
    return new Promise<T>((resolve, reject) => {
      const timer = this.#timers.start(timeoutMs, () => {
        const error = new CallTimeoutError(timeoutMs);
        attempt.abort(error);
        reject(error);
      });
      call(attempt).then(
        (value) => {
          this.#timers.stop(timer);
          resolve(value);
        },
        (error: unknown) => {
          this.#timers.stop(timer);
          reject(error);
        },
      );
    });
  }
}
