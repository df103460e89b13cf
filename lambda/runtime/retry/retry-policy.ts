import type { Backoff } from '../backoff/backoff';
import { fullJitterBackoff } from '../backoff/full-jitter';
import { type Clock, type Random, type Sleep, sleep, systemClock } from '../clock/clock';
import type { Classification, Classify } from './classification';
import { type GiveUpReason, RetryError } from './errors';
import { RetryBudget } from './retry-budget';
import { untilAborted } from './until-aborted';

export const RETRY_DEFAULTS = { attempts: 3, maxRetryAfterMs: 60_000, baseMs: 500, capMs: 10_000 } as const;

/** A retry that is about to be waited for. */
export interface PlannedRetry {
  /** Number of the call that failed; 1 is the first. */
  readonly attempt: number;
  readonly delayMs: number;
  readonly error: unknown;
}

export interface RetryOptions {
  /** Most calls, the first one included; an integer >= 1. @default 3 */
  readonly attempts?: number;
  /** Delays between the calls. @default - full jitter, from 500 ms, to 10 s */
  readonly backoff?: Backoff;
  /** What an error means. @default - every error may be retried */
  readonly classify?: Classify;
  /** Upper bound of a wait that the other side asks for, in milliseconds; >= 0. @default 60000 */
  readonly maxRetryAfterMs?: number;
  /** Share one among the policies that call the same upstream. @default - a budget of the policy's own: 3, and 10 % */
  readonly budget?: RetryBudget | 'unlimited';
  /** Told of each retry; must not throw. @default - nobody is told */
  readonly onRetry?: (retry: PlannedRetry) => void;
}

/** The world as a retry policy sees it. @default - the system's clock, `Math.random`, timers */
export interface RetryTools {
  readonly now?: Clock;
  readonly random?: Random;
  readonly sleep?: Sleep;
}

/** Limits of one run. */
export interface RetryLimits {
  /** Milliseconds since the epoch past which no delay may end. @default - no deadline */
  readonly deadline?: number;
  /** Ends the run: rejects at once, even while a call or a delay is under way, and calls no more. */
  readonly signal?: AbortSignal;
}

export interface RetryOutcome<T> {
  readonly value: T;
  /** How often the call was begun. */
  readonly calls: number;
  /** How many of these calls were paid for, or perhaps. */
  readonly paidCalls: number;
}

const NO_LIMITS: RetryLimits = {};

/** What a run has come to. */
class Progress {
  calls = 0;
  freeCalls = 0;

  giveUp(reason: GiveUpReason, cause: unknown): RetryError {
    return new RetryError(reason, this.calls, cause, this.calls - this.freeCalls);
  }
}

/** How calls are retried: made once, and used for every call of a kind. The only retry layer: switch the others off. */
export class RetryPolicy {
  readonly #options: Required<RetryOptions>;
  readonly #budget: RetryBudget | undefined;
  readonly #now: Clock;
  readonly #sleep: Sleep;

  /** @throws RangeError where an option is out of its range. */
  constructor(options: RetryOptions = {}, tools: RetryTools = {}) {
    const { attempts = RETRY_DEFAULTS.attempts, maxRetryAfterMs = RETRY_DEFAULTS.maxRetryAfterMs } = options;
    if (!Number.isInteger(attempts) || attempts < 1) {
      throw new RangeError(`\`attempts\` must be an integer >= 1, got: ${attempts}`);
    }
    if (!(maxRetryAfterMs >= 0)) throw new RangeError(`\`maxRetryAfterMs\` must be >= 0, got: ${maxRetryAfterMs}`);
    const budget = options.budget ?? new RetryBudget();
    this.#options = {
      attempts,
      maxRetryAfterMs,
      budget,
      backoff: options.backoff ?? fullJitterBackoff(RETRY_DEFAULTS, tools.random),
      classify: options.classify ?? (() => ({ action: 'retry' })),
      onRetry: options.onRetry ?? (() => undefined),
    };
    this.#budget = budget === 'unlimited' ? undefined : budget;
    this.#now = tools.now ?? systemClock;
    this.#sleep = tools.sleep ?? sleep;
  }

  /**
   * Calls until a call succeeds; `call` is told which it is, 1 first.
   * @throws RetryError when it gives up, with the reason, the number of calls and the last error as its cause.
   */
  async run<T>(call: (attempt: number) => Promise<T>, limits: RetryLimits = NO_LIMITS): Promise<RetryOutcome<T>> {
    const { signal } = limits;
    const progress = new Progress();
    let { backoff } = this.#options;
    if (signal?.aborted) throw progress.giveUp('aborted', signal.reason);
    this.#budget?.earn();
    for (;;) {
      progress.calls += 1;
      try {
        const work = call(progress.calls);
        const value = await (signal ? untilAborted(work, signal) : work);
        return { value, calls: progress.calls, paidCalls: progress.calls - progress.freeCalls };
      } catch (error) {
        const step = backoff.next();
        backoff = step.next;
        const delayMs = this.#delayAfter(error, step.delayMs, progress, limits);
        this.#options.onRetry({ attempt: progress.calls, delayMs, error });
        await this.#wait(delayMs, progress, signal);
      }
    }
  }

  /** As `run`, where only the value is wanted. @throws RetryError as `run` does. */
  async execute<T>(call: (attempt: number) => Promise<T>, limits?: RetryLimits): Promise<T> {
    return (await this.run(call, limits)).value;
  }

  /** The delay before the next call; throws where there is to be none. */
  #delayAfter(error: unknown, backoffMs: number, progress: Progress, limits: RetryLimits): number {
    const { signal, deadline = Number.POSITIVE_INFINITY } = limits;
    if (signal?.aborted) throw progress.giveUp('aborted', signal.reason);
    const { classify, attempts, maxRetryAfterMs } = this.#options;
    const verdict: Classification = classify(error);
    if (verdict.paid === false) progress.freeCalls += 1;
    // Anything but a clear yes is a no: another call may be paid for.
    if (verdict.action !== 'retry' && verdict.action !== 'wait') throw progress.giveUp('permanent', error);
    if (progress.calls >= attempts) throw progress.giveUp('exhausted', error);
    const askedMs = verdict.action === 'wait' ? Math.min(verdict.retryAfterMs, maxRetryAfterMs) : 0;
    const delayMs = Math.max(backoffMs, askedMs);
    if (this.#now() + delayMs >= deadline) throw progress.giveUp('deadline', error);
    // Last, so that no token is spent on a retry that is not made.
    if (this.#budget?.spend() === false) throw progress.giveUp('budget', error);
    return delayMs;
  }

  async #wait(delayMs: number, progress: Progress, signal: AbortSignal | undefined): Promise<void> {
    try {
      await untilAborted(this.#sleep(delayMs, signal), signal);
    } catch (error) {
      throw signal?.aborted ? progress.giveUp('aborted', signal.reason) : error;
    }
    // A sleep that ends in the same moment as the abort comes must not lead to another call.
    if (signal?.aborted) throw progress.giveUp('aborted', signal.reason);
  }
}
