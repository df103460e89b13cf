import type { LimitRow } from '../../../lib/contract/limits-table';
import { type LimitState, limitStatesOf, windowEnds } from './decision';
import type { Limits } from './limits';
import { standingOf } from './standing';

/** What is used of one window. */
export interface WindowUsage {
  /** The UTC day, `YYYY-MM-DD`, or month, `YYYY-MM`. */
  readonly window: string;
  /** Requests counted in it. */
  readonly used: number;
  /** Requests that may be counted in it. @default - as many as come */
  readonly limit?: number;
  /** @default - as many as come */
  readonly remaining?: number;
  /** Whole seconds, rounded up, until it ends. */
  readonly resetSeconds: number;
}

/** What a client has used of its limits. */
export interface LimitUsage {
  /** Requests that may come at once, how many of them now, and seconds until there are more. */
  readonly rate: Pick<LimitState, 'limit' | 'remaining' | 'resetSeconds'>;
  readonly day: WindowUsage;
  readonly month: WindowUsage;
}

const windowUsage = (window: string, used: number, resetSeconds: number, state?: LimitState): WindowUsage => ({
  window,
  used,
  ...(state && { limit: state.limit, remaining: state.remaining }),
  resetSeconds,
});

export const usageOf = (row: LimitRow | undefined, limits: Limits, nowMs: number): LimitUsage => {
  const standing = standingOf(row, limits, nowMs);
  const states = limitStatesOf(row, limits, nowMs);
  const ends = windowEnds(standing, nowMs);
  const { limit, remaining, resetSeconds } = states.rate;
  return {
    rate: { limit, remaining, resetSeconds },
    day: windowUsage(standing.day, standing.dayCount, ends.day, states.day),
    month: windowUsage(standing.day.slice(0, 7), standing.monthCount, ends.month, states.month),
  };
};
