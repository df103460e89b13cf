import { isHeld } from '../../lib/contract/consumer-hold';
import { BreakerStatus } from '../../lib/contract/control';
import type { ControlMessage } from '../../lib/contract/messages';
import { MetricName } from '../../lib/contract/metrics';
import { LEAST_CONCURRENCY, nextConcurrency } from '../runtime/consumer-control/consumer';
import { pauseConsumer } from '../runtime/consumer-control/pause-consumer';
import type { ControlDependencies } from './dependencies';

type Resume = Extract<ControlMessage, { kind: 'resume' }>;

/**
 * Takes one step of resuming, unless the consumer is held: at least `concurrency` processors now, twice as many a step
 * later. A step never takes concurrency away, so that one which comes twice does nothing the second time.
 */
export const resumeConsumer = async (message: Resume, dependencies: ControlDependencies): Promise<void> => {
  const { store, hold, consumer, controlQueue, count, log, maxConcurrency, stepSeconds } = dependencies;
  const isCurrent = async () => {
    const row = await store.read(message.breaker);
    const isClosed = (row?.status ?? BreakerStatus.CLOSED) === BreakerStatus.CLOSED;
    return isClosed && (row?.epoch ?? 0) === message.epoch && !isHeld(await hold.read());
  };
  if (!(await isCurrent())) return;
  const state = await consumer.read();
  if (state.isEnabled && state.concurrency >= maxConcurrency) return;
  const wanted = Math.min(maxConcurrency, Math.max(LEAST_CONCURRENCY, message.concurrency));
  const reached = state.isEnabled ? Math.max(state.concurrency, wanted) : wanted;
  if (!state.isEnabled || reached > state.concurrency) {
    await consumer.resume(reached);
    if (!state.isEnabled) count(MetricName.CONSUMER_RESUMED);
    log.info('The consumer is resumed by a step.', { concurrency: reached });
  }
  if (!(await isCurrent())) {
    // It opened again or was held between the look and the step, and that one's own pause may have come first.
    await pauseConsumer(dependencies, 'the breaker is not closed any more, or spending is cut off');
    return;
  }
  if (reached < maxConcurrency) {
    await controlQueue.send({ ...message, concurrency: nextConcurrency(reached, maxConcurrency) }, stepSeconds);
  }
};
