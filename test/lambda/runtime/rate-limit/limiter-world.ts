import type { Admission } from '../../../../lambda/runtime/rate-limit/admission';
import type { Decision } from '../../../../lambda/runtime/rate-limit/decision';
import type { LimitTerms } from '../../../../lambda/runtime/rate-limit/limits';
import { MemoryRateLimitStore } from '../../../../lambda/runtime/rate-limit/memory-rate-limit-store';
import type { AdmissionAnswer, IRateLimitStore } from '../../../../lambda/runtime/rate-limit/rate-limit-store';
import { RateLimiter } from '../../../../lambda/runtime/rate-limit/rate-limiter';
import type { RateLimiterOptions } from '../../../../lambda/runtime/rate-limit/rate-limiter-options';
import type { LimitRow } from '../../../../lib/contract/limits-table';

export const CLIENT = 'abcdefgh12345678';

/** A second before midnight, and before a new month. */
export const NEARLY_DECEMBER = Date.parse('2026-11-30T23:59:59.000Z');
export const NOON = Date.parse('2026-11-27T12:00:00.000Z');

/** Ten a second, twenty at once, and no quota. */
export const TERMS: LimitTerms = { requestsPerSecond: 10, burst: 20 };

/** So fast that only the quotas are felt. */
export const QUOTAS: LimitTerms = { requestsPerSecond: 100, burst: 100, requestsPerDay: 30, requestsPerMonth: 50 };

/** A store in memory that knows what was asked of it, and every row that it ever had. */
export class WatchedStore implements IRateLimitStore {
  readonly rows: LimitRow[] = [];
  reads = 0;
  writes = 0;
  /** Runs before each call; a test may let it wait or throw. */
  before: (call: 'read' | 'admit') => Promise<void> | void = () => undefined;
  /** Runs after each write had its effect; a test may let it throw: the answer is lost. */
  after: (admission: Admission) => Promise<void> | void = () => undefined;
  readonly #memory = new MemoryRateLimitStore();

  async read(clientId: string): Promise<LimitRow | undefined> {
    this.reads += 1;
    await this.before('read');
    return this.#memory.read(clientId);
  }

  async admit(admission: Admission): Promise<AdmissionAnswer> {
    this.writes += 1;
    await this.before('admit');
    const answer = await this.write(admission);
    await this.after(admission);
    return answer;
  }

  /** The effect of a write, at once. */
  async write(admission: Admission): Promise<AdmissionAnswer> {
    const answer = await this.#memory.admit(admission);
    if (answer.done && answer.row) this.rows.push(answer.row);
    return answer;
  }

  get calls(): number {
    return this.reads + this.writes;
  }

  get row(): LimitRow | undefined {
    return this.rows.at(-1);
  }
}

/** A clock that only the test moves, a store that all its limiters share. */
export class LimiterWorld {
  nowMs: number;
  readonly store = new WatchedStore();
  readonly pauses: number[] = [];
  #tokens = 0;

  constructor(nowMs = NOON) {
    this.nowMs = nowMs;
  }

  /** A process of its own; `skewMs` is how far its clock is ahead. */
  limiter(options: Partial<RateLimiterOptions> = {}, skewMs = 0): RateLimiter {
    return new RateLimiter({
      store: this.store,
      now: () => this.nowMs + skewMs,
      random: () => 0.999,
      sleep: async (ms) => void this.pauses.push(ms),
      newToken: () => `request-${++this.#tokens}`,
      ...options,
    });
  }
}

/** How many of these were let through. */
export const admittedOf = (decisions: readonly Decision[]): number =>
  decisions.filter(({ admitted }) => admitted).length;

/** Asks so often, one after the other. */
export const askTimes = async (limiter: RateLimiter, times: number, terms: LimitTerms = TERMS): Promise<Decision[]> => {
  const decisions: Decision[] = [];
  for (let time = 0; time < times; time += 1) decisions.push(await limiter.admit(CLIENT, terms));
  return decisions;
};

/** Asks so often at once. */
export const askAtOnce = (limiters: readonly RateLimiter[], times: number, terms: LimitTerms): Promise<Decision[]> =>
  Promise.all(
    Array.from({ length: times }, (_, index) =>
      (limiters[index % limiters.length] as RateLimiter).admit(CLIENT, terms),
    ),
  );
