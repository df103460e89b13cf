import type { LimitRow } from '../../../lib/contract/limits-table';
import { fullJitter } from '../backoff/full-jitter';
import type { Admission } from './admission';
import { type Ask, decide, guess, type Verdict } from './decide';
import { type Decision, limitStatesOf } from './decision';
import { RateLimitClockError, RateLimitContentionError, RateLimitStoreError } from './errors';
import { type LimitTerms, limitsOf } from './limits';
import type { AdmissionAnswer } from './rate-limit-store';
import { type RateLimiterOptions, resolveOptions } from './rate-limiter-options';
import { RememberedRows, type SeenRow } from './remembered-rows';
import { type LimitUsage, usageOf } from './usage';
import { startOfDayMs } from './utc-windows';

/** What counts requests and refuses them. */
export interface IRateLimiter {
  /**
   * Counts one request of a client, or refuses it and counts nothing.
   * @throws RateLimitUnavailableError where that cannot be told now: the request must not go on.
   * @throws RangeError where a term is out of its range, `cost` is no whole number from 1 to the plan's burst, or
   * `clientId` no text of 1 to 512 characters.
   */
  admit(clientId: string, terms: LimitTerms, cost?: number): Promise<Decision>;
  /**
   * What a client has used and has left; counts nothing.
   * @throws RateLimitUnavailableError where that cannot be told now.
   */
  usage(clientId: string, terms: LimitTerms): Promise<LimitUsage>;
}

/** A row, or that there is none, and what it means for a request. */
interface Judged {
  readonly row: LimitRow | undefined;
  readonly verdict: Verdict;
}

/** Writes of one request, of which all but the last met a row that others had changed. */
const MAX_WRITES = 12;

const PAUSE = { baseMs: 5, capMs: 200 };

/** Characters of a client's name; DynamoDB takes a key of 2 048 bytes. */
const MAX_CLIENT_ID_LENGTH = 512;

const checkAsk = (clientId: string, cost: number, burst: number): void => {
  if (typeof clientId !== 'string' || clientId === '' || clientId.length > MAX_CLIENT_ID_LENGTH) {
    throw new RangeError(`\`clientId\` must be a text of 1 to ${MAX_CLIENT_ID_LENGTH} characters`);
  }
  if (!Number.isInteger(cost) || cost < 1 || cost > burst) {
    throw new RangeError(`\`cost\` must be an integer from 1 to the burst of ${burst}, got: ${cost}`);
  }
};

/**
 * Exact limits of clients over a shared store: a token bucket, and quotas of the UTC day and month. One conditional
 * write counts a request; a second or third one is sent only where the row was in another state than thought.
 */
export class RateLimiter implements IRateLimiter {
  readonly #options: Required<RateLimiterOptions>;
  readonly #seen: RememberedRows;

  /** @throws RangeError where a number of the options is negative or none. */
  constructor(options: RateLimiterOptions) {
    this.#options = resolveOptions(options);
    this.#seen = new RememberedRows(this.#options.maxRemembered);
  }

  async admit(clientId: string, terms: LimitTerms, cost = 1): Promise<Decision> {
    const limits = limitsOf(terms);
    checkAsk(clientId, cost, limits.burst);
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
    const remembered = this.#recall(ask);
    const judged = { row: remembered?.row, verdict: decide(remembered?.row, ask) };
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
    const aheadMs = row ? this.#aheadMs(row, nowMs) : 0;
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

  /** What is ahead of this clock is not believed, so that it is looked at anew each time. */
  #recall({ clientId, nowMs }: Ask): SeenRow | undefined {
    const seen = this.#seen.get(clientId);
    return seen && this.#aheadMs(seen.row, nowMs) <= this.#options.maxSkewMs ? seen : undefined;
  }

  /** Milliseconds from now to the beginning of the row's day. */
  #aheadMs({ utcDay }: LimitRow, nowMs: number): number {
    return startOfDayMs(utcDay) - nowMs;
  }
}
