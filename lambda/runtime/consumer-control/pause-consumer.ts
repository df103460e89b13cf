import { MetricName } from '../../../lib/contract/metrics';
import type { Count, Log } from '../observability/observability';
import type { IConsumer } from './consumer';

/** What pausing the consumer needs of the world. */
export interface PauseDependencies {
  readonly consumer: Pick<IConsumer, 'read' | 'pause'>;
  readonly count: Count;
  readonly log: Log;
}

/** Pauses the consumer, where it is not paused already: each receive while it may call nobody would be for nothing. */
export const pauseConsumer = async ({ consumer, count, log }: PauseDependencies, why: string): Promise<void> => {
  const { isEnabled } = await consumer.read();
  if (!isEnabled) return;
  await consumer.pause();
  count(MetricName.CONSUMER_PAUSED);
  log.warn(`The consumer is paused, as ${why}.`);
};
