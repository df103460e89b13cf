import { MetricName } from '../../lib/contract/metrics';
import type { ControlDependencies } from './dependencies';

/** Pauses the consumer, where it is not paused already: each receive while it may call nobody would be for nothing. */
export const pauseConsumer = async ({ consumer, count, log }: ControlDependencies, why: string): Promise<void> => {
  const { isEnabled } = await consumer.read();
  if (!isEnabled) return;
  await consumer.pause();
  count(MetricName.CONSUMER_PAUSED);
  log.warn(`The consumer is paused, as ${why}.`);
};
