import type { LimitRow } from '../../../lib/contract/limits-table';
import { type Admission, type BucketStep, REMEMBERED_REQUESTS, type WindowStep } from './admission';
import { type LimitPolicy, secondsUntilTokens, windowEnds } from './decision';
import { type Limits, LONGEST_REFILL_SECONDS } from './limits';
import { type Standing, standingOf } from './standing';
import { endOfMonthMs, firstOfMonth, utcDayOf } from './utc-windows';

/** One request that wants to be counted. */
export interface Ask {
  readonly clientId: string;
  readonly limits: Limits;
  /** Tokens that it takes, and what it counts for in the windows. */
  readonly cost: number;
  /** Name of the request, which no other has. */
  readonly token: string;
  /** When it came, and what the clock says now; milliseconds since the epoch. */
  readonly sinceMs: number;
  readonly nowMs: number;
}

/** The write that would count the request, or why it must not be counted. */
export type Verdict =
  | { readonly kind: 'admissible'; readonly admission: Admission }
  | { readonly kind: 'refused'; readonly violated: readonly LimitPolicy[]; readonly retryAfterSeconds: number };

/** A row outlives its month by as long as a bucket may take to fill, and a day. */
const expiryOf = (day: string): number => endOfMonthMs(day) / 1_000 + LONGEST_REFILL_SECONDS + 86_400;

/** Seconds that each limit makes the request wait; those that do not are left out. */
const waitsOf = (standing: Standing, { limits, cost, nowMs }: Ask): ReadonlyMap<LimitPolicy, number> => {
  const waits = new Map<LimitPolicy, number>();
  const { perDay, perMonth } = limits;
  const ends = windowEnds(standing, nowMs);
  const rateWait = secondsUntilTokens(cost, standing, limits);
  if (rateWait > 0) waits.set('rate', rateWait);
  if (perDay !== undefined && standing.dayCount + cost > perDay) waits.set('day', ends.day);
  if (perMonth !== undefined && standing.monthCount + cost > perMonth) waits.set('month', ends.month);
  return waits;
};

const roomIn = (quota: number | undefined, cost: number): number | undefined =>
  quota === undefined ? undefined : quota - cost;

const windowStepOf = (utcDay: string, { day }: Standing, { limits, cost }: Ask): WindowStep => {
  const monthRoom = roomIn(limits.perMonth, cost);
  const first = firstOfMonth(day);
  if (utcDay === day) return { kind: 'same-day', day, dayRoom: roomIn(limits.perDay, cost), monthRoom };
  if (utcDay >= first) return { kind: 'next-day', day, firstOfMonth: first, monthRoom };
  return { kind: 'next-month', day, firstOfMonth: first, expiresAt: expiryOf(day) };
};

const fullStepOf = ({ limits: { intervalUs }, cost, nowMs }: Ask): BucketStep => {
  const nowUs = nowMs * 1_000;
  return { kind: 'full', nowUs, fullAtUs: nowUs + cost * intervalUs, intervalUs };
};

/**
 * A bucket that was not full when the request came may have filled since. It counts as drained then, as if the request
 * had been counted at once: else requests that come faster than a write takes would undo each other's guess for ever.
 */
const bucketStepOf = (
  { fullAtUs, intervalUs: seenIntervalUs }: LimitRow,
  { owedUs }: Standing,
  ask: Ask,
): BucketStep => {
  const { burst, intervalUs } = ask.limits;
  const [nowUs, sinceUs] = [ask.nowMs * 1_000, ask.sinceMs * 1_000];
  const costUs = ask.cost * intervalUs;
  if (fullAtUs <= sinceUs || (fullAtUs <= nowUs && seenIntervalUs !== intervalUs)) return fullStepOf(ask);
  if (seenIntervalUs === intervalUs) {
    return { kind: 'drain', sinceUs, latestUs: nowUs + burst * intervalUs - costUs, costUs, intervalUs };
  }
  return { kind: 'convert', seenFullAtUs: fullAtUs, seenIntervalUs, fullAtUs: nowUs + owedUs + costUs, intervalUs };
};

const firstRowOf = ({ day }: Standing, { clientId, limits, cost, token, nowMs }: Ask): LimitRow => ({
  clientId,
  fullAtUs: nowMs * 1_000 + cost * limits.intervalUs,
  intervalUs: limits.intervalUs,
  utcDay: day,
  dayCount: cost,
  monthCount: cost,
  recent: [...Array<string>(REMEMBERED_REQUESTS - 1).fill('-'), token],
  expiresAt: expiryOf(day),
});

/** Judges a request by the row of its client: refuses it, or says the one write that counts it. */
export const decide = (row: LimitRow | undefined, ask: Ask): Verdict => {
  const standing = standingOf(row, ask.limits, ask.nowMs);
  const waits = waitsOf(standing, ask);
  if (waits.size > 0) {
    return { kind: 'refused', violated: [...waits.keys()], retryAfterSeconds: Math.max(...waits.values()) };
  }
  if (!row) return { kind: 'admissible', admission: { kind: 'first', row: firstRowOf(standing, ask) } };
  const { clientId, token, cost } = ask;
  const bucket = bucketStepOf(row, standing, ask);
  const window = windowStepOf(row.utcDay, standing, ask);
  return { kind: 'admissible', admission: { kind: 'update', clientId, token, cost, bucket, window } };
};

/** The write for a client of whom nothing is known: most come with a full bucket, and not as the first of their day. */
export const guess = (ask: Ask): Admission => {
  const { clientId, token, cost, limits, nowMs } = ask;
  const standing = standingOf(undefined, limits, nowMs);
  const window = windowStepOf(utcDayOf(nowMs), standing, ask);
  return { kind: 'update', clientId, token, cost, bucket: fullStepOf(ask), window };
};
