import { type HoldRow, isHeld } from '../../lib/contract/consumer-hold';
import { type BreakerRow, BreakerStatus } from '../../lib/contract/control';
import type { ControlMessage } from '../../lib/contract/messages';
import { type ConsumerState, LEAST_CONCURRENCY, nextConcurrency } from '../runtime/consumer-control/consumer';
import type { SweepDependencies } from './dependencies';

/** Milliseconds for which the controller is left to its own messages before it is reminded. */
const CONTROL_MARGIN_MS = 30_000;

/** Steps from the least to the most concurrency, each of which doubles it. */
const stepsTo = (maxConcurrency: number): number =>
  Math.max(0, Math.ceil(Math.log2(maxConcurrency / LEAST_CONCURRENCY)));

export interface ControlFacts {
  readonly breaker: string;
  /** @default - the row is missing: a closed breaker of epoch 0 */
  readonly row: BreakerRow | undefined;
  /** @default - the consumer was never held */
  readonly hold?: HoldRow | undefined;
  readonly consumer: ConsumerState;
  readonly nowMs: number;
  readonly maxConcurrency: number;
  readonly stepSeconds: number;
}

/**
 * What the controller has to be reminded of, as one of its messages was lost; undefined where all is well, or the
 * consumer is held.
 */
export const reminderFor = (facts: ControlFacts): ControlMessage | undefined => {
  const { breaker, row, hold, consumer, nowMs, maxConcurrency, stepSeconds } = facts;
  if (isHeld(hold)) return undefined;
  const epoch = row?.epoch ?? 0;
  const sinceMs = nowMs - Math.max(row?.changedAt ?? 0, hold?.changedAt ?? 0);
  if (!row || row.status === BreakerStatus.CLOSED) {
    const rampMs = (stepsTo(maxConcurrency) * stepSeconds + stepSeconds) * 1_000;
    if (!consumer.isEnabled) {
      return sinceMs > CONTROL_MARGIN_MS
        ? { kind: 'resume', breaker, epoch, concurrency: LEAST_CONCURRENCY }
        : undefined;
    }
    const isSlow = consumer.concurrency < maxConcurrency && sinceMs > rampMs + CONTROL_MARGIN_MS;
    return isSlow
      ? { kind: 'resume', breaker, epoch, concurrency: nextConcurrency(consumer.concurrency, maxConcurrency) }
      : undefined;
  }
  const probe: ControlMessage = { kind: 'probe', breaker, epoch, idle: 0 };
  if (consumer.isEnabled && sinceMs > CONTROL_MARGIN_MS) return probe;
  if (row.held) return undefined;
  const probeFrom = Math.max(row.openUntil ?? 0, row.probeUntil ?? 0, row.nextProbeAt ?? 0, row.changedAt);
  return nowMs > probeFrom + CONTROL_MARGIN_MS ? probe : undefined;
};

/** Sends the controller of a breaker's consumer the message that it has lost; answers it. */
export const healControl = async (
  breaker: string,
  row: BreakerRow | undefined,
  hold: HoldRow | undefined,
  dependencies: SweepDependencies,
): Promise<ControlMessage | undefined> => {
  const { consumer, controlQueue, now, log, maxConcurrency, stepSeconds } = dependencies;
  const reminder = reminderFor({
    breaker,
    row,
    hold,
    consumer: await consumer.read(),
    nowMs: now(),
    maxConcurrency,
    stepSeconds,
  });
  if (!reminder) return undefined;
  await controlQueue.send(reminder, 0);
  log.warn('The breaker’s controller is reminded.', { reminder });
  return reminder;
};
