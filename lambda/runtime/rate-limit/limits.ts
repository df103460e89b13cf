import type { PlanTerms } from '../../../lib/contract/client-plan';

/** The terms of a plan that a rate limiter enforces. */
export type LimitTerms = Pick<PlanTerms, 'requestsPerSecond' | 'burst' | 'requestsPerDay' | 'requestsPerMonth'>;

/** The same in whole numbers. */
export interface Limits {
  /** Tokens that a full bucket holds. */
  readonly burst: number;
  /** Microseconds in which one token comes back. */
  readonly intervalUs: number;
  /** @default - as many as come */
  readonly perDay?: number;
  /** @default - as many as come */
  readonly perMonth?: number;
}

const MICROSECONDS = 1_000_000;

/** Seconds that an empty bucket may take to fill: a row outlives its month by a day more. */
export const LONGEST_REFILL_SECONDS = 31 * 86_400;

const MOST_TOKENS = 1_000_000;

/** The largest integer of a structured field (RFC 9651, section 3.3.1). */
const MOST_REQUESTS = 999_999_999_999_999;

/** Microseconds of the longest refill. */
const MOST_OWED_US = LONGEST_REFILL_SECONDS * MICROSECONDS;

const QUOTA_RULE = `an integer from 0 to ${MOST_REQUESTS}`;

const demand = (holds: boolean, name: keyof LimitTerms, rule: string, value: unknown): void => {
  if (!holds) throw new RangeError(`\`${name}\` must be ${rule}, got: ${value}`);
};

const isWholeIn = (value: unknown, min: number, max: number): boolean =>
  Number.isInteger(value) && (value as number) >= min && (value as number) <= max;

const isQuota = (value: unknown): boolean => value === undefined || isWholeIn(value, 0, MOST_REQUESTS);

/**
 * The limits of a plan. The time between two tokens is rounded up to the microsecond, so that the rate is never
 * exceeded: 3 a second are one in 333 334 microseconds.
 * @throws RangeError where a term is out of its range: `requestsPerSecond` above 0 and up to 1 000 000, `burst` a whole
 * number from 1 to 1 000 000 that comes back within 31 days, quotas whole numbers from 0.
 */
export const limitsOf = ({ requestsPerSecond, burst, requestsPerDay, requestsPerMonth }: LimitTerms): Limits => {
  const isRate = typeof requestsPerSecond === 'number' && requestsPerSecond > 0 && requestsPerSecond <= MICROSECONDS;
  demand(isRate, 'requestsPerSecond', `> 0 and <= ${MICROSECONDS}`, requestsPerSecond);
  demand(isWholeIn(burst, 1, MOST_TOKENS), 'burst', `an integer from 1 to ${MOST_TOKENS}`, burst);
  demand(isQuota(requestsPerDay), 'requestsPerDay', QUOTA_RULE, requestsPerDay);
  demand(isQuota(requestsPerMonth), 'requestsPerMonth', QUOTA_RULE, requestsPerMonth);
  const intervalUs = Math.ceil(MICROSECONDS / requestsPerSecond);
  demand(intervalUs * burst <= MOST_OWED_US, 'burst', 'at most what comes back in 31 days', burst);
  return { burst, intervalUs, perDay: requestsPerDay, perMonth: requestsPerMonth };
};
