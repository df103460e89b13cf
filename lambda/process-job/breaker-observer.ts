import { BreakerStatus } from '../../lib/contract/control';
import { MetricName } from '../../lib/contract/metrics';
import type { BreakerObserver } from '../runtime/breaker/breaker-options';
import type { Count, Log } from '../runtime/observability/observability';

/** Counts and logs what this process sees of the breaker. Each process counts it, so that an alarm asks for "any". */
export const breakerObserver = ({ count, log }: { readonly count: Count; readonly log: Log }): BreakerObserver => ({
  onChange(to, from, reason) {
    if (to.status === from.status) return;
    if (to.status === BreakerStatus.OPEN) count(MetricName.BREAKER_OPENED);
    if (to.status === BreakerStatus.CLOSED) count(MetricName.BREAKER_CLOSED);
    log.warn('The circuit breaker has changed.', { from: from.status, to: to.status, epoch: to.epoch, reason });
  },
  onDegraded(degraded, error) {
    if (degraded) {
      count(MetricName.BREAKER_STORE_UNREACHABLE);
      log.error('The breaker’s store cannot be reached: the state is this process’s own.', error as Error);
    } else {
      log.info('The breaker’s store can be reached again.');
    }
  },
  onProbe() {
    count(MetricName.BREAKER_PROBES);
    log.info('This process makes the breaker’s one probe.');
  },
});
