import type { Clock } from '../clock/clock';

/**
 * The time by which an invocation must have ended its calls, in milliseconds since the epoch: what Lambda says is left,
 * less `reserveMs` for writing down what happened.
 * @param remainingMs milliseconds that are left, such as `context.getRemainingTimeInMillis()`
 */
export const deadlineWithin = (remainingMs: number, now: Clock, reserveMs = 1_000): number =>
  now() + Math.max(0, remainingMs - reserveMs);
