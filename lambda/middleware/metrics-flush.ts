import type { Metrics } from '@aws-lambda-powertools/metrics';
import type { MiddlewareObj } from '@middy/core';

export interface MetricsFlushOptions {
  readonly metrics: Pick<Metrics, 'hasStoredMetrics' | 'publishStoredMetrics'>;
}

/** Writes the invocation's metrics when it ends, however it ends. */
export const metricsFlush = ({ metrics }: MetricsFlushOptions): MiddlewareObj => {
  const flush = () => {
    if (metrics.hasStoredMetrics()) metrics.publishStoredMetrics();
  };

  return {
    after: function metricsFlushAfter() {
      flush();
    },
    onError: function metricsFlushOnError() {
      flush();
    },
  };
};
