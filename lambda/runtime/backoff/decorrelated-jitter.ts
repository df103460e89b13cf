import type { Random } from '../clock/clock';
import { type Backoff, type BackoffBounds, checkBounds } from './backoff';

const GROWTH = 3;

const decorrelatedFrom = (previousMs: number, bounds: BackoffBounds, random: Random): Backoff => ({
  next: () => {
    const { baseMs, capMs } = bounds;
    const lowest = Math.ceil(baseMs);
    const highest = Math.max(lowest, Math.floor(previousMs * GROWTH));
    const delayMs = Math.min(Math.floor(capMs), lowest + Math.floor(random() * (highest - lowest + 1)));
    return { delayMs, next: decorrelatedFrom(delayMs, bounds, random) };
  },
});

/**
 * Delays by decorrelated jitter: each is uniform in [base, 3 x the delay before it], at most cap; the first grows from
 * base. Never below base, other than full jitter. Source: Marc Brooker, "Exponential Backoff And Jitter", AWS
 * Architecture Blog, 2015.
 * @throws RangeError where a bound is out of its range.
 */
export const decorrelatedJitterBackoff = (bounds: BackoffBounds, random: Random = Math.random): Backoff => {
  checkBounds(bounds);
  return decorrelatedFrom(bounds.baseMs, bounds, random);
};
