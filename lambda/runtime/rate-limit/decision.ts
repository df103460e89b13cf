import type { LimitRow } from '../../../lib/contract/limits-table';
import type { Limits } from './limits';
import { type Standing, standingOf } from './standing';
import { endOfDayMs, endOfMonthMs, secondsOfMonth } from './utc-windows';

/** Names of the limits: the bucket, the UTC day, the UTC month. */
export type LimitPolicy = 'rate' | 'day' | 'month';

/** One limit of a client. */
export interface LimitState {
  /** Requests that may come at once, or in the window. */
  readonly limit: number;
  /** How many of them are left. */
  readonly remaining: number;
  /** Whole seconds, rounded up, until there are more: the next token, or the next window; 0 where all are there. */
  readonly resetSeconds: number;
  /** Seconds of the window; of the bucket those that it takes to fill, rounded up. */
  readonly windowSeconds: number;
}

/** The limits that a plan has: a rate always, quotas where it names them. */
export interface LimitStates {
  readonly rate: LimitState;
  readonly day?: LimitState;
  readonly month?: LimitState;
}

/** The request is counted and may go on. */
export interface Admitted {
  readonly admitted: true;
  readonly limits: LimitStates;
}

/** The request is not counted and must not go on. */
export interface Refused {
  readonly admitted: false;
  readonly limits: LimitStates;
  /** The limits that refuse it, at least one. */
  readonly violated: readonly LimitPolicy[];
  /** Whole seconds, rounded up, before which none of them lets it through. */
  readonly retryAfterSeconds: number;
}

export type Decision = Admitted | Refused;

const DAY_SECONDS = 86_400;

const secondsUntil = (ms: number, nowMs: number): number => Math.ceil((ms - nowMs) / 1_000);

/** Seconds until so many tokens are there; 0 or less where they are. */
export const secondsUntilTokens = (tokens: number, { owedUs }: Standing, { burst, intervalUs }: Limits): number =>
  Math.ceil((owedUs - (burst - tokens) * intervalUs) / 1_000_000);

const rateState = (standing: Standing, limits: Limits): LimitState => {
  const { burst, intervalUs } = limits;
  const remaining = Math.max(0, burst - Math.ceil(standing.owedUs / intervalUs));
  return {
    limit: burst,
    remaining,
    resetSeconds: remaining === burst ? 0 : secondsUntilTokens(remaining + 1, standing, limits),
    windowSeconds: Math.ceil((burst * intervalUs) / 1_000_000),
  };
};

const quotaState = (limit: number, count: number, resetSeconds: number, windowSeconds: number): LimitState => ({
  limit,
  remaining: Math.max(0, limit - count),
  resetSeconds,
  windowSeconds,
});

/** Seconds until the windows that count now have ended. */
export const windowEnds = ({ day }: Standing, nowMs: number) => ({
  day: secondsUntil(endOfDayMs(day), nowMs),
  month: secondsUntil(endOfMonthMs(day), nowMs),
});

export const limitStatesOf = (row: LimitRow | undefined, limits: Limits, nowMs: number): LimitStates => {
  const standing = standingOf(row, limits, nowMs);
  const { day, dayCount, monthCount } = standing;
  const { perDay, perMonth } = limits;
  const ends = windowEnds(standing, nowMs);
  return {
    rate: rateState(standing, limits),
    ...(perDay !== undefined && { day: quotaState(perDay, dayCount, ends.day, DAY_SECONDS) }),
    ...(perMonth !== undefined && { month: quotaState(perMonth, monthCount, ends.month, secondsOfMonth(day)) }),
  };
};
