import type { LimitRow } from '../../../lib/contract/limits-table';
import { fullJitter } from '../backoff/full-jitter';
import { type Clock, type Random, type Sleep, sleep, systemClock } from '../clock/clock';
import type { Admission } from './admission';
import { type Ask, decide, guess, type Verdict } from './decide';
import { type Decision, limitStatesOf } from './decision';
import { RateLimitClockError, RateLimitContentionError, RateLimitStoreError } from './errors';
import { type LimitTerms, limitsOf } from './limits';
import type { AdmissionAnswer, IRateLimitStore } from './rate-limit-store';
import { RememberedRows } from './remembered-rows';
import { type LimitUsage, usageOf } from './usage';
import { startOfDayMs } from './utc-windows';

/** What counts requests and refuses them. */
export interface IRateLimiter {
  /**
   * Counts one request of a client, or refuses it and counts nothing.
   * @throws RateLimitUnavailableError where that cannot be told now: the request must not go on.
   * @throws RangeError where a term is out of its range, or `cost` is no whole number from 1 to the plan's burst.
   */
  admit(clientId: string, terms: LimitTerms, cost?: number): Promise<Decision>;
  /**
   * What a client has used and has left; counts nothing.
   * @throws RateLimitUnavailableError where that cannot be told now.
   */
  usage(clientId: string, terms: LimitTerms): Promise<LimitUsage>;
}

/** Clock, randomness and waiting of a limiter; the process's own unless a test gives others. */
export interface RateLimiterTools {
  readonly now: Clock;
  readonly random: Random;
  readonly sleep: Sleep;
  /** A name that no other request has; at least 12 random bytes, as one that is met twice counts once. */
  readonly newToken: () => string;
}

export interface RateLimiterOptions extends Partial<RateLimiterTools> {
  readonly store: IRateLimitStore;
  /** Milliseconds by which two clocks of the fleet may differ. @default 300000 */
  readonly maxSkewMs?: number;
  /** Milliseconds for which a row that refuses is believed without looking again. @default 1000 */
  readonly refuseForMs?: number;
  /** Clients whose newest row a process remembers. @default 1000 */
  readonly maxRemembered?: number;
}

/** A row, or that there is none, and what it means for a request. */
interface Judged {
  readonly row: LimitRow | undefined;
  readonly verdict: Verdict;
}

/** Writes of one request, of which all but the last met a row that others had changed. */
const MAX_WRITES = 12;

const PAUSE = { baseMs: 5, capMs: 200 };

const randomToken = (): string => Buffer.from(crypto.getRandomValues(new Uint8Array(12))).toString('base64url');

/**
 * Exact limits of clients over a shared store: a token bucket, and quotas of the UTC day and month. One conditional
 * write counts a request; a second or third one is sent only where the row was in another state than thought.
 */
export class RateLimiter implements IRateLimiter {
  readonly #options: Required<RateLimiterOptions>;
  readonly #seen: RememberedRows;

  constructor(options: RateLimiterOptions) {
    this.#options = {
      now: systemClock,
      random: Math.random,
      sleep,
      newToken: randomToken,
      maxSkewMs: 300_000,
      refuseForMs: 1_000,
      maxRemembered: 1_000,
      ...options,
    };
    this.#seen = new RememberedRows(this.#options.maxRemembered);
  }

  async admit(clientId: string, terms: LimitTerms, cost = 1): Promise<Decision> {
    const limits = limitsOf(terms);
    if (!Number.isInteger(cost) || cost < 1 || cost > limits.burst) {
      throw new RangeError(`\`cost\` must be an integer from 1 to the burst of ${limits.burst}, got: ${cost}`);
    }
    const nowMs = this.#options.now();
    const ask: Ask = { clientId, limits, cost, token: this.#options.newToken(), sinceMs: nowMs, nowMs };
    return this.#carryOut(ask, await this.#open(ask));
  }

  async usage(clientId: string, terms: LimitTerms): Promise<LimitUsage> {
    const limits = limitsOf(terms);
    const row = await this.#read(clientId);
    const nowMs = this.#options.now();
    this.#checkClock(clientId, row, nowMs);
    return usageOf(row, limits, nowMs);
  }

  /** The first judgement: by what is remembered or a guess; a memory that refuses, and has aged, is read anew. */
  async #open(ask: Ask): Promise<Judged> {
    const remembered = this.#seen.get(ask.clientId);
    const judged = this.#judge(remembered?.row, ask);
    if (judged.verdict.kind === 'admissible') {
      return remembered ? judged : { ...judged, verdict: { kind: 'admissible', admission: guess(ask) } };
    }
    const ageMs = remembered ? ask.nowMs - remembered.atMs : Number.POSITIVE_INFINITY;
    if (ageMs >= 0 && ageMs < this.#options.refuseForMs) return judged;
    return this.#judge(await this.#read(ask.clientId), ask);
  }

  async #carryOut(ask: Ask, opening: Judged): Promise<Decision> {
    const { now, random, sleep: pause } = this.#options;
    let { row, verdict } = opening;
    for (let writes = 1; verdict.kind === 'admissible'; writes += 1) {
      if (writes > MAX_WRITES) throw new RateLimitContentionError(MAX_WRITES);
      const answer = await this.#admit(ask.clientId, verdict.admission);
      // A repetition of a write whose answer was lost finds that the request is counted.
      if (answer.done || answer.row?.recent.includes(ask.token)) {
        return { admitted: true, limits: limitStatesOf(answer.row, ask.limits, now()) };
      }
      // Two writes may meet a state that nobody knew of; what a third one meets, others have made meanwhile.
      if (writes > 2) await pause(fullJitter(writes - 2, PAUSE, random));
      ({ row, verdict } = this.#judge(answer.row, { ...ask, nowMs: now() }));
    }
    const { violated, retryAfterSeconds } = verdict;
    return { admitted: false, limits: limitStatesOf(row, ask.limits, now()), violated, retryAfterSeconds };
  }

  #judge(row: LimitRow | undefined, ask: Ask): Judged {
    this.#checkClock(ask.clientId, row, ask.nowMs);
    return { row, verdict: decide(row, ask) };
  }

  /** A day that begins later than clocks may differ is none that this process may count in, and none that it may end. */
  #checkClock(clientId: string, row: LimitRow | undefined, nowMs: number): void {
    const aheadMs = row ? startOfDayMs(row.utcDay) - nowMs : 0;
    if (aheadMs > this.#options.maxSkewMs) throw new RateLimitClockError(clientId, aheadMs);
  }

  async #read(clientId: string): Promise<LimitRow | undefined> {
    const row = await this.#reach(() => this.#options.store.read(clientId));
    this.#remember(clientId, row);
    return row;
  }

  async #admit(clientId: string, admission: Admission): Promise<AdmissionAnswer> {
    const answer = await this.#reach(() => this.#options.store.admit(admission));
    this.#remember(clientId, answer.row);
    return answer;
  }

  async #reach<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw new RateLimitStoreError(error);
    }
  }

  #remember(clientId: string, row: LimitRow | undefined): void {
    if (row) this.#seen.set(clientId, { row, atMs: this.#options.now() });
    else this.#seen.delete(clientId);
  }
}
